//! An intent from its first coming to its one result.

use super::approvals::spent;
use super::facts::Facts;
use super::flow;
use super::gates::{Case, Judged, Shape, judge, leverage_after, mid};
use fillwright_domain::{
    ExecutionOutcome, ExecutionPlan, ExecutionReasonCode, ExecutionResult, ExecutionStatus, Intent,
    IntentKey, OrderIntent, OrderIntentId, OrderType, Plane, Px, Qty, Quote, Ratio, ResultStatus,
    Side, Text, TimeInForce, Timestamp,
};
use fillwright_kernel::{Event, Input};

pub(super) fn submit(
    facts: &Facts,
    at: Timestamp,
    intent: &Intent,
    quote: Option<&Quote>,
) -> Vec<Event> {
    known(facts, intent).map_or_else(|| first_coming(facts, at, intent, quote), |event| vec![event])
}

/// The answer to an id that came before: the same content is a duplicate, other content a conflict.
fn known(facts: &Facts, intent: &Intent) -> Option<Event> {
    let intent_id = intent.intent_id.clone();
    let first = facts.history.iter().find(|entry| {
        entry.events.iter().any(|event| matches!(event, Event::IntentAccepted { intent_id, .. } if *intent_id == intent.intent_id))
    })?;
    let Input::SubmitIntent { intent: known, .. } = &first.input else { return None };
    Some(if same_content(known, intent) {
        Event::IntentDuplicated { intent_id, first_seq: first.seq, status: status(facts, intent) }
    } else {
        Event::IntentConflicted { intent_id, first_seq: first.seq }
    })
}

/// Everything an intent says; where it was read is not part of it.
fn same_content(one: &Intent, other: &Intent) -> bool {
    Intent { origin: other.origin.clone(), ..one.clone() } == *other
}

fn status(facts: &Facts, intent: &Intent) -> Option<ResultStatus> {
    facts.events().find_map(|event| match event {
        Event::IntentClosed { intent_id, result, .. } if *intent_id == intent.intent_id => {
            Some(result.status)
        }
        _ => None,
    })
}

fn first_coming(
    facts: &Facts,
    at: Timestamp,
    intent: &Intent,
    quote: Option<&Quote>,
) -> Vec<Event> {
    let intent_key = IntentKey::derive(facts.partition, &intent.intent_id);
    let (rulebook_seq, case) = match facts.rulebook() {
        None => (0, None),
        Some((seq, rules)) => (seq, Some(Case::new(facts, rules, at, intent, quote))),
    };
    let judged = judge(case.as_ref(), intent);
    let plan = plan(case.as_ref(), intent, &judged);
    let throttled = case.as_ref().and_then(|case| flow::throttled(case, &judged));
    let mut events = vec![
        accepted(case.as_ref(), intent, intent_key),
        Event::IntentJudged {
            intent_id: intent.intent_id.clone(),
            rulebook_seq,
            verdicts: judged.verdicts.iter().cloned().collect(),
            not_in_force: judged.not_in_force,
        },
    ];
    events.extend(throttled);
    events.extend(judged.shape.overridden.map(spent));
    events.push(Event::PlanMade {
        intent_id: intent.intent_id.clone(),
        plan: plan.clone(),
        decision_px: quote.filter(|_| case.is_some()).and_then(mid).map(Px::new),
    });
    match (judged.refused, case.and_then(|case| case.plane)) {
        (None, Some(plane)) => send(
            &mut events,
            at,
            order(intent, intent_key, &plan, plane, &judged.shape),
            intent_key,
        ),
        (refused, _) => events.push(Event::IntentClosed {
            intent_id: intent.intent_id.clone(),
            intent_key,
            result: ExecutionResult {
                skip_reason: refused.map(Text::new),
                ..empty(ResultStatus::Skipped)
            },
        }),
    }
    events
}

fn accepted(case: Option<&Case>, intent: &Intent, intent_key: IntentKey) -> Event {
    Event::IntentAccepted {
        intent_id: intent.intent_id.clone(),
        intent_key,
        digest: fillwright_domain::DigestedIntent::new(intent.clone()).digest(),
        strategy_id: case.map_or(intent.strategy_id.clone(), |case| case.strategy_id().cloned()),
        book_id: intent.book_id.clone(),
        instrument_id: intent.instrument_id.clone(),
        source_run: case.map_or(intent.source_run.clone(), |case| case.source_run().cloned()),
    }
}

