//! Whether a market trades.

use serde::Serialize;

/// Whether a market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// The source does not say.
    #[default]
    Unknown,
    /// Orders are taken, nothing trades yet.
    PreOpen,
    /// An auction.
    Auction,
    /// Trading.
    Trading,
    /// Quotes, no trades.
    Quoting,
    /// Halted, paused or suspended.
    Halted,
    /// Closed.
    Closed,
}
