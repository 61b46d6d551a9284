//! Books by price.

use fillwright_domain::{Px, Qty};
use serde::Serialize;

/// A price and what is quoted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Level {
    /// The price.
    pub px: Px,
    /// The quantity; nothing where the source has no sizes. In a depth update, zero takes the level away.
    pub qty: Option<Qty>,
}

/// Levels of both sides, and what says whether an update between was missed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Depth {
    /// The numbers of the venue's updates this one covers.
    pub ids: UpdateIds,
    /// Bids, in the order of the source.
    pub bids: Vec<Level>,
    /// Asks, in the order of the source.
    pub asks: Vec<Level>,
}

/// How a venue numbers its updates, so that a missing one is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "numbering", rename_all = "snake_case")]
pub enum UpdateIds {
    /// Not at all: a missing update cannot be noticed.
    #[default]
    Unnumbered,
    /// A snapshot that holds every update up to this one.
    Snapshot {
        /// The last update it holds.
        last: u64,
    },
    /// Each update begins with the number after the last of the one before (Binance spot: `U`, `u`).
    Consecutive {
        /// The first number covered.
        first: u64,
        /// The last number covered.
        last: u64,
    },
    /// Each update names the last number of the one before (Binance futures: `U`, `u`, `pu`).
    Linked {
        /// The first number covered.
        first: u64,
        /// The last number covered.
        last: u64,
        /// The last number of the update before.
        previous: u64,
    },
}
