//! What an executor's own ledger says: orders, fills and positions, stated from time to time to be held against ours.
//!
//! An executor states its ledger behind everything it reported before, and ahead of nothing it has not reported yet. What
//! ended or moved a moment ago is stated as well, with when, so that what is still under way is not taken for missing.

use crate::{AccountId, ExecId, InstrumentId, Notional, OrderIntentId, Plane, Px, Qty, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// One statement, or one page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Statement {
    /// Whose ledger it is.
    #[n(0)]
    pub plane: Plane,
    /// When it was read.
    #[n(1)]
    pub as_of: Timestamp,
    /// Orders.
    #[n(2)]
    pub orders: StatedOrders,
    /// Fills.
    #[n(3)]
    pub fills: StatedFills,
    /// Every position that is not flat, and those that became so a moment ago; absent on all pages but one.
    #[n(4)]
    pub positions: Option<Vec<StatedPosition>>,
}

/// Every order at work in a range of names, and those that ended in it a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct StatedOrders {
    /// Names behind this one; from the first where there is none.
    #[n(0)]
    pub behind: Option<OrderIntentId>,
    /// Names up to this one; to the last where there is none.
    #[n(1)]
    pub to: Option<OrderIntentId>,
    /// The orders.
    #[n(2)]
    pub orders: Vec<StatedOrder>,
}

impl StatedOrders {
    /// No orders, of a range without names: for a page that is about something else.
    pub const fn none() -> Self {
        let last = OrderIntentId::from_bytes([u8::MAX; 16]);
        Self { behind: Some(last), to: Some(last), orders: Vec::new() }
    }

    /// Whether a name lies in the range.
    pub fn covers(&self, order: OrderIntentId) -> bool {
        self.behind.is_none_or(|behind| order > behind) && self.to.is_none_or(|to| order <= to)
    }
}

/// An order as its executor has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct StatedOrder {
    /// Its name.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// The instrument.
    #[n(1)]
    pub instrument_id: InstrumentId,
    /// Quantity ordered.
    #[n(2)]
    pub qty: Qty,
    /// Everything filled so far, what was busted since included (FIX 14 before busts).
    #[n(3)]
    pub cum_qty: Qty,
    /// Whether it is at work.
    #[n(4)]
    pub is_open: bool,
    /// When anything last happened to it.
    #[n(5)]
    pub moved_at: Timestamp,
}

/// Every fill that happened in a span of the executor's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct StatedFills {
    /// Behind this time.
    #[n(0)]
    pub behind: Timestamp,
    /// Up to this time.
    #[n(1)]
    pub to: Timestamp,
    /// The fills.
    #[n(2)]
    pub fills: Vec<StatedFill>,
}

impl StatedFills {
    /// Whether a time lies in the span.
    pub fn covers(&self, at: Timestamp) -> bool {
        at > self.behind && at <= self.to
    }
}

/// A fill as its executor has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct StatedFill {
    /// The order.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// The executor's name for the fill.
    #[n(1)]
    pub exec_id: ExecId,
    /// The instrument.
    #[n(2)]
    pub instrument_id: InstrumentId,
    /// Its quantity as it stands; nothing where it was busted.
    #[n(3)]
    pub last_qty: Qty,
    /// Its price as it stands.
    #[n(4)]
    pub last_px: Px,
    /// Its fee as it stands.
    #[n(5)]
    pub fee: Notional,
    /// When it happened.
    #[n(6)]
    pub transact_at: Timestamp,
    /// When it was last corrected, or happened.
    #[n(7)]
    pub moved_at: Timestamp,
}

/// What an account holds of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct StatedPosition {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The instrument.
    #[n(1)]
    pub instrument_id: InstrumentId,
    /// Signed position.
    #[n(2)]
    pub qty: Qty,
    /// When it last changed.
    #[n(3)]
    pub moved_at: Timestamp,
}
