//! An evidence pack: the limits in force, the changes, approvals, blocks and incidents of a period, from the journal
//! alone. The same journal and period give the same bytes.

use crate::ProjectedEntry;
use crate::change_log::Change;
use crate::incidents_log::IncidentRecords;
use crate::text::rfc3339;
use crate::verdicts::VerdictLine;
use fillwright_domain::{IntentId, Timestamp, hex};
use fillwright_journal::Hash;
use fillwright_kernel::{Event, Ruling};
use fillwright_policy::Rulebook;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the manifest calls its own format.
const FORMAT: &str = "fillwright/evidence/1";

/// A period, both ends within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// Its last.
    pub to: Timestamp,
}

impl Period {
    fn contains(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// A pack in the making: feed it every entry of the journal in order.
#[derive(Debug)]
pub struct Evidence {
    period: Period,
    partition: String,
    /// The rules in force, with the entry that adopted them.
    rules: Option<(u64, Timestamp, Box<Rulebook>)>,
    limits: Vec<LimitsInForce>,
    changes: Vec<NumberedChange>,
    approvals: Vec<Numbered<Value>>,
    blocks: Vec<Numbered<Block>>,
    incidents: IncidentRecords,
    span: Option<Span>,
}

/// Something of an entry.
#[derive(Debug, Serialize)]
struct Numbered<T> {
    seq: u64,
    ts: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Debug, Serialize)]
struct NumberedChange {
    seq: u64,
    #[serde(flatten)]
    change: Change,
}

#[derive(Debug, Serialize)]
struct LimitsInForce {
    /// The entry that adopted them.
    adopted_seq: u64,
    adopted_at: String,
    /// SHA-256 of their encoding.
    sha256: String,
    rulebook: Box<Rulebook>,
}

/// An intent that was denied.
#[derive(Debug, Serialize)]
struct Block {
    intent_id: IntentId,
    /// The entry that adopted the rules that applied.
    rulebook_seq: u64,
    verdict: VerdictLine,
}

/// The entries of the period.
#[derive(Debug, Clone, Copy)]
struct Span {
    first_seq: u64,
    last_seq: u64,
    head: Hash,
}

#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    partition: String,
    from: String,
    to: String,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    /// The hash of the last entry, which holds all before it.
    head: Option<String>,
    /// SHA-256 of every other file.
    files: BTreeMap<&'static str, String>,
}

impl Evidence {
    /// An empty pack of a period.
    pub fn new(partition: &str, period: Period) -> Self {
        Self {
            period,
            partition: partition.to_owned(),
            rules: None,
            limits: Vec::new(),
            changes: Vec::new(),
            approvals: Vec::new(),
            blocks: Vec::new(),
            incidents: IncidentRecords::default(),
            span: None,
        }
    }

    /// Takes in the next entry; false once it is behind the period, and so is everything that follows.
    pub fn take(&mut self, entry: &ProjectedEntry) -> bool {
        if entry.at > self.period.to {
            return false;
        }
        let is_within = self.period.contains(entry.at);
        if is_within && self.span.is_none() {
            self.keep_limits();
        }
        self.adopt(entry);
        let env = self.rules.as_ref().map_or("", |(_, _, rules)| rules.environment.as_str());
        self.incidents.apply(entry.seq, entry.at, env, &entry.events);
        if is_within {
            self.note(entry);
        }
        true
    }

    /// The rules in force when the period begins are part of it.
    fn keep_limits(&mut self) {
        let Some((seq, at, rulebook)) = &self.rules else { return };
        let encoded = minicbor::to_vec(rulebook).expect("writing to memory cannot fail");
        self.limits.push(LimitsInForce {
            adopted_seq: *seq,
            adopted_at: rfc3339(*at),
            sha256: hex::write(&Sha256::digest(encoded)),
            rulebook: rulebook.clone(),
        });
    }

