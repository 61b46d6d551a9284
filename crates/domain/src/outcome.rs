//! The one outcome of an order intent, spelt as the execution planes document spells it.

use crate::{ExecutionId, InstrumentId, OrderIntentId, Plane, Qty, Side, Timestamp};
use minicbor::{Decode, Encode};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

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
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ExecutionOutcome {
    /// The order.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// Where it was realised.
    #[n(1)]
    pub plane: Plane,
    /// How it ended.
    #[n(2)]
    pub status: ExecutionStatus,
    /// Everything that was filled.
    #[n(3)]
    pub filled_quantity: Qty,
    /// The logical time of the step that recorded it.
    #[n(4)]
    pub logical_time: Timestamp,
    /// Why it failed; present exactly when the status is failed.
    #[n(5)]
    pub reason: Option<ExecutionReasonCode>,
    /// Buy or sell: with `market_id`, what lets positions follow from outcomes alone.
    #[n(6)]
    pub side: Side,
    /// The instrument.
    #[n(7)]
    pub market_id: InstrumentId,
}

impl ExecutionOutcome {
    /// Its name: one order, one outcome, one name.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId::derive(self.order_intent_id)
    }
}

/// The names of the execution planes document, with the outcome's own.
impl Serialize for ExecutionOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = 8 + usize::from(self.reason.is_some());
        let mut fields = serializer.serialize_struct("ExecutionOutcome", count)?;
        fields.serialize_field("executionId", &self.execution_id())?;
        fields.serialize_field("orderIntentId", &self.order_intent_id)?;
        fields.serialize_field("plane", &self.plane)?;
        fields.serialize_field("status", &self.status)?;
        fields.serialize_field("filledQuantity", &self.filled_quantity)?;
        fields.serialize_field("logicalTime", &self.logical_time)?;
        match &self.reason {
            Some(reason) => fields.serialize_field("reason", reason)?,
            None => fields.skip_field("reason")?,
        }
        fields.serialize_field("side", &self.side)?;
        fields.serialize_field("marketId", &self.market_id)?;
        fields.end()
    }
}
