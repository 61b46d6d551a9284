//! The one outcome of an order intent, spelt as the execution planes document spells it.

use crate::{ExecutionId, InstrumentId, OrderIntentId, Plane, Qty, Side, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// How an order intent ended. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// All of the requested quantity.
    #[n(0)]
    Filled,
    /// Some of it; no more will come.
    #[n(1)]
    PartiallyFilled,
    /// None of it.
    #[n(2)]
    Failed,
}

/// Why an order intent failed. A closed set in version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionReasonCode {
    /// The plane could not execute: cancelled, expired or never arrived.
    #[n(0)]
    ExecutionNotAvailable,
    /// The venue refused.
    #[n(1)]
    ExecutionRejected,
}

/// What became of one order intent. Recorded once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionOutcome {
    /// Its name, derived from the order.
    #[n(0)]
    pub execution_id: ExecutionId,
    /// The order.
    #[n(1)]
    pub order_intent_id: OrderIntentId,
    /// Where it was realised.
    #[n(2)]
    pub plane: Plane,
    /// How it ended.
    #[n(3)]
    pub status: ExecutionStatus,
    /// Everything that was filled.
    #[n(4)]
    pub filled_quantity: Qty,
    /// The logical time of the step that recorded it.
    #[n(5)]
    pub logical_time: Timestamp,
    /// Why it failed; present exactly when the status is failed.
    #[n(6)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ExecutionReasonCode>,
    /// Buy or sell: with `market_id`, what lets positions follow from outcomes alone.
    #[n(7)]
    pub side: Side,
    /// The instrument.
    #[n(8)]
    pub market_id: InstrumentId,
}
