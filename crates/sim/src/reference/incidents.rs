//! Incidents and their rules, read off everything that happened.

use super::admin::may;
use super::facts::Facts;
use super::restraints;
use fillwright_domain::{
    ComponentKind, HealthStatus, IncidentCategory, IncidentId, InstrumentId, OrderIntentId,
    OrderStatus, Plane, Principal, Scope, Severity, StrategyId, Text, Timestamp, VenueId,
};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::event::Refusal;
use fillwright_kernel::incidents::{
    COMPONENTS_MAX, Incident, IncidentEvent, IncidentInput, IncidentOrigin, RAISED_MAX,
};
use fillwright_kernel::{Denial, Event, Gate, IgnoredReport, ReconciliationEvent, Ruling};
use fillwright_policy::{DetectionRule, Grouping, Role, Signal};

const NS_PER_S: i128 = 1_000_000_000;

pub(super) fn decide(facts: &Facts, at: Timestamp, input: &IncidentInput) -> Vec<Event> {
    let who = asked_by(input);
    if let Some(why) = refusal(facts, input) {
        return vec![Event::InputRefused { why, by: who }];
    }
    let by = who.unwrap_or_default();
    let events = match input.clone() {
        IncidentInput::Raise { category, severity, scope, blocks, summary, by } => {
            let origin = IncidentOrigin::Person(by);
            let begun = Begun { origin, category, severity, scope, blocks, summary, hits: 1 };
            vec![opened(facts, at, 1, begun)]
        }
        IncidentInput::Acknowledge { incident_id, reason, .. } => {
            vec![IncidentEvent::Acknowledged { incident_id, by, reason }]
        }
        IncidentInput::Annotate { incident_id, text, .. } => {
            vec![IncidentEvent::Annotated { incident_id, by, text }]
        }
        IncidentInput::Link { incident_id, to, reason, .. } => {
            vec![IncidentEvent::Linked { incident_id, by, to, reason }]
        }
        IncidentInput::Close { incident_id, root_cause, .. } => {
            vec![IncidentEvent::Closed { incident_id, by, root_cause }]
        }
        IncidentInput::Health { component, kind, status, detail } => {
            let before = health(facts, kind, &component);
            vec![IncidentEvent::HealthChanged { component, kind, before, status, detail }]
        }
        IncidentInput::ClockOffset { source, offset_ms } => {
            vec![IncidentEvent::ClockMeasured { source, offset_ms }]
        }
        IncidentInput::Startup { anomaly, detail } => {
            let origin = IncidentOrigin::Startup(anomaly);
            let noticed = IncidentEvent::StartupNoticed { anomaly, detail: detail.clone() };
            if open(facts).iter().any(|incident| incident.origin == origin) {
                vec![noticed]
            } else {
                let begun = Begun {
                    origin,
                    category: IncidentCategory::Infrastructure,
                    severity: Severity::High,
                    scope: Scope::Global,
                    blocks: false,
                    summary: detail,
                    hits: 1,
                };
                vec![noticed, opened(facts, at, 1, begun)]
            }
        }
    };
    events.into_iter().map(Event::Incident).collect()
}

fn asked_by(input: &IncidentInput) -> Option<Principal> {
    match input {
        IncidentInput::Raise { by, .. }
        | IncidentInput::Acknowledge { by, .. }
        | IncidentInput::Annotate { by, .. }
        | IncidentInput::Link { by, .. }
        | IncidentInput::Close { by, .. } => Some(by.clone()),
        _ => None,
    }
}

