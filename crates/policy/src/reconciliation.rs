//! `config/policies/reconciliation.json`: how often our ledger is held against those of the executors, and what a
//! difference does beside making an incident.

use crate::RestraintKind;
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rule of reconciliation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationPolicy {
    /// How often, while serving. Seconds; 0: only at a start and after a reconnect.
    #[n(0)]
    pub every_s: u32,
    /// What moved at an executor less than this before it stated its ledger may still be under way, and is looked at the
    /// next time. Milliseconds.
    #[n(1)]
    pub grace_ms: u32,
    /// How far back fills are compared while serving; at a start, as far as they are kept. Seconds.
    #[n(2)]
    pub lookback_s: u32,
    /// What a difference does to its venue, beside making an incident.
    #[n(3)]
    #[serde(default)]
    pub on_break: OnBreak,
}

impl ReconciliationPolicy {
    /// The rule of a home without the document: every minute, an hour back, an incident and no more.
    pub const fn standard() -> Self {
        Self { every_s: 60, grace_ms: 1_000, lookback_s: 3_600, on_break: OnBreak::Incident }
    }
}

/// What a difference does to its venue.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum OnBreak {
    /// It makes an incident and no more.
    #[n(0)]
    #[default]
    Incident,
    /// Orders there may only reduce until two people say otherwise.
    #[n(1)]
    ReduceOnly,
    /// Nothing is sent there until two people say otherwise.
    #[n(2)]
    Halt,
}

impl OnBreak {
    /// The restraint it puts on the venue.
    pub const fn restraint(self) -> Option<RestraintKind> {
        match self {
            Self::Incident => None,
            Self::ReduceOnly => Some(RestraintKind::ReduceOnly),
            Self::Halt => Some(RestraintKind::Halt),
        }
    }
}
