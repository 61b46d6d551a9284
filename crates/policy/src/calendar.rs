//! Trading hours as windows in UTC: what the kernel reads, and what calendar documents compile to.
//!
//! Compiling needs time zones; reading does not.

mod document;

pub use document::{CalendarDocument, CalendarError, Closure};

use fillwright_domain::Timestamp;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// When a market trades, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Around the clock.
    #[n(0)]
    Always,
    /// In these windows; outside the stated validity nothing is known.
    #[n(1)]
    Windows {
        /// First instant the calendar speaks of.
        #[n(0)]
        valid_from: Timestamp,
        /// First instant it no longer speaks of.
        #[n(1)]
        valid_until: Timestamp,
        /// Open windows, in order, not overlapping.
        #[n(2)]
        open: Vec<OpenWindow>,
    },
}

/// One stretch of trading: from `open_at`, until just before `close_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct OpenWindow {
    /// First instant of trading.
    #[n(0)]
    pub open_at: Timestamp,
    /// First instant without.
    #[n(1)]
    pub close_at: Timestamp,
}

/// What a calendar says of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tradable {
    /// Trading.
    Open,
    /// Not trading.
    Closed,
    /// The calendar does not speak of this instant.
    Unknown,
}

impl Hours {
    /// What the calendar says of an instant.
    pub fn at(&self, at: Timestamp) -> Tradable {
        match self {
            Self::Always => Tradable::Open,
            Self::Windows { valid_from, valid_until, .. }
                if at < *valid_from || at >= *valid_until =>
            {
                Tradable::Unknown
            }
            Self::Windows { open, .. } => {
                let next = open.partition_point(|window| window.open_at <= at);
                let inside = next > 0 && at < open[next - 1].close_at;
                if inside { Tradable::Open } else { Tradable::Closed }
            }
        }
    }
}
