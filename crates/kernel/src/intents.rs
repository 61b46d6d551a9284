//! Intents on their way: taken in once, judged, planned, sent as child orders, closed with one result.

use crate::approvals;
use crate::gates::{self, Case, Draft, Judgement};
use crate::orders::WorkingOrder;
use crate::{Denial, Event, FlowEvent, Ruling, State, Verdicts, planes};
use fillwright_domain::{
    ContentDigest, Decimal, DigestedIntent, ExecutionOutcome, ExecutionPlan, ExecutionReasonCode,
    ExecutionResult, ExecutionStatus, Intent, IntentId, IntentKey, NumberError, OrderIntent,
    OrderIntentId, OrderType, Plane, Px, Qty, Quote, ResultStatus, Rounding, Route, Side, Text,
    TimeInForce, Timestamp,
};
use minicbor::{Decode, Encode};

/// An intent whose orders are at work.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OpenIntent {
    /// Its name.
    #[n(0)]
    pub intent_id: IntentId,
    /// Mid of the quote it was decided by.
    #[n(1)]
    pub decision_px: Option<Px>,
    /// What its orders are for: of those at work what was ordered, of those that ended what was filled.
    #[n(2)]
    #[cbor(default)]
    pub committed: Qty,
}

/// Decides on an intent: known ids are answered from memory, new ones go through the chain.
pub(crate) fn submit(
    state: &State,
    at: Timestamp,
    intent: &DigestedIntent,
    quote: Option<&Quote>,
) -> Vec<Event> {
    let key = IntentKey::derive(state.partition.as_str(), &intent.intent_id);
    let digest = intent.digest();
    match state.answered.get(key) {
        None => admit(state, at, intent, quote, key, digest),
        Some(known) if known.is_same(digest) => vec![Event::IntentDuplicated {
            intent_id: intent.intent_id.clone(),
            first_seq: known.first_seq,
            status: known.status,
        }],
        Some(known) => {
            vec![Event::IntentConflicted {
                intent_id: intent.intent_id.clone(),
                first_seq: known.first_seq,
            }]
        }
    }
}

/// Takes an intent through the chain as though its id never came before.
pub(crate) fn consider(
    state: &State,
    at: Timestamp,
    intent: &DigestedIntent,
    quote: Option<&Quote>,
) -> Vec<Event> {
    let key = IntentKey::derive(state.partition.as_str(), &intent.intent_id);
    admit(state, at, intent, quote, key, intent.digest())
}

fn admit(
    state: &State,
    at: Timestamp,
    intent: &Intent,
    quote: Option<&Quote>,
    key: IntentKey,
    digest: ContentDigest,
) -> Vec<Event> {
    // Kept here, not handed on by value: it is large, and read at once.
    let gathered;
    let case = match &state.rulebook {
        None => None,
        Some(rulebook) => {
            gathered = Case::gather(at, intent, quote, state, rulebook);
            Some(&gathered)
        }
    };
    let mut events = Vec::with_capacity(6);
    events.push(accepted(intent, case, key, digest));
    let judgement = case.map_or_else(gates::judge_without_rulebook, gates::judge);
    let plane = case.and_then(|case| case.plane().ok());
    let decision_px = case.and_then(Case::decision_px);
    let plan = plan(intent, &judgement);
    let Judgement { refused, not_in_force, draft, .. } = judgement;
    let used = draft.used;
    let sent = Sent::of(intent, &draft);
    let verdicts = draft.into_verdicts();
    let throttled = case.and_then(|case| throttled(case, &verdicts));
    events.push(Event::IntentJudged {
        intent_id: intent.intent_id.clone(),
        rulebook_seq: state.rulebook_seq,
        verdicts,
        not_in_force,
    });
    events.extend(throttled);
    // Spent in the entry that relied on it, whatever later gates said: no crash can come between the two.
    events.extend(used.map(approvals::used));
    let order =
        plane.filter(|_| refused.is_none()).map(|plane| order(intent, key, &plan, plane, sent));
    events.push(Event::PlanMade { intent_id: intent.intent_id.clone(), plan, decision_px });
    match (order, refused) {
        (Some(order), None) => emit(state, &mut events, at, key, order),
        (_, refused) => events.push(skipped(intent, key, refused.unwrap_or_default())),
    }
    events
}

