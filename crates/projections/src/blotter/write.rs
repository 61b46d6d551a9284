//! An entry's rows. What opens and ends within one entry is written once, in its final form.

use super::Blotter;
use crate::ProjectedEntry;
use crate::disposition::Disposition;
use crate::facts::{IntentFacts, OrderFacts};
use crate::governance::Decided;
use crate::text::uuid;
use crate::words::{execution_status, order_status, order_type, reason_code, time_in_force};
use fillwright_domain::{
    ExecId, ExecutionOutcome, ExecutionReasonCode, ExecutionResult, ExecutionStatus, IntentId,
    Notional, OrderIntentId, OrderStatus, Plane, Principal, Px, Qty, ResultStatus, Text,
};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::incidents::{IncidentEvent, IncidentOrigin};
use fillwright_kernel::reconciliation::LedgerFigures;
use fillwright_kernel::{Event, FlowEvent, Input, ReconciliationEvent};
use rusqlite::{Result, params};

impl Blotter {
    pub(super) fn write(&mut self, entry: &ProjectedEntry) -> Result<()> {
        self.write_mentions(entry)?;
        for event in &entry.events {
            self.write_event(entry, event)?;
        }
        for changed in &entry.facts.positions {
            self.positions.insert(changed.place.clone(), (changed.qty, entry.seq));
        }
        Ok(())
    }

    /// What people did with an incident; what rules and machines did stands in the telemetry.
    fn incident(&mut self, entry: &ProjectedEntry, event: &IncidentEvent) -> Result<()> {
        let (what, id, by, text) = match event {
            IncidentEvent::Opened { incident } => {
                let IncidentOrigin::Person(by) = &incident.origin else { return Ok(()) };
                ("incident_created", &incident.incident_id, by, incident.summary.as_str())
            }
            IncidentEvent::Acknowledged { incident_id, by, reason } => {
                ("incident_acknowledged", incident_id, by, reason.as_str())
            }
            IncidentEvent::Annotated { incident_id, by, text } => {
                ("incident_annotated", incident_id, by, text.as_str())
            }
            IncidentEvent::Linked { incident_id, by, to, .. } => {
                ("incident_linked", incident_id, by, to.as_str())
            }
            IncidentEvent::Closed { incident_id, by, root_cause } => {
                ("incident_resolved", incident_id, by, root_cause.as_str())
            }
            IncidentEvent::Escalated { .. }
            | IncidentEvent::Counted { .. }
            | IncidentEvent::HealthChanged { .. }
            | IncidentEvent::ClockMeasured { .. }
            | IncidentEvent::StartupNoticed { .. } => return Ok(()),
        };
        self.admin(entry, what, Some(by), text, Some(id.as_str()))
    }

