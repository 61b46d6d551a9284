//! The flow of orders: every window, bucket and count is worked out anew from all messages ever sent.

use super::admin::{OPERATES, may};
use super::facts::Facts;
use super::gates::{Case, Judged, PASS, Said, Shape, TOO_LARGE, deny, mid, whole};
use crate::exact::{Exact, exact};
use fillwright_domain::{
    Constraint, Decimal, HealthStatus, Instrument, OrderIntent, OrderType, Plane, Principal, Px,
    Rounding, Side, StrategyId, Text, Timestamp, VenueId,
};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::{Denial, Event, FlowEvent, FlowInput, Gate, Ruling};
use fillwright_policy::flow::{Bucket, OnDuplicate, Reference};
use fillwright_policy::{Book, Role, Rulebook};
use num_bigint::BigInt;

/// One message: an order, or the cancel of one, with the rules it was sent under.
struct Message<'a> {
    seq: u64,
    at: Timestamp,
    rules: &'a Rulebook,
    order: &'a OrderIntent,
    mid: Option<Px>,
    is_cancel: bool,
}

/// Every message ever sent.
fn messages<'a>(facts: &Facts<'a>) -> Vec<Message<'a>> {
    let mut sent: Vec<Message> = Vec::new();
    let (mut rules, mut mid) = (None, None);
    let history =
        facts.history.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry, event)));
    for (entry, event) in history {
        let (seq, at) = (entry.seq, entry.at);
        match event {
            Event::RulebookAdopted { rulebook, .. } => rules = Some(&**rulebook),
            Event::PlanMade { decision_px, .. } => mid = *decision_px,
            Event::OrderEmitted { order } => {
                let rules = rules.expect("no order without rules");
                sent.push(Message { seq, at, rules, order, mid, is_cancel: false });
            }
            Event::OrderCancelRequested { order_intent_id, .. } => {
                let of = |message: &&Message| message.order.order_intent_id == *order_intent_id;
                if let Some(order) = sent.iter().find(of).map(|message| message.order) {
                    let rules = rules.expect("no cancel without rules");
                    sent.push(Message { seq, at, rules, order, mid: None, is_cancel: true });
                }
            }
            _ => {}
        }
    }
    sent
}

fn orders<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Message<'a>> {
    messages(facts).into_iter().filter(|message| !message.is_cancel)
}

impl Message<'_> {
    fn book(&self) -> Option<&Book> {
        self.rules.books.get(&self.order.book_id)
    }

    fn strategy(&self) -> Option<&StrategyId> {
        self.book().map(|book| &book.strategy_id)
    }

    fn venue(&self) -> Option<&VenueId> {
        self.rules.instruments.get(&self.order.market_id).map(|instrument| &instrument.venue)
    }
}

fn is_recent(at: Timestamp, then: Timestamp, window_ms: u32) -> bool {
    let ns = i128::from(at.as_ns()) - i128::from(then.as_ns());
    ns < i128::from(window_ms) * 1_000_000
}

/// Whether the flow of orders is what a gate looks at.
pub(super) fn judges(gate: Gate) -> bool {
    matches!(
        gate,
        Gate::RestrictedList
            | Gate::Permission
            | Gate::VenueHealth
            | Gate::RepeatThrottle
            | Gate::OrderTypePolicy
            | Gate::SlippageBudget
            | Gate::Participation
            | Gate::PriceCollar
            | Gate::SelfMatch
            | Gate::DuplicateWindow
            | Gate::MessageRate
    )
}

