//! Telemetry: one JSON line an event, in `events_execution.ndjson`, and what concerns risk again in
//! `events_risk.ndjson`.
//!
//! Every line carries the entry (`seq`), its number there (`n`), `ts` and `ts_ns`, environment, lane,
//! strategy, book, plane, instrument and the ids, `null` where they do not apply. Marks are market data and make no
//! lines.

mod details;

use self::details::{
    Breach, Build, Closed, Decision, Filled, Ignored, InputRefused, KillSwitch, Nothing, Outcome,
    PolicyChange, Proposal, Queried, Reconciled, Repeated, RestraintChange, StatusChanged,
    Stranded, Submitted, Throttle, VenueStatus, incident_line, input_name,
};
use crate::error::ProjectionError;
use crate::facts::{IntentFacts, OrderFacts};
use crate::line_file::{LineFile, Vouch, stamp};
use crate::verdicts::{VerdictLine, decision, is_breach};
use crate::{Paths, ProjectedEntry, Projection};
use fillwright_domain::{
    Ask, BookId, ContentDigest, ExecId, ExecutionOutcome, ExecutionResult, ExecutionStatus,
    InstrumentId, IntentId, LaneId, OrderIntentId, OrderStatus, Plane, Qty, ReportKind, RunId,
    Scope, StrategyId, Text, Timestamp, hex,
};
use fillwright_kernel::incidents::IncidentEvent;
use fillwright_kernel::{Event, FlowEvent, Input, ReconciliationEvent, Verdicts};
use fillwright_policy::RestraintKind;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The name of the execution stream.
pub(crate) const EXECUTION: &str = "events_execution";
/// The name of the risk stream.
pub(crate) const RISK: &str = "events_risk";

/// Both streams.
pub struct Telemetry {
    execution: LineFile,
    risk: LineFile,
    line: Vec<u8>,
}

impl Telemetry {
    pub(crate) fn open(
        paths: &Paths,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        Ok(Self {
            execution: LineFile::open(
                paths.execution_events(),
                vouches.get(EXECUTION).copied(),
                stamp,
            )?,
            risk: LineFile::open(paths.risk_events(), vouches.get(RISK).copied(), stamp)?,
            line: Vec::with_capacity(4096),
        })
    }
}

impl Projection for Telemetry {
    fn name(&self) -> &'static str {
        "telemetry"
    }

    fn cursor(&self) -> u64 {
        self.execution.cursor().min(self.risk.cursor())
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        let mut writer = Writer { telemetry: self, entry };
        let mut ends = entry.ends();
        for event in &entry.events {
            match event {
                Event::OutcomeRecorded { outcome } => writer.outcome(outcome, ends.next())?,
                Event::IntentClosed { intent_id, result, .. } => {
                    writer.result(intent_id, result, ends.next())?;
                }
                _ => writer.event(event)?,
            }
        }
        self.execution.finish(entry.seq);
        self.risk.finish(entry.seq);
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        Ok(vec![(EXECUTION, self.execution.commit()?), (RISK, self.risk.commit()?)])
    }
}

/// A line but for its stamp.
#[derive(Serialize)]
struct Line<'a, D> {
    event: &'static str,
    ts: &'a str,
    ts_ns: Timestamp,
    env: &'a str,
    lane: Option<&'a str>,
    strategy: Option<&'a StrategyId>,
    book: Option<&'a BookId>,
    plane: Option<Plane>,
    instrument: Option<&'a InstrumentId>,
    intent_id: Option<&'a IntentId>,
    order_intent_id: Option<&'a str>,
    client_order_id: Option<&'a str>,
    #[serde(flatten)]
    detail: D,
}

/// What a line is about.
#[derive(Clone, Copy, Default)]
struct Subject<'a> {
    strategy: Option<&'a StrategyId>,
    book: Option<&'a BookId>,
    plane: Option<Plane>,
    instrument: Option<&'a InstrumentId>,
    intent_id: Option<&'a IntentId>,
    order_intent_id: Option<&'a str>,
    client_order_id: Option<&'a str>,
}

impl<'a> Subject<'a> {
    fn intent(intent: &'a IntentFacts) -> Self {
        Self {
            strategy: intent.strategy_id.as_ref(),
            book: Some(&intent.book_id),
            instrument: Some(&intent.instrument_id),
            intent_id: Some(&intent.intent_id),
            ..Self::default()
        }
    }

