//! Detection rules at work: what a step's events are hits of, and when enough of them make an incident.
//!
//! A window moves in tenths of its length and holds the tenth that runs and the nine before it, so what is kept of a rule
//! and a scope is ten pairs of numbers. Scopes are names of the rulebook; whatever it does not know counts globally.
//! Counting begins anew with every rulebook, and for a rule and scope when their incident is closed.

use crate::control;
use crate::denial::Denial;
use crate::incidents::{self, Incident, IncidentEvent, IncidentOrigin};
use crate::verdict::{Gate, Ruling, Verdict};
use crate::{Event, IgnoredReport, State};
use fillwright_domain::{
    ComponentKind, HealthStatus, InstrumentId, OrderIntentId, OrderStatus, Plane, Scope,
    StrategyId, Text, Timestamp, VenueId,
};
use fillwright_policy::{DetectionRule, Grouping, IncidentRules, Rulebook, Signal};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

const TENTHS: i64 = 10;
const NS_PER_S: i64 = 1_000_000_000;

/// What rules have counted, by rule and scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Windows(#[n(0)] BTreeMap<(Text, Scope), Vec<Tenth>>);

/// What was counted in a tenth of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Tenth {
    #[n(0)]
    number: i64,
    #[n(1)]
    hits: u32,
    /// What hits could have been.
    #[n(2)]
    whole: u32,
}

impl Windows {
    pub(crate) fn count(&mut self, rule: Text, scope: Scope, number: i64, is_hit: bool) {
        let tenths = self.0.entry((rule, scope)).or_default();
        tenths.retain(|tenth| tenth.number > number - TENTHS);
        if tenths.last().is_none_or(|last| last.number != number) {
            tenths.push(Tenth { number, hits: 0, whole: 0 });
        }
        let Some(tenth) = tenths.last_mut() else { return };
        let counter = if is_hit { &mut tenth.hits } else { &mut tenth.whole };
        *counter = counter.saturating_add(1);
    }

    pub(crate) fn forget(&mut self, rule: Text, scope: Scope) {
        self.0.remove(&(rule, scope));
    }

    /// Hits and their whole in the window that ends in this tenth.
    fn sums(&self, rule: &Text, scope: &Scope, number: i64) -> (u64, u64) {
        let tenths = self.0.get(&(rule.clone(), scope.clone())).map_or(&[][..], Vec::as_slice);
        let within = tenths.iter().filter(|tenth| tenth.number > number - TENTHS);
        within.fold((0, 0), |(hits, whole), tenth| {
            (hits + u64::from(tenth.hits), whole + u64::from(tenth.whole))
        })
    }
}

/// Adds to the events of a step what the rules count of them, and the incidents this makes.
pub(crate) fn detect(state: &State, at: Timestamp, events: &mut Vec<Event>) {
    let Some(rulebook) = &state.rulebook else { return };
    if rulebook.incident_rules.rules.is_empty() {
        return;
    }
    let mut detector = Detector { state, rulebook, at, found: Vec::new(), cooled: Vec::new() };
    let mut about = About::default();
    for event in events.iter() {
        detector.read(event, &mut about);
    }
    let Detector { found, cooled, .. } = detector;
    events.extend(found.into_iter().map(Event::Incident));
    for Cooled { scope, until, reason } in cooled {
        events.extend(control::cool_down(state, at, &scope, until, &reason));
    }
}

/// Whom an event is about, as far as rules group by it.
#[derive(Clone, Copy, Default)]
struct About<'a> {
    strategy_id: Option<&'a StrategyId>,
    instrument_id: Option<&'a InstrumentId>,
    venue: Option<&'a str>,
}

struct Detector<'a> {
    state: &'a State,
    rulebook: &'a Rulebook,
    at: Timestamp,
    found: Vec<IncidentEvent>,
    /// What this step's incidents cool down, each scope once.
    cooled: Vec<Cooled>,
}

/// A scope in which nothing new is let through for a while, because a rule says so.
struct Cooled {
    scope: Scope,
    until: Timestamp,
    reason: Text,
}

