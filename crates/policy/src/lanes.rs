//! Lanes and sessions: the paths to the market, each with a budget of its own, and the periods in which strategies may
//! use them.

use fillwright_domain::{
    BookId, Decimal, LaneId, Notional, SessionId, StrategyId, Text, Timestamp,
};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far a model may be trusted, from least to most.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    Encode,
    Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ModelStatus {
    /// Not to be used any more.
    #[n(0)]
    Retired,
    /// Misbehaves.
    #[n(1)]
    Degraded,
    /// On trial.
    #[n(2)]
    Candidate,
    /// Tried and found good.
    #[n(3)]
    Approved,
}

impl ModelStatus {
    /// Its name in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Degraded => "degraded",
            Self::Candidate => "candidate",
            Self::Approved => "approved",
        }
    }
}

/// A path to the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// Whether orders may take it.
    #[n(0)]
    pub enabled: bool,
    /// The environment it belongs to.
    #[n(1)]
    pub environment: Text,
    /// What the sessions in it may be given together, in quote currency.
    #[n(2)]
    pub capital_budget: Notional,
    /// The strategies it admits from the start; promotion and demotion move them.
    #[n(3)]
    #[serde(default)]
    pub admits: BTreeSet<StrategyId>,
    /// The least a model behind an order must be.
    #[n(4)]
    pub model_min: ModelStatus,
    /// How a strategy gets here by promotion. Absent, it does not.
    #[n(5)]
    #[serde(default)]
    pub promotion: Option<PromotionRule>,
}

impl Lane {
    /// A lane that admits these strategies whatever their models are, with all the capital there is: for rulebooks that
    /// are built by hand in tests and benches. Their models still have to be stated.
    pub fn wide(environment: Text, admits: BTreeSet<StrategyId>) -> Self {
        Self {
            enabled: true,
            environment,
            capital_budget: Notional::new(Decimal::MAX),
            admits,
            model_min: ModelStatus::Retired,
            promotion: None,
        }
    }
}

/// What a strategy must have shown in the lane it comes from. All of it is compared, and all of it recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct PromotionRule {
    /// The lane it comes from.
    #[n(0)]
    pub from: LaneId,
    /// How long its sessions there ran at least. Seconds.
    #[n(1)]
    pub ran_min_s: u32,
    /// How many of its orders there have ended at least.
    #[n(2)]
    pub orders_min: u32,
    /// How many of a thousand of them failed at most.
    #[n(3)]
    pub failed_max_per_mille: u32,
}

/// Lanes, models, and whether books may do without a session (`config/lanes.json`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct Lanes {
    /// Whether a book without a session may trade. Never so in `live`, whatever stands here.
    #[n(0)]
    pub sessions_waived: bool,
    /// Lanes by name.
    #[n(1)]
    pub lanes: BTreeMap<LaneId, Lane>,
    /// What the model behind each strategy is, until somebody says otherwise.
    #[n(2)]
    pub models: BTreeMap<StrategyId, ModelStatus>,
}

impl Lanes {
    /// No lanes, and no session needed: for rulebooks that are built by hand in tests and benches.
    pub fn wide() -> Self {
        Self { sessions_waived: true, ..Self::default() }
    }
}

/// A session as it is scheduled: who may trade with how much, where and when. It never changes; another is scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct SessionDefinition {
    /// Its name.
    #[n(0)]
    pub session_id: SessionId,
    /// The environment: `paper` or `live`.
    #[n(1)]
    pub env: Text,
    /// The lane.
    #[n(2)]
    pub lane: LaneId,
    /// Strategies that may trade in it.
    #[n(3)]
    pub strategies: BTreeSet<StrategyId>,
    /// Books it trades in.
    #[n(4)]
    pub books: BTreeSet<BookId>,
    /// What its books may be exposed with together at worst, in quote currency.
    #[n(5)]
    pub capital: Notional,
    /// From when it may be started.
    #[n(6)]
    #[serde(with = "rfc3339")]
    #[schemars(with = "jiff::Timestamp")]
    pub start_at: Timestamp,
    /// When somebody is to look at it.
    #[n(7)]
    #[serde(with = "rfc3339")]
    #[schemars(with = "jiff::Timestamp")]
    pub review_at: Timestamp,
    /// From when on nothing more is let through.
    #[n(8)]
    #[serde(with = "rfc3339")]
    #[schemars(with = "jiff::Timestamp")]
    pub end_at: Timestamp,
}

/// Instants as people write them: `2026-01-06T14:30:00Z`.
mod rfc3339 {
    use fillwright_domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error, ser};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.as_ns()));
        s.collect_str(&at.map_err(ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
        let at = jiff::Timestamp::deserialize(d)?;
        let ns = i64::try_from(at.as_nanosecond());
        ns.map(Timestamp::from_ns).map_err(|_| D::Error::custom("lies outside 1678 to 2261"))
    }
}
