//! Incidents: what went wrong, who looked, and what came of it.
//!
//! An incident is opened by a detection rule, by a start that found what should not have been, or by a person; it is
//! acknowledged, annotated, linked, and closed with its root cause. Only open incidents live here: what was said of
//! them, and those that are closed, stand in the journal. Opening one takes anybody with a name, because it can only
//! stop. Closing takes the role `risk`, and a serious one takes another person than the one who acknowledged it.

use crate::detection::Windows;
use crate::event::Refusal;
use crate::reconciliation::{Break, BreakKind};
use crate::{Event, State};
use fillwright_domain::{
    BrokerId, ComponentKind, HealthStatus, IncidentCategory, IncidentId, Place, Principal, Scope,
    Severity, StartupAnomaly, Text, Timestamp,
};
use fillwright_policy::Role;
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// Open incidents of people, at most.
pub const RAISED_MAX: usize = 100;
/// Components known by name, at most.
pub const COMPONENTS_MAX: usize = 200;
const NS_PER_S: i64 = 1_000_000_000;

/// What people and machines ask of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum IncidentInput {
    /// Open an incident by hand.
    #[n(0)]
    Raise {
        /// Its kind.
        #[n(0)]
        category: IncidentCategory,
        /// How bad it is.
        #[n(1)]
        severity: Severity,
        /// What it concerns.
        #[n(2)]
        scope: Scope,
        /// Whether new risk there waits until it is closed.
        #[n(3)]
        blocks: bool,
        /// What happened.
        #[n(4)]
        summary: Text,
        /// Who asks.
        #[n(5)]
        by: Principal,
    },
    /// Say that somebody is looking.
    #[n(1)]
    Acknowledge {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who looks.
        #[n(1)]
        by: Principal,
        /// What is done about it.
        #[n(2)]
        reason: Text,
    },
    /// Add a note.
    #[n(2)]
    Annotate {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who notes it.
        #[n(1)]
        by: Principal,
        /// The note.
        #[n(2)]
        text: Text,
    },
    /// Link something: an entry, a session, a change, a page.
    #[n(3)]
    Link {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who links it.
        #[n(1)]
        by: Principal,
        /// What is linked.
        #[n(2)]
        to: Text,
        /// How the two belong together.
        #[n(3)]
        reason: Text,
    },
    /// Close it.
    #[n(4)]
    Close {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who closes it.
        #[n(1)]
        by: Principal,
        /// What was behind it.
        #[n(2)]
        root_cause: Text,
    },
    /// A component, data feed or broker connection says how it is.
    #[n(5)]
    Health {
        /// Its name; of a broker connection, the venue's.
        #[n(0)]
        component: Text,
        /// What it is.
        #[n(1)]
        kind: ComponentKind,
        /// How well it works.
        #[n(2)]
        status: HealthStatus,
        /// More of it, for a person.
        #[n(3)]
        detail: Text,
    },
    /// A clock was compared with ours.
    #[n(6)]
    ClockOffset {
        /// The other clock.
        #[n(0)]
        source: Text,
        /// The other less ours. Milliseconds.
        #[n(1)]
        offset_ms: i64,
    },
    /// A start found what should not have been.
    #[n(7)]
    Startup {
        /// What.
        #[n(0)]
        anomaly: StartupAnomaly,
        /// More of it, for a person.
        #[n(1)]
        detail: Text,
    },
}

