//! `audit.jsonl`: the upstream ledger's chain, continued from the research run to the fill.
//!
//! A record's `hash` is the SHA-256, in hex, of its JSON with sorted keys and without `hash`; `prev_hash` is the hash
//! of the line before, 64 zeros in the first. Where the file holds upstream's records the chain goes on behind them;
//! no line is ever changed. The record types are upstream's:
//!
//! - `genesis`, with the first rules: `run_id` is the partition, `profile` the environment, `manifest_hash` the hash of
//!   the rulebook, `git_hash` the build.
//! - `intent`: what was asked (`params`), and the hashes of what stands behind it: its own content and the manifest of
//!   its source run.
//! - `outcome`: what came of it (`status`, `metrics`), and the hashes of what it left: the journal's entry and, for
//!   every fill and outcome, the SHA-256 of its line in `execution_logs.jsonl` without the newline. Steps other than
//!   `execution` are `decision` (nothing was sent), `fill` (of an order that is still open), `adopt_rulebook`,
//!   `register_run`, `kill_switch` and the kinds of restraint.
//!
//! Our records carry `journal_seq` and `journal_line`: the entry, and the record's number there.

use crate::error::ProjectionError;
use crate::execution_log::LoggedOf;
use crate::facts::{IntentFacts, OrderFacts};
use crate::governance::Decided;
use crate::line_file::{Line, LineFile, Vouch};
use crate::words::execution_status;
use crate::{Paths, ProjectedEntry, Projection, python_json};
use fillwright_domain::{
    Ask, ExecutionOutcome, ExecutionResult, Intent, Notional, OrderIntentId, Principal, Px, Qty,
    Ratio, Text, hex,
};
use fillwright_kernel::{Event, Input};
use fillwright_policy::RestraintKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const NAME: &str = "audit";

/// The audit ledger.
pub struct Audit {
    file: LineFile,
    last_hash: String,
    build: String,
    line: Vec<u8>,
}

impl Audit {
    pub(crate) fn open(
        paths: &Paths,
        build: &str,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        let file = LineFile::open(paths.audit(), vouches.get(NAME).copied(), record_stamp)?;
        let last_hash = last_hash(&file)?;
        Ok(Self { file, last_hash, build: build.to_owned(), line: Vec::with_capacity(1024) })
    }

    fn event(&mut self, entry: &ProjectedEntry, event: &Event) -> Result<(), ProjectionError> {
        let facts = &entry.facts;
        match event {
            Event::RulebookAdopted { by, reason, .. } => self.adopted(entry, by, reason),
            Event::RunRegistered { run_id, manifest_hash, by, .. } => {
                let metrics =
                    Metrics { by: Some(by), run_id: Some(run_id.as_str()), ..Metrics::default() };
                let hashes = Outputs { manifest: Some(manifest_hash), ..Outputs::of(entry) };
                self.outcome(entry, "register_run", "registered", hashes, metrics)
            }
            Event::IntentAccepted { .. } => self.intent(entry),
            Event::FillBooked { order_intent_id, .. } if !ends(entry, *order_intent_id) => {
                let order = facts.order(*order_intent_id).map(|order| &**order);
                let metrics = fill_metrics(entry, event, order);
                let hashes = Outputs {
                    fills: hashes(entry, LoggedOf::Fill(*order_intent_id)),
                    ..Outputs::of(entry)
                };
                self.outcome(entry, "fill", "booked", hashes, metrics)
            }
            Event::OutcomeRecorded { outcome } => self.ended(entry, outcome),
            Event::IntentClosed { result, .. } if result.tx_hash.is_none() => {
                self.refused(entry, result)
            }
            Event::KillSwitchEngaged { by, reason, .. } => {
                self.kill_switch(entry, "engaged", by, reason)
            }
            Event::KillSwitchReleaseRequested { by, reason, .. } => {
                self.kill_switch(entry, "release_requested", by, reason)
            }
            Event::KillSwitchReleased { by, reason, .. } => {
                self.kill_switch(entry, "released", by, reason)
            }
            Event::Policy(said) => {
                let hash = said.hash().to_string();
                let hashes = Outputs { rulebook: Some(&hash), ..Outputs::of(entry) };
                let reason = said.reason().map(Text::as_str);
                let metrics = Metrics { by: said.by(), reason, ..Metrics::default() };
                self.outcome(entry, "version_of_rules", said.name(), hashes, metrics)
            }
            Event::RestraintImposed { kind, by, reason, .. } => {
                self.restraint(entry, *kind, "imposed", by.as_ref(), reason.as_str())
            }
            Event::RestraintLiftRequested { kind, by, reason, .. } => {
                self.restraint(entry, *kind, "lift_requested", Some(by), reason.as_str())
            }
            Event::RestraintLifted { kind, by, reason, .. } => {
                self.restraint(entry, *kind, "lifted", Some(by), reason.as_str())
            }
            Event::RestraintExpired { kind, .. } => {
                self.restraint(entry, *kind, "expired", None, "its time is over")
            }
            Event::Approval(_) | Event::Session(_) | Event::Deployment(_) => {
                self.decided(entry, event)
            }
            _ => Ok(()),
        }
    }

