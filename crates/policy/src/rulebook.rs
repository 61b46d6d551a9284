//! The compiled rules, whole: what the kernel reads and the journal keeps.

use crate::{
    ApprovalRules, DecisionTable, Envelope, FlowPolicy, Group, Hours, IncidentRules, Lanes,
    OperatorBounds, People, ReconciliationPolicy, RegimePolicy, RoutePolicy, UNGROUPED,
};
use fillwright_domain::{
    AccountId, BookId, CalendarId, Instrument, InstrumentId, LaneId, Notional, Plane, Ratio, RunId,
    StrategyId, Text, VenueId,
};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything the decision chain may know that is not the state of the market or of the books.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct Rulebook {
    /// What the author calls this version.
    #[n(0)]
    pub version: Text,
    /// The partition it governs; part of every derived order id.
    #[n(1)]
    pub partition: Text,
    /// `offline`, `paper` or `live`; tagged on all telemetry.
    #[n(2)]
    pub environment: Text,
    /// Known venues.
    #[n(3)]
    pub venues: BTreeMap<VenueId, Venue>,
    /// Known instruments.
    #[n(4)]
    pub instruments: BTreeMap<InstrumentId, Instrument>,
    /// Known strategies.
    #[n(5)]
    pub strategies: BTreeMap<StrategyId, Strategy>,
    /// Known books.
    #[n(6)]
    pub books: BTreeMap<BookId, Book>,
    /// Trading hours by calendar.
    #[n(7)]
    pub calendars: BTreeMap<CalendarId, Hours>,
    /// How orders are made.
    #[n(9)]
    pub execution: ExecutionPolicy,
    /// Who may ask for what.
    #[n(10)]
    #[cbor(default)]
    pub people: People,
    /// The limits, level by level.
    #[n(12)]
    #[cbor(default)]
    pub envelope: Envelope,
    /// How far one person may move a value alone.
    #[n(23)]
    pub bounds: Option<OperatorBounds>,
    /// What is noticed, and what makes an incident.
    #[n(21)]
    #[cbor(default)]
    pub incident_rules: IncidentRules,
    /// The table of decisions.
    #[n(24)]
    pub decisions: Option<DecisionTable>,
    /// What instruments belong to.
    #[n(13)]
    #[cbor(default)]
    pub groups: BTreeMap<InstrumentId, Group>,
    /// What orders are held to whatever their size.
    #[n(15)]
    #[cbor(default)]
    pub flow: FlowPolicy,
    /// What it takes to have a change approved.
    #[n(18)]
    #[cbor(default)]
    pub approvals: ApprovalRules,
    /// Lanes, models, and whether books may do without a session.
    #[n(19)]
    #[cbor(default)]
    pub lanes: Lanes,
    /// What an aggressive long needs to know of the market.
    #[n(20)]
    #[cbor(default)]
    pub regime: RegimePolicy,
    /// How orders go to their venues; absent, none goes.
    #[n(37)]
    pub routes: Option<RoutePolicy>,
    /// How our ledger is held against those of the executors.
    #[n(30)]
    #[cbor(default)]
    pub reconciliation: ReconciliationPolicy,
    /// The programs that may take intents, each by the SHA-256 of its executable, in hex.
    #[n(31)]
    #[cbor(default)]
    pub builds: BTreeSet<Text>,
}

impl Rulebook {
    /// Whether a program may take intents under these rules: one they name; where they name none, any, but in `live`.
    pub fn allows_build(&self, build: &Text) -> bool {
        if self.builds.is_empty() {
            return self.environment.as_str() != "live";
        }
        self.builds.contains(build)
    }

    /// The sector of an instrument.
    pub fn sector_of(&self, instrument_id: &InstrumentId) -> Text {
        let group = self.groups.get(instrument_id).and_then(|group| group.sector.clone());
        group.unwrap_or_else(|| Text::new(UNGROUPED))
    }

    /// The cluster of an instrument.
    pub fn cluster_of(&self, instrument_id: &InstrumentId) -> Text {
        let group = self.groups.get(instrument_id).and_then(|group| group.cluster.clone());
        group.unwrap_or_else(|| Text::new(UNGROUPED))
    }
}

/// A venue.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Venue {
    /// Whether orders may go there.
    #[n(0)]
    pub enabled: bool,
    /// The calendar of instruments that name none.
    #[n(1)]
    pub calendar: CalendarId,
}

/// A strategy: what may send intents, and who answers for it.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// Whether its intents are considered.
    #[n(0)]
    pub enabled: bool,
    /// Who answers for it.
    #[n(1)]
    pub owner: Text,
    /// What it does, in plain words.
    #[n(2)]
    pub description: Text,
}

/// A book: a unit of capital, positions and results.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Whether orders may change its positions.
    #[n(0)]
    pub enabled: bool,
    /// The strategy that owns it.
    #[n(1)]
    pub strategy_id: StrategyId,
    /// Its capital, in quote currency: what weights and leverage are fractions of.
    #[n(2)]
    pub equity: Notional,
    /// What `size_frac` of one addition is a fraction of, in quote currency.
    #[n(3)]
    pub allocation: Notional,
    /// The audited run behind intents that name none.
    #[n(4)]
    #[serde(default)]
    pub source_run: Option<RunId>,
    /// The plane that realises its orders, by venue. No entry, no executor.
    #[n(5)]
    #[serde(deserialize_with = "crate::unique::map")]
    pub executors: BTreeMap<VenueId, Plane>,
    /// The account it trades for.
    #[n(7)]
    #[cbor(default)]
    #[serde(default = "AccountId::main")]
    pub account: AccountId,
    /// The lane it belongs to; absent, the lane of the running session that names it.
    #[n(8)]
    #[serde(default)]
    pub lane: Option<LaneId>,
}

/// How orders are made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct ExecutionPolicy {
    /// A quote older than this is no quote. Milliseconds.
    #[n(0)]
    pub quote_age_max_ms: u32,
    /// A mark older than this values nothing. Milliseconds.
    #[n(1)]
    pub mark_age_max_ms: u32,
    /// Weight changes smaller than this are dust.
    #[n(2)]
    pub minimum_trade_weight: Ratio,
}
