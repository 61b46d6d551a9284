//! Our ledger held against an executor's own: what differs is a break, told once, an incident, and where policy says so a
//! restraint on its venue.
//!
//! Nothing is booked from a statement. An order at work here that differs is asked about, so that what its executor knows
//! of it comes in as reports and is read by the one table of `orders.rs`. What no report explains waits for a person.

mod compare;
mod fills;

pub use fills::{BookedFill, BookedFills, Ended, FILLS_KEPT, FillName};

use crate::event::Refusal;
use crate::incidents::{self, Incident, IncidentEvent, IncidentOrigin};
use crate::{Event, State};
use compare::Comparison;
use fillwright_domain::{
    AccountId, ExecId, IncidentCategory, InstrumentId, Notional, OrderIntentId, Plane, Px, Qty,
    Scope, Severity, Statement, Text, Timestamp, VenueId,
};
use fillwright_policy::ReconciliationPolicy;
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Breaks that stand at once, at most. Those beyond it are counted, make their incident, and are told once there is room.
pub const BREAKS_MAX: usize = 1_000;

/// In what two ledgers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// An order is at work there and not here.
    #[n(0)]
    OrderUnknown,
    /// An order is at work here and not there.
    #[n(1)]
    OrderMissing,
    /// An order is at work in both, with another quantity ordered or filled.
    #[n(2)]
    OrderDiffers,
    /// A fill stands there and not here.
    #[n(3)]
    FillMissing,
    /// A fill stands here and not there.
    #[n(4)]
    FillExtra,
    /// A fill stands in both with another quantity, price or fee.
    #[n(5)]
    FillChanged,
    /// An account holds another position there.
    #[n(6)]
    PositionDiffers,
}

impl BreakKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::OrderUnknown,
        Self::OrderMissing,
        Self::OrderDiffers,
        Self::FillMissing,
        Self::FillExtra,
        Self::FillChanged,
        Self::PositionDiffers,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderUnknown => "order_unknown",
            Self::OrderMissing => "order_missing",
            Self::OrderDiffers => "order_differs",
            Self::FillMissing => "fill_missing",
            Self::FillExtra => "fill_extra",
            Self::FillChanged => "fill_changed",
            Self::PositionDiffers => "position_differs",
        }
    }

    /// What it means, for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OrderUnknown => "an order is at work at the executor that is not at work here",
            Self::OrderMissing => "an order is at work here that is not at work at its executor",
            Self::OrderDiffers => "an order has another quantity at its executor than here",
            Self::FillMissing => "the executor has a fill that was never booked here",
            Self::FillExtra => "a fill was booked here that its executor does not have",
            Self::FillChanged => "a fill has another quantity, price or fee at its executor",
            Self::PositionDiffers => "an account holds another position at the executor than here",
        }
    }
}

impl std::fmt::Display for BreakKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What two ledgers can differ about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An order.
    #[n(0)]
    Order(#[n(0)] OrderIntentId),
    /// A fill.
    #[n(1)]
    Fill(#[n(0)] OrderIntentId, #[n(1)] ExecId),
    /// A position.
    #[n(2)]
    Position(#[n(0)] AccountId, #[n(1)] InstrumentId),
}

impl Subject {
    /// The order it is about, where it is about one.
    pub fn order(&self) -> Option<OrderIntentId> {
        match self {
            Self::Order(order) | Self::Fill(order, _) => Some(*order),
            Self::Position(..) => None,
        }
    }
}

/// The name of a break: there is one of a kind and subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
pub struct BreakName {
    /// Where.
    #[n(0)]
    pub plane: Plane,
    /// About what.
    #[n(1)]
    pub subject: Subject,
    /// In what.
    #[n(2)]
    pub kind: BreakKind,
}

/// What one side's ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct LedgerFigures {
    /// What was filled, or is held.
    #[n(0)]
    pub qty: Qty,
    /// What was ordered, of an order.
    #[n(1)]
    pub ordered: Option<Qty>,
    /// At what price, of a fill.
    #[n(2)]
    pub px: Option<Px>,
    /// For what fee, of a fill.
    #[n(3)]
    pub fee: Option<Notional>,
}

/// A difference between two ledgers, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Break {
    /// Its name.
    #[n(0)]
    pub name: BreakName,
    /// The instrument.
    #[n(1)]
    pub instrument_id: InstrumentId,
    /// Its venue, where the rules know it.
    #[n(2)]
    pub venue: Option<VenueId>,
    /// What stands here.
    #[n(3)]
    pub ours: Option<LedgerFigures>,
    /// What stands there.
    #[n(4)]
    pub theirs: Option<LedgerFigures>,
    /// When the executor's ledger said so; of a fill, when it happened.
    #[n(5)]
    pub at: Timestamp,
}