impl<'a> Detector<'a> {
    fn read(&mut self, event: &'a Event, about: &mut About<'a>) {
        match event {
            Event::IntentAccepted { strategy_id, instrument_id, .. } => {
                let strategy_id = strategy_id.as_ref();
                *about = About { strategy_id, instrument_id: Some(instrument_id), venue: None };
            }
            Event::IntentJudged { verdicts, .. } => {
                if let Some(last) = verdicts.refusal() {
                    self.judged(last, *about);
                }
            }
            Event::OrderEmitted { order } if order.plane != Plane::Paper => {
                self.count(Signal::OrderRejected, *about, false);
            }
            Event::OrderStatusChanged {
                order_intent_id, status: OrderStatus::Rejected, ..
            } => self.of_order(Signal::OrderRejected, *order_intent_id),
            Event::OrderStranded { order_intent_id, .. } => {
                self.of_order(Signal::OrderStranded, *order_intent_id);
            }
            Event::ReportIgnored { order_intent_id, why: IgnoredReport::Overfill, .. } => {
                self.of_order(Signal::Overfill, *order_intent_id);
            }
            Event::ReportIgnored {
                order_intent_id,
                why: IgnoredReport::Impossible | IgnoredReport::NoSuchFill | IgnoredReport::Unplaced,
                ..
            } => {
                self.of_order(Signal::ImpossibleReport, *order_intent_id);
            }
            Event::Incident(IncidentEvent::HealthChanged { component, kind, status, .. })
                if *status != HealthStatus::Up =>
            {
                let venue = (*kind == ComponentKind::BrokerConnection).then(|| component.as_str());
                self.count(unhealthy(*kind), About { venue, ..About::default() }, true);
            }
            Event::Incident(IncidentEvent::ClockMeasured { offset_ms, .. })
                if offset_ms.unsigned_abs() > u64::from(self.rules().clock_offset_max_ms) =>
            {
                self.count(Signal::ClockOffset, About::default(), true);
            }
            _ => {}
        }
    }

    fn rules(&self) -> &'a IncidentRules {
        &self.rulebook.incident_rules
    }

    fn judged(&mut self, last: &Verdict, about: About) {
        let Ruling::Deny { reason } = last.ruling else { return };
        self.count(Signal::IntentDenied, about, true);
        if is_stale(reason) {
            self.count(Signal::StaleData, about, true);
        } else if guards_exposure(last.gate) {
            self.count(Signal::RiskBreach, about, true);
        }
    }

    /// Counts what happened to an order that was at work before this step.
    fn of_order(&mut self, signal: Signal, order: OrderIntentId) {
        let reserved = self.state.orders.get(order).map(|order| &order.reserved);
        let book = reserved.and_then(|reserved| self.rulebook.books.get(&reserved.book_id));
        let about = About {
            strategy_id: book.map(|book| &book.strategy_id),
            instrument_id: reserved.map(|reserved| &reserved.instrument_id),
            venue: None,
        };
        self.count(signal, about, true);
    }

    fn count(&mut self, signal: Signal, about: About, is_hit: bool) {
        for (name, rule) in self.rules().counting(signal) {
            if !is_hit && rule.percent_min.is_none() {
                continue;
            }
            let scope = scope(self.rulebook, rule.by, about);
            let tenth = tenth(self.at, rule.window_s);
            let counted =
                IncidentEvent::Counted { rule: name.clone(), scope: scope.clone(), tenth, is_hit };
            let opened = is_hit.then(|| self.opened(name, rule, scope.clone(), tenth)).flatten();
            if opened.is_some() {
                self.cool_down(name, rule, scope);
            }
            self.found.push(counted);
            self.found.extend(opened);
        }
    }

    /// Notes what a rule cools down with its incident: of two in one step that meet in a scope the longer one.
    fn cool_down(&mut self, name: &Text, rule: &DetectionRule, scope: Scope) {
        let Some(lasts_s) = rule.cooldown_s else { return };
        let until_ns = self.at.as_ns().saturating_add(i64::from(lasts_s) * NS_PER_S);
        let until = Timestamp::from_ns(until_ns);
        let reason = Text::new(format!("incident rule {name}"));
        match self.cooled.iter_mut().find(|cooled| cooled.scope == scope) {
            None => self.cooled.push(Cooled { scope, until, reason }),
            Some(cooled) if cooled.until < until => {
                (cooled.until, cooled.reason) = (until, reason);
            }
            Some(_) => {}
        }
    }

    /// The incident this hit makes, where it is the one that is enough.
    fn opened(
        &self,
        name: &Text,
        rule: &DetectionRule,
        scope: Scope,
        tenth: i64,
    ) -> Option<IncidentEvent> {
        let is_open = self.state.incidents.of_rule(name, &scope).is_some()
            || self.found.iter().any(|event| opens(event, name, &scope));
        let (hits, whole) = self.sums(name, &scope, tenth);
        if is_open || !is_enough(rule, hits, whole) {
            return None;
        }
        let opened =
            self.found.iter().filter(|event| matches!(event, IncidentEvent::Opened { .. }));
        let incident = Incident {
            incident_id: incidents::name(self.state, opened.count() + 1),
            origin: IncidentOrigin::Rule(name.clone()),
            category: rule.category,
            severity: rule.severity,
            scope,
            blocks: rule.blocks,
            summary: rule.description.clone(),
            opened_at: self.at,
            hits,
            acknowledged_by: None,
            escalated_at: None,
        };
        Some(IncidentEvent::Opened { incident: Box::new(incident) })
    }

    /// Hits and their whole in the window, with what this step counted before and the hit itself.
    fn sums(&self, name: &Text, scope: &Scope, tenth: i64) -> (u64, u64) {
        let before = self.state.incidents.windows().sums(name, scope, tenth);
        self.found.iter().fold((before.0 + 1, before.1), |(hits, whole), event| match event {
            IncidentEvent::Counted { rule, scope: place, is_hit, .. }
                if rule == name && place == scope =>
            {
                (hits + u64::from(*is_hit), whole + u64::from(!is_hit))
            }
            _ => (hits, whole),
        })
    }
}

