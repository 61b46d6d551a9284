//! The documents under `config/` as people write them.

use crate::{
    ApprovalRules, Book, Envelope, ExecutionPolicy, FlowPolicy, Group, Lane, ModelStatus, People,
    RegimePolicy, Strategy, Venue,
};
use fillwright_domain::{
    BookId, CalendarId, InstrumentId, LaneId, Notional, Px, Qty, Ratio, StrategyId, Text, VenueId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `config/fillwright.json`: what this home is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeDocument {
    /// What the author calls this version of the rules.
    pub version: Text,
    /// The partition; part of every derived order id, so it never changes.
    pub partition: Text,
    /// `offline`, `paper` or `live`.
    pub environment: Text,
    /// Whether a book trades in a running session only. Absent means yes; `live` takes nothing else.
    #[serde(default = "required")]
    pub sessions_required: bool,
    /// The programs that may take intents, each by the SHA-256 of its executable in hex. None are any, but in `live`,
    /// where none are none.
    #[serde(default)]
    pub builds: BTreeSet<Text>,
}

const fn required() -> bool {
    true
}

/// `config/venues.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VenuesDocument {
    /// Venues by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub venues: BTreeMap<VenueId, Venue>,
}

/// `config/strategies.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategiesDocument {
    /// Strategies by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub strategies: BTreeMap<StrategyId, Strategy>,
}

/// `config/lanes.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanesDocument {
    /// Lanes by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub lanes: BTreeMap<LaneId, Lane>,
    /// What the model behind each strategy is, until somebody says otherwise.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub models: BTreeMap<StrategyId, ModelStatus>,
}

/// `config/policies/approvals.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsDocument {
    /// Rules by kind of change.
    #[serde(deserialize_with = "crate::unique::map")]
    pub approvals: ApprovalRules,
}

/// `config/policies/regime.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegimeDocument {
    /// The rule of regime parity.
    pub regime_parity: RegimePolicy,
}

/// `config/books.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BooksDocument {
    /// Books by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub books: BTreeMap<BookId, Book>,
}

/// `config/people.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleDocument {
    /// People by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub people: People,
}

/// `config/policies/risk_envelope.json`.
pub type RiskEnvelopeDocument = Envelope;

/// `config/groups.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupsDocument {
    /// What instruments belong to, by instrument.
    #[serde(deserialize_with = "crate::unique::map")]
    pub instruments: BTreeMap<InstrumentId, Group>,
}

/// `config/policies/execution_policies.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionPoliciesDocument {
    /// A quote older than this is no quote. Milliseconds.
    pub quote_age_max_ms: u32,
    /// A mark older than this values nothing. Milliseconds.
    pub mark_age_max_ms: u32,
    /// Weight changes smaller than this are dust.
    pub minimum_trade_weight: Ratio,
    /// The rules of order flow.
    #[serde(default)]
    pub flow: FlowPolicy,
}

impl ExecutionPoliciesDocument {
    /// How orders are made.
    pub fn execution(&self) -> ExecutionPolicy {
        ExecutionPolicy {
            quote_age_max_ms: self.quote_age_max_ms,
            mark_age_max_ms: self.mark_age_max_ms,
            minimum_trade_weight: self.minimum_trade_weight,
        }
    }
}

/// One row of `config/venue_limits.csv`, the upstream table of venue limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueLimitsRow {
    /// Symbol at the venue.
    pub symbol: String,
    /// Venue.
    pub venue: VenueId,
    /// Lot.
    pub lot_size: Qty,
    /// Smallest order, in quote currency.
    pub min_notional: Notional,
    /// Quantity increment.
    pub step_size: Qty,
    /// Price increment.
    pub tick_size: Px,
    /// Fee on a passive fill.
    pub maker_fee: Ratio,
    /// Fee on an aggressive fill.
    pub taker_fee: Ratio,
    /// Units of the underlying in one unit of quantity.
    pub contract_size: Ratio,
    /// When the row was read from the venue.
    pub updated_at: Text,
    /// Largest order, where the venue has such a limit.
    #[serde(default)]
    pub max_qty: Option<Qty>,
    /// Calendar, where it differs from the venue's.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
    /// Whether orders are allowed; absent means yes.
    #[serde(default)]
    pub enabled: Option<bool>,
}
