//! One row an intent: what was asked, what became of it, and why. Folded from journal entries.

use crate::output::table;
use crate::words;
use fillwright_domain::{
    ActionType, Ask, Constraint, ExecutionPlan, ExecutionReasonCode, Intent, IntentId,
    OrderIntentId, OrderStatus, ResultStatus, Side, Text, Timestamp,
};
use fillwright_kernel::{Event, Input, Ruling, Verdict, Verdicts};
use fillwright_projections::Disposition;
use serde::Serialize;
use std::collections::BTreeMap;

/// An intent, as it stands in a table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) source: String,
    pub(crate) line: u64,
    pub(crate) intent_id: IntentId,
    pub(crate) book_id: String,
    pub(crate) instrument_id: String,
    pub(crate) asked: String,
    pub(crate) outcome: String,
    pub(crate) filled: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) order: Option<String>,
}

/// Rows in the order of the journal, and the orders among them that are still at work.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    working: BTreeMap<OrderIntentId, Working>,
}

#[derive(Debug)]
struct Working {
    row: usize,
    plan: ExecutionPlan,
    said: Option<String>,
}

impl Rows {
    /// Takes an entry in.
    pub(crate) fn take(&mut self, seq: u64, at: Timestamp, input: &Input, events: &[Event]) {
        if let Input::SubmitIntent { intent, .. } = input {
            self.rows.push(asked_row(seq, at, intent));
        }
        let verdicts = verdicts_of(events);
        for event in events {
            self.note(event, &verdicts);
        }
    }

    fn note(&mut self, event: &Event, verdicts: &[Verdict]) {
        match event {
            Event::IntentDuplicated { first_seq, status, .. } => self.answer(
                "duplicate",
                format!("of entry {first_seq}, {}", status.map_or("still at work", status_word)),
            ),
            Event::IntentConflicted { first_seq, .. } => {
                self.answer(
                    "conflict",
                    format!("entry {first_seq} has this id with other content"),
                );
            }
            Event::PlanMade { plan, .. } => self.planned(plan, verdicts),
            Event::OrderEmitted { order, .. } => self.emitted(order.order_intent_id),
            Event::OrderStatusChanged { order_intent_id, status, text, .. } => {
                let said = text.as_ref().map(Text::as_str).or(ending_word(*status));
                if let Some(said) = said {
                    self.said(*order_intent_id, said);
                }
            }
            Event::OrderStranded { order_intent_id, text, .. } => {
                self.said(*order_intent_id, text.as_str());
            }
            Event::OutcomeRecorded { outcome } => {
                let filled = outcome.filled_quantity;
                let text = format!("{} {}", side_word(outcome.side), words::quantity(filled));
                let reason = outcome.reason.map(reason_word);
                let filled = filled.is_positive().then_some(text);
                self.ended(outcome.order_intent_id, filled, reason);
            }
            Event::IntentClosed { result, .. } => self.closed(result),
            _ => {}
        }
    }

    fn answer(&mut self, outcome: &str, reason: String) {
        if let Some(row) = self.rows.last_mut() {
            outcome.clone_into(&mut row.outcome);
            row.reason = Some(reason);
        }
    }

    /// A plan that sends nothing ends the row; any other waits for its order.
    fn planned(&mut self, plan: &ExecutionPlan, verdicts: &[Verdict]) {
        let Some(row) = self.rows.last_mut() else { return };
        let refused = verdicts.iter().find_map(|verdict| match verdict.ruling {
            Ruling::Deny { reason } => Some(("denied", reason.to_string())),
            Ruling::Skip { reason } => Some(("skipped", reason.to_string())),
            _ => None,
        });
        let cuts = cuts(plan);
        row.reason = (!cuts.is_empty()).then(|| cuts.join(", "));
        "working".clone_into(&mut row.outcome);
        if let Some((outcome, reason)) = refused {
            outcome.clone_into(&mut row.outcome);
            row.reason = Some(reason);
        }
        let plan = plan.clone();
        let working = Working { row: self.rows.len() - 1, plan, said: None };
        self.working.insert(OrderIntentId::default(), working);
    }

    fn emitted(&mut self, order: OrderIntentId) {
        let Some(working) = self.working.remove(&OrderIntentId::default()) else { return };
        self.rows[working.row].order = Some(order.client_order_id().to_string());
        self.working.insert(order, working);
    }

    fn said(&mut self, order: OrderIntentId, text: &str) {
        if let Some(working) = self.working.get_mut(&order) {
            working.said = Some(text.to_owned());
        }
    }

    fn ended(&mut self, order: OrderIntentId, filled: Option<String>, reason: Option<&str>) {
        let Some(working) = self.working.get(&order) else { return };
        let row = &mut self.rows[working.row];
        row.filled = filled;
        if let Some(reason) = reason {
            let said = working.said.as_ref().map(|text| format!(": {text}"));
            row.reason = Some(format!("{reason}{}", said.unwrap_or_default()));
        }
    }