pub(super) fn judge(
    gate: Gate,
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let said = match gate {
        Gate::RestrictedList => restricted(case),
        Gate::Permission => permission(case, instrument),
        Gate::VenueHealth => venue_health(case, instrument),
        Gate::RepeatThrottle => repeats(case),
        Gate::OrderTypePolicy => order_type(case, shape, instrument),
        Gate::SlippageBudget => slippage(case, shape),
        Gate::Participation => participation(case, shape),
        Gate::PriceCollar => collar(case, shape),
        Gate::SelfMatch => self_match(case, shape, book),
        Gate::DuplicateWindow => duplicate(case, shape),
        _ => message_rate(case, book, instrument),
    };
    let exits_are_held =
        matches!(gate, Gate::Permission | Gate::VenueHealth | Gate::PriceCollar | Gate::SelfMatch);
    match said {
        (Ruling::Deny { .. }, figures) if case.is_safety_exit() && !exits_are_held => {
            (Ruling::Bypass, figures)
        }
        said => said,
    }
}

fn restricted(case: &Case) -> Said {
    match &case.rules.flow.restricted {
        None => deny(Denial::LimitMissing),
        Some(list) if list.keys().any(|listed| *listed == case.intent.instrument_id) => {
            deny(Denial::InstrumentRestricted)
        }
        Some(_) => PASS,
    }
}

fn permission(case: &Case, instrument: &Instrument) -> Said {
    let Some(permissions) = &case.rules.flow.permissions else { return deny(Denial::LimitMissing) };
    let Some(own) = case.strategy_id() else { return deny(Denial::StrategyUnknown) };
    let covers = |row: &str, name: &str| row == "*" || row == name;
    let permitted = permissions.iter().any(|(strategy, venue, tradable)| {
        covers(strategy.as_str(), own.as_str())
            && covers(venue.as_str(), instrument.venue.as_str())
            && covers(tradable.as_str(), instrument.instrument_id.as_str())
    });
    if permitted { PASS } else { deny(Denial::NotPermitted) }
}

fn health(facts: &Facts, venue: &VenueId) -> Option<HealthStatus> {
    facts.events().rev().find_map(|event| match event {
        Event::Flow(FlowEvent::VenueHealthChanged { venue_id, status, .. })
            if venue_id == venue =>
        {
            Some(*status)
        }
        _ => None,
    })
}

fn venue_health(case: &Case, instrument: &Instrument) -> Said {
    let Some(policy) = case.rules.flow.venue_health else { return deny(Denial::LimitMissing) };
    match health(case.facts, &instrument.venue) {
        None if !policy.unknown_is_healthy => deny(Denial::VenueHealthUnknown),
        Some(HealthStatus::Down) => deny(Denial::VenueUnhealthy),
        Some(HealthStatus::Degraded) if !case.intent.reduce_only() => deny(Denial::VenueUnhealthy),
        _ => PASS,
    }
}

fn is_disabled(facts: &Facts, strategy: &StrategyId) -> bool {
    let last = facts.events().rev().find_map(|event| match event {
        Event::Flow(FlowEvent::StrategyThrottled { strategy_id, .. })
            if strategy_id == strategy =>
        {
            Some(true)
        }
        Event::Flow(FlowEvent::StrategyReenabled { strategy_id, .. })
            if strategy_id == strategy =>
        {
            Some(false)
        }
        _ => None,
    });
    last.unwrap_or(false)
}

/// The entry that last enabled a strategy again.
fn reenabled_at(facts: &Facts, strategy: &StrategyId) -> u64 {
    let enables = |event: &Event| match event {
        Event::Flow(FlowEvent::StrategyReenabled { strategy_id, .. }) => strategy_id == strategy,
        _ => false,
    };
    let last = facts.history.iter().rev().find(|entry| entry.events.iter().any(enables));
    last.map_or(0, |entry| entry.seq)
}

