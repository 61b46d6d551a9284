//! What a market said, in one form for every source.

mod bar;
mod depth;
mod order;
mod quote;
mod status;
mod trade;

pub use bar::{Bar, Candle};
pub use depth::{Depth, Level, UpdateIds};
pub use order::{OrderAction, OrderChange};
pub use quote::{Quote, QuoteSide};
pub use status::Status;
pub use trade::{Trade, TradeFlags};

use fillwright_domain::Timestamp;
use serde::Serialize;

/// The place of an instrument in the listings of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct InstrumentNo(pub u32);

impl InstrumentNo {
    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One thing a market said of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct MarketEvent {
    /// Which instrument, by its place in the listings of the source.
    pub instrument: InstrumentNo,
    /// When it happened by the market's clock; the receive time where the source has no other.
    pub event_at: Timestamp,
    /// When it was known by the recorder's clock: the end of a bar, and the event time where nothing was recorded. It may
    /// lie before `event_at`, because the two clocks differ; a replay goes by this one, so that nothing is known too soon.
    pub received_at: Timestamp,
    /// What was said.
    #[serde(flatten)]
    pub body: Body,
}

impl MarketEvent {
    /// Receive time less event time; negative where the recorder's clock is behind the market's.
    pub const fn latency_ns(&self) -> i64 {
        self.received_at.since_ns(self.event_at)
    }
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// The best bid and ask, or one of them.
    Quote(Quote),
    /// A trade that was printed.
    Trade(Trade),
    /// A whole book by price.
    DepthSnapshot(Depth),
    /// Levels of a book that changed; a level without quantity is gone.
    DepthDiff(Depth),
    /// What happened in a stretch of time.
    Bar(Bar),
    /// A change to one order of a book that is kept order by order.
    Order(OrderChange),
    /// Whether the market trades.
    Status(Status),
}

impl Default for Body {
    fn default() -> Self {
        Self::Status(Status::Unknown)
    }
}
