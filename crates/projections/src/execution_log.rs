//! `execution_logs.jsonl`: every fill, outcome and result, with latencies and costs.
//!
//! - `fill`: one for each fill a plane reported; on paper, which reports none, one for each outcome that was filled,
//!   without a price.
//! - `outcome`: one for each order that ended.
//! - `result`: one for each intent that ended, with its plan put back in.
//!
//! A line is a function of the journal alone. The audit ledger holds the SHA-256 of every fill's and outcome's line.

use crate::disposition::Disposition;
use crate::error::ProjectionError;
use crate::facts::{IntentFacts, OrderFacts};
use crate::line_file::{LineFile, Vouch, stamp, stamp_object};
use crate::text::uuid;
use crate::{Paths, ProjectedEntry, Projection};
use fillwright_domain::{
    BookId, Decimal, ExecId, ExecutionId, ExecutionOutcome, ExecutionResult, ExecutionStatus,
    InstrumentId, IntentId, Notional, OrderIntentId, Plane, Px, Qty, Rounding, RunId, Side,
    StrategyId, Timestamp,
};
use fillwright_kernel::Event;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const NAME: &str = "execution_logs";

/// The log of executions.
pub struct ExecutionLog {
    file: LineFile,
}

impl ExecutionLog {
    pub(crate) fn open(
        paths: &Paths,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        let vouch = vouches.get(NAME).copied();
        Ok(Self { file: LineFile::open(paths.execution_log(), vouch, stamp)? })
    }
}

impl Projection for ExecutionLog {
    fn name(&self) -> &'static str {
        "execution_log"
    }

    fn cursor(&self) -> u64 {
        self.file.cursor()
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        for logged in entry.logged() {
            if self.file.next(entry.seq).is_some() {
                self.file.append(&logged.line)?;
            }
        }
        self.file.finish(entry.seq);
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        Ok(vec![(NAME, self.file.commit()?)])
    }
}

/// A line of the log, newline included.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) of: LoggedOf,
    pub(crate) line: Vec<u8>,
}

/// What a line of the log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoggedOf {
    Fill(OrderIntentId),
    Outcome(OrderIntentId),
    Result,
}

/// The lines of an entry.
pub(crate) fn lines(entry: &ProjectedEntry) -> Vec<Logged> {
    let mut lines = Vec::new();
    let mut ends = entry.ends();
    for event in &entry.events {
        match event {
            Event::FillBooked { order_intent_id, .. } => {
                let of = LoggedOf::Fill(*order_intent_id);
                add(&mut lines, entry, of, &fill(entry, event, *order_intent_id));
            }
            Event::OutcomeRecorded { outcome } => {
                let order = outcome.order_intent_id;
                if outcome.plane == Plane::Paper && outcome.status == ExecutionStatus::Filled {
                    let of = LoggedOf::Fill(order);
                    add(&mut lines, entry, of, &fill_on_paper(entry, outcome));
                }
                add(&mut lines, entry, LoggedOf::Outcome(order), &ended(entry, order, ends.next()));
            }
            Event::IntentClosed { intent_id, result, .. } => {
                add(
                    &mut lines,
                    entry,
                    LoggedOf::Result,
                    &closed(entry, intent_id, result, ends.next()),
                );
            }
            _ => {}
        }
    }
    lines
}

fn add(lines: &mut Vec<Logged>, entry: &ProjectedEntry, of: LoggedOf, line: &impl Serialize) {
    let n = u32::try_from(lines.len() + 1).expect("an entry has few lines");
    let mut bytes = Vec::with_capacity(1024);
    stamp_object(entry.seq, n, line, &mut bytes);
    bytes.push(b'\n');
    lines.push(Logged { of, line: bytes });
}

#[derive(Serialize)]
struct Line<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    ts: &'a str,
    ts_ns: Timestamp,
    env: &'a str,
    strategy: Option<&'a StrategyId>,
    book: Option<&'a BookId>,
    plane: Option<Plane>,
    instrument: Option<&'a InstrumentId>,
    source_run: Option<&'a RunId>,
    intent_id: Option<&'a IntentId>,
    order_intent_id: Option<&'a str>,
    client_order_id: Option<&'a str>,
    #[serde(flatten)]
    detail: D,
}

fn of_intent<'a, D>(
    entry: &'a ProjectedEntry,
    kind: &'static str,
    intent: Option<&'a IntentFacts>,
    detail: D,
) -> Line<'a, D> {
    Line {
        kind,
        ts: entry.time(),
        ts_ns: entry.at,
        env: entry.facts.environment(),
        strategy: intent.and_then(|intent| intent.strategy_id.as_ref()),
        book: intent.map(|intent| &intent.book_id),
        plane: None,
        instrument: intent.map(|intent| &intent.instrument_id),
        source_run: intent.and_then(|intent| intent.source_run.as_ref()),
        intent_id: intent.map(|intent| &intent.intent_id),
        order_intent_id: None,
        client_order_id: None,
        detail,
    }
}

fn of_order<'a, D>(
    entry: &'a ProjectedEntry,
    kind: &'static str,
    order: Option<&'a OrderFacts>,
    detail: D,
) -> Line<'a, D> {
    Line {
        plane: order.map(|facts| facts.order.plane),
        order_intent_id: order.map(|facts| facts.id_text.as_str()),
        client_order_id: order.map(|facts| facts.client_order_id.as_str()),
        ..of_intent(entry, kind, order.map(|facts| &*facts.intent), detail)
    }
}