    #[allow(clippy::too_many_lines, reason = "a table: one arm a kind of event")]
    fn write_event(&mut self, entry: &ProjectedEntry, event: &Event) -> Result<()> {
        match event {
            Event::RulebookAdopted { rulebook, by, reason } => self.admin(
                entry,
                "rulebook_adopted",
                Some(by),
                reason.as_str(),
                Some(rulebook.version.as_str()),
            ),
            Event::RunRegistered { run_id, manifest_hash, by, .. } => self.admin(
                entry,
                "run_registered",
                Some(by),
                manifest_hash.as_str(),
                Some(run_id.as_str()),
            ),
            Event::InputRefused { why, by } => {
                self.admin(entry, "input_refused", by.as_ref(), &why.to_string(), None)
            }
            Event::KillSwitchEngaged { by, reason, scope, .. } => {
                let scope = scope.to_string();
                self.admin(entry, "kill_switch_engaged", Some(by), reason.as_str(), Some(&scope))
            }
            Event::KillSwitchReleaseRequested { by, reason, scope } => {
                let scope = scope.to_string();
                self.admin(
                    entry,
                    "kill_switch_release_requested",
                    Some(by),
                    reason.as_str(),
                    Some(&scope),
                )
            }
            Event::RestraintImposed { .. }
            | Event::RestraintLiftRequested { .. }
            | Event::RestraintLifted { .. }
            | Event::RestraintExpired { .. } => self.restraint(entry, event),
            Event::KillSwitchReleased { by, requested_by, reason, .. } => self.admin(
                entry,
                "kill_switch_released",
                Some(by),
                reason.as_str(),
                Some(requested_by.as_str()),
            ),
            Event::Policy(said) => self.admin(
                entry,
                said.name(),
                said.by(),
                said.reason().map(Text::as_str).unwrap_or_default(),
                Some(&said.hash().to_string()),
            ),
            Event::Incident(event) => self.incident(entry, event),
            Event::Reconciliation(event) => self.reconciliation(entry, event),
            Event::FillCorrected(correction) => self.corrected(entry, correction),
            Event::BuildStated { build, is_allowed } => {
                let word = if *is_allowed { "allowed" } else { "not allowed" };
                self.admin(entry, "build_stated", None, word, Some(build.as_str()))
            }
            Event::Flow(event) => self.flow(entry, event),
            Event::Approval(_) | Event::Session(_) | Event::Deployment(_) => {
                self.decided(entry, event)
            }
            Event::IntentAccepted { .. } => self.intent(entry),
            Event::IntentDuplicated { intent_id, first_seq, status } => {
                let status = status.map(ResultStatus::as_str);
                self.repeated(entry, "duplicate", intent_id, *first_seq, status)
            }
            Event::IntentConflicted { intent_id, first_seq } => {
                self.repeated(entry, "conflict", intent_id, *first_seq, None)
            }
            Event::IntentJudged { rulebook_seq, .. } => self.verdicts(entry, *rulebook_seq),
            Event::OrderEmitted { order, .. } => {
                let facts = entry.facts.order(order.order_intent_id);
                facts.map_or(Ok(()), |facts| self.order(entry, facts))
            }
            Event::OrderStatusChanged { order_intent_id, status, exec_id, .. } => {
                if let Some(exec_id) = exec_id {
                    self.exec_id(entry.seq, exec_id, *order_intent_id)?;
                }
                self.status(entry, *order_intent_id, *status)
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
                self.exec_id(entry.seq, exec_id, *order_intent_id)?;
                let at = transact_at.as_ns();
                let fill = Fill {
                    qty: *last_qty,
                    cum_qty: *cum_qty,
                    venue: Some((exec_id, *last_px, *fee, at)),
                };
                self.filled(entry, *order_intent_id, &fill)?;
                self.status(entry, *order_intent_id, *status)
            }
            Event::OrderCancelRequested { order_intent_id, .. } => {
                self.status(entry, *order_intent_id, OrderStatus::PendingCancel)
            }
            Event::OrderQueried { order_intent_id, status, .. } => {
                self.status(entry, *order_intent_id, *status)
            }
            Event::OrderStranded { order_intent_id, exec_id, .. } => {
                self.exec_id(entry.seq, exec_id, *order_intent_id)?;
                self.stranded(entry, *order_intent_id)
            }
            Event::ReportIgnored { order_intent_id, exec_id, why } => {
                self.exec_id(entry.seq, exec_id, *order_intent_id)?;
                self.ignored(entry, *order_intent_id, exec_id, &why.to_string())
            }
            Event::OutcomeRecorded { outcome } => self.outcome(entry, outcome),
            Event::IntentClosed { result, .. } => self.closed(entry, result),
            Event::MarkTaken { .. }
            | Event::PlanMade { .. }
            | Event::ExitAsked { .. }
            | Event::CancelsPaused { .. } => Ok(()),
        }
    }

    /// What holds trading back, or does no longer.
    fn restraint(&mut self, entry: &ProjectedEntry, event: &Event) -> Result<()> {
        match event {
            Event::RestraintImposed { kind, scope, by, reason, .. } => {
                let what = format!("{kind} {scope}");
                self.admin(entry, "restraint_imposed", by.as_ref(), reason.as_str(), Some(&what))
            }
            Event::RestraintLiftRequested { kind, scope, by, reason } => {
                let what = format!("{kind} {scope}");
                self.admin(
                    entry,
                    "restraint_lift_requested",
                    Some(by),
                    reason.as_str(),
                    Some(&what),
                )
            }
            Event::RestraintLifted { kind, scope, by, reason, .. } => {
                let what = format!("{kind} {scope}");
                self.admin(entry, "restraint_lifted", Some(by), reason.as_str(), Some(&what))
            }
            Event::RestraintExpired { kind, scope } => {
                let what = format!("{kind} {scope}");
                self.admin(entry, "restraint_expired", None, "its time is over", Some(&what))
            }
            _ => Ok(()),
        }
    }