fn refusal(facts: &Facts, input: &IncidentInput) -> Option<Refusal> {
    let everybody_but_viewers =
        [Role::Auditor, Role::Admin, Role::Approver, Role::Risk, Role::Trader];
    match input {
        IncidentInput::Raise { by, .. } if by.as_str().is_empty() => Some(Refusal::Anonymous),
        IncidentInput::Raise { summary, .. } if summary.as_str().is_empty() => {
            Some(Refusal::NothingSaid)
        }
        IncidentInput::Raise { .. } => {
            let raised = open(facts)
                .iter()
                .filter(|one| matches!(one.origin, IncidentOrigin::Person(_)))
                .count();
            (raised >= RAISED_MAX).then_some(Refusal::TooManyIncidents)
        }
        IncidentInput::Acknowledge { incident_id, by, .. } => {
            may(facts, by, &[Role::Admin, Role::Risk, Role::Trader]).or_else(|| {
                match find(facts, incident_id) {
                    None => Some(Refusal::IncidentUnknown),
                    Some(one) if one.acknowledged_by.is_some() => {
                        Some(Refusal::AlreadyAcknowledged)
                    }
                    Some(_) => None,
                }
            })
        }
        IncidentInput::Annotate { incident_id, by, text: said }
        | IncidentInput::Link { incident_id, by, to: said, .. } => {
            may(facts, by, &everybody_but_viewers).or_else(|| match find(facts, incident_id) {
                None => Some(Refusal::IncidentUnknown),
                Some(_) if said.as_str().is_empty() => Some(Refusal::NothingSaid),
                Some(_) => None,
            })
        }
        IncidentInput::Close { incident_id, by, root_cause } => may(facts, by, &[Role::Risk])
            .or_else(|| match find(facts, incident_id) {
                None => Some(Refusal::IncidentUnknown),
                Some(Incident { acknowledged_by: None, .. }) => Some(Refusal::NotAcknowledged),
                Some(_) if root_cause.as_str().is_empty() => Some(Refusal::NothingSaid),
                Some(one)
                    if matches!(one.severity, Severity::High | Severity::Critical)
                        && one.acknowledged_by.as_ref() == Some(by) =>
                {
                    Some(Refusal::SamePerson)
                }
                Some(_) => None,
            }),
        IncidentInput::Health { component, kind, status, .. } => {
            let before = health(facts, *kind, component);
            if before == Some(*status) {
                Some(Refusal::HealthKnown)
            } else {
                (before.is_none() && components(facts) >= COMPONENTS_MAX)
                    .then_some(Refusal::TooManyComponents)
            }
        }
        IncidentInput::ClockOffset { .. } | IncidentInput::Startup { .. } => None,
    }
}

pub(super) struct Begun {
    pub(super) origin: IncidentOrigin,
    pub(super) category: IncidentCategory,
    pub(super) severity: Severity,
    pub(super) scope: Scope,
    pub(super) blocks: bool,
    pub(super) summary: Text,
    pub(super) hits: u64,
}

/// The n-th incident of the entry that comes next.
pub(super) fn opened(facts: &Facts, at: Timestamp, n: usize, begun: Begun) -> IncidentEvent {
    let seq = facts.next_seq;
    IncidentEvent::Opened {
        incident: Box::new(Incident {
            incident_id: IncidentId::new(format!("INC-{seq}-{n}")),
            origin: begun.origin,
            category: begun.category,
            severity: begun.severity,
            scope: begun.scope,
            blocks: begun.blocks,
            summary: begun.summary,
            opened_at: at,
            hits: begun.hits,
            acknowledged_by: None,
            escalated_at: None,
        }),
    }
}

fn said<'a>(facts: &'a Facts) -> impl Iterator<Item = &'a IncidentEvent> {
    facts.events().filter_map(|event| match event {
        Event::Incident(event) => Some(event),
        _ => None,
    })
}

/// Every open incident as it is now, by name.
pub(super) fn open(facts: &Facts) -> Vec<Incident> {
    let mut open: Vec<Incident> = Vec::new();
    for event in facts.events() {
        let event = match event {
            Event::Incident(event) => event,
            Event::FillCorrected(correction) => {
                for one in &mut open {
                    note_correction(one, correction);
                }
                continue;
            }
            Event::Reconciliation(event) => {
                for one in &mut open {
                    note_break(one, event);
                }
                continue;
            }
            _ => continue,
        };
        match event {
            IncidentEvent::Opened { incident } => open.push((**incident).clone()),
            IncidentEvent::Closed { incident_id, .. } => {
                open.retain(|one| one.incident_id != *incident_id);
            }
            _ => open.iter_mut().for_each(|one| note(one, event)),
        }
    }
    open.sort_by(|one, other| one.incident_id.as_str().cmp(other.incident_id.as_str()));
    open
}

fn note_correction(one: &mut Incident, correction: &Correction) {
    let scope = super::corrections::scope(correction);
    if one.origin == IncidentOrigin::Corrections && one.scope == scope {
        one.hits += 1;
    }
}

fn note_break(one: &mut Incident, event: &ReconciliationEvent) {
    let ReconciliationEvent::Found { found } = event else { return };
    let scope = found.venue.as_ref().map_or(Scope::Global, |venue| Scope::Venue(venue.clone()));
    if one.origin == IncidentOrigin::Break(found.name.kind) && one.scope == scope {
        one.hits += 1;
    }
}