#[derive(Serialize)]
struct Fill<'a> {
    execution_id: String,
    exec_id: Option<&'a ExecId>,
    side: Option<Side>,
    requested_quantity: Option<Qty>,
    last_qty: Qty,
    cum_qty: Qty,
    last_px: Option<Px>,
    decision_px: Option<Px>,
    fee: Option<Notional>,
    slippage_bps: Option<i64>,
    transact_at: Option<Timestamp>,
    latency_ns: Option<i64>,
    venue_latency_ns: Option<i64>,
}

fn fill<'a>(
    entry: &'a ProjectedEntry,
    event: &'a Event,
    order: OrderIntentId,
) -> Line<'a, Fill<'a>> {
    let facts = entry.facts.order(order).map(|facts| &**facts);
    let blank = blank_fill(entry, order, facts);
    let detail = match event {
        Event::FillBooked { exec_id, last_qty, last_px, cum_qty, fee, transact_at, .. } => Fill {
            exec_id: Some(exec_id),
            last_qty: *last_qty,
            cum_qty: *cum_qty,
            last_px: Some(*last_px),
            fee: Some(*fee),
            slippage_bps: facts.and_then(|facts| slippage(facts, *last_px)),
            transact_at: Some(*transact_at),
            venue_latency_ns: facts.map(|facts| transact_at.since_ns(facts.emitted_at)),
            ..blank
        },
        _ => blank,
    };
    of_order(entry, "fill", facts, detail)
}

fn fill_on_paper<'a>(entry: &'a ProjectedEntry, outcome: &ExecutionOutcome) -> Line<'a, Fill<'a>> {
    let order = outcome.order_intent_id;
    let facts = entry.facts.order(order).map(|facts| &**facts);
    let detail = Fill {
        last_qty: outcome.filled_quantity,
        cum_qty: outcome.filled_quantity,
        ..blank_fill(entry, order, facts)
    };
    of_order(entry, "fill", facts, detail)
}

fn blank_fill<'a>(
    entry: &ProjectedEntry,
    order: OrderIntentId,
    facts: Option<&OrderFacts>,
) -> Fill<'a> {
    Fill {
        execution_id: uuid(ExecutionId::derive(order).as_bytes()),
        exec_id: None,
        side: facts.map(|facts| facts.order.side),
        requested_quantity: facts.map(|facts| facts.order.requested_quantity),
        last_qty: Qty::ZERO,
        cum_qty: Qty::ZERO,
        last_px: None,
        decision_px: facts.and_then(|facts| facts.intent.decision_px),
        fee: None,
        slippage_bps: None,
        transact_at: None,
        latency_ns: facts.map(|facts| entry.at.since_ns(facts.emitted_at)),
        venue_latency_ns: None,
    }
}

fn slippage(facts: &OrderFacts, px: Px) -> Option<i64> {
    slippage_bps(facts.order.side, facts.intent.decision_px?, px)
}

/// A fill price's cost against the mid at decision, in whole basis points, halves to even. Positive is worse, for
/// either side. The same as a result's, for one fill.
fn slippage_bps(side: Side, decision_px: Px, px: Px) -> Option<i64> {
    /// Basis points in one, of the smallest unit: the quotient's mantissa is then in whole basis points.
    const BPS: Decimal = Decimal::from_mantissa(10_000);
    let worse = match side {
        Side::Buy => px.checked_sub(decision_px),
        Side::Sell => decision_px.checked_sub(px),
    };
    let bps = worse.ok()?.get().checked_mul_div(BPS, decision_px.get(), Rounding::HalfEven);
    i64::try_from(bps.ok()?.mantissa()).ok()
}

#[derive(Serialize)]
struct Ended<'a> {
    latency_ns: Option<i64>,
    outcome: Option<&'a RawValue>,
}

fn ended<'a>(
    entry: &'a ProjectedEntry,
    order: OrderIntentId,
    outcome: Option<&'a RawValue>,
) -> Line<'a, Ended<'a>> {
    let facts = entry.facts.order(order).map(|facts| &**facts);
    let latency_ns = facts.map(|facts| entry.at.since_ns(facts.emitted_at));
    of_order(entry, "outcome", facts, Ended { latency_ns, outcome })
}

#[derive(Serialize)]
struct Closed<'a> {
    disposition: Option<Disposition>,
    result: Option<&'a RawValue>,
    latency_ns: Option<i64>,
}

fn closed<'a>(
    entry: &'a ProjectedEntry,
    intent_id: &'a IntentId,
    result: &ExecutionResult,
    shown: Option<&'a RawValue>,
) -> Line<'a, Closed<'a>> {
    let intent = entry.facts.intent.as_deref();
    let detail = Closed {
        disposition: intent.map(|intent| entry.disposition(intent, result)),
        result: shown,
        latency_ns: intent.map(|intent| entry.at.since_ns(intent.at)),
    };
    Line { intent_id: Some(intent_id), ..of_intent(entry, "result", intent, detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_worse_when_positive_for_either_side_and_halves_go_to_even() {
        let cases = [
            (Side::Buy, "100", "101", Some(100)),
            (Side::Sell, "100", "101", Some(-100)),
            (Side::Buy, "20000", "20001", Some(0)),
            (Side::Buy, "20000", "20003", Some(2)),
            (Side::Sell, "0", "1", None),
        ];
        for (side, decision, px, bps) in cases {
            let found = slippage_bps(side, decision.parse().unwrap(), px.parse().unwrap());
            assert_eq!(found, bps, "{side:?} {decision} {px}");
        }
    }
}