fn repeats(case: &Case) -> Said {
    let Some(throttle) = case.rules.flow.repeat_throttle else { return deny(Denial::LimitMissing) };
    let Some(strategy) = case.strategy_id() else { return deny(Denial::StrategyUnknown) };
    if is_disabled(case.facts, strategy) {
        return deny(Denial::StrategyThrottled);
    }
    let since = reenabled_at(case.facts, strategy);
    let mut executions: Vec<Timestamp> = Vec::new();
    for order in orders(case.facts).filter(|order| order.seq > since) {
        let Some(then) = order.rules.flow.repeat_throttle else { continue };
        if order.strategy() == Some(strategy) {
            executions.retain(|execution| is_recent(order.at, *execution, then.window_ms));
            executions.extend((then.window_ms > 0).then_some(order.at));
        }
    }
    executions.retain(|execution| is_recent(case.at, *execution, throttle.window_ms));
    let with = i128::try_from(executions.len()).expect("a count") + 1;
    let most = i128::from(throttle.max_executions);
    allow_if(with <= most, Denial::StrategyThrottled, whole(with), whole(most))
}

fn allow_if(holds: bool, reason: Denial, asked: Decimal, limit: Decimal) -> Said {
    let ruling = if holds { Ruling::Allow } else { Ruling::Deny { reason } };
    (ruling, Some((asked, limit)))
}

/// The first intent that is refused for executing too often disables its strategy.
pub(super) fn throttled(case: &Case, judged: &Judged) -> Option<Event> {
    let strategy_id = case.strategy_id()?.clone();
    let refused = judged.refused == Some(Denial::StrategyThrottled.code());
    let executions = case.rules.flow.repeat_throttle?.max_executions;
    (refused && !is_disabled(case.facts, &strategy_id))
        .then_some(Event::Flow(FlowEvent::StrategyThrottled { strategy_id, executions }))
}

fn order_type(case: &Case, shape: &Shape, instrument: &Instrument) -> Said {
    let Some(rows) = &case.rules.flow.order_types else { return deny(Denial::LimitMissing) };
    for row in rows {
        let elsewhere = row.environment.as_ref().is_some_and(|own| *own != case.rules.environment)
            || row.venue.as_ref().is_some_and(|own| *own != instrument.venue)
            || row.strategy.as_ref().is_some_and(|own| Some(own) != case.strategy_id());
        if !elsewhere && row.order_types.contains(&shape.order_type) {
            return PASS;
        }
    }
    deny(Denial::OrderTypeNotAllowed)
}

fn px(shape: &Shape) -> Exact {
    exact(shape.limit_px.unwrap_or(shape.touch))
}

/// How many basis points of a price an amount is, rounded up; nothing where it cannot be held.
fn bps(amount: Exact, of: Decimal) -> Option<Decimal> {
    (amount * Exact::int(10_000)).over(&exact(of))?.rounded(Rounding::Up)
}

fn slippage(case: &Case, shape: &Shape) -> Said {
    let Some(budget) = case.rules.flow.max_slippage_bps else { return deny(Denial::LimitMissing) };
    let own = case.intent.max_slippage_bps().unwrap_or(budget);
    let most = whole(own.min(budget).into());
    let Some(mid) = case.quote.and_then(mid) else { return TOO_LARGE };
    let worse = match shape.side {
        Side::Buy => px(shape) - exact(mid),
        Side::Sell => exact(mid) - px(shape),
    };
    let worse = if worse.is_negative() { Exact::zero() } else { worse };
    let Some(cost) = bps(worse, mid) else { return TOO_LARGE };
    allow_if(cost <= most, Denial::SlippageAboveBudget, cost, most)
}

fn participation(case: &Case, shape: &Shape) -> Said {
    let Some(policy) = case.rules.flow.participation else { return deny(Denial::LimitMissing) };
    let Some(rate) = policy.max_rate else { return PASS };
    let Some(volume) = case.quote.and_then(|quote| quote.interval_qty) else {
        return deny(Denial::VolumeMissing);
    };
    let most = (exact(rate.get()) * exact(volume.get())).rounded(Rounding::Floor);
    let Some(most) = most else { return TOO_LARGE };
    allow_if(shape.qty <= most, Denial::ParticipationAboveCap, shape.qty, most)
}

