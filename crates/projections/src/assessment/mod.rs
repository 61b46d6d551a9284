//! An assessment: what the outcomes, incidents and changes of a period are worth recommending, from the journal and the
//! thresholds of `execution_metrics_spec.json`. It only recommends; nothing reads it but people. The same journal, period
//! and thresholds give the same bytes.

mod entries;
mod limit_use;
mod recommend;
mod track;

pub use entries::Entries;
pub use limit_use::LimitUse;
pub use recommend::{Evidence, Kind, Recommendation, Subject};
pub use track::Track;

use crate::ProjectedEntry;
use crate::evidence::Period;
use crate::incidents_log::{IncidentRecord, IncidentRecords};
use crate::text::rfc3339;
use fillwright_domain::{
    BookId, Decimal, IncidentCategory, IntentId, OrderIntentId, StrategyId, hex,
};
use fillwright_journal::Hash;
use fillwright_kernel::{Event, Gate, Verdicts};
use fillwright_policy::execution_metrics::ExecutionMetricsSpec;
use fillwright_policy::{Change, Rulebook, difference};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the result calls its own format.
const FORMAT: &str = "fillwright/assessment/1";

/// An assessment in the making: feed it every entry of the journal in order.
#[derive(Debug)]
pub struct Assessment {
    period: Period,
    partition: String,
    rules: Option<Box<Rulebook>>,
    strategies: BTreeMap<StrategyId, Track>,
    limits: BTreeMap<(Gate, BookId), LimitUse>,
    widened: Vec<Widened>,
    incidents: IncidentRecords,
    /// The strategies behind orders that are at work, and behind their intents.
    orders: BTreeMap<OrderIntentId, StrategyId>,
    intents: BTreeMap<IntentId, StrategyId>,
    span: Option<(u64, u64, Hash)>,
}

/// A change that left a limit wider than it was.
#[derive(Debug, Clone, Serialize)]
pub struct Widened {
    /// The entry that made it.
    pub seq: u64,
    /// What changed.
    #[serde(flatten)]
    pub change: Change,
}

/// What an assessment comes to.
#[derive(Debug, Serialize)]
pub struct Assessed {
    format: &'static str,
    partition: String,
    from: String,
    to: String,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    /// The hash of the last entry, which holds all before it.
    head: Option<String>,
    thresholds: ExecutionMetricsSpec,
    /// What became of each strategy's orders.
    pub strategies: BTreeMap<StrategyId, Track>,
    /// How each book used each limit.
    pub limits: Vec<LimitOfBook>,
    /// Changes that left a limit wider than it was.
    pub widened: Vec<Widened>,
    /// Incidents that were opened.
    pub incidents: Vec<OpenedIncident>,
    /// What it all recommends.
    pub recommendations: Vec<Recommendation>,
}

/// How a book used a limit.
#[derive(Debug, Serialize)]
pub struct LimitOfBook {
    /// The gate that holds it.
    pub gate: Gate,
    /// The book.
    pub book_id: BookId,
    /// How it was used.
    #[serde(flatten)]
    pub used: LimitUse,
}

/// An incident that was opened in the period.
#[derive(Debug, Serialize)]
pub struct OpenedIncident {
    incident_id: String,
    seq: u64,
    category: IncidentCategory,
    severity: String,
    scope: String,
    summary: String,
}

impl Assessment {
    /// An empty assessment of a period.
    pub fn new(partition: &str, period: Period) -> Self {
        Self {
            period,
            partition: partition.to_owned(),
            rules: None,
            strategies: BTreeMap::new(),
            limits: BTreeMap::new(),
            widened: Vec::new(),
            incidents: IncidentRecords::default(),
            orders: BTreeMap::new(),
            intents: BTreeMap::new(),
            span: None,
        }
    }

    /// Takes in the next entry; false once it is behind the period, and so is everything that follows.
    pub fn take(&mut self, entry: &ProjectedEntry) -> bool {
        if entry.at > self.period.to {
            return false;
        }
        let is_within = entry.at >= self.period.from;
        if is_within {
            let (first, ..) = *self.span.get_or_insert((entry.seq, entry.seq, entry.hash));
            self.span = Some((first, entry.seq, entry.hash));
        }
        self.adopt(entry, is_within);
        let env = self.rules.as_ref().map_or("", |rules| rules.environment.as_str());
        self.incidents.apply(entry.seq, entry.at, env, &entry.events);
        self.note_limits(entry, is_within);
        self.note_orders(entry, is_within);
        true
    }