    fn order(order: &'a OrderFacts) -> Self {
        Self {
            plane: Some(order.order.plane),
            order_intent_id: Some(&order.id_text),
            client_order_id: Some(&order.client_order_id),
            ..Self::intent(&order.intent)
        }
    }

    /// An intent that was seen before, as it came this time.
    fn repeated(entry: &'a ProjectedEntry) -> Self {
        let Input::SubmitIntent { intent, .. } = &entry.input else { return Self::default() };
        let rules = entry.facts.rules.as_ref();
        let book = rules.and_then(|rules| rules.rulebook.books.get(&intent.book_id));
        Self {
            strategy: intent.strategy_id.as_ref().or(book.map(|book| &book.strategy_id)),
            book: Some(&intent.book_id),
            instrument: Some(&intent.instrument_id),
            intent_id: Some(&intent.intent_id),
            ..Self::default()
        }
    }
}

/// Which streams a line is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Execution,
    Both,
}

struct Writer<'a> {
    telemetry: &'a mut Telemetry,
    entry: &'a ProjectedEntry,
}

impl<'a> Writer<'a> {
    #[expect(clippy::too_many_lines, reason = "a table: one row an event")]
    fn event(&mut self, event: &'a Event) -> Result<(), ProjectionError> {
        match event {
            Event::RulebookAdopted { rulebook, by, reason } => {
                let rules = self.entry.facts.rules.as_ref();
                let detail = PolicyChange {
                    change: "rulebook_adopted",
                    version: Some(&rulebook.version),
                    rulebook_hash: rules.map(|rules| rules.hash.as_str()),
                    reason: Some(reason),
                    ..PolicyChange::by(by)
                };
                self.plain("policy_change", detail)
            }
            Event::RunRegistered { run_id, manifest_hash, by, reason } => {
                let detail = PolicyChange {
                    change: "run_registered",
                    run_id: Some(run_id),
                    manifest_hash: Some(manifest_hash),
                    reason: Some(reason),
                    ..PolicyChange::by(by)
                };
                self.plain("policy_change", detail)
            }
            Event::InputRefused { why, by } => {
                let input = input_name(&self.entry.input);
                let detail =
                    InputRefused { input, why: *why, sentence: why.to_string(), by: by.as_ref() };
                self.plain("input_refused", detail)
            }
            Event::IntentAccepted { digest, source_run, .. } => {
                self.proposal(*digest, source_run.as_ref())
            }
            Event::IntentDuplicated { first_seq, status, .. } => {
                let detail = Repeated { first_seq: *first_seq, status: *status };
                self.line(To::Execution, "intent_duplicate", Subject::repeated(self.entry), detail)
            }
            Event::IntentConflicted { first_seq, .. } => {
                let detail = Repeated { first_seq: *first_seq, status: None };
                self.line(To::Execution, "intent_conflict", Subject::repeated(self.entry), detail)
            }
            Event::IntentJudged { rulebook_seq, verdicts, .. } => {
                self.decision(*rulebook_seq, verdicts)
            }
            Event::OrderEmitted { order, .. } => {
                let decision_px =
                    self.facts(order.order_intent_id).and_then(|f| f.intent.decision_px);
                self.order(
                    "order_submitted",
                    order.order_intent_id,
                    Submitted::of(order, decision_px),
                )
            }
            Event::OrderStatusChanged { order_intent_id, status, exec_id, text } => {
                self.status(*order_intent_id, *status, exec_id.as_ref(), text.as_ref())
            }
            Event::FillBooked {
                order_intent_id,
                exec_id,
                last_qty,
                last_px,
                cum_qty,
                fee,
                transact_at,
                status,
            } => {
                let detail = Filled {
                    exec_id: Some(exec_id),
                    last_qty: *last_qty,
                    last_px: Some(*last_px),
                    cum_qty: *cum_qty,
                    fee: Some(*fee),
                    transact_at: Some(*transact_at),
                    status: *status,
                    ..self.filled(*order_intent_id)
                };
                self.order("order_filled", *order_intent_id, detail)
            }
            Event::OrderCancelRequested { order_intent_id, .. } => {
                self.order("order_cancel_requested", *order_intent_id, Nothing {})
            }
            Event::OrderQueried { order_intent_id, status, .. } => {
                let name = match status {
                    OrderStatus::Unknown => "order_unknown",
                    _ => "order_queried",
                };
                self.order(name, *order_intent_id, Queried { status: *status })
            }
            Event::OrderStranded { order_intent_id, exec_id, text } => {
                self.order("order_stranded", *order_intent_id, Stranded { exec_id, text })
            }
            Event::ReportIgnored { order_intent_id, exec_id, why } => {
                let detail = Ignored { exec_id, why: *why, sentence: why.to_string() };
                self.order("report_ignored", *order_intent_id, detail)
            }
            Event::KillSwitchEngaged { by, reason, scope, effect } => {
                self.kill_switch(KillSwitch {
                    state: "engaged",
                    by,
                    requested_by: None,
                    reason,
                    scope,
                    effect: Some(*effect),
                })
            }
            Event::KillSwitchReleaseRequested { by, reason, scope } => {
                self.kill_switch(KillSwitch {
                    state: "release_requested",
                    by,
                    requested_by: None,
                    reason,
                    scope,
                    effect: None,
                })
            }
            Event::KillSwitchReleased { by, requested_by, reason, scope } => {
                self.kill_switch(KillSwitch {
                    state: "released",
                    by,
                    requested_by: Some(requested_by),
                    reason,
                    scope,
                    effect: None,
                })
            }
            Event::Policy(said) => {
                let hash = said.hash().to_string();
                let detail = PolicyChange {
                    change: said.name(),
                    rulebook_hash: Some(&hash),
                    by: said.by(),
                    reason: said.reason(),
                    ..PolicyChange::default()
                };
                self.plain("policy_change", detail)
            }
            Event::Flow(event) => self.flow(event),
            Event::Incident(event) => self.incident(event),
            Event::RestraintImposed { kind, scope, until, by, reason } => {
                self.restraint(&RestraintChange {
                    until: *until,
                    by: by.as_ref(),
                    reason: Some(reason),
                    ..RestraintChange::of(*kind, scope, "imposed")
                })
            }
            Event::RestraintLiftRequested { kind, scope, by, reason } => {
                self.restraint(&RestraintChange {
                    by: Some(by),
                    reason: Some(reason),
                    ..RestraintChange::of(*kind, scope, "lift_requested")
                })
            }
            Event::RestraintLifted { kind, scope, by, requested_by, reason } => {
                self.restraint(&RestraintChange {
                    by: Some(by),
                    requested_by: Some(requested_by),
                    reason: Some(reason),
                    ..RestraintChange::of(*kind, scope, "lifted")
                })
            }
            Event::RestraintExpired { kind, scope } => {
                self.restraint(&RestraintChange::of(*kind, scope, "expired"))
            }
            Event::ExitAsked { exit, .. } => self.plain("exit_asked", exit),
            Event::Approval(event) => self.both("approval_change", event),
            Event::Session(event) => self.both("session_change", event),
            Event::Deployment(event) => self.both("deployment_change", event),
            Event::Reconciliation(event) => self.reconciliation(event),
            Event::FillCorrected(correction) => {
                let name = if correction.is_bust() { "fill_busted" } else { "fill_corrected" };
                self.order(name, correction.order_intent_id, &**correction)
            }
            Event::BuildStated { build, is_allowed } => {
                self.both("build_stated", Build { build, is_allowed: *is_allowed })
            }
            Event::CancelsPaused { .. }
            | Event::MarkTaken { .. }
            | Event::PlanMade { .. }
            | Event::OutcomeRecorded { .. }
            | Event::IntentClosed { .. } => Ok(()),
        }
    }