    fn closed(&mut self, result: &fillwright_domain::ExecutionResult) {
        let order = result.tx_hash.unwrap_or_default();
        let Some(working) = self.working.remove(&order) else { return };
        let row = &mut self.rows[working.row];
        if result.status == ResultStatus::Skipped {
            return;
        }
        let disposition = Disposition::of(result, working.plan.constraints_applied, false);
        let is_part = result.status == ResultStatus::Partial;
        let outcome = if is_part { "partial" } else { disposition.as_str() };
        outcome.clone_into(&mut row.outcome);
        if let (Some(filled), Some(price)) = (&mut row.filled, result.price) {
            *filled = format!("{filled} at {price}");
        }
        if is_part {
            let rest = working.said.as_deref().unwrap_or("ended");
            let ordered = words::quantity(working.plan.size);
            row.reason = Some(format!("{ordered} were ordered, the rest was {rest}"));
        }
    }

    /// How many rows ended in each outcome.
    pub(crate) fn by_outcome(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.outcome.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// The rows as a table for a person.
pub(crate) fn as_table(rows: &[Row]) -> String {
    let mut table = table(&["intent", "instrument", "asked", "outcome", "filled", "reason"]);
    for row in rows {
        table.add_row([
            shortened(row.intent_id.as_str()),
            row.instrument_id.clone(),
            row.asked.clone(),
            row.outcome.clone(),
            row.filled.clone().unwrap_or_default(),
            row.reason.clone().unwrap_or_default(),
        ]);
    }
    table.trim_fmt()
}

/// Derived ids are long; their first digits tell them apart, and `explain` takes them.
fn shortened(id: &str) -> String {
    const KEPT: usize = 22;
    let cut = id.char_indices().nth(KEPT).map(|(at, _)| at);
    cut.filter(|_| id.chars().count() > 36)
        .map_or_else(|| id.to_owned(), |at| format!("{}…", &id[..at]))
}

fn asked_row(seq: u64, at: Timestamp, intent: &Intent) -> Row {
    Row {
        seq,
        at: words::at(at),
        source: intent.origin.source.to_string(),
        line: intent.origin.line,
        intent_id: intent.intent_id.clone(),
        book_id: intent.book_id.to_string(),
        instrument_id: intent.instrument_id.to_string(),
        asked: asked(intent),
        outcome: String::new(),
        filled: None,
        reason: None,
        order: None,
    }
}

/// What an intent asks for, in a few words.
pub(crate) fn asked(intent: &Intent) -> String {
    match &intent.ask {
        Ask::Execution(asked) => match asked.action {
            ActionType::Add | ActionType::Trim | ActionType::Reclaim => {
                format!("{} {}", asked.action.as_str(), words::percent(asked.size_frac))
            }
            ActionType::EmergencyExit => "emergency exit".to_owned(),
            action => action.as_str().to_owned(),
        },
        Ask::Rebalance(asked) => {
            let sign = if asked.weight_change.is_positive() { "+" } else { "" };
            format!(
                "{sign}{} to {}",
                words::percent(asked.weight_change),
                words::percent(asked.target_weight)
            )
        }
    }
}

/// The gates' verdicts among the events of an entry.
pub(crate) fn verdicts_of(events: &[Event]) -> Vec<Verdict> {
    let judged = events.iter().find_map(|event| match event {
        Event::IntentJudged { verdicts, .. } => Some(verdicts),
        _ => None,
    });
    judged.into_iter().flat_map(Verdicts::iter).collect()
}

/// What cut the quantity, in plain words.
fn cuts(plan: &ExecutionPlan) -> Vec<&'static str> {
    let cut = |constraint| match constraint {
        Constraint::ReduceOnly => Some("cut to what is left to close"),
        Constraint::OrderNotional => Some("cut to the largest order"),
        Constraint::LeverageCap => Some("cut to the leverage cap"),
        Constraint::AssetExposure => Some("cut to the cap on one asset"),
        Constraint::MaxQuantity => Some("cut to the venue's largest order"),
        _ => None,
    };
    plan.constraints_applied.iter().filter_map(cut).collect()
}

/// `bought` or `sold`.
pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    }
}

/// How an intent ended, in plain words.
pub(crate) fn status_word(status: ResultStatus) -> &'static str {
    match status {
        ResultStatus::Success => "which succeeded",
        ResultStatus::Skipped => "which sent nothing",
        ResultStatus::Error => "which failed",
        ResultStatus::Partial => "which was filled in part",
    }
}

/// What ended an order, where no venue's words say more.
pub(crate) fn ending_word(status: OrderStatus) -> Option<&'static str> {
    match status {
        OrderStatus::Canceled => Some("cancelled"),
        OrderStatus::Expired => Some("expired"),
        OrderStatus::Rejected => Some("rejected"),
        _ => None,
    }
}

/// Why an order failed, in plain words.
pub(crate) fn reason_word(reason: ExecutionReasonCode) -> &'static str {
    match reason {
        ExecutionReasonCode::ExecutionNotAvailable => "nothing could be filled",
        ExecutionReasonCode::ExecutionRejected => "the venue rejected it",
    }
}