impl Break {
    /// What its incident and its restraint are for.
    pub fn scope(&self) -> Scope {
        self.venue.clone().map_or(Scope::Global, Scope::Venue)
    }
}

/// What came of holding two ledgers against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ReconciliationEvent {
    /// They differ where they did not before.
    #[n(0)]
    Found {
        /// In what.
        #[n(0)]
        found: Box<Break>,
    },
    /// They differ no more.
    #[n(1)]
    Ended {
        /// In what they did.
        #[n(0)]
        name: BreakName,
    },
    /// All that was stated was looked at.
    #[n(2)]
    Compared {
        /// Whose ledger it was.
        #[n(0)]
        plane: Plane,
        /// When it was read.
        #[n(1)]
        as_of: Timestamp,
        /// Orders that were stated.
        #[n(2)]
        orders: u32,
        /// Fills that were stated.
        #[n(3)]
        fills: u32,
        /// Positions that were stated; absent on a page that is not the last.
        #[n(4)]
        positions: Option<u32>,
        /// Differences in what was looked at, those that stood before included.
        #[n(5)]
        differences: u32,
    },
}

/// What is known of the executors' ledgers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Reconciliation {
    /// Fills beyond their orders.
    #[n(0)]
    pub fills: BookedFills,
    #[n(1)]
    standing: BTreeMap<BreakName, Break>,
    #[n(2)]
    compared: BTreeMap<Plane, Timestamp>,
}

impl Reconciliation {
    /// Every break that stands.
    pub fn standing(&self) -> impl Iterator<Item = &Break> {
        self.standing.values()
    }

    /// When the last statement of a plane that was looked at whole was read.
    pub fn compared_at(&self, plane: Plane) -> Option<Timestamp> {
        self.compared.get(&plane).copied()
    }

    pub(crate) fn apply(&mut self, event: ReconciliationEvent) {
        match event {
            ReconciliationEvent::Found { found } => {
                self.standing.insert(found.name.clone(), *found);
            }
            ReconciliationEvent::Ended { name } => {
                self.standing.remove(&name);
            }
            ReconciliationEvent::Compared { plane, as_of, positions, .. } => {
                if positions.is_some() {
                    self.compared.insert(plane, as_of);
                }
            }
        }
    }
}

/// Holds a statement against what is known here.
pub(crate) fn reconcile(state: &State, at: Timestamp, statement: &Statement) -> Vec<Event> {
    if let Some(why) = refusal(state, at, statement) {
        return vec![Event::InputRefused { why, by: None }];
    }
    let known = &state.reconciliation;
    let comparison = Comparison::of(state, statement);
    let mut room = BREAKS_MAX.saturating_sub(known.standing.len());
    let is_new = |found: &&Break| !known.standing.contains_key(&found.name);
    let new: Vec<&Break> = comparison.found().filter(is_new).collect();
    let told: Vec<&Break> = new
        .iter()
        .copied()
        .filter(|_| {
            let fits = room > 0;
            room = room.saturating_sub(1);
            fits
        })
        .collect();
    let found =
        told.iter().map(|found| ReconciliationEvent::Found { found: Box::new((*found).clone()) });
    let ended = known
        .standing
        .keys()
        .filter(|name| name.plane == statement.plane && comparison.has_ended(name));
    let ended = ended.map(|name| ReconciliationEvent::Ended { name: name.clone() });
    let mut events: Vec<Event> = found.chain(ended).map(tell).collect();
    events.extend(raised(state, at, &new));
    events.extend(held_back(state, at, &new));
    events.extend(asked_about(state, &comparison));
    events.push(tell(compared(statement, &comparison)));
    events
}