fn plan(case: Option<&Case>, intent: &Intent, judged: &Judged) -> ExecutionPlan {
    let sent = judged.refused.is_none();
    let shape = &judged.shape;
    let leverage = case.filter(|_| sent).and_then(|case| leverage_after(case, shape));
    ExecutionPlan {
        action: intent.action(),
        order_type: shape.order_type,
        size: if sent { Qty::new(shape.qty) } else { Qty::ZERO },
        price: shape.limit_px.filter(|_| sent).map(Px::new),
        leverage: leverage.map_or(Ratio::ZERO, Ratio::new),
        constraints_applied: shape.constraints,
        skip_reason: judged.refused.map(Text::new),
    }
}

fn order(
    intent: &Intent,
    key: IntentKey,
    plan: &ExecutionPlan,
    plane: Plane,
    shape: &Shape,
) -> OrderIntent {
    let is_limit = plan.order_type == OrderType::Limit;
    OrderIntent {
        order_intent_id: OrderIntentId::derive(key, 1),
        intent_id: intent.intent_id.clone(),
        child_no: 1,
        plane,
        book_id: intent.book_id.clone(),
        market_id: intent.instrument_id.clone(),
        side: shape.side,
        requested_quantity: plan.size,
        order_type: plan.order_type,
        limit_px: plan.price,
        time_in_force: if is_limit {
            shape.time_in_force.unwrap_or(TimeInForce::Day)
        } else {
            TimeInForce::Ioc
        },
        reduce_only: intent.reduce_only() || shape.reduces_only,
        post_only: intent.post_only() && is_limit,
        route: shape.route.clone(),
        parent_quantity: Some(plan.size),
    }
}

/// On paper the one outcome comes with the order; elsewhere the plane reports.
fn send(events: &mut Vec<Event>, at: Timestamp, order: OrderIntent, intent_key: IntentKey) {
    events.push(Event::OrderEmitted { order: order.clone() });
    if order.plane == Plane::Paper {
        let outcome = outcome(
            &order,
            at,
            order.requested_quantity,
            ExecutionReasonCode::ExecutionNotAvailable,
        );
        let result = unpriced_result(&outcome);
        events.push(Event::OutcomeRecorded { outcome });
        events.push(Event::IntentClosed { intent_id: order.intent_id, intent_key, result });
    }
}

/// The one outcome of an order of which so much was filled; the reason counts only where nothing was.
pub(super) fn outcome(
    order: &OrderIntent,
    at: Timestamp,
    filled_quantity: Qty,
    reason: ExecutionReasonCode,
) -> ExecutionOutcome {
    let status = if filled_quantity == order.requested_quantity {
        ExecutionStatus::Filled
    } else if filled_quantity.is_zero() {
        ExecutionStatus::Failed
    } else {
        ExecutionStatus::PartiallyFilled
    };
    ExecutionOutcome {
        order_intent_id: order.order_intent_id,
        plane: order.plane,
        status,
        filled_quantity,
        logical_time: at,
        reason: Some(reason).filter(|_| status == ExecutionStatus::Failed),
        side: order.side,
        market_id: order.market_id.clone(),
    }
}

/// The result of an intent with this one outcome, without prices and fees.
pub(super) fn unpriced_result(outcome: &ExecutionOutcome) -> ExecutionResult {
    let status = match outcome.status {
        ExecutionStatus::Filled => ResultStatus::Success,
        ExecutionStatus::PartiallyFilled => ResultStatus::Partial,
        ExecutionStatus::Failed => ResultStatus::Error,
    };
    let traded = Some(outcome.filled_quantity).filter(|qty| !qty.is_zero());
    let mut result = ExecutionResult { tx_hash: Some(outcome.order_intent_id), ..empty(status) };
    match outcome.side {
        Side::Buy => result.tokens_bought = traded,
        Side::Sell => result.tokens_sold = traded,
    }
    result.error = outcome.reason.map(|reason| match reason {
        ExecutionReasonCode::ExecutionNotAvailable => Text::new("EXECUTION_NOT_AVAILABLE"),
        ExecutionReasonCode::ExecutionRejected => Text::new("EXECUTION_REJECTED"),
    });
    result
}

fn empty(status: ResultStatus) -> ExecutionResult {
    ExecutionResult {
        status,
        plan: None,
        tx_hash: None,
        tokens_bought: None,
        tokens_sold: None,
        price: None,
        slippage_bps: None,
        fees_usd: None,
        skip_reason: None,
        error: None,
    }
}