    fn adopt(&mut self, entry: &ProjectedEntry, is_within: bool) {
        for event in &entry.events {
            let Event::RulebookAdopted { rulebook, .. } = event else { continue };
            if let Some(before) = self.rules.as_ref().filter(|_| is_within) {
                let wider = difference(before, rulebook).into_iter().filter(is_wider);
                self.widened.extend(wider.map(|change| Widened { seq: entry.seq, change }));
            }
            self.rules = Some(rulebook.clone());
        }
    }

    fn note_limits(&mut self, entry: &ProjectedEntry, is_within: bool) {
        let book_id = entry.events.iter().find_map(|event| match event {
            Event::IntentAccepted { book_id, .. } => Some(book_id),
            _ => None,
        });
        let Some(book_id) = book_id.filter(|_| is_within) else { return };
        let said = entry.verdicts().into_iter().flat_map(Verdicts::said);
        for verdict in said.filter(|verdict| limit_use::is_of_limit(verdict)) {
            let key = (verdict.gate, book_id.clone());
            self.limits.entry(key).or_default().note(entry.seq, verdict);
        }
    }

    fn note_orders(&mut self, entry: &ProjectedEntry, is_within: bool) {
        let mut accepted = None;
        for event in &entry.events {
            match event {
                Event::IntentAccepted { strategy_id, .. } => accepted = strategy_id.as_ref(),
                Event::OrderEmitted { order } => {
                    let Some(strategy_id) = accepted else { continue };
                    self.orders.insert(order.order_intent_id, strategy_id.clone());
                    self.intents.insert(order.intent_id.clone(), strategy_id.clone());
                }
                Event::OutcomeRecorded { outcome } => {
                    let strategy_id = self.orders.remove(&outcome.order_intent_id);
                    if let Some(strategy_id) = strategy_id.filter(|_| is_within) {
                        self.strategies.entry(strategy_id).or_default().ended(entry.seq, outcome);
                    }
                }
                Event::IntentClosed { intent_id, result, .. } => {
                    let strategy_id = self.intents.remove(intent_id).filter(|_| is_within);
                    if let Some((strategy_id, bps)) = strategy_id.zip(result.slippage_bps) {
                        self.strategies.entry(strategy_id).or_default().slipped(entry.seq, bps);
                    }
                }
                _ => {}
            }
        }
    }

    /// What it comes to, by these thresholds.
    pub fn finish(mut self, thresholds: ExecutionMetricsSpec) -> Assessed {
        let first = self.span.map_or(u64::MAX, |(first, ..)| first);
        self.incidents.incidents.retain(|incident| incident.seq >= first);
        // A strategy without orders may have incidents.
        for strategy_id in self.rules.iter().flat_map(|rules| rules.strategies.keys()) {
            self.strategies.entry(strategy_id.clone()).or_default();
        }
        let recommendations = recommend::all(&self, &thresholds);
        let limits = self.limits.into_iter();
        Assessed {
            format: FORMAT,
            partition: self.partition,
            from: rfc3339(self.period.from),
            to: rfc3339(self.period.to),
            first_seq: self.span.map(|(first, ..)| first),
            last_seq: self.span.map(|(_, last, _)| last),
            head: self.span.map(|(.., head)| hex::write(&head)),
            thresholds,
            strategies: self.strategies,
            limits: limits
                .map(|((gate, book_id), used)| LimitOfBook { gate, book_id, used })
                .collect(),
            widened: self.widened,
            incidents: self.incidents.incidents.iter().map(OpenedIncident::of).collect(),
            recommendations,
        }
    }
}

/// Whether a change left a cap of the envelope wider, or took one away.
fn is_wider(change: &Change) -> bool {
    let name = change.path.rsplit('/').next().unwrap_or_default();
    let is_cap = change.path.starts_with("/envelope/") && name.starts_with("max_");
    let number =
        |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Decimal>().ok());
    match (number(&change.before), number(&change.after)) {
        (Some(before), Some(after)) => is_cap && after > before,
        (Some(_), None) => is_cap,
        _ => false,
    }
}

impl OpenedIncident {
    fn of(record: &IncidentRecord) -> Self {
        Self {
            incident_id: record.incident_id.to_string(),
            seq: record.seq,
            category: record.category,
            severity: record.severity.to_string(),
            scope: record.scope.to_string(),
            summary: record.summary.clone(),
        }
    }
}