/// What happened to incidents, and what their rules counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum IncidentEvent {
    /// An incident was opened.
    #[n(0)]
    Opened {
        /// The incident as it begins.
        #[n(0)]
        incident: Box<Incident>,
    },
    /// Somebody looks.
    #[n(1)]
    Acknowledged {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// What is done about it.
        #[n(2)]
        reason: Text,
    },
    /// A note was added.
    #[n(2)]
    Annotated {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// The note.
        #[n(2)]
        text: Text,
    },
    /// Something was linked.
    #[n(3)]
    Linked {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// What.
        #[n(2)]
        to: Text,
        /// How the two belong together.
        #[n(3)]
        reason: Text,
    },
    /// Nobody looked in time, so it is one severity worse.
    #[n(4)]
    Escalated {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// What it is now.
        #[n(1)]
        severity: Severity,
        /// When; the time to the next begins here.
        #[n(2)]
        at: Timestamp,
    },
    /// It is over.
    #[n(5)]
    Closed {
        /// The incident.
        #[n(0)]
        incident_id: IncidentId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// What was behind it.
        #[n(2)]
        root_cause: Text,
    },
    /// A detection rule counted something.
    #[n(6)]
    Counted {
        /// The rule.
        #[n(0)]
        rule: Text,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// When: the tenth of the rule's window, counted from the epoch.
        #[n(2)]
        tenth: i64,
        /// Whether it is a hit, or one of those a hit could have been.
        #[n(3)]
        is_hit: bool,
    },
    /// A component's health is another than before.
    #[n(7)]
    HealthChanged {
        /// Its name.
        #[n(0)]
        component: Text,
        /// What it is.
        #[n(1)]
        kind: ComponentKind,
        /// What it was; absent where it was not known.
        #[n(2)]
        before: Option<HealthStatus>,
        /// What it is now.
        #[n(3)]
        status: HealthStatus,
        /// More of it.
        #[n(4)]
        detail: Text,
    },
    /// A clock was compared with ours.
    #[n(8)]
    ClockMeasured {
        /// The other clock.
        #[n(0)]
        source: Text,
        /// The other less ours. Milliseconds.
        #[n(1)]
        offset_ms: i64,
    },
    /// A start found what should not have been.
    #[n(9)]
    StartupNoticed {
        /// What.
        #[n(0)]
        anomaly: StartupAnomaly,
        /// More of it.
        #[n(1)]
        detail: Text,
    },
}