    fn decided(&mut self, entry: &ProjectedEntry, event: &Event) -> Result<(), ProjectionError> {
        let Some(decided) = Decided::of(event) else { return Ok(()) };
        let metrics = Metrics {
            by: decided.by,
            reason: Some(decided.reason).filter(|reason| !reason.is_empty()),
            subject: Some(&decided.subject),
            ..Metrics::default()
        };
        self.outcome(entry, decided.area, decided.what, Outputs::of(entry), metrics)
    }

    fn adopted(
        &mut self,
        entry: &ProjectedEntry,
        by: &Principal,
        reason: &Text,
    ) -> Result<(), ProjectionError> {
        let Some(rules) = entry.facts.rules.clone() else { return Ok(()) };
        if rules.are_first && rules.seq == entry.seq {
            let build = self.build.clone();
            self.record(
                entry,
                Record {
                    git_hash: Some(&build),
                    manifest_hash: Some(&rules.hash),
                    profile: Some(rules.rulebook.environment.as_str()),
                    run_id: Some(rules.rulebook.partition.as_str()),
                    ..Record::of("genesis")
                },
            )?;
        }
        let metrics = Metrics {
            by: Some(by),
            reason: Some(reason.as_str()),
            version: Some(rules.rulebook.version.as_str()),
            ..Metrics::default()
        };
        let hashes = Outputs { rulebook: Some(&rules.hash), ..Outputs::of(entry) };
        self.outcome(entry, "adopt_rulebook", "adopted", hashes, metrics)
    }

    fn intent(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        let (Input::SubmitIntent { intent, .. }, Some(facts)) = (&entry.input, &entry.facts.intent)
        else {
            return Ok(());
        };
        let digest = hex::write(facts.digest.as_bytes());
        let inputs = Inputs { intent: &digest, source_run: entry.facts.manifest_hash.as_ref() };
        self.record(
            entry,
            Record {
                input_hashes: Some(inputs),
                params: Some(Params::of(intent, facts)),
                step: Some("execution"),
                ..Record::of("intent")
            },
        )
    }

    fn ended(
        &mut self,
        entry: &ProjectedEntry,
        outcome: &ExecutionOutcome,
    ) -> Result<(), ProjectionError> {
        let id = outcome.order_intent_id;
        let order = entry.facts.order(id).map(|order| &**order);
        let result = order.and_then(|order| entry.result_of(&order.intent.intent_id));
        let metrics = Metrics {
            filled_quantity: Some(outcome.filled_quantity),
            fees: result.and_then(|result| result.fees_usd),
            price: result.and_then(|result| result.price),
            slippage_bps: result.and_then(|result| result.slippage_bps),
            ..Metrics::of_order(entry, order)
        };
        let hashes = Outputs {
            fills: hashes(entry, LoggedOf::Fill(id)),
            outcome: hashes(entry, LoggedOf::Outcome(id)).pop(),
            ..Outputs::of(entry)
        };
        self.outcome(entry, "execution", execution_status(outcome.status), hashes, metrics)
    }