    /// A bust or correction stands beside the fill and the outcome, which stay as they were.
    fn corrected(&mut self, entry: &ProjectedEntry, correction: &Correction) -> Result<()> {
        self.exec_id(entry.seq, &correction.exec_id, correction.order_intent_id)?;
        let what = if correction.is_bust() { "fill_busted" } else { "fill_corrected" };
        let figures = |figures: &LedgerFigures| {
            let px = figures.px.map(|px| format!("@{px}")).unwrap_or_default();
            format!("{}{px}", figures.qty)
        };
        let (before, after) = (figures(&correction.before), figures(&correction.after));
        let reason = format!("{before} is {after}");
        self.admin(entry, what, None, &reason, Some(correction.of.as_str()))
    }

    /// What differs from an executor's ledger, and what does no more.
    fn reconciliation(
        &mut self,
        entry: &ProjectedEntry,
        event: &ReconciliationEvent,
    ) -> Result<()> {
        match event {
            ReconciliationEvent::Found { found } => {
                let (what, why) = (found.instrument_id.as_str(), found.name.kind.as_str());
                self.admin(entry, "reconciliation_break", None, why, Some(what))
            }
            ReconciliationEvent::Ended { name } => {
                self.admin(entry, "reconciliation_break_over", None, name.kind.as_str(), None)
            }
            ReconciliationEvent::Compared { .. } => Ok(()),
        }
    }

    fn flow(&mut self, entry: &ProjectedEntry, event: &FlowEvent) -> Result<()> {
        let (what, by, reason, subject) = match event {
            FlowEvent::VenueHealthChanged { venue_id, status, by, .. } => {
                ("venue_health_changed", by.as_ref(), status.as_str(), venue_id.as_str())
            }
            FlowEvent::StrategyThrottled { strategy_id, .. } => {
                ("strategy_throttled", None, "", strategy_id.as_str())
            }
            FlowEvent::ReenableRequested { strategy_id, by, reason } => {
                ("reenable_requested", Some(by), reason.as_str(), strategy_id.as_str())
            }
            FlowEvent::StrategyReenabled { strategy_id, by, reason, .. } => {
                ("strategy_reenabled", Some(by), reason.as_str(), strategy_id.as_str())
            }
        };
        self.admin(entry, what, by, reason, Some(subject))
    }

    /// What people decided, as `session_running` or `approval_used`.
    fn decided(&mut self, entry: &ProjectedEntry, event: &Event) -> Result<()> {
        let Some(decided) = Decided::of(event) else { return Ok(()) };
        self.admin(entry, decided.what, decided.by, decided.reason, Some(&decided.subject))
    }