fn collar(case: &Case, shape: &Shape) -> Said {
    let Some(policy) = &case.rules.flow.price_collar else { return deny(Denial::LimitMissing) };
    let reference = match policy.reference {
        Reference::Mid => case.quote.and_then(mid),
        Reference::Mark => {
            let Some((mark, as_of)) = case.facts.mark(&case.intent.instrument_id) else {
                return deny(Denial::ReferenceMissing);
            };
            let age_ns = i128::from(case.at.as_ns()) - i128::from(as_of.as_ns());
            if age_ns > i128::from(policy.reference_age_max_ms) * 1_000_000 {
                return deny(Denial::ReferenceStale);
            }
            Some(mark.get())
        }
    };
    let Some(reference) = reference else { return TOO_LARGE };
    let near = near(shape, reference, policy.max_deviation_bps, Denial::PriceOutsideCollar);
    let Some(first) = first_mid(case, policy.window_ms).filter(|_| near.0 == Ruling::Allow) else {
        return near;
    };
    match self::near(shape, first, policy.max_movement_bps, Denial::PriceMovedTooFar) {
        (ruling, None) => (ruling, near.1),
        said => said,
    }
}

fn near(shape: &Shape, from: Decimal, most_bps: u32, otherwise: Denial) -> Said {
    let Some(distance) = bps((px(shape) - exact(from)).abs(), from) else { return TOO_LARGE };
    let most = whole(most_bps.into());
    allow_if(distance <= most, otherwise, distance, most)
}

/// The mid that the instrument's first order in the window was decided by.
fn first_mid(case: &Case, window_ms: u32) -> Option<Decimal> {
    let mut first: Option<(Timestamp, Px)> = None;
    for order in orders(case.facts) {
        let then = order.rules.flow.price_collar.as_ref().map_or(0, |collar| collar.window_ms);
        let is_open = first.is_some_and(|(since, _)| is_recent(order.at, since, then));
        let own = order.order.market_id == case.intent.instrument_id;
        if let Some(mid) = order.mid.filter(|_| own && !is_open && then > 0) {
            first = Some((order.at, mid));
        }
    }
    first.filter(|(since, _)| is_recent(case.at, *since, window_ms)).map(|(_, mid)| mid.get())
}

fn self_match(case: &Case, shape: &Shape, book: &Book) -> Said {
    if case.plane == Some(Plane::Paper) {
        return PASS;
    }
    let working = case.facts.working();
    let released = messages(case.facts);
    // The account its book had when it was released.
    let account = |order: &OrderIntent| {
        let of = |message: &&Message| message.order.order_intent_id == order.order_intent_id;
        released.iter().find(of).and_then(Message::book).map(|book| &book.account)
    };
    let against = working.iter().filter(|child| {
        child.order.plane != Plane::Paper
            && account(child.order) == Some(&book.account)
            && child.order.market_id == case.intent.instrument_id
            && child.order.side != shape.side
    });
    let reaches = |order: &OrderIntent| match (order.limit_px, order.side) {
        (Some(px), _) => px.get(),
        (None, Side::Buy) => Decimal::from_mantissa(i128::MAX),
        (None, Side::Sell) => Decimal::ZERO,
    };
    let prices = against.map(|child| reaches(child.order));
    let best = match shape.side {
        Side::Buy => prices.min(),
        Side::Sell => prices.max(),
    };
    let Some(best) = best else { return PASS };
    let own = shape.limit_px.unwrap_or(shape.touch);
    let crosses = shape.order_type == OrderType::Market
        || match shape.side {
            Side::Buy => own >= best,
            Side::Sell => own <= best,
        };
    allow_if(!crosses, Denial::SelfMatch, own, best)
}