    /// An intent that ended without an order.
    fn refused(
        &mut self,
        entry: &ProjectedEntry,
        result: &ExecutionResult,
    ) -> Result<(), ProjectionError> {
        let Some(intent) = entry.facts.intent.clone() else { return Ok(()) };
        let disposition = entry.disposition(&intent, result);
        let metrics = Metrics {
            intent_id: Some(intent.intent_id.as_str()),
            reason: result.skip_reason.as_ref().map(Text::as_str),
            ..Metrics::default()
        };
        self.outcome(entry, "decision", disposition.as_str(), Outputs::of(entry), metrics)
    }

    fn kill_switch(
        &mut self,
        entry: &ProjectedEntry,
        status: &str,
        by: &Principal,
        reason: &Text,
    ) -> Result<(), ProjectionError> {
        let metrics = Metrics { by: Some(by), reason: Some(reason.as_str()), ..Metrics::default() };
        self.outcome(entry, "kill_switch", status, Outputs::of(entry), metrics)
    }

    fn restraint(
        &mut self,
        entry: &ProjectedEntry,
        kind: RestraintKind,
        status: &str,
        by: Option<&Principal>,
        reason: &str,
    ) -> Result<(), ProjectionError> {
        let metrics = Metrics { by, reason: Some(reason), ..Metrics::default() };
        self.outcome(entry, kind.as_str(), status, Outputs::of(entry), metrics)
    }

    fn outcome(
        &mut self,
        entry: &ProjectedEntry,
        step: &str,
        status: &str,
        hashes: Outputs,
        metrics: Metrics,
    ) -> Result<(), ProjectionError> {
        self.record(
            entry,
            Record {
                metrics: Some(metrics),
                output_hashes: Some(hashes),
                status: Some(status),
                step: Some(step),
                ..Record::of("outcome")
            },
        )
    }

    /// Links a record to the one before and writes it, unless the file has it already.
    fn record(&mut self, entry: &ProjectedEntry, record: Record) -> Result<(), ProjectionError> {
        let Some(n) = self.file.next(entry.seq) else { return Ok(()) };
        self.line.clear();
        let linked = Record {
            journal_line: n,
            journal_seq: entry.seq,
            prev_hash: &self.last_hash,
            ts: entry.time(),
            ..record
        };
        python_json::write(&linked, &mut self.line);
        let hash = hex::write(&Sha256::digest(&self.line));
        self.line.pop();
        self.line.extend_from_slice(b", \"hash\": \"");
        self.line.extend_from_slice(hash.as_bytes());
        self.line.extend_from_slice(b"\"}\n");
        self.last_hash = hash;
        self.file.append(&self.line)
    }
}

impl Projection for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn cursor(&self) -> u64 {
        self.file.cursor()
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        for event in &entry.events {
            self.event(entry, event)?;
        }
        self.file.finish(entry.seq);
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        Ok(vec![(NAME, self.file.commit()?)])
    }
}

/// Reads where a record is from: our entry, or upstream.
fn record_stamp(line: &[u8]) -> Line {
    #[derive(Deserialize)]
    struct Stamp {
        journal_seq: Option<u64>,
        journal_line: Option<u32>,
    }
    match serde_json::from_slice::<Stamp>(line) {
        Ok(Stamp { journal_seq: Some(seq), journal_line: Some(n) }) => Line::Ours { seq, n },
        Ok(_) => Line::Foreign,
        Err(_) => Line::Damaged,
    }
}

