//! The one result of an intent, as the execution intent interface names its fields.

use crate::{ExecutionPlan, Notional, OrderIntentId, Px, Qty, Text};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// How an intent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// Everything the plan asked for was done.
    #[n(0)]
    Success,
    /// Nothing was sent: a denial, or nothing to do.
    #[n(1)]
    Skipped,
    /// It was sent and nothing came of it.
    #[n(2)]
    Error,
    /// It was sent and some of it was done.
    #[n(3)]
    Partial,
}

impl ResultStatus {
    /// `success`, `skipped`, `error` or `partial`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Skipped => "skipped",
            Self::Error => "error",
            Self::Partial => "partial",
        }
    }
}

/// What became of one intent. Recorded once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct ExecutionResult {
    /// How it ended.
    #[n(0)]
    pub status: ResultStatus,
    /// The plan that was, or would have been, executed. The journal keeps it once, in `PlanMade`; readers put it back.
    #[n(1)]
    pub plan: Option<Box<ExecutionPlan>>,
    /// The order at the venue.
    #[n(2)]
    pub tx_hash: Option<OrderIntentId>,
    /// Quantity bought.
    #[n(3)]
    pub tokens_bought: Option<Qty>,
    /// Quantity sold.
    #[n(4)]
    pub tokens_sold: Option<Qty>,
    /// Average fill price: the worth of the fills, each rounded to 18 decimals, over their quantity, halves to even. Absent in the paper plane, which has no prices.
    #[n(5)]
    pub price: Option<Px>,
    /// Cost against the mid at decision, in basis points; positive is worse.
    #[n(6)]
    pub slippage_bps: Option<i64>,
    /// Fees in quote currency.
    #[n(7)]
    pub fees_usd: Option<Notional>,
    /// Why it was skipped: the code of the denial or skip.
    #[n(8)]
    pub skip_reason: Option<Text>,
    /// Why it failed.
    #[n(9)]
    pub error: Option<Text>,
}
