//! What the oracle knows of incidents: which are open, who looked, and what they stop.

use fillwright_domain::{IncidentId, LaneId, OrderIntent, Place, Principal, Scope, Severity};
use fillwright_kernel::incidents::{Incident, IncidentEvent, IncidentOrigin};
use fillwright_kernel::reconciliation::BreakKind;
use fillwright_kernel::{Event, IgnoredReport, Input, State};
use fillwright_policy::{Rulebook, Signal};
use std::collections::BTreeMap;

/// What it remembers of an open incident.
#[derive(Debug, Clone)]
struct Seen {
    origin: IncidentOrigin,
    scope: Scope,
    blocks: bool,
    severity: Severity,
    acknowledged_by: Option<Principal>,
}

/// The open incidents, as the events tell them.
#[derive(Debug, Clone, Default)]
pub(crate) struct IncidentWitness {
    open: BTreeMap<IncidentId, Seen>,
}

impl IncidentWitness {
    /// Reads one event; says what may not have happened.
    pub(crate) fn read(&mut self, event: &IncidentEvent) -> Result<(), String> {
        match event {
            IncidentEvent::Opened { incident } => self.opened(incident),
            IncidentEvent::Acknowledged { incident_id, by, .. } => {
                let seen = self.known(incident_id)?;
                match seen.acknowledged_by.replace(by.clone()) {
                    None => Ok(()),
                    Some(_) => Err(format!("[E4] {incident_id} was acknowledged twice")),
                }
            }
            IncidentEvent::Escalated { incident_id, severity, .. } => {
                let seen = self.known(incident_id)?;
                let is_worse = seen.acknowledged_by.is_none() && *severity > seen.severity;
                seen.severity = *severity;
                if is_worse { Ok(()) } else { Err(format!("[E4] {incident_id} got no worse")) }
            }
            IncidentEvent::Closed { incident_id, by, root_cause } => {
                let seen = self.known(incident_id)?.clone();
                self.open.remove(incident_id);
                closed(incident_id, &seen, by, root_cause.is_empty())
            }
            IncidentEvent::Annotated { incident_id, .. }
            | IncidentEvent::Linked { incident_id, .. } => self.known(incident_id).map(|_| ()),
            IncidentEvent::Counted { .. }
            | IncidentEvent::HealthChanged { .. }
            | IncidentEvent::ClockMeasured { .. }
            | IncidentEvent::StartupNoticed { .. } => Ok(()),
        }
    }

    fn opened(&mut self, incident: &Incident) -> Result<(), String> {
        let is_by_person = matches!(incident.origin, IncidentOrigin::Person(_));
        let twin = |seen: &Seen| seen.origin == incident.origin && seen.scope == incident.scope;
        if !is_by_person && self.open.values().any(twin) {
            return Err(format!("[E4] {} has a twin that is open", incident.incident_id));
        }
        let seen = Seen {
            origin: incident.origin.clone(),
            scope: incident.scope.clone(),
            blocks: incident.blocks,
            severity: incident.severity,
            acknowledged_by: None,
        };
        match self.open.insert(incident.incident_id.clone(), seen) {
            None => Ok(()),
            Some(_) => Err(format!("[E4] {} was opened twice", incident.incident_id)),
        }
    }

    fn known(&mut self, incident_id: &IncidentId) -> Result<&mut Seen, String> {
        self.open.get_mut(incident_id).ok_or_else(|| format!("[E4] {incident_id} is not open"))
    }

    /// Whether something serious is open that nobody has acknowledged.
    pub(crate) fn has_unseen(&self) -> bool {
        let is_unseen = |seen: &Seen| {
            matches!(seen.severity, Severity::High | Severity::Critical)
                && seen.acknowledged_by.is_none()
        };
        self.open.values().any(is_unseen)
    }

    /// Whether an incident of busts and corrections is open, or opens in this step.
    pub(crate) fn has_corrections(&self) -> bool {
        self.open.values().any(|seen| seen.origin == IncidentOrigin::Corrections)
    }

    /// Whether an incident of such a break is open.
    pub(crate) fn has_break(&self, kind: BreakKind) -> bool {
        self.open.values().any(|seen| seen.origin == IncidentOrigin::Break(kind))
    }

    /// Whether an order that may add risk goes where an open incident stops it.
    pub(crate) fn stops(
        &self,
        rules: &Rulebook,
        session: Option<&LaneId>,
        input: &Input,
        order: &OrderIntent,
    ) -> bool {
        let book = rules.books.get(&order.book_id);
        let Input::SubmitIntent { intent, .. } = input else { return false };
        let place = Place {
            lane: book.and_then(|book| book.lane.as_ref()).or(session),
            account: book.map(|book| &book.account),
            strategy_id: intent.strategy_id.as_ref().or(book.map(|book| &book.strategy_id)),
            venue: rules.instruments.get(&order.market_id).map(|known| &known.venue),
            instrument_id: Some(&order.market_id),
        };
        self.open.values().any(|seen| seen.blocks && seen.scope.covers(&place))
    }

    /// Whether a fault that makes an incident at its first hit is one by the end of its step. [R14]
    pub(crate) fn has_noticed(&self, rules: &Rulebook, events: &[Event]) -> Result<(), String> {
        for signal in events.iter().filter_map(fault) {
            for (name, rule) in rules.incident_rules.counting(signal) {
                let origin = IncidentOrigin::Rule(name.clone());
                if rule.hits == 1 && !self.open.values().any(|seen| seen.origin == origin) {
                    return Err(format!("[R14] {signal:?} is no incident of {name}"));
                }
            }
        }
        Ok(())
    }

    /// Whether the kernel knows the same incidents.
    pub(crate) fn agrees_with(&self, state: &State) -> Result<(), String> {
        let same =
            state.incidents.open().map(|incident| &incident.incident_id).eq(self.open.keys());
        if same { Ok(()) } else { Err("[E4] other incidents are open".to_owned()) }
    }
}

fn closed(
    incident_id: &IncidentId,
    seen: &Seen,
    by: &Principal,
    is_unsaid: bool,
) -> Result<(), String> {
    match &seen.acknowledged_by {
        None => Err(format!("[E4] {incident_id} was closed and nobody had looked")),
        Some(first) if seen.severity >= Severity::High && first == by => {
            Err(format!("[I11] {by} acknowledged and closed {incident_id} alone"))
        }
        Some(_) if is_unsaid => Err(format!("[E4] {incident_id} was closed without a root cause")),
        Some(_) => Ok(()),
    }
}

/// A fault a person must look at.
fn fault(event: &Event) -> Option<Signal> {
    match event {
        Event::OrderStranded { .. } => Some(Signal::OrderStranded),
        Event::ReportIgnored { why: IgnoredReport::Overfill, .. } => Some(Signal::Overfill),
        Event::ReportIgnored {
            why: IgnoredReport::Impossible | IgnoredReport::NoSuchFill | IgnoredReport::Unplaced,
            ..
        } => Some(Signal::ImpossibleReport),
        _ => None,
    }
}