/// The hash the next record links to.
fn last_hash(file: &LineFile) -> Result<String, ProjectionError> {
    #[derive(Deserialize)]
    struct Link {
        hash: String,
    }
    if file.last_line().is_empty() {
        return Ok("0".repeat(64));
    }
    let link: Option<Link> = serde_json::from_slice(file.last_line()).ok();
    let is_hash = |hash: &String| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    let hash = link.map(|link| link.hash).filter(is_hash);
    hash.ok_or_else(|| ProjectionError::Chain { path: file.path().to_owned() })
}

/// Whether the entry ends the order.
fn ends(entry: &ProjectedEntry, order: OrderIntentId) -> bool {
    entry.events.iter().any(|event| {
        matches!(event, Event::OutcomeRecorded { outcome } if outcome.order_intent_id == order)
    })
}

/// SHA-256 of the lines in the execution log, without their newlines.
fn hashes(entry: &ProjectedEntry, of: LoggedOf) -> Vec<String> {
    let lines = entry.logged().iter().filter(|logged| logged.of == of);
    lines.map(|logged| hex::write(&Sha256::digest(&logged.line[..logged.line.len() - 1]))).collect()
}

/// A record without its hash. Fields stand in the order of their names, as the chain's rule wants them.
#[derive(Serialize, Default)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    git_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_hashes: Option<Inputs<'a>>,
    journal_line: u32,
    journal_seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_hashes: Option<Outputs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Params<'a>>,
    prev_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    ts: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Record<'_> {
    fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }
}

#[derive(Serialize)]
struct Inputs<'a> {
    intent: &'a str,
    source_run: Option<&'a Text>,
}

#[derive(Serialize, Default)]
struct Outputs<'a> {
    entry: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fills: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rulebook: Option<&'a str>,
}

impl Outputs<'_> {
    fn of(entry: &ProjectedEntry) -> Self {
        Self { entry: hex::write(&entry.hash), ..Self::default() }
    }
}

#[derive(Serialize)]
struct Params<'a> {
    action: &'static str,
    book: &'a str,
    instrument: &'a str,
    intent_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_frac: Option<Ratio>,
    source_run: Option<&'a str>,
    strategy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_weight: Option<Ratio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_change: Option<Ratio>,
}

impl<'a> Params<'a> {
    fn of(intent: &'a Intent, facts: &'a IntentFacts) -> Self {
        let (size_frac, change, target) = match &intent.ask {
            Ask::Execution(asked) => (Some(asked.size_frac), None, None),
            Ask::Rebalance(asked) => (None, Some(asked.weight_change), Some(asked.target_weight)),
        };
        Self {
            action: intent.action().as_str(),
            book: facts.book_id.as_str(),
            instrument: facts.instrument_id.as_str(),
            intent_id: facts.intent_id.as_str(),
            size_frac,
            source_run: facts.source_run.as_ref().map(fillwright_domain::RunId::as_str),
            strategy: facts.strategy_id.as_ref().map(fillwright_domain::StrategyId::as_str),
            target_weight: target,
            weight_change: change,
        }
    }
}

#[derive(Serialize, Default)]
struct Metrics<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a Principal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fees: Option<Notional>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filled_quantity: Option<Qty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_intent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Px>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slippage_bps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

impl<'a> Metrics<'a> {
    fn of_order(entry: &ProjectedEntry, order: Option<&'a OrderFacts>) -> Self {
        Self {
            intent_id: order.map(|order| order.intent.intent_id.as_str()),
            latency_ns: order.map(|order| entry.at.since_ns(order.emitted_at)),
            order_intent_id: order.map(|order| order.id_text.as_str()),
            ..Self::default()
        }
    }
}

fn fill_metrics<'a>(
    entry: &ProjectedEntry,
    event: &Event,
    order: Option<&'a OrderFacts>,
) -> Metrics<'a> {
    let Event::FillBooked { last_qty, last_px, fee, .. } = event else { return Metrics::default() };
    Metrics {
        fees: Some(*fee),
        filled_quantity: Some(*last_qty),
        price: Some(*last_px),
        ..Metrics::of_order(entry, order)
    }
}