/// Where an incident comes from. There is at most one open incident of a rule and a scope, and of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum IncidentOrigin {
    /// A detection rule.
    #[n(0)]
    Rule(#[n(0)] Text),
    /// A start that found what should not have been.
    #[n(1)]
    Startup(#[n(0)] StartupAnomaly),
    /// A person.
    #[n(2)]
    Person(#[n(0)] Principal),
    /// A ledger of an executor that differs from ours in this way.
    #[n(3)]
    Break(#[n(0)] BreakKind),
    /// Fills that an executor busted or corrected.
    #[n(4)]
    Corrections,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Incident {
    /// Its name.
    #[n(0)]
    pub incident_id: IncidentId,
    /// Where it comes from.
    #[n(1)]
    pub origin: IncidentOrigin,
    /// Its kind.
    #[n(2)]
    pub category: IncidentCategory,
    /// How bad it is.
    #[n(3)]
    pub severity: Severity,
    /// What it concerns.
    #[n(4)]
    pub scope: Scope,
    /// Whether new risk there waits until it is closed.
    #[n(5)]
    pub blocks: bool,
    /// What happened, for a person.
    #[n(6)]
    pub summary: Text,
    /// When it was opened.
    #[n(7)]
    pub opened_at: Timestamp,
    /// How often what it is about was seen, those that led to it included.
    #[n(8)]
    pub hits: u64,
    /// Who looks.
    #[n(9)]
    pub acknowledged_by: Option<Principal>,
    /// When it last got worse because nobody looked.
    #[n(10)]
    pub escalated_at: Option<Timestamp>,
}

/// Incidents that are open, what rules have counted, and how components are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Incidents {
    #[n(0)]
    open: BTreeMap<IncidentId, Incident>,
    #[n(1)]
    windows: Windows,
    #[n(2)]
    health: BTreeMap<(ComponentKind, Text), HealthStatus>,
}

impl Incidents {
    /// Every open incident, by name.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// An open incident.
    pub fn get(&self, incident_id: &IncidentId) -> Option<&Incident> {
        self.open.get(incident_id)
    }

    /// An incident that stops new risk at this place.
    pub fn blocking(&self, place: &Place) -> Option<&Incident> {
        self.open.values().find(|incident| incident.blocks && incident.scope.covers(place))
    }

    /// A serious incident nobody has acknowledged: nothing goes live meanwhile.
    pub fn unacknowledged_serious(&self) -> Option<&Incident> {
        self.open
            .values()
            .find(|incident| incident.severity.is_serious() && incident.acknowledged_by.is_none())
    }

    /// How a component said it was.
    pub fn health(&self, kind: ComponentKind, component: &Text) -> Option<HealthStatus> {
        self.health.get(&(kind, component.clone())).copied()
    }

    /// How a connection said it was.
    pub(crate) fn broker_health(&self, broker: &BrokerId) -> Option<HealthStatus> {
        if self.health.is_empty() {
            return None;
        }
        self.health(ComponentKind::BrokerConnection, &Text::new(broker.as_str()))
    }

    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    pub(crate) fn of_rule(&self, rule: &Text, scope: &Scope) -> Option<&Incident> {
        self.open().find(|incident| incident.is_of_rule(rule) && incident.scope == *scope)
    }

    /// The incident of a kind of break in a scope.
    pub(crate) fn of_break(&self, kind: BreakKind, scope: &Scope) -> Option<&Incident> {
        let origin = IncidentOrigin::Break(kind);
        self.open().find(|incident| incident.origin == origin && incident.scope == *scope)
    }

    /// The incident of busts and corrections in a scope.
    pub(crate) fn of_corrections(&self, scope: &Scope) -> Option<&Incident> {
        let origin = IncidentOrigin::Corrections;
        self.open().find(|incident| incident.origin == origin && incident.scope == *scope)
    }

    /// A fill was busted or corrected; where its incident is open, once more.
    pub(crate) fn seen_correction(&mut self, scope: &Scope) {
        let origin = IncidentOrigin::Corrections;
        self.seen_again(|incident| incident.origin == origin && incident.scope == *scope);
    }

    /// A break was found; where its incident is open, once more.
    pub(crate) fn seen_break(&mut self, found: &Break) {
        let (origin, scope) = (IncidentOrigin::Break(found.name.kind), found.scope());
        self.seen_again(|incident| incident.origin == origin && incident.scope == scope);
    }

    /// Rules count anew under every rulebook.
    pub(crate) fn begin_counting(&mut self) {
        self.windows = Windows::default();
    }

    pub(crate) fn apply(&mut self, event: IncidentEvent) {
        match event {
            IncidentEvent::Opened { incident } => {
                self.open.insert(incident.incident_id.clone(), *incident);
            }
            IncidentEvent::Acknowledged { incident_id, by, .. } => {
                self.change(&incident_id, |incident| incident.acknowledged_by = Some(by));
            }
            IncidentEvent::Escalated { incident_id, severity, at } => {
                self.change(&incident_id, |incident| {
                    incident.severity = severity;
                    incident.escalated_at = Some(at);
                });
            }
            IncidentEvent::Closed { incident_id, .. } => self.close(&incident_id),
            IncidentEvent::Counted { rule, scope, tenth, is_hit } => {
                if is_hit {
                    self.seen_again(|incident| {
                        incident.is_of_rule(&rule) && incident.scope == scope
                    });
                }
                self.windows.count(rule, scope, tenth, is_hit);
            }
            IncidentEvent::HealthChanged { component, kind, status, .. } => {
                self.health.insert((kind, component), status);
            }
            IncidentEvent::StartupNoticed { anomaly, .. } => {
                self.seen_again(|incident| incident.origin == IncidentOrigin::Startup(anomaly));
            }
            IncidentEvent::Annotated { .. }
            | IncidentEvent::Linked { .. }
            | IncidentEvent::ClockMeasured { .. } => {}
        }
    }

    /// A rule whose incident is closed begins to count anew.
    fn close(&mut self, incident_id: &IncidentId) {
        let Some(incident) = self.open.remove(incident_id) else { return };
        if let IncidentOrigin::Rule(rule) = incident.origin {
            self.windows.forget(rule, incident.scope);
        }
    }

    fn seen_again(&mut self, is_it: impl Fn(&Incident) -> bool) {
        if let Some(incident) = self.open.values_mut().find(|incident| is_it(incident)) {
            incident.hits = incident.hits.saturating_add(1);
        }
    }

    fn change(&mut self, incident_id: &IncidentId, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.open.get_mut(incident_id) {
            change(incident);
        }
    }

    fn raised(&self) -> usize {
        let by_person = |incident: &&Incident| matches!(incident.origin, IncidentOrigin::Person(_));
        self.open().filter(by_person).count()
    }
}

impl Incident {
    fn is_of_rule(&self, rule: &Text) -> bool {
        matches!(&self.origin, IncidentOrigin::Rule(own) if own == rule)
    }

    /// Since when nobody has looked.
    fn waits_since(&self) -> Timestamp {
        self.escalated_at.unwrap_or(self.opened_at)
    }
}

/// What happens if this is asked now.
pub(crate) fn decide(state: &State, at: Timestamp, input: &IncidentInput) -> Vec<Event> {
    let decided = match input {
        IncidentInput::Raise { category, severity, scope, blocks, summary, by } => {
            let incident = Incident {
                incident_id: name(state, 1),
                origin: IncidentOrigin::Person(by.clone()),
                category: *category,
                severity: *severity,
                scope: scope.clone(),
                blocks: *blocks,
                summary: summary.clone(),
                opened_at: at,
                hits: 1,
                acknowledged_by: None,
                escalated_at: None,
            };
            raise(state, by, incident).map_err(|why| (why, Some(by)))
        }
        IncidentInput::Acknowledge { incident_id, by, reason } => {
            acknowledge(state, incident_id, by, reason).map_err(|why| (why, Some(by)))
        }
        IncidentInput::Annotate { incident_id, by, text } => {
            annotate(state, incident_id, by, text).map_err(|why| (why, Some(by)))
        }
        IncidentInput::Link { incident_id, by, to, reason } => {
            link(state, incident_id, by, to, reason).map_err(|why| (why, Some(by)))
        }
        IncidentInput::Close { incident_id, by, root_cause } => {
            close(state, incident_id, by, root_cause).map_err(|why| (why, Some(by)))
        }
        IncidentInput::Health { component, kind, status, detail } => {
            health(state, component, *kind, *status, detail).map_err(|why| (why, None))
        }
        IncidentInput::ClockOffset { source, offset_ms } => {
            let (source, offset_ms) = (source.clone(), *offset_ms);
            Ok(vec![IncidentEvent::ClockMeasured { source, offset_ms }])
        }
        IncidentInput::Startup { anomaly, detail } => Ok(startup(state, at, *anomaly, detail)),
    };
    match decided {
        Ok(events) => events.into_iter().map(Event::Incident).collect(),
        Err((why, by)) => vec![Event::InputRefused { why, by: by.cloned() }],
    }
}

type Decided = Result<Vec<IncidentEvent>, Refusal>;

fn raise(state: &State, by: &Principal, incident: Incident) -> Decided {
    if by.is_empty() {
        return Err(Refusal::Anonymous);
    }
    if incident.summary.is_empty() {
        return Err(Refusal::NothingSaid);
    }
    if state.incidents.raised() >= RAISED_MAX {
        return Err(Refusal::TooManyIncidents);
    }
    Ok(vec![IncidentEvent::Opened { incident: Box::new(incident) }])
}

fn acknowledge(state: &State, incident_id: &IncidentId, by: &Principal, reason: &Text) -> Decided {
    state.may(by, &[Role::Trader, Role::Risk, Role::Admin])?;
    let incident = state.incidents.get(incident_id).ok_or(Refusal::IncidentUnknown)?;
    if incident.acknowledged_by.is_some() {
        return Err(Refusal::AlreadyAcknowledged);
    }
    let (incident_id, by, reason) = (incident_id.clone(), by.clone(), reason.clone());
    Ok(vec![IncidentEvent::Acknowledged { incident_id, by, reason }])
}

fn annotate(state: &State, incident_id: &IncidentId, by: &Principal, text: &Text) -> Decided {
    may_write(state, incident_id, by, text)?;
    let (incident_id, by, text) = (incident_id.clone(), by.clone(), text.clone());
    Ok(vec![IncidentEvent::Annotated { incident_id, by, text }])
}

fn link(
    state: &State,
    incident_id: &IncidentId,
    by: &Principal,
    to: &Text,
    reason: &Text,
) -> Decided {
    may_write(state, incident_id, by, to)?;
    let (incident_id, by) = (incident_id.clone(), by.clone());
    Ok(vec![IncidentEvent::Linked { incident_id, by, to: to.clone(), reason: reason.clone() }])
}

/// Whoever may do anything at all may write; what they write must be there.
fn may_write(
    state: &State,
    incident_id: &IncidentId,
    by: &Principal,
    text: &Text,
) -> Result<(), Refusal> {
    const WRITERS: [Role; 5] =
        [Role::Trader, Role::Risk, Role::Approver, Role::Admin, Role::Auditor];
    state.may(by, &WRITERS)?;
    state.incidents.get(incident_id).ok_or(Refusal::IncidentUnknown)?;
    if text.is_empty() { Err(Refusal::NothingSaid) } else { Ok(()) }
}

fn close(state: &State, incident_id: &IncidentId, by: &Principal, root_cause: &Text) -> Decided {
    state.may(by, &[Role::Risk])?;
    let incident = state.incidents.get(incident_id).ok_or(Refusal::IncidentUnknown)?;
    let Some(acknowledged_by) = &incident.acknowledged_by else {
        return Err(Refusal::NotAcknowledged);
    };
    if root_cause.is_empty() {
        return Err(Refusal::NothingSaid);
    }
    if incident.severity.is_serious() && acknowledged_by == by {
        return Err(Refusal::SamePerson);
    }
    let (incident_id, by, root_cause) = (incident_id.clone(), by.clone(), root_cause.clone());
    Ok(vec![IncidentEvent::Closed { incident_id, by, root_cause }])
}

fn health(
    state: &State,
    component: &Text,
    kind: ComponentKind,
    status: HealthStatus,
    detail: &Text,
) -> Decided {
    let before = state.incidents.health(kind, component);
    if before == Some(status) {
        return Err(Refusal::HealthKnown);
    }
    if before.is_none() && state.incidents.health.len() >= COMPONENTS_MAX {
        return Err(Refusal::TooManyComponents);
    }
    let (component, detail) = (component.clone(), detail.clone());
    Ok(vec![IncidentEvent::HealthChanged { component, kind, before, status, detail }])
}

/// What a start found is an incident whatever the rules say: it is there before any rules are.
pub(crate) fn startup(
    state: &State,
    at: Timestamp,
    anomaly: StartupAnomaly,
    detail: &Text,
) -> Vec<IncidentEvent> {
    let mut events = vec![IncidentEvent::StartupNoticed { anomaly, detail: detail.clone() }];
    let origin = IncidentOrigin::Startup(anomaly);
    if state.incidents.open().any(|incident| incident.origin == origin) {
        return events;
    }
    let incident = Incident {
        incident_id: name(state, 1),
        origin,
        category: IncidentCategory::Infrastructure,
        severity: Severity::High,
        scope: Scope::Global,
        blocks: false,
        summary: detail.clone(),
        opened_at: at,
        hits: 1,
        acknowledged_by: None,
        escalated_at: None,
    };
    events.push(IncidentEvent::Opened { incident: Box::new(incident) });
    events
}

/// Incidents nobody has acknowledged in the stated time get worse.
pub(crate) fn due(state: &State, at: Timestamp) -> impl Iterator<Item = Event> {
    let after_s = state.rulebook.as_ref().and_then(|rules| rules.incident_rules.escalate_after_s);
    let is_due = move |incident: &&Incident| {
        incident.acknowledged_by.is_none()
            && incident.severity != Severity::Critical
            && after_s.is_some_and(|after_s| {
                at.since_ns(incident.waits_since()) >= i64::from(after_s) * NS_PER_S
            })
    };
    state.incidents.open().filter(is_due).map(move |incident| {
        Event::Incident(IncidentEvent::Escalated {
            incident_id: incident.incident_id.clone(),
            severity: incident.severity.worse(),
            at,
        })
    })
}

/// The name of the n-th incident the next entry opens.
pub(crate) fn name(state: &State, n: usize) -> IncidentId {
    IncidentId::new(format!("INC-{}-{n}", state.seq + 1))
}