/// The strategy is disabled by the first intent that asks for more executions than it may have.
fn throttled(case: &Case, verdicts: &Verdicts) -> Option<Event> {
    let strategy_id = case.strategy_id()?;
    let last = verdicts.refusal()?;
    let is_first = last.ruling == Ruling::Deny { reason: Denial::StrategyThrottled }
        && !case.state.flow.repeats.is_disabled(strategy_id);
    let executions = case.rulebook.flow.repeat_throttle?.max_executions;
    let strategy_id = strategy_id.clone();
    is_first.then_some(Event::Flow(FlowEvent::StrategyThrottled { strategy_id, executions }))
}

/// What an intent would become if it came in now, whether it came before or not.
pub(crate) fn prepare(
    state: &State,
    at: Timestamp,
    intent: &Intent,
    quote: Option<&Quote>,
) -> ExecutionPlan {
    let case =
        state.rulebook.as_ref().map(|rulebook| Case::gather(at, intent, quote, state, rulebook));
    plan(intent, &case.as_ref().map_or_else(gates::judge_without_rulebook, gates::judge))
}

fn accepted(intent: &Intent, case: Option<&Case>, key: IntentKey, digest: ContentDigest) -> Event {
    let strategy_id = case.map_or(intent.strategy_id.as_ref(), Case::strategy_id);
    let source_run = case.map_or(intent.source_run.as_ref(), Case::source_run);
    Event::IntentAccepted {
        intent_id: intent.intent_id.clone(),
        intent_key: key,
        digest,
        strategy_id: strategy_id.cloned(),
        book_id: intent.book_id.clone(),
        instrument_id: intent.instrument_id.clone(),
        source_run: source_run.cloned(),
    }
}

fn plan(intent: &Intent, judgement: &Judgement) -> ExecutionPlan {
    let draft = &judgement.draft;
    let sent = judgement.refused.is_none();
    ExecutionPlan {
        action: intent.action(),
        order_type: draft.order_type,
        size: if sent { draft.qty } else { Qty::ZERO },
        price: draft.limit_px.filter(|_| sent),
        leverage: judgement.leverage,
        constraints_applied: draft.constraints,
        skip_reason: judgement.refused.map(Text::new),
    }
}

/// What an order says that its plan does not.
struct Sent {
    side: Side,
    /// By the intent's own word, or because a mode allows it no more.
    reduce_only: bool,
    time_in_force: TimeInForce,
    route: Option<Route>,
}

impl Sent {
    fn of(intent: &Intent, draft: &Draft) -> Self {
        Self {
            side: draft.side,
            reduce_only: intent.reduce_only() || draft.reduce_only,
            time_in_force: match draft.order_type {
                OrderType::Market => TimeInForce::Ioc,
                OrderType::Limit => draft.time_in_force.unwrap_or(TimeInForce::Day),
            },
            route: draft.route.clone(),
        }
    }
}

/// The immediate schedule: the whole plan as the first and only child.
fn order(
    intent: &Intent,
    key: IntentKey,
    plan: &ExecutionPlan,
    plane: Plane,
    sent: Sent,
) -> OrderIntent {
    const FIRST_CHILD: u32 = 1;
    OrderIntent {
        order_intent_id: OrderIntentId::derive(key, FIRST_CHILD),
        intent_id: intent.intent_id.clone(),
        child_no: FIRST_CHILD,
        plane,
        book_id: intent.book_id.clone(),
        market_id: intent.instrument_id.clone(),
        side: sent.side,
        requested_quantity: plan.size,
        order_type: plan.order_type,
        limit_px: plan.price,
        time_in_force: sent.time_in_force,
        reduce_only: sent.reduce_only,
        post_only: intent.post_only() && plan.order_type == OrderType::Limit,
        route: sent.route,
        parent_quantity: Some(plan.size),
    }
}