    fn proposal(
        &mut self,
        digest: ContentDigest,
        source_run: Option<&'a RunId>,
    ) -> Result<(), ProjectionError> {
        let entry = self.entry;
        let Input::SubmitIntent { intent, .. } = &entry.input else { return Ok(()) };
        let mut detail = Proposal {
            action: intent.action(),
            urgency: intent.urgency(),
            reduce_only: intent.reduce_only(),
            post_only: intent.post_only(),
            max_slippage_bps: intent.max_slippage_bps(),
            source_run,
            digest: hex::write(digest.as_bytes()),
            origin: &intent.origin,
            size_frac: None,
            weight_change: None,
            target_weight: None,
            reason_codes: &[],
        };
        match &intent.ask {
            Ask::Execution(asked) => {
                detail.size_frac = Some(asked.size_frac);
                detail.reason_codes = &asked.reason_codes;
            }
            Ask::Rebalance(asked) => {
                detail.weight_change = Some(asked.weight_change);
                detail.target_weight = Some(asked.target_weight);
            }
        }
        self.line(To::Execution, "msi_proposal", self.subject(), detail)
    }

    fn decision(
        &mut self,
        rulebook_seq: u64,
        verdicts: &'a Verdicts,
    ) -> Result<(), ProjectionError> {
        let detail = Decision {
            together: decision(verdicts),
            reason: verdicts.refusal().and_then(|verdict| VerdictLine::of(verdict).reason),
            rulebook_seq,
            verdicts: self.entry.verdicts_shown(),
        };
        self.line(To::Both, "dra_decision", self.subject(), detail)?;
        for verdict in verdicts.said().iter().filter(|verdict| is_breach(verdict)) {
            let detail = Breach { rulebook_seq, verdict: VerdictLine::of(verdict) };
            self.line(To::Both, "risk_breach", self.subject(), detail)?;
        }
        Ok(())
    }