    fn admin(
        &mut self,
        entry: &ProjectedEntry,
        what: &'static str,
        by: Option<&Principal>,
        reason: &str,
        subject: Option<&str>,
    ) -> Result<()> {
        self.count(what);
        let sql = "INSERT INTO admin VALUES
            (?1, (SELECT count(*) FROM admin WHERE seq = ?1), ?2, ?3, ?4, ?5, ?6)";
        let by = by.map(Principal::as_str);
        let row = params![entry.seq, entry.at.as_ns(), what, by, reason, subject];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn repeated(
        &mut self,
        entry: &ProjectedEntry,
        kind: &'static str,
        intent_id: &IntentId,
        first_seq: u64,
        status: Option<&str>,
    ) -> Result<()> {
        self.count(kind);
        self.mention(first_seq, entry.seq)?;
        let sql = "INSERT INTO duplicates VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![entry.seq, entry.at.as_ns(), intent_id.as_str(), first_seq, kind, status];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn intent(&mut self, entry: &ProjectedEntry) -> Result<()> {
        let Some(facts) = &entry.facts.intent else { return Ok(()) };
        let ended = entry
            .result_of(&facts.intent_id)
            .map_or_else(Ended::default, |result| Ended::of(entry, facts, result));
        self.count("intents");
        let sql = "INSERT INTO intents VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
        let row = params![
            facts.seq,
            facts.intent_id.as_str(),
            facts.at.as_ns(),
            facts.strategy_id.as_ref().map(fillwright_domain::StrategyId::as_str),
            facts.book_id.as_str(),
            facts.instrument_id.as_str(),
            facts.source_run.as_ref().map(fillwright_domain::RunId::as_str),
            facts.plan.action.as_str(),
            facts.plan.size.to_string(),
            facts.plan.price.map(|px| px.to_string()),
            facts.decision_px.map(|px| px.to_string()),
            constraints(facts),
            ended.status,
            ended.disposition,
            ended.reason,
            ended.bought,
            ended.sold,
            ended.avg_px,
            ended.fees,
            ended.slippage_bps,
            ended.seq,
            ended.at_ns,
        ];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    /// Counts an intent's end, and notes it where the intent is from an earlier entry.
    fn closed(&mut self, entry: &ProjectedEntry, result: &ExecutionResult) -> Result<()> {
        let Some(facts) = &entry.facts.intent else { return Ok(()) };
        self.count(entry.disposition(facts, result).as_str());
        if facts.seq == entry.seq {
            return Ok(());
        }
        let ended = Ended::of(entry, facts, result);
        let sql = "UPDATE intents SET status = ?2, disposition = ?3, reason = ?4, bought = ?5, sold = ?6,
            avg_px = ?7, fees = ?8, slippage_bps = ?9, closed_seq = ?10, closed_at_ns = ?11 WHERE seq = ?1";
        let row = params![
            facts.seq,
            ended.status,
            ended.disposition,
            ended.reason,
            ended.bought,
            ended.sold,
            ended.avg_px,
            ended.fees,
            ended.slippage_bps,
            ended.seq,
            ended.at_ns,
        ];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn verdicts(&mut self, entry: &ProjectedEntry, rulebook_seq: u64) -> Result<()> {
        let row = params![entry.seq, rulebook_seq, entry.verdicts_shown().get()];
        let sql = "INSERT INTO verdicts VALUES (?1, ?2, ?3)";
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn order(&mut self, entry: &ProjectedEntry, facts: &OrderFacts) -> Result<()> {
        let order = &facts.order;
        let outcome = outcome_of(entry, order.order_intent_id);
        let sql = "INSERT INTO orders VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 0, ?3, ?18, ?19)";
        let row = params![
            order_no(facts),
            facts.id_text,
            entry.seq,
            entry.at.as_ns(),
            order.child_no,
            order.plane.as_str(),
            order.book_id.as_str(),
            order.market_id.as_str(),
            order.side.as_str(),
            order.requested_quantity.to_string(),
            order_type(order.order_type),
            order.limit_px.map(|px| px.to_string()),
            time_in_force(order.time_in_force),
            order.reduce_only,
            order.post_only,
            order_status(outcome.map_or(OrderStatus::PendingNew, final_status)),
            outcome.map_or(Qty::ZERO, |outcome| outcome.filled_quantity).to_string(),
            order.route.as_ref().map(|route| route.route_id.as_str()),
            order.route.as_ref().map(|route| route.broker.as_str()),
        ];
        self.database.prepare_cached(sql)?.execute(row)?;
        self.count("orders");
        Ok(())
    }

    fn status(
        &mut self,
        entry: &ProjectedEntry,
        order: OrderIntentId,
        status: OrderStatus,
    ) -> Result<()> {
        let Some(facts) = entry.facts.order(order) else { return Ok(()) };
        let sql = "UPDATE orders SET status = ?2, updated_seq = ?3 WHERE order_no = ?1";
        let row = params![order_no(facts), order_status(status), entry.seq];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn filled(&mut self, entry: &ProjectedEntry, order: OrderIntentId, fill: &Fill) -> Result<()> {
        let Some(facts) = entry.facts.order(order) else { return Ok(()) };
        let sql = "UPDATE orders SET cum_qty = ?2, updated_seq = ?3 WHERE order_no = ?1";
        let row = params![order_no(facts), fill.cum_qty.to_string(), entry.seq];
        self.database.prepare_cached(sql)?.execute(row)?;
        self.fill(entry, facts, fill)
    }

    fn stranded(&mut self, entry: &ProjectedEntry, order: OrderIntentId) -> Result<()> {
        let Some(facts) = entry.facts.order(order) else { return Ok(()) };
        let sql = "UPDATE orders SET stranded = 1, updated_seq = ?2 WHERE order_no = ?1";
        self.database.prepare_cached(sql)?.execute(params![order_no(facts), entry.seq]).map(|_| ())
    }

    fn fill(&mut self, entry: &ProjectedEntry, facts: &OrderFacts, fill: &Fill) -> Result<()> {
        self.count("fills");
        let sql = "INSERT INTO fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CAST(?6 AS REAL))";
        let row = params![
            order_no(facts),
            entry.seq,
            entry.at.as_ns(),
            fill.venue.map(|(exec_id, ..)| exec_id.as_str()),
            fill.qty.to_string(),
            fill.venue.map(|(_, px, ..)| px.to_string()),
            fill.venue.map(|(_, _, fee, _)| fee.to_string()),
            fill.cum_qty.to_string(),
            fill.venue.map(|(.., at)| at),
        ];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn outcome(&mut self, entry: &ProjectedEntry, outcome: &ExecutionOutcome) -> Result<()> {
        let Some(facts) = entry.facts.order(outcome.order_intent_id) else { return Ok(()) };
        let filled = outcome.filled_quantity;
        if outcome.plane == Plane::Paper && outcome.status == ExecutionStatus::Filled {
            self.fill(entry, facts, &Fill { qty: filled, cum_qty: filled, venue: None })?;
        }
        if facts.emitted_seq != entry.seq {
            // The report that ended it has set the status; the outcome states the quantity, lost fills included.
            let sql = "UPDATE orders SET cum_qty = ?2, stranded = 0 WHERE order_no = ?1";
            let row = params![order_no(facts), filled.to_string()];
            self.database.prepare_cached(sql)?.execute(row)?;
        }
        let sql = "INSERT INTO outcomes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            order_no(facts),
            uuid(outcome.execution_id().as_bytes()),
            entry.seq,
            entry.at.as_ns(),
            execution_status(outcome.status),
            filled.to_string(),
            outcome.reason.map(reason_code),
        ];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn ignored(
        &mut self,
        entry: &ProjectedEntry,
        order: OrderIntentId,
        exec_id: &ExecId,
        why: &str,
    ) -> Result<()> {
        self.count("ignored_reports");
        let sql = "INSERT INTO ignored_reports VALUES (?1, ?2, ?3, ?4, ?5)";
        let row =
            params![entry.seq, entry.at.as_ns(), uuid(order.as_bytes()), exec_id.as_str(), why];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    fn exec_id(&mut self, seq: u64, exec_id: &ExecId, order: OrderIntentId) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO exec_ids VALUES
            (?1, ?2, (SELECT intent_seq FROM orders WHERE order_intent_id = ?3))";
        let row = params![exec_id.as_str(), seq, uuid(order.as_bytes())];
        self.database.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    /// Notes the intents of earlier entries that this one speaks of.
    fn write_mentions(&mut self, entry: &ProjectedEntry) -> Result<()> {
        for order in entry.facts.orders.iter().filter(|order| order.intent.seq != entry.seq) {
            self.mention(order.intent.seq, entry.seq)?;
        }
        match &entry.input {
            Input::Report(report) if entry.facts.orders.is_empty() => {
                self.mention_late(entry.seq, report.order_intent_id)
            }
            _ => Ok(()),
        }
    }

    /// A report on an order that has ended: only the table knows its intent by now.
    fn mention_late(&mut self, seq: u64, order: OrderIntentId) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO mentions SELECT intent_seq, ?2 FROM orders WHERE order_intent_id = ?1";
        self.database.prepare_cached(sql)?.execute(params![uuid(order.as_bytes()), seq]).map(|_| ())
    }

    fn mention(&mut self, intent_seq: u64, seq: u64) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO mentions VALUES (?1, ?2)";
        self.database.prepare_cached(sql)?.execute([intent_seq, seq]).map(|_| ())
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn write_counts(&mut self) -> Result<()> {
        let sql = "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT (what) DO UPDATE SET n = n + ?2";
        for (what, n) in std::mem::take(&mut self.counts) {
            self.database.prepare_cached(sql)?.execute(params![what, n])?;
        }
        Ok(())
    }

    pub(super) fn write_positions(&mut self) -> Result<()> {
        let held = "INSERT OR REPLACE INTO positions VALUES (?1, ?2, ?3, ?4, ?5)";
        let closed = "DELETE FROM positions WHERE plane = ?1 AND book = ?2 AND instrument = ?3";
        for (place, (qty, seq)) in std::mem::take(&mut self.positions) {
            let (book, instrument) = (place.book_id.as_str(), place.instrument_id.as_str());
            let plane = place.plane.as_str();
            if qty.is_zero() {
                self.database.prepare_cached(closed)?.execute([plane, book, instrument])?;
            } else {
                let row = params![plane, book, instrument, qty.to_string(), seq];
                self.database.prepare_cached(held)?.execute(row)?;
            }
        }
        Ok(())
    }
}

/// An order's number: it says which intent's it is, and sorts as the orders came.
fn order_no(facts: &OrderFacts) -> i64 {
    let intent = i64::try_from(facts.intent.seq).expect("a journal has fewer entries");
    (intent << 20) + i64::from(facts.order.child_no)
}

struct Fill<'a> {
    qty: Qty,
    cum_qty: Qty,
    /// What a venue says of it: its name for it, price, fee, and when.
    venue: Option<(&'a ExecId, Px, Notional, i64)>,
}

/// The columns of an intent that has ended.
#[derive(Default)]
struct Ended<'a> {
    status: Option<&'static str>,
    disposition: Option<&'static str>,
    reason: Option<&'a str>,
    bought: Option<String>,
    sold: Option<String>,
    avg_px: Option<String>,
    fees: Option<String>,
    slippage_bps: Option<i64>,
    seq: Option<u64>,
    at_ns: Option<i64>,
}

impl<'a> Ended<'a> {
    fn of(entry: &ProjectedEntry, facts: &IntentFacts, result: &'a ExecutionResult) -> Self {
        let reason = result.skip_reason.as_ref().or(result.error.as_ref());
        Self {
            status: Some(result.status.as_str()),
            disposition: Some(Disposition::as_str(entry.disposition(facts, result))),
            reason: reason.map(Text::as_str),
            bought: result.tokens_bought.map(|qty| qty.to_string()),
            sold: result.tokens_sold.map(|qty| qty.to_string()),
            avg_px: result.price.map(|px| px.to_string()),
            fees: result.fees_usd.map(|fees| fees.to_string()),
            slippage_bps: result.slippage_bps,
            seq: Some(entry.seq),
            at_ns: Some(entry.at.as_ns()),
        }
    }
}

fn constraints(facts: &IntentFacts) -> String {
    let mut names = String::new();
    for constraint in facts.plan.constraints_applied.iter() {
        if !names.is_empty() {
            names.push(',');
        }
        names.push_str(constraint.as_str());
    }
    names
}

fn outcome_of(entry: &ProjectedEntry, order: OrderIntentId) -> Option<&ExecutionOutcome> {
    entry.events.iter().find_map(|event| match event {
        Event::OutcomeRecorded { outcome } if outcome.order_intent_id == order => Some(outcome),
        _ => None,
    })
}

/// The status of an order that its own entry ended.
fn final_status(outcome: &ExecutionOutcome) -> OrderStatus {
    match (outcome.status, outcome.reason) {
        (ExecutionStatus::Filled, _) => OrderStatus::Filled,
        (_, Some(ExecutionReasonCode::ExecutionRejected)) => OrderStatus::Rejected,
        _ => OrderStatus::Canceled,
    }
}