fn tell(event: ReconciliationEvent) -> Event {
    Event::Reconciliation(Box::new(event))
}

/// A statement is of now or earlier, and not older than the last.
fn refusal(state: &State, at: Timestamp, statement: &Statement) -> Option<Refusal> {
    let last = state.reconciliation.compared_at(statement.plane);
    if statement.as_of > at {
        Some(Refusal::StatementFromFuture)
    } else if last.is_some_and(|last| statement.as_of < last) {
        Some(Refusal::StatementOutOfOrder)
    } else {
        None
    }
}

/// The rule in force; without any, nothing is held back and nothing waits.
fn policy(state: &State) -> ReconciliationPolicy {
    state.rulebook.as_ref().map(|rules| rules.reconciliation).unwrap_or_default()
}

/// One incident a kind and venue, unless one is open.
fn raised(state: &State, at: Timestamp, new: &[&Break]) -> Vec<Event> {
    let mut hits: BTreeMap<(BreakKind, Scope), u64> = BTreeMap::new();
    for found in new {
        *hits.entry((found.name.kind, found.scope())).or_default() += 1;
    }
    hits.retain(|(kind, scope), _| state.incidents.of_break(*kind, scope).is_none());
    let opened = hits.into_iter().enumerate().map(|(n, ((kind, scope), hits))| Incident {
        incident_id: incidents::name(state, n + 1),
        origin: IncidentOrigin::Break(kind),
        category: IncidentCategory::Execution,
        severity: Severity::High,
        scope,
        blocks: false,
        summary: Text::new(kind.sentence()),
        opened_at: at,
        hits,
        acknowledged_by: None,
        escalated_at: None,
    });
    opened
        .map(|incident| Event::Incident(IncidentEvent::Opened { incident: Box::new(incident) }))
        .collect()
}

/// What policy puts on the venues of new breaks, unless it stands there.
fn held_back(state: &State, at: Timestamp, new: &[&Break]) -> Vec<Event> {
    let Some(kind) = policy(state).on_break.restraint() else { return Vec::new() };
    let scopes: BTreeMap<Scope, BreakKind> =
        new.iter().rev().map(|found| (found.scope(), found.name.kind)).collect();
    let stands =
        |scope: &Scope| state.control.get(kind, scope).is_some_and(|restraint| restraint.holds(at));
    scopes
        .into_iter()
        .filter(|(scope, _)| !stands(scope))
        .map(|(scope, why)| Event::RestraintImposed {
            kind,
            scope,
            until: None,
            by: None,
            reason: Text::new(why.sentence()),
        })
        .collect()
}

/// Orders that differ are asked about, each once: those at work, and those that ended while their fills are remembered,
/// because a bust of one may have been lost.
fn asked_about(state: &State, comparison: &Comparison) -> Vec<Event> {
    let orders: BTreeSet<OrderIntentId> =
        comparison.found().filter_map(|found| found.name.subject.order()).collect();
    let asked = orders.into_iter().flat_map(|order| {
        let ended = ended(state, order);
        state.orders.query(order).chain(ended)
    });
    asked.collect()
}

fn ended(state: &State, order_intent_id: OrderIntentId) -> Option<Event> {
    let fills = &state.reconciliation.fills;
    let (ended, fill) = fills.ended(order_intent_id).zip(fills.any_of(order_intent_id))?;
    let instrument_id = fill.of.instrument_id.clone();
    Some(Event::OrderQueried { order_intent_id, instrument_id, status: ended.status })
}

fn compared(statement: &Statement, comparison: &Comparison) -> ReconciliationEvent {
    ReconciliationEvent::Compared {
        plane: statement.plane,
        as_of: statement.as_of,
        orders: count(statement.orders.orders.len()),
        fills: count(statement.fills.fills.len()),
        positions: statement.positions.as_ref().map(|stated| count(stated.len())),
        differences: count(comparison.found().count()),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