    fn adopt(&mut self, entry: &ProjectedEntry) {
        for event in &entry.events {
            if let Event::RulebookAdopted { rulebook, .. } = event {
                self.rules = Some((entry.seq, entry.at, rulebook.clone()));
                if self.period.contains(entry.at) {
                    self.keep_limits();
                }
            }
        }
    }

    fn note(&mut self, entry: &ProjectedEntry) {
        let span = self.span.get_or_insert(Span {
            first_seq: entry.seq,
            last_seq: entry.seq,
            head: entry.hash,
        });
        (span.last_seq, span.head) = (entry.seq, entry.hash);
        if let Some(change) = Change::of(entry.at, &entry.input, &entry.events) {
            self.changes.push(NumberedChange { seq: entry.seq, change });
        }
        let approvals = entry.events.iter().filter_map(approval);
        self.approvals.extend(approvals.map(|what| numbered(entry, what)));
        self.blocks.extend(entry.events.iter().filter_map(block).map(|what| numbered(entry, what)));
    }

    /// The files of the pack, the manifest among them.
    pub fn files(mut self) -> BTreeMap<&'static str, Vec<u8>> {
        let from = rfc3339(self.period.from);
        let ended_before = |one: &crate::incidents_log::IncidentRecord| {
            one.closed_at.as_ref().is_some_and(|closed| *closed < from)
        };
        self.incidents.incidents.retain(|one| !ended_before(one));
        let mut files = BTreeMap::from([
            ("limits.json", pretty(&self.limits)),
            ("changes.json", pretty(&self.changes)),
            ("approvals.json", pretty(&self.approvals)),
            ("blocks.json", pretty(&self.blocks)),
            ("incidents.json", pretty(&self.incidents.incidents)),
        ]);
        let manifest = Manifest {
            format: FORMAT,
            partition: self.partition,
            from,
            to: rfc3339(self.period.to),
            first_seq: self.span.map(|span| span.first_seq),
            last_seq: self.span.map(|span| span.last_seq),
            head: self.span.map(|span| hex::write(&span.head)),
            files: files
                .iter()
                .map(|(name, bytes)| (*name, hex::write(&Sha256::digest(bytes))))
                .collect(),
        };
        files.insert("manifest.json", pretty(&manifest));
        files
    }
}

fn numbered<T>(entry: &ProjectedEntry, what: T) -> Numbered<T> {
    Numbered { seq: entry.seq, ts: rfc3339(entry.at), what }
}

/// An event that names a second person, or says that something was approved, requested, overridden or released.
fn approval(event: &Event) -> Option<Value> {
    const WORDS: [&str; 6] =
        ["approv", "request", "reject", "override", "released", "acknowledged"];
    if matches!(
        event,
        Event::IntentAccepted { .. }
            | Event::IntentJudged { .. }
            | Event::PlanMade { .. }
            | Event::OrderEmitted { .. }
            | Event::OrderStatusChanged { .. }
            | Event::OrderCancelRequested { .. }
            | Event::RulebookAdopted { .. }
    ) {
        return None;
    }
    let value = serde_json::to_value(event).ok()?;
    let named = |field: &str| {
        let word = value.get(field).and_then(Value::as_str).unwrap_or_default();
        WORDS.iter().any(|known| word.contains(known))
    };
    let is_one = named("event") || named("change") || value.get("requested_by").is_some();
    is_one.then_some(value)
}

fn block(event: &Event) -> Option<Block> {
    let Event::IntentJudged { intent_id, rulebook_seq, verdicts, .. } = event else { return None };
    let last = verdicts.refusal().filter(|last| matches!(last.ruling, Ruling::Deny { .. }))?;
    Some(Block {
        intent_id: intent_id.clone(),
        rulebook_seq: *rulebook_seq,
        verdict: VerdictLine::of(last),
    })
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("a pack is JSON");
    bytes.push(b'\n');
    bytes
}
