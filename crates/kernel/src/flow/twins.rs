//! Orders of the last while: an order like one of them is taken for its twin.

use super::is_within;
use crate::fact::OrderFact;
use fillwright_domain::{BookId, InstrumentId, Px, Qty, Side, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// What two orders share that are twins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct OrderShape {
    /// The quantity.
    #[n(0)]
    pub qty: Qty,
    /// The limit price; nothing at the market.
    #[n(1)]
    pub limit_px: Option<Px>,
    /// Buy or sell.
    #[n(2)]
    pub side: Side,
    /// The instrument.
    #[n(3)]
    pub instrument_id: InstrumentId,
    /// The book.
    #[n(4)]
    pub book_id: BookId,
}

impl OrderShape {
    pub(crate) fn of(order: &OrderFact) -> Self {
        Self {
            qty: order.requested_quantity,
            limit_px: order.limit_px,
            side: order.side,
            instrument_id: order.market_id.clone(),
            book_id: order.book_id.clone(),
        }
    }
}

/// Orders released within the window, each shape with its last time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Twins {
    #[n(0)]
    last: BTreeMap<OrderShape, Timestamp>,
    #[n(1)]
    queue: VecDeque<(Timestamp, OrderShape)>,
}

impl Twins {
    /// When an order of this shape was last released, where it is remembered.
    pub fn last(&self, shape: &OrderShape) -> Option<Timestamp> {
        self.last.get(shape).copied()
    }

    /// How many orders are remembered.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Forgets what is older than the window, and remembers an order unless there is no window.
    pub(crate) fn remember(
        &mut self,
        at: Timestamp,
        window_ms: u32,
        shape: impl FnOnce() -> OrderShape,
    ) {
        while let Some((then, old)) =
            self.queue.pop_front_if(|(then, _)| !is_within(at, *then, window_ms))
        {
            if self.last.get(&old) == Some(&then) {
                self.last.remove(&old);
            }
        }
        if window_ms > 0 {
            let shape = shape();
            self.last.insert(shape.clone(), at);
            self.queue.push_back((at, shape));
        }
    }
}