/// Releases an order; the paper plane realises it in the same step.
///
/// # Panics
///
/// When the intent's orders, filled, open and unknown, would together be more than its plan: whatever went wrong before,
/// this is the last place where nothing has been sent yet. The executor looks again.
///
/// Source: 34-70694, 14: the stop at the parent's quantity stood away from the path of an order.
fn emit(state: &State, events: &mut Vec<Event>, at: Timestamp, key: IntentKey, order: OrderIntent) {
    assert!(
        is_within_parent(&order, committed(state, key, order.child_no)),
        "the orders of {} would be more than its plan for {:?}",
        order.intent_id,
        order.parent_quantity
    );
    let outcome = match order.plane {
        Plane::Paper => Some(planes::paper::realise(&order, at)),
        Plane::LiveStub => None,
    };
    let intent_id = order.intent_id.clone();
    events.push(Event::OrderEmitted { order });
    if let Some(outcome) = outcome {
        let result = result(&outcome);
        events.push(Event::OutcomeRecorded { outcome });
        events.push(Event::IntentClosed { intent_id, intent_key: key, result });
    }
}

/// What the earlier orders of an intent may still come to, and have come to.
fn committed(state: &State, key: IntentKey, child_no: u32) -> Qty {
    if child_no == 1 {
        return Qty::ZERO;
    }
    state.open_intents.get(&key).map_or(Qty::ZERO, |open| open.committed)
}

fn is_within_parent(order: &OrderIntent, committed: Qty) -> bool {
    let all = committed.checked_add(order.requested_quantity);
    order.parent_quantity.is_some_and(|parent| all.is_ok_and(|all| all <= parent))
}

/// The events of a step, had every order that leaves with it been realised as on paper: filled in full, at once.
pub fn realised_on_paper(at: Timestamp, mut events: Vec<Event>) -> Vec<Event> {
    let key = events.iter().find_map(|event| match event {
        Event::IntentAccepted { intent_key, .. } => Some(*intent_key),
        _ => None,
    });
    let order = events.iter().find_map(|event| match event {
        Event::OrderEmitted { order } if order.plane != Plane::Paper => Some(order),
        _ => None,
    });
    if let Some((intent_key, order)) = key.zip(order) {
        let outcome = planes::paper::realise(order, at);
        let (intent_id, result) = (order.intent_id.clone(), result(&outcome));
        events.push(Event::OutcomeRecorded { outcome });
        events.push(Event::IntentClosed { intent_id, intent_key, result });
    }
    events
}

fn skipped(intent: &Intent, key: IntentKey, code: &str) -> Event {
    let result =
        ExecutionResult { skip_reason: Some(Text::new(code)), ..blank(ResultStatus::Skipped) };
    Event::IntentClosed { intent_id: intent.intent_id.clone(), intent_key: key, result }
}

/// Closes the intent of an order that has just ended.
pub(crate) fn close(state: &State, order: &WorkingOrder, outcome: &ExecutionOutcome) -> Event {
    let Some(open) = state.open_intents.get(&order.intent_key) else {
        panic!("order {} has no open intent", outcome.order_intent_id);
    };
    let price = order.avg_px();
    let slippage = price.zip(open.decision_px).map(|(px, mid)| slippage_bps(outcome.side, mid, px));
    let traded = outcome.filled_quantity.is_positive();
    Event::IntentClosed {
        intent_id: open.intent_id.clone(),
        intent_key: order.intent_key,
        result: ExecutionResult {
            price,
            slippage_bps: slippage.and_then(Result::ok),
            fees_usd: traded.then_some(order.fees),
            ..result(outcome)
        },
    }
}

/// The result of an intent whose only order came to this outcome, without prices.
fn result(outcome: &ExecutionOutcome) -> ExecutionResult {
    let filled = Some(outcome.filled_quantity).filter(|qty| qty.is_positive());
    let status = match outcome.status {
        ExecutionStatus::Filled => ResultStatus::Success,
        ExecutionStatus::PartiallyFilled => ResultStatus::Partial,
        ExecutionStatus::Failed => ResultStatus::Error,
    };
    ExecutionResult {
        tx_hash: Some(outcome.order_intent_id),
        tokens_bought: filled.filter(|_| outcome.side == Side::Buy),
        tokens_sold: filled.filter(|_| outcome.side == Side::Sell),
        error: outcome.reason.map(|reason| {
            Text::new(match reason {
                ExecutionReasonCode::ExecutionNotAvailable => "EXECUTION_NOT_AVAILABLE",
                ExecutionReasonCode::ExecutionRejected => "EXECUTION_REJECTED",
            })
        }),
        ..blank(status)
    }
}

