//! What happened in a stretch of time.

use fillwright_domain::{Px, Qty};
use serde::Serialize;

/// A stretch of time in prices. It began at the event time of its event and is known at the receive time, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Bar {
    /// Of trades, with the quantity traded.
    Trades(Candle),
    /// Of quotes, with the quantity quoted last; a side that was empty has nothing.
    Quotes {
        /// Of the bid.
        bid: Option<Candle>,
        /// Of the ask.
        ask: Option<Candle>,
    },
}

/// The first, highest, lowest and last of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Candle {
    /// First.
    pub open_px: Px,
    /// Highest.
    pub high_px: Px,
    /// Lowest.
    pub low_px: Px,
    /// Last.
    pub close_px: Px,
    /// Quantity traded, or quoted last.
    pub qty: Qty,
}

impl Candle {
    /// Whether no price lies above the highest or below the lowest.
    pub fn is_in_order(&self) -> bool {
        let within = |px: Px| self.low_px <= px && px <= self.high_px;
        within(self.open_px) && within(self.close_px)
    }
}