fn note(one: &mut Incident, event: &IncidentEvent) {
    match event {
        IncidentEvent::Acknowledged { incident_id, by, .. } if one.incident_id == *incident_id => {
            one.acknowledged_by = Some(by.clone());
        }
        IncidentEvent::Escalated { incident_id, severity, at }
            if one.incident_id == *incident_id =>
        {
            one.severity = *severity;
            one.escalated_at = Some(*at);
        }
        IncidentEvent::Counted { rule, scope, is_hit: true, .. }
            if one.origin == IncidentOrigin::Rule(rule.clone()) && one.scope == *scope =>
        {
            one.hits += 1;
        }
        IncidentEvent::StartupNoticed { anomaly, .. }
            if one.origin == IncidentOrigin::Startup(*anomaly) =>
        {
            one.hits += 1;
        }
        _ => {}
    }
}

fn find(facts: &Facts, incident_id: &IncidentId) -> Option<Incident> {
    open(facts).into_iter().find(|one| one.incident_id == *incident_id)
}

/// What a component said of itself last.
pub(super) fn health(facts: &Facts, of: ComponentKind, name: &Text) -> Option<HealthStatus> {
    let changes = said(facts).filter_map(|event| match event {
        IncidentEvent::HealthChanged { component, kind, status, .. }
            if *kind == of && component == name =>
        {
            Some(*status)
        }
        _ => None,
    });
    changes.last()
}