fn duplicate(case: &Case, shape: &mut Shape) -> Said {
    let Some(policy) = &case.rules.flow.duplicate_window else { return deny(Denial::LimitMissing) };
    let mut remembered: Vec<(Timestamp, &OrderIntent)> = Vec::new();
    for order in orders(case.facts) {
        let then = order.rules.flow.duplicate_window.as_ref().map_or(0, |window| window.window_ms);
        remembered.retain(|(at, _)| is_recent(order.at, *at, then));
        remembered.extend((then > 0).then_some((order.at, order.order)));
    }
    let twin = remembered.iter().rev().find(|(_, order)| {
        order.book_id == case.intent.book_id
            && order.market_id == case.intent.instrument_id
            && order.side == shape.side
            && order.requested_quantity.get() == shape.qty
            && order.limit_px.map(Px::get) == shape.limit_px
    });
    let Some((at, _)) = twin.filter(|(at, _)| is_recent(case.at, *at, policy.window_ms)) else {
        return PASS;
    };
    let ago_ms = (i128::from(case.at.as_ns()) - i128::from(at.as_ns())).div_euclid(1_000_000);
    let marks = policy.action == OnDuplicate::Mark;
    if marks {
        shape.constraints.insert(Constraint::DuplicateSuspected);
    }
    allow_if(marks, Denial::DuplicateOrder, whole(ago_ms), whole(policy.window_ms.into()))
}

fn message_rate(case: &Case, book: &Book, instrument: &Instrument) -> Said {
    let Some(rate) = case.rules.flow.message_rate else { return deny(Denial::LimitMissing) };
    let venue = left(
        case,
        rate.venue,
        |rules| rules.flow.message_rate.map(|rate| rate.venue),
        |message| message.venue() == Some(&instrument.venue),
    );
    let account = left(
        case,
        rate.account,
        |rules| rules.flow.message_rate.map(|rate| rate.account),
        |message| message.book().is_some_and(|of| of.account == book.account),
    );
    let strategy = left(
        case,
        rate.strategy,
        |rules| rules.flow.message_rate.map(|rate| rate.strategy),
        |message| message.strategy() == Some(&book.strategy_id),
    );
    let kept = |bucket: Bucket| if case.is_safety_exit() { 0 } else { i128::from(bucket.reserve) };
    let buckets = [
        (1 + kept(rate.venue), venue),
        (1 + kept(rate.account), account),
        (1 + kept(rate.strategy), strategy),
    ];
    let mut scarcest = buckets[0];
    for bucket in buckets {
        if bucket.1 - bucket.0 < scarcest.1 - scarcest.0 {
            scarcest = bucket;
        }
    }
    let (needed, left) = scarcest;
    allow_if(needed <= left, Denial::MessageRateExceeded, whole(needed), whole(left))
}

/// How many whole messages a bucket holds after all messages that were taken from it.
fn left(
    case: &Case,
    now: Bucket,
    then: impl Fn(&Rulebook) -> Option<Bucket>,
    is_taken_from: impl Fn(&Message) -> bool,
) -> i128 {
    let mut level: Option<(Timestamp, Exact)> = None;
    for message in messages(case.facts) {
        let is_known = message.venue().is_some() && message.strategy().is_some();
        let Some(bucket) = then(message.rules).filter(|_| is_known && is_taken_from(&message))
        else {
            continue;
        };
        let spent = filled(level.as_ref(), message.at, bucket) - Exact::int(1);
        level = Some((message.at, if spent.is_negative() { Exact::zero() } else { spent }));
    }
    whole_of(&filled(level.as_ref(), case.at, now))
}

fn filled(level: Option<&(Timestamp, Exact)>, at: Timestamp, bucket: Bucket) -> Exact {
    let burst = Exact::int(bucket.burst.into());
    let Some((then, level)) = level else { return burst };
    let passed_ns = Exact::int(at.as_ns() - then.as_ns());
    let per_ns = Exact::int(bucket.per_s.into()).over(&Exact::int(1_000_000_000));
    let level = level.clone() + passed_ns * per_ns.expect("a second is not zero");
    if level > burst { burst } else { level }
}