    fn status(
        &mut self,
        order: OrderIntentId,
        status: OrderStatus,
        exec_id: Option<&'a ExecId>,
        text: Option<&'a Text>,
    ) -> Result<(), ProjectionError> {
        let report = match &self.entry.input {
            Input::Report(report) => Some(report),
            _ => None,
        };
        let refused = report.is_some_and(|report| report.kind == ReportKind::CancelRejected);
        let name = match status {
            OrderStatus::Rejected => "order_rejected",
            OrderStatus::Canceled | OrderStatus::Expired => "order_cancelled",
            _ if refused => "order_cancel_rejected",
            _ => "order_acknowledged",
        };
        let detail = StatusChanged {
            status,
            exec_id,
            text,
            transact_at: report.map(|report| report.transact_at),
            latency_ns: self.latency(order),
        };
        self.order(name, order, detail)
    }

    /// The paper plane reports no fills: its outcome is the fill.
    fn outcome(
        &mut self,
        outcome: &'a ExecutionOutcome,
        shown: Option<&'a RawValue>,
    ) -> Result<(), ProjectionError> {
        let order = outcome.order_intent_id;
        if outcome.plane == Plane::Paper && outcome.status == ExecutionStatus::Filled {
            self.order("order_filled", order, self.filled_on_paper(outcome))?;
        }
        let detail = Outcome { latency_ns: self.latency(order), outcome: shown };
        self.order("execution_outcome", order, detail)
    }

