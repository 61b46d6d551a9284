//! Fills that are remembered beyond their orders, so that an executor's ledger can be held against them.

use crate::corrections::Correction;
use crate::exposure::{Reserved, checked};
use fillwright_domain::{ExecId, Notional, OrderIntentId, OrderStatus, Plane, Px, Qty, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// Fills that are remembered; beyond it the one booked first is forgotten.
pub const FILLS_KEPT: usize = 10_000;

/// The name of a fill: executors number them an order at a time at worst.
pub type FillName = (OrderIntentId, ExecId);

/// A fill as it was booked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct BookedFill {
    /// Whose it is.
    #[n(0)]
    pub of: Reserved,
    /// Its quantity.
    #[n(1)]
    pub last_qty: Qty,
    /// Its price.
    #[n(2)]
    pub last_px: Px,
    /// Its fee.
    #[n(3)]
    pub fee: Notional,
    /// When its executor says it happened.
    #[n(4)]
    pub transact_at: Timestamp,
    /// When its executor says it was last busted or corrected.
    #[n(5)]
    pub corrected_at: Option<Timestamp>,
}

/// How an order ended that has fills which are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Ended {
    /// What it was filled, corrections since included.
    #[n(0)]
    pub filled: Qty,
    /// What it was at its end.
    #[n(1)]
    pub status: OrderStatus,
}

/// The fills that were booked last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct BookedFills {
    #[n(0)]
    by_name: BTreeMap<FillName, BookedFill>,
    #[n(1)]
    in_order: VecDeque<FillName>,
    /// The latest time of a fill that was forgotten.
    #[n(2)]
    forgotten_to: Option<Timestamp>,
    #[n(3)]
    #[cbor(default)]
    ended: BTreeMap<OrderIntentId, Ended>,
}

impl BookedFills {
    /// A fill, unless it was forgotten.
    pub fn get(&self, name: &FillName) -> Option<&BookedFill> {
        self.by_name.get(name)
    }

    /// How an order ended, while one of its fills is remembered.
    pub fn ended(&self, order: OrderIntentId) -> Option<Ended> {
        self.ended.get(&order).copied()
    }

    /// A fill of an order that is remembered.
    pub(crate) fn any_of(&self, order: OrderIntentId) -> Option<&BookedFill> {
        let first = (order, ExecId::default());
        let mut own = self.by_name.range(first..).take_while(|((of, _), _)| *of == order);
        own.next().map(|(_, fill)| fill)
    }

    /// An order ended.
    pub(crate) fn end(&mut self, order: OrderIntentId, filled: Qty, status: OrderStatus) {
        if self.any_of(order).is_some() {
            self.ended.insert(order, Ended { filled, status });
        }
    }

    /// A fill stands otherwise.
    pub(crate) fn correct(&mut self, correction: &Correction) {
        let name = (correction.order_intent_id, correction.of.clone());
        if let Some(fill) = self.by_name.get_mut(&name) {
            fill.last_qty = correction.after.qty;
            fill.last_px = correction.after.px.unwrap_or(fill.last_px);
            fill.fee = correction.after.fee.unwrap_or(fill.fee);
            fill.corrected_at = Some(correction.transact_at);
        }
        if let Some(ended) = self.ended.get_mut(&name.0) {
            ended.filled = checked(ended.filled.checked_add(correction.change()));
        }
    }

    /// The latest time of a fill that was forgotten.
    pub fn forgotten_to(&self) -> Option<Timestamp> {
        self.forgotten_to
    }

    /// Whether nothing was ever booked.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Every fill of a plane that is remembered.
    pub(crate) fn on(&self, plane: Plane) -> impl Iterator<Item = (&FillName, &BookedFill)> {
        self.by_name.iter().filter(move |(_, fill)| fill.of.plane == plane)
    }

    /// Whether one that happened then may have been booked and forgotten.
    pub(crate) fn may_be_forgotten(&self, at: Timestamp) -> bool {
        self.forgotten_to.is_some_and(|forgotten_to| at <= forgotten_to)
    }

    pub(crate) fn remember(&mut self, name: FillName, fill: BookedFill) {
        self.remember_among(FILLS_KEPT, name, fill);
    }

    fn remember_among(&mut self, kept: usize, name: FillName, fill: BookedFill) {
        if self.by_name.insert(name.clone(), fill).is_none() {
            self.in_order.push_back(name);
        }
        while self.in_order.len() > kept {
            let Some(oldest) = self.in_order.pop_front() else { return };
            let forgotten = self.by_name.remove(&oldest).map(|fill| fill.transact_at);
            self.forgotten_to = self.forgotten_to.max(forgotten);
            if self.any_of(oldest.0).is_none() {
                self.ended.remove(&oldest.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fillwright_domain::{BookId, InstrumentId, IntentKey, Side};

    fn fill(at: i64) -> BookedFill {
        let of = Reserved {
            book_id: BookId::new("desk"),
            plane: Plane::LiveStub,
            instrument_id: InstrumentId::new("BINANCE:BTCUSDT"),
            side: Side::Buy,
            qty: Qty::ZERO,
        };
        let (last_qty, last_px, fee) = (Qty::ZERO, Px::ZERO, Notional::ZERO);
        let transact_at = Timestamp::from_ns(at);
        BookedFill { of, last_qty, last_px, fee, transact_at, corrected_at: None }
    }

    #[test]
    fn the_fill_booked_first_is_forgotten_and_how_far_back_that_was_is_not() {
        let order = OrderIntentId::derive(
            IntentKey::derive("main", &fillwright_domain::IntentId::new("I1")),
            1,
        );
        let name = |n: i64| (order, ExecId::new(format!("E{n}")));
        let mut fills = BookedFills::default();
        for n in 1..=4 {
            fills.remember_among(3, name(n), fill(n * 10));
        }
        assert!(fills.get(&name(1)).is_none() && fills.get(&name(2)).is_some());
        assert!(fills.may_be_forgotten(Timestamp::from_ns(10)));
        assert!(!fills.may_be_forgotten(Timestamp::from_ns(11)));
    }
}
