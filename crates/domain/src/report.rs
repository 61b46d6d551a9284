//! What a plane says of an order, as every venue must state it.

use crate::{ExecId, Notional, OrderIntentId, Px, Qty, Text, Timestamp, VenueOrderId};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// One report on one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct ExecutionReport {
    /// The order it speaks of.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// The venue's name for this report; a repeated one is the same report.
    #[n(1)]
    pub exec_id: ExecId,
    /// When the venue says it happened.
    #[n(2)]
    pub transact_at: Timestamp,
    /// What happened.
    #[n(3)]
    pub kind: ReportKind,
}

/// What happened to an order (FIX 150).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ReportKind {
    /// The venue has it.
    #[n(0)]
    Accepted {
        /// The venue's name for the order.
        #[n(0)]
        venue_order_id: VenueOrderId,
    },
    /// The venue refused it; nothing was or will be filled.
    #[n(1)]
    Rejected {
        /// The venue's words.
        #[n(0)]
        text: Text,
    },
    /// One fill.
    #[n(2)]
    Fill {
        /// Quantity of this fill (FIX 32).
        #[n(0)]
        last_qty: Qty,
        /// Price of this fill (FIX 31).
        #[n(1)]
        last_px: Px,
        /// Everything filled so far, this fill included (FIX 14), and what was busted or corrected since as it was: a
        /// running total never falls. An executor whose total does adds it back.
        #[n(2)]
        cum_qty: Qty,
        /// Fee in quote currency; negative is a rebate.
        #[n(3)]
        fee: Notional,
    },
    /// Cancelled; `cum_qty` is final.
    #[n(3)]
    Canceled {
        /// Everything that was filled.
        #[n(0)]
        cum_qty: Qty,
    },
    /// Ended by its time in force; `cum_qty` is final.
    #[n(4)]
    Expired {
        /// Everything that was filled.
        #[n(0)]
        cum_qty: Qty,
    },
    /// The cancel came too late or made no sense; the order stands as it was.
    #[n(5)]
    CancelRejected,
    /// The venue, asked, does not know the order, and its settle time is over: it never arrived.
    #[n(6)]
    NotFound,
    /// The venue could not answer the query. The order stays unknown and a person must look.
    #[n(7)]
    QueryFailed {
        /// The venue's words.
        #[n(0)]
        text: Text,
    },
    /// A fill is undone (FIX 150=H): it never happened. The order does not work again for it.
    #[n(8)]
    Busted {
        /// The venue's name for the fill.
        #[n(0)]
        of: ExecId,
    },
    /// A fill was another (FIX 150=G).
    #[n(9)]
    Corrected {
        /// The venue's name for the fill.
        #[n(0)]
        of: ExecId,
        /// Its quantity.
        #[n(1)]
        last_qty: Qty,
        /// Its price.
        #[n(2)]
        last_px: Px,
        /// Its fee.
        #[n(3)]
        fee: Notional,
    },
}