fn is_enough(rule: &DetectionRule, hits: u64, whole: u64) -> bool {
    let share = |percent| hits * 100 >= whole * u64::from(percent);
    hits >= u64::from(rule.hits) && rule.percent_min.is_none_or(share)
}

fn opens(event: &IncidentEvent, name: &Text, scope: &Scope) -> bool {
    matches!(event, IncidentEvent::Opened { incident }
        if incident.origin == IncidentOrigin::Rule(name.clone()) && incident.scope == *scope)
}

/// The number of the tenth of a window that a time is in, counted from the epoch.
fn tenth(at: Timestamp, window_s: u32) -> i64 {
    at.as_ns().div_euclid(i64::from(window_s) * (NS_PER_S / TENTHS))
}

fn scope(rulebook: &Rulebook, by: Grouping, about: About) -> Scope {
    let instrument = about.instrument_id.and_then(|id| rulebook.instruments.get(id));
    let named = match by {
        Grouping::Global => None,
        Grouping::Strategy => about
            .strategy_id
            .filter(|id| rulebook.strategies.contains_key(*id))
            .map(|id| Scope::Strategy(id.clone())),
        Grouping::Venue => instrument
            .map(|instrument| instrument.venue.clone())
            .or_else(|| about.venue.map(VenueId::new))
            .filter(|venue| rulebook.venues.contains_key(venue))
            .map(Scope::Venue),
        Grouping::Instrument => {
            instrument.map(|instrument| Scope::Instrument(instrument.instrument_id.clone()))
        }
    };
    named.unwrap_or(Scope::Global)
}

fn unhealthy(kind: ComponentKind) -> Signal {
    match kind {
        ComponentKind::Component => Signal::ComponentUnhealthy,
        ComponentKind::DataFeed => Signal::DataFeedUnhealthy,
        ComponentKind::BrokerConnection => Signal::BrokerUnhealthy,
    }
}

fn is_stale(reason: Denial) -> bool {
    matches!(
        reason,
        Denial::QuoteMissing | Denial::QuoteStale | Denial::MarkMissing | Denial::MarkStale
    )
}

/// The gates whose denial is a breach of the envelope.
fn guards_exposure(gate: Gate) -> bool {
    matches!(
        gate,
        Gate::OrderQuantity
            | Gate::OrderNotional
            | Gate::PositionLimit
            | Gate::Leverage
            | Gate::AssetExposure
            | Gate::GrossExposure
            | Gate::NetExposure
            | Gate::SectorExposure
            | Gate::ClusterExposure
            | Gate::OpenOrders
            | Gate::Drawdown
            | Gate::RegimeParity
    )
}
