//! Best bids and asks.

use super::Level;
use serde::Serialize;

/// The best bid and ask as a source states them: both, or the one that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Quote {
    /// What is said of the bid.
    pub bid: QuoteSide,
    /// What is said of the ask.
    pub ask: QuoteSide,
}

/// What a quote says of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteSide {
    /// Nothing: what was known stays.
    #[default]
    Unchanged,
    /// Nobody bids or offers.
    Empty,
    /// The best price, and the quantity there where the source has one.
    At(Level),
}