fn components(facts: &Facts) -> usize {
    let mut names: Vec<(ComponentKind, &Text)> = said(facts)
        .filter_map(|event| match event {
            IncidentEvent::HealthChanged { component, kind, .. } => Some((*kind, component)),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names.len()
}

/// Incidents that get worse now because nobody has looked.
pub(super) fn due(facts: &Facts, at: Timestamp) -> Vec<Event> {
    let Some(after_s) =
        facts.rulebook().and_then(|(_, rules)| rules.incident_rules.escalate_after_s)
    else {
        return Vec::new();
    };
    let mut events = Vec::new();
    for one in open(facts) {
        let since = one.escalated_at.unwrap_or(one.opened_at);
        let waited_ns = i128::from(at.as_ns()) - i128::from(since.as_ns());
        if one.acknowledged_by.is_some() || waited_ns < i128::from(after_s) * NS_PER_S {
            continue;
        }
        let severity = match one.severity {
            Severity::Low => Severity::Medium,
            Severity::Medium => Severity::High,
            Severity::High => Severity::Critical,
            Severity::Critical => continue,
        };
        let incident_id = one.incident_id;
        events.push(Event::Incident(IncidentEvent::Escalated { incident_id, severity, at }));
    }
    events
}

/// One thing that rules may count.
struct Countable {
    signal: Signal,
    strategy: Option<StrategyId>,
    instrument: Option<InstrumentId>,
    venue: Option<VenueId>,
    is_hit: bool,
}

/// What the rules count of a step's events, and the incidents this makes.
pub(super) fn detected(facts: &Facts, at: Timestamp, events: &[Event]) -> Vec<Event> {
    let Some((_, rules)) = facts.rulebook() else { return Vec::new() };
    let mut found: Vec<IncidentEvent> = Vec::new();
    let mut pauses: Vec<(Scope, u32, &Text)> = Vec::new();
    for hit in hits(facts, events) {
        for (name, rule) in &rules.incident_rules.rules {
            if rule.signal != hit.signal || (!hit.is_hit && rule.percent_min.is_none()) {
                continue;
            }
            let scope = place(facts, rule.by, &hit);
            let length = i128::from(rule.window_s) * NS_PER_S / 10;
            let now = i128::from(at.as_ns()).div_euclid(length);
            let tenth = i64::try_from(now).expect("tenths fit");
            found.push(IncidentEvent::Counted {
                rule: name.clone(),
                scope: scope.clone(),
                tenth,
                is_hit: hit.is_hit,
            });
            let is_open = open(facts)
                .iter()
                .any(|one| one.origin == IncidentOrigin::Rule(name.clone()) && one.scope == scope);
            let opens_now = found.iter().any(|event| begins(event, name, &scope));
            if !hit.is_hit || is_open || opens_now {
                continue;
            }
            let (hits, whole) = counted(facts, &found, name, &scope, tenth);
            if !enough(rule, hits, whole) {
                continue;
            }
            let n = found.iter().filter(|one| matches!(one, IncidentEvent::Opened { .. })).count();
            if let Some(lasts_s) = rule.cooldown_s {
                pauses.push((scope.clone(), lasts_s, name));
            }
            let begun = Begun {
                origin: IncidentOrigin::Rule(name.clone()),
                category: rule.category,
                severity: rule.severity,
                scope,
                blocks: rule.blocks,
                summary: rule.description.clone(),
                hits,
            };
            found.push(opened(facts, at, n + 1, begun));
        }
    }
    let pauses = paused(facts, at, &pauses);
    found.into_iter().map(Event::Incident).chain(pauses).collect()
}

/// The cooldowns that come with incidents: in each scope the longest, and of equals the first.
fn paused(facts: &Facts, at: Timestamp, pauses: &[(Scope, u32, &Text)]) -> Vec<Event> {
    let mut events = Vec::new();
    for (n, (scope, _, _)) in pauses.iter().enumerate() {
        if pauses[..n].iter().any(|(before, ..)| before == scope) {
            continue;
        }
        let here = pauses.iter().filter(|(one, ..)| one == scope);
        let longest = here.clone().map(|(_, lasts_s, _)| *lasts_s).max().unwrap_or(0);
        let Some((.., name)) = here.clone().find(|(_, lasts_s, _)| *lasts_s == longest) else {
            continue;
        };
        let reason = Text::new(format!("incident rule {name}"));
        events.extend(restraints::pause(facts, at, scope, longest, reason));
    }
    events
}

fn enough(rule: &DetectionRule, hits: u64, whole: u64) -> bool {
    let of_whole = match rule.percent_min {
        None => true,
        Some(percent) => 100 * hits >= u64::from(percent) * whole,
    };
    hits >= u64::from(rule.hits) && of_whole
}

fn begins(event: &IncidentEvent, name: &Text, scope: &Scope) -> bool {
    match event {
        IncidentEvent::Opened { incident } => {
            incident.origin == IncidentOrigin::Rule(name.clone()) && incident.scope == *scope
        }
        _ => false,
    }
}

/// Hits and their whole in the last ten tenths: since these rules, and since the last incident of this kind was closed.
fn counted(
    facts: &Facts,
    found: &[IncidentEvent],
    name: &Text,
    scope: &Scope,
    now: i64,
) -> (u64, u64) {
    let (mut hits, mut whole) = (0, 0);
    let mut mine: Vec<IncidentId> = Vec::new();
    let since = facts
        .events()
        .rev()
        .take_while(|event| !matches!(event, Event::RulebookAdopted { .. }))
        .collect::<Vec<_>>();
    let before = said(facts).filter(|event| begins(event, name, scope));
    for event in before {
        if let IncidentEvent::Opened { incident } = event {
            mine.push(incident.incident_id.clone());
        }
    }
    let counted = since.into_iter().rev().filter_map(|event| match event {
        Event::Incident(event) => Some(event),
        _ => None,
    });
    for event in counted.chain(found) {
        match event {
            IncidentEvent::Closed { incident_id, .. } if mine.contains(incident_id) => {
                (hits, whole) = (0, 0);
            }
            IncidentEvent::Counted { rule, scope: there, tenth, is_hit }
                if rule == name && there == scope && *tenth + 10 > now =>
            {
                if *is_hit {
                    hits += 1;
                } else {
                    whole += 1;
                }
            }
            _ => {}
        }
    }
    (hits, whole)
}

fn place(facts: &Facts, by: Grouping, hit: &Countable) -> Scope {
    let Some((_, rules)) = facts.rulebook() else { return Scope::Global };
    let instrument = hit.instrument.as_ref().and_then(|id| rules.instruments.get(id));
    match by {
        Grouping::Global => Scope::Global,
        Grouping::Strategy => match &hit.strategy {
            Some(id) if rules.strategies.contains_key(id) => Scope::Strategy(id.clone()),
            _ => Scope::Global,
        },
        Grouping::Venue => {
            let venue = instrument.map(|known| known.venue.clone()).or(hit.venue.clone());
            match venue {
                Some(venue) if rules.venues.contains_key(&venue) => Scope::Venue(venue),
                _ => Scope::Global,
            }
        }
        Grouping::Instrument => match instrument {
            Some(known) => Scope::Instrument(known.instrument_id.clone()),
            None => Scope::Global,
        },
    }
}

fn hits(facts: &Facts, events: &[Event]) -> Vec<Countable> {
    let accepted = events.iter().find_map(|event| match event {
        Event::IntentAccepted { strategy_id, instrument_id, .. } => {
            Some((strategy_id.clone(), instrument_id.clone()))
        }
        _ => None,
    });
    let of_intent = |signal, is_hit| Countable {
        signal,
        strategy: accepted.as_ref().and_then(|(strategy, _)| strategy.clone()),
        instrument: accepted.as_ref().map(|(_, instrument)| instrument.clone()),
        venue: None,
        is_hit,
    };
    let mut hits = Vec::new();
    for event in events {
        match event {
            Event::IntentJudged { verdicts, .. } => {
                let Some(last) = verdicts.refusal() else { continue };
                let Ruling::Deny { reason } = last.ruling else { continue };
                hits.push(of_intent(Signal::IntentDenied, true));
                let stale = [
                    Denial::QuoteMissing,
                    Denial::QuoteStale,
                    Denial::MarkMissing,
                    Denial::MarkStale,
                ];
                let envelope = [
                    Gate::OrderQuantity,
                    Gate::OrderNotional,
                    Gate::PositionLimit,
                    Gate::Leverage,
                    Gate::AssetExposure,
                    Gate::GrossExposure,
                    Gate::NetExposure,
                    Gate::SectorExposure,
                    Gate::ClusterExposure,
                    Gate::OpenOrders,
                    Gate::Drawdown,
                    Gate::RegimeParity,
                ];
                if stale.contains(&reason) {
                    hits.push(of_intent(Signal::StaleData, true));
                } else if envelope.contains(&last.gate) {
                    hits.push(of_intent(Signal::RiskBreach, true));
                }
            }
            Event::OrderEmitted { order } if order.plane == Plane::LiveStub => {
                hits.push(of_intent(Signal::OrderRejected, false));
            }
            Event::OrderStatusChanged { order_intent_id, status, .. }
                if *status == OrderStatus::Rejected =>
            {
                hits.push(of_order(facts, Signal::OrderRejected, *order_intent_id));
            }
            Event::OrderStranded { order_intent_id, .. } => {
                hits.push(of_order(facts, Signal::OrderStranded, *order_intent_id));
            }
            Event::ReportIgnored { order_intent_id, why, .. } => match why {
                IgnoredReport::Overfill => {
                    hits.push(of_order(facts, Signal::Overfill, *order_intent_id));
                }
                IgnoredReport::Impossible | IgnoredReport::NoSuchFill | IgnoredReport::Unplaced => {
                    hits.push(of_order(facts, Signal::ImpossibleReport, *order_intent_id));
                }
                _ => {}
            },
            Event::Incident(event) => hits.extend(of_machines(facts, event)),
            _ => {}
        }
    }
    hits
}

fn of_order(facts: &Facts, signal: Signal, order: OrderIntentId) -> Countable {
    let working = facts.working();
    let order = working.iter().find(|child| child.order.order_intent_id == order);
    let rules = facts.rulebook().map(|(_, rules)| rules);
    Countable {
        signal,
        strategy: order
            .zip(rules)
            .and_then(|(child, rules)| rules.books.get(&child.order.book_id))
            .map(|book| book.strategy_id.clone()),
        instrument: order.map(|child| child.order.market_id.clone()),
        venue: None,
        is_hit: true,
    }
}

fn of_machines(facts: &Facts, event: &IncidentEvent) -> Option<Countable> {
    let rules = &facts.rulebook()?.1.incident_rules;
    let blank =
        |signal, venue| Countable { signal, strategy: None, instrument: None, venue, is_hit: true };
    match event {
        IncidentEvent::HealthChanged { status: HealthStatus::Up, .. } => None,
        IncidentEvent::HealthChanged { component, kind, .. } => Some(match kind {
            ComponentKind::Component => blank(Signal::ComponentUnhealthy, None),
            ComponentKind::DataFeed => blank(Signal::DataFeedUnhealthy, None),
            ComponentKind::BrokerConnection => {
                blank(Signal::BrokerUnhealthy, Some(VenueId::new(component.as_str())))
            }
        }),
        IncidentEvent::ClockMeasured { offset_ms, .. } => {
            let off = i128::from(*offset_ms).abs();
            (off > i128::from(rules.clock_offset_max_ms)).then(|| blank(Signal::ClockOffset, None))
        }
        _ => None,
    }
}
