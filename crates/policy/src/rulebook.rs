//! The compiled rules, whole: what the kernel reads and the journal keeps.

use crate::{Hours, People};
use fillwright_domain::{
    AccountId, BookId, CalendarId, Instrument, InstrumentId, LaneId, Notional, Plane, Ratio, RunId,
    StrategyId, Text, VenueId,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Limits that hold for every book without limits of its own.
    #[n(8)]
    pub risk: RiskEnvelope,
    /// How orders are made.
    #[n(9)]
    pub execution: ExecutionPolicy,
    /// Who may ask for what.
    #[n(10)]
    #[cbor(default)]
    pub people: People,
}

impl Rulebook {
    /// The limits of a book: its own where it has them, otherwise the firm's.
    pub fn risk_of<'a>(&'a self, book: &'a Book) -> &'a RiskEnvelope {
        book.risk.as_ref().unwrap_or(&self.risk)
    }
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
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
    /// Limits of its own, whole, instead of the firm's.
    #[n(6)]
    #[serde(default)]
    pub risk: Option<RiskEnvelope>,
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

/// What happens to an order above a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// It is refused.
    #[n(0)]
    #[default]
    Deny,
    /// It is cut to what still fits; nothing left is a refusal.
    #[n(1)]
    Reduce,
}

/// Limits. One that is absent denies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct RiskEnvelope {
    /// Largest order, in quote currency.
    #[n(0)]
    #[serde(default)]
    pub max_order_notional: Option<Notional>,
    /// Above `max_order_notional`.
    #[n(1)]
    #[serde(default)]
    pub on_order_notional: Breach,
    /// Largest gross exposure of a book over its equity, open orders counted in full.
    #[n(2)]
    #[serde(default)]
    pub max_leverage: Option<Ratio>,
    /// Above `max_leverage`.
    #[n(3)]
    #[serde(default)]
    pub on_leverage: Breach,
    /// Largest exposure to one instrument over the book's equity, open orders counted in full.
    #[n(4)]
    #[serde(default)]
    pub max_asset_exposure: Option<Ratio>,
    /// Above `max_asset_exposure`.
    #[n(5)]
    #[serde(default)]
    pub on_asset_exposure: Breach,
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