fn whole_of(level: &Exact) -> i128 {
    let down: BigInt = level.to_whole(Rounding::Floor);
    i128::try_from(down).expect("a bucket holds a number of messages")
}

pub(super) fn input(facts: &Facts, input: &FlowInput) -> Vec<Event> {
    match input {
        FlowInput::VenueHealth { venue_id, status, by, reason } => {
            told_health(facts, venue_id, *status, by.as_ref(), reason.as_ref())
        }
        FlowInput::Reenable { strategy_id, by, reason } => reenable(facts, strategy_id, by, reason),
    }
}

fn told_health(
    facts: &Facts,
    venue_id: &VenueId,
    status: HealthStatus,
    by: Option<&Principal>,
    reason: Option<&Text>,
) -> Vec<Event> {
    if !facts.rulebook().is_some_and(|(_, rules)| rules.venues.contains_key(venue_id)) {
        return refused(Refusal::VenueUnknown, by);
    }
    let known = health(facts, venue_id);
    if known == Some(status) {
        return refused(Refusal::NothingNew, by);
    }
    let lets_through = matches!(
        (known, status),
        (_, HealthStatus::Up) | (Some(HealthStatus::Down), HealthStatus::Degraded)
    );
    match by {
        Some(by) if !lets_through && by.as_str().is_empty() => {
            return refused(Refusal::Anonymous, Some(by));
        }
        Some(by) if lets_through => {
            if let Some(why) = may(facts, by, &OPERATES) {
                return refused(why, Some(by));
            }
        }
        _ => {}
    }
    let (venue_id, by, reason) = (venue_id.clone(), by.cloned(), reason.cloned());
    vec![Event::Flow(FlowEvent::VenueHealthChanged { venue_id, status, by, reason })]
}

/// Who asked first to enable a strategy again, since it was disabled.
fn first_request<'a>(facts: &Facts<'a>, strategy: &StrategyId) -> Option<&'a Principal> {
    let last = facts.events().rev().find_map(|event| match event {
        Event::Flow(FlowEvent::StrategyThrottled { strategy_id, .. })
            if strategy_id == strategy =>
        {
            Some(None)
        }
        Event::Flow(FlowEvent::ReenableRequested { strategy_id, by, .. })
            if strategy_id == strategy =>
        {
            Some(Some(by))
        }
        _ => None,
    });
    last.flatten()
}

fn reenable(facts: &Facts, strategy_id: &StrategyId, by: &Principal, reason: &Text) -> Vec<Event> {
    if let Some(why) = may(facts, by, &OPERATES) {
        return refused(why, Some(by));
    }
    if !is_disabled(facts, strategy_id) {
        return refused(Refusal::NotThrottled, Some(by));
    }
    let owner = facts.rulebook().and_then(|(_, rules)| rules.strategies.get(strategy_id));
    if owner.is_some_and(|strategy| strategy.owner.as_str() == by.as_str()) {
        return refused(Refusal::OwnStrategy, Some(by));
    }
    let first =
        first_request(facts, strategy_id).filter(|first| may(facts, first, &OPERATES).is_none());
    let (strategy_id, reason) = (strategy_id.clone(), reason.clone());
    let Some(first) = first else {
        let by = by.clone();
        return vec![Event::Flow(FlowEvent::ReenableRequested { strategy_id, by, reason })];
    };
    if first == by {
        return refused(Refusal::SamePerson, Some(by));
    }
    if [first, by].iter().all(|person| may(facts, person, &[Role::Risk]).is_some()) {
        return refused(Refusal::RoleMissing, Some(by));
    }
    vec![Event::Flow(FlowEvent::StrategyReenabled {
        strategy_id,
        by: by.clone(),
        requested_by: first.clone(),
        reason,
    })]
}

fn refused(why: Refusal, by: Option<&Principal>) -> Vec<Event> {
    vec![Event::InputRefused { why, by: by.cloned() }]
}