fn blank(status: ResultStatus) -> ExecutionResult {
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

/// A fill price's cost against the mid at decision, in whole basis points. Positive is worse, for either side; halves
/// to even.
///
/// Source: Perold (1988), The Implementation Shortfall, for one fill.
fn slippage_bps(side: Side, decision_px: Px, avg_px: Px) -> Result<i64, NumberError> {
    let worse = match side {
        Side::Buy => avg_px.checked_sub(decision_px)?,
        Side::Sell => decision_px.checked_sub(avg_px)?,
    };
    let bps = worse.get().checked_mul_div(
        Decimal::from_int(10_000),
        decision_px.get(),
        Rounding::HalfEven,
    )?;
    round_to_whole(bps)
}

fn round_to_whole(value: Decimal) -> Result<i64, NumberError> {
    let floor = value.floor_to(Decimal::ONE)?;
    let twice = value.checked_sub(floor)?.checked_mul(Decimal::from_int(2), Rounding::Down)?;
    let whole = floor.mantissa() / Decimal::ONE.mantissa();
    let up = twice > Decimal::ONE || (twice == Decimal::ONE && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).map_err(|_| NumberError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fillwright_domain::{BookId, InstrumentId};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn child(child_no: u32, qty: i64, parent: Option<i64>) -> OrderIntent {
        let key = IntentKey::derive("main", &IntentId::new("I1"));
        let units = |number| Qty::new(Decimal::from_int(number));
        OrderIntent {
            order_intent_id: OrderIntentId::derive(key, child_no),
            intent_id: IntentId::new("I1"),
            child_no,
            plane: Plane::LiveStub,
            book_id: BookId::new("desk"),
            market_id: InstrumentId::new("BINANCE:BTCUSDT"),
            side: Side::Buy,
            requested_quantity: units(qty),
            order_type: OrderType::Market,
            limit_px: None,
            time_in_force: TimeInForce::Ioc,
            reduce_only: false,
            post_only: false,
            route: None,
            parent_quantity: parent.map(units),
        }
    }

    fn sent(committed: i64, order: OrderIntent) -> usize {
        let key = order.intent_key();
        let mut state = State::new("main");
        let committed = Qty::new(Decimal::from_int(committed));
        let intent_id = order.intent_id.clone();
        state.open_intents.insert(key, OpenIntent { intent_id, decision_px: None, committed });
        let mut events = Vec::new();
        emit(&state, &mut events, Timestamp::from_ns(1), key, order);
        events.len()
    }

    #[test]
    fn orders_may_come_to_their_plan_and_no_further() {
        assert_eq!(sent(0, child(1, 5, Some(5))), 1);
        assert_eq!(sent(3, child(2, 2, Some(5))), 1);
    }

    /// What is said of an order that is never sent.
    fn never_sent(committed: i64, order: OrderIntent) -> String {
        let tried = catch_unwind(AssertUnwindSafe(|| sent(committed, order)));
        let said = tried.expect_err("it is sent");
        said.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    #[test]
    fn an_order_larger_than_its_plan_is_never_sent() {
        let said = never_sent(0, child(1, 6, Some(5)));
        assert!(said.starts_with("the orders of I1 would be more than its plan"), "{said}");
    }

    #[test]
    fn a_later_order_that_takes_them_beyond_their_plan_is_never_sent() {
        let said = never_sent(4, child(2, 2, Some(5)));
        assert!(said.starts_with("the orders of I1 would be more than its plan"), "{said}");
    }

    #[test]
    fn an_order_of_no_plan_is_never_sent() {
        let said = never_sent(0, child(1, 1, None));
        assert!(said.starts_with("the orders of I1 would be more than its plan"), "{said}");
    }
}