    fn filled_on_paper(&self, outcome: &ExecutionOutcome) -> Filled<'a> {
        Filled {
            last_qty: outcome.filled_quantity,
            cum_qty: outcome.filled_quantity,
            ..self.filled(outcome.order_intent_id)
        }
    }

    fn result(
        &mut self,
        intent_id: &'a IntentId,
        result: &ExecutionResult,
        shown: Option<&'a RawValue>,
    ) -> Result<(), ProjectionError> {
        let intent = self.entry.facts.intent.as_deref();
        let disposition = intent.map(|intent| self.entry.disposition(intent, result));
        let subject = Subject { intent_id: Some(intent_id), ..self.subject() };
        self.line(To::Execution, "execution_result", subject, Closed { disposition, result: shown })
    }

    fn both(&mut self, event: &'static str, detail: impl Serialize) -> Result<(), ProjectionError> {
        self.line(To::Both, event, Subject::default(), detail)
    }

    /// How an executor's ledger compares with ours.
    fn reconciliation(&mut self, event: &'a ReconciliationEvent) -> Result<(), ProjectionError> {
        let (name, instrument, plane) = match event {
            ReconciliationEvent::Found { found } => {
                let instrument = Some(&found.instrument_id);
                ("reconciliation_break", instrument, found.name.plane)
            }
            ReconciliationEvent::Ended { name } => ("reconciliation_break_over", None, name.plane),
            ReconciliationEvent::Compared { plane, .. } => ("reconciliation", None, *plane),
        };
        let subject = Subject { plane: Some(plane), instrument, ..Subject::default() };
        self.line(To::Both, name, subject, Reconciled::of(event))
    }

    fn kill_switch(&mut self, detail: KillSwitch) -> Result<(), ProjectionError> {
        self.line(To::Both, "kill_switch_change", Subject::default(), detail)
    }

    fn incident(&mut self, event: &'a IncidentEvent) -> Result<(), ProjectionError> {
        let Some(name) = incident_line(event) else { return Ok(()) };
        let scope = match event {
            IncidentEvent::Opened { incident } => Some(&incident.scope),
            _ => None,
        };
        let mut subject = Subject::default();
        match scope {
            Some(Scope::Strategy(strategy)) => subject.strategy = Some(strategy),
            Some(Scope::Instrument(instrument)) => subject.instrument = Some(instrument),
            _ => {}
        }
        self.line(To::Both, name, subject, event)
    }

    /// Cooldowns have a name of their own in telemetry; the others are changes of a mode.
    fn restraint(&mut self, change: &RestraintChange) -> Result<(), ProjectionError> {
        let name = match change.kind {
            RestraintKind::Cooldown => "cooldown_state_change",
            _ => "mode_change",
        };
        self.line(To::Both, name, Subject::default(), change)
    }

    fn flow(&mut self, event: &'a FlowEvent) -> Result<(), ProjectionError> {
        let strategy_id = match event {
            FlowEvent::VenueHealthChanged { venue_id, status, by, reason } => {
                let (by, reason) = (by.as_ref(), reason.as_ref());
                let detail = VenueStatus { venue: venue_id, status: *status, by, reason };
                return self.plain("broker_connection_status_change", detail);
            }
            FlowEvent::StrategyThrottled { strategy_id, .. }
            | FlowEvent::ReenableRequested { strategy_id, .. }
            | FlowEvent::StrategyReenabled { strategy_id, .. } => strategy_id,
        };
        let subject = Subject { strategy: Some(strategy_id), ..Subject::default() };
        self.line(To::Both, "repeat_throttle_change", subject, Throttle::of(event))
    }

    fn plain(
        &mut self,
        event: &'static str,
        detail: impl Serialize,
    ) -> Result<(), ProjectionError> {
        self.line(To::Execution, event, Subject::default(), detail)
    }

    fn order(
        &mut self,
        event: &'static str,
        order: OrderIntentId,
        detail: impl Serialize,
    ) -> Result<(), ProjectionError> {
        if let Some(facts) = self.facts(order) {
            return self.line(To::Execution, event, Subject::order(facts), detail);
        }
        let (id, client) = (order.to_string(), order.client_order_id());
        let subject = Subject {
            order_intent_id: Some(&id),
            client_order_id: Some(client.as_str()),
            ..Subject::default()
        };
        self.line(To::Execution, event, subject, detail)
    }

    fn line(
        &mut self,
        to: To,
        event: &'static str,
        subject: Subject,
        detail: impl Serialize,
    ) -> Result<(), ProjectionError> {
        let Telemetry { execution, risk, line } = &mut *self.telemetry;
        let in_execution = execution.next(self.entry.seq);
        let in_risk = if to == To::Both { risk.next(self.entry.seq) } else { None };
        if in_execution.is_none() && in_risk.is_none() {
            return Ok(());
        }
        line.clear();
        write(line, event, self.entry, subject, detail);
        in_execution.map_or(Ok(()), |n| execution.append_stamped(n, line))?;
        in_risk.map_or(Ok(()), |n| risk.append_stamped(n, line))
    }

    fn facts(&self, order: OrderIntentId) -> Option<&'a OrderFacts> {
        self.entry.facts.order(order).map(|facts| &**facts)
    }

    fn subject(&self) -> Subject<'a> {
        self.entry
            .facts
            .intent
            .as_ref()
            .map_or_else(Subject::default, |intent| Subject::intent(intent))
    }

    fn latency(&self, order: OrderIntentId) -> Option<i64> {
        self.facts(order).map(|facts| self.entry.at.since_ns(facts.emitted_at))
    }

    fn filled(&self, order: OrderIntentId) -> Filled<'a> {
        let facts = self.facts(order);
        Filled {
            side: facts.map(|facts| facts.order.side),
            requested_quantity: facts.map(|facts| facts.order.requested_quantity),
            decision_px: facts.and_then(|facts| facts.intent.decision_px),
            latency_ns: self.latency(order),
            status: OrderStatus::Filled,
            exec_id: None,
            last_qty: Qty::ZERO,
            last_px: None,
            cum_qty: Qty::ZERO,
            fee: None,
            transact_at: None,
        }
    }
}

fn write(
    to: &mut Vec<u8>,
    event: &'static str,
    entry: &ProjectedEntry,
    subject: Subject,
    detail: impl Serialize,
) {
    let Subject { strategy, book, plane, instrument, intent_id, order_intent_id, client_order_id } =
        subject;
    let line = Line {
        event,
        ts: entry.time(),
        ts_ns: entry.at,
        env: entry.facts.environment(),
        lane: book.and_then(|book| entry.facts.lane_of(book)).map(LaneId::as_str),
        strategy,
        book,
        plane,
        instrument,
        intent_id,
        order_intent_id,
        client_order_id,
        detail,
    };
    serde_json::to_writer(to, &line).expect("a line has text keys and memory takes it");
}
