//! What holds trading back: kill switches, halts, cooldowns and modes, each for a scope. One person imposes, two lift.
//!
//! Restraints hold on their own: lifting one leaves every other that covers the same place. One that has an end stops to
//! hold at that moment, whether a tick has recorded its end yet or not.

use crate::event::Refusal;
use crate::flatten;
use crate::{Event, State};
use fillwright_domain::{
    BookId, InstrumentId, OrderIntentId, Place, Principal, Scope, Text, Timestamp,
};
use fillwright_policy::{KillEffect, RestraintKind, Role};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Most restraints that stand at once. Beyond it only those for everything are taken: a wider scope says as much.
const RESTRAINTS_MAX: usize = 1_024;
/// Most cancels one step asks for, so that its entry stays far from the largest a journal takes. Ticks ask for the rest.
pub const CANCELS_PER_STEP: usize = 10_000;

/// One restraint that was imposed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Restraint {
    /// Who imposed it; nobody where a rule did.
    #[n(0)]
    pub by: Option<Principal>,
    /// Why.
    #[n(1)]
    pub reason: Text,
    /// When.
    #[n(2)]
    pub since: Timestamp,
    /// When it ends by itself; never where nothing is said.
    #[n(3)]
    pub until: Option<Timestamp>,
    /// What a kill switch does; of no meaning for the other kinds.
    #[n(4)]
    pub effect: KillEffect,
    /// Who asked first to lift it.
    #[n(5)]
    pub lift_requested_by: Option<Principal>,
    /// The last order that was asked to be cancelled, where more are left.
    #[n(6)]
    pub(crate) cancelled_to: Option<OrderIntentId>,
    /// When its holdings were last asked to be closed.
    #[n(7)]
    pub(crate) exits_asked_at: Option<Timestamp>,
}

impl Restraint {
    /// Whether it holds at this time.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// Every restraint that was imposed and neither lifted nor recorded as over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Control(#[n(0)] BTreeMap<(RestraintKind, Scope), Restraint>);

impl Control {
    /// Whether nothing was imposed: the one question on the way of every intent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every restraint that was imposed, those included whose time is over and not recorded yet.
    pub fn iter(&self) -> impl Iterator<Item = (RestraintKind, &Scope, &Restraint)> {
        self.0.iter().map(|((kind, scope), restraint)| (*kind, scope, restraint))
    }

    /// The restraint of a kind on exactly this scope.
    pub fn get(&self, kind: RestraintKind, scope: &Scope) -> Option<&Restraint> {
        self.0.get(&(kind, scope.clone()))
    }

    /// The restraint of a kind that holds an order at this place back, the widest scope first.
    pub fn holding_back<'a>(
        &'a self,
        kind: RestraintKind,
        at: Timestamp,
        place: &Place,
    ) -> Option<(&'a Scope, &'a Restraint)> {
        let of_kind =
            self.0.range((kind, Scope::Global)..).take_while(|((own, _), _)| *own == kind);
        let mut covering = of_kind.filter(|((_, scope), _)| scope.covers(place));
        covering
            .find(|(_, restraint)| restraint.holds(at))
            .map(|((_, scope), restraint)| (scope, restraint))
    }

    /// Whether a kill switch is engaged for everything.
    pub fn is_halted(&self) -> bool {
        self.get(RestraintKind::KillSwitch, &Scope::Global).is_some()
    }

    pub(crate) fn impose(&mut self, kind: RestraintKind, scope: Scope, restraint: Restraint) {
        self.0.insert((kind, scope), restraint);
    }

    pub(crate) fn end(&mut self, kind: RestraintKind, scope: Scope) {
        self.0.remove(&(kind, scope));
    }

    pub(crate) fn change(
        &mut self,
        kind: RestraintKind,
        scope: Scope,
        change: impl FnOnce(&mut Restraint),
    ) {
        if let Some(restraint) = self.0.get_mut(&(kind, scope)) {
            change(restraint);
        }
    }

    /// Whether a working order at this place is to be cancelled.
    fn cancels(&self, at: Timestamp, place: &Place) -> bool {
        self.iter().any(|(kind, scope, restraint)| {
            kind == RestraintKind::KillSwitch
                && restraint.effect >= KillEffect::Cancel
                && restraint.holds(at)
                && scope.covers(place)
        })
    }
}

/// What somebody wants to hold back, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: RestraintKind,
    pub(crate) scope: &'a Scope,
    pub(crate) effect: KillEffect,
    pub(crate) until: Option<Timestamp>,
}

/// Imposes a restraint: for a stop a name is enough. A kill switch asks for the working orders and holdings it covers.
pub(crate) fn impose(
    state: &State,
    at: Timestamp,
    wanted: Wanted,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if by.is_empty() {
        return refuse(Refusal::Anonymous, by);
    }
    match merged(state, at, wanted) {
        Err(why) => refuse(why, by),
        Ok(wanted) => imposed(state, wanted, Some(by), reason),
    }
}

/// Starts a cooldown without a person, because a rule says so; nothing where one stands that lasts as long.
pub(crate) fn cool_down(
    state: &State,
    at: Timestamp,
    scope: &Scope,
    until: Timestamp,
    reason: &Text,
) -> Vec<Event> {
    let (effect, until) = (KillEffect::default(), Some(until));
    let wanted = Wanted { kind: RestraintKind::Cooldown, scope, effect, until };
    let wanted = merged(state, at, wanted).ok();
    wanted.map_or_else(Vec::new, |wanted| imposed(state, wanted, None, reason))
}

/// What stands afterwards: a restraint that is imposed again is never weaker or shorter than it was.
fn merged<'a>(state: &State, at: Timestamp, wanted: Wanted<'a>) -> Result<Wanted<'a>, Refusal> {
    if wanted.until.is_some_and(|until| until <= at) {
        return Err(Refusal::AlreadyOver);
    }
    let known = state.control.get(wanted.kind, wanted.scope);
    let Some(known) = known.filter(|known| known.holds(at)) else {
        let is_wide = matches!(wanted.scope, Scope::Global | Scope::Environment);
        let has_room = is_wide || known.is_some() || state.control.0.len() < RESTRAINTS_MAX;
        return if has_room { Ok(wanted) } else { Err(Refusal::TooManyRestraints) };
    };
    let effect = wanted.effect.max(known.effect);
    let until = known.until.and_then(|known| wanted.until.map(|until| until.max(known)));
    // Somebody says stop while its end is half given: it begins anew, and with it the two signatures.
    let is_new = effect > known.effect || until != known.until || known.lift_requested_by.is_some();
    if is_new { Ok(Wanted { effect, until, ..wanted }) } else { Err(Refusal::AlreadyEngaged) }
}

fn imposed(state: &State, wanted: Wanted, by: Option<&Principal>, reason: &Text) -> Vec<Event> {
    let (scope, reason) = (wanted.scope.clone(), reason.clone());
    let Some(by) = by.filter(|_| wanted.kind == RestraintKind::KillSwitch) else {
        let (kind, until) = (wanted.kind, wanted.until);
        return vec![Event::RestraintImposed { kind, scope, until, by: by.cloned(), reason }];
    };
    let effect = wanted.effect;
    let mut events = vec![Event::KillSwitchEngaged { by: by.clone(), reason, scope, effect }];
    if effect >= KillEffect::Cancel {
        events.extend(cancels(state, wanted.scope, None));
    }
    if effect == KillEffect::Flatten {
        events.extend(flatten::exits(state, wanted.scope, &events));
    }
    events
}

/// Asks for the working orders of a scope to be cancelled, from behind an order on: as many as one step may, and a note
/// where it ended if more are left.
fn cancels(state: &State, scope: &Scope, from: Option<OrderIntentId>) -> Vec<Event> {
    let within = |book_id: &BookId, instrument_id: &InstrumentId| {
        scope.covers(&state.place_of(book_id, instrument_id))
    };
    let mut events: Vec<Event> =
        state.orders.cancels(from, within).take(CANCELS_PER_STEP + 1).collect();
    if events.len() > CANCELS_PER_STEP {
        events.truncate(CANCELS_PER_STEP);
    } else if from.is_none() {
        return events;
    }
    let to = match events.last() {
        Some(Event::OrderCancelRequested { order_intent_id, .. })
            if events.len() == CANCELS_PER_STEP =>
        {
            Some(*order_intent_id)
        }
        _ => None,
    };
    events.push(Event::CancelsPaused { scope: scope.clone(), cancelled_to: to });
    events
}

/// Lifts a restraint once two different people have asked for it, one of them holding `Risk`. A first request of somebody
/// who may not ask any more does not count.
pub(crate) fn lift(
    state: &State,
    at: Timestamp,
    kind: RestraintKind,
    scope: &Scope,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if let Err(why) = state.may(by, &Role::ENDS_STOPS) {
        return refuse(why, by);
    }
    let known = state.control.get(kind, scope).filter(|known| known.holds(at));
    let Some(known) = known else { return refuse(Refusal::NotEngaged, by) };
    let first = known.lift_requested_by.as_ref();
    match first.filter(|first| state.may(first, &Role::ENDS_STOPS).is_ok()) {
        None => vec![lift_requested(kind, scope, by, reason)],
        Some(first) => match state.may_release(first, by) {
            Err(why) => refuse(why, by),
            Ok(()) => vec![lifted(kind, scope, by, first, reason)],
        },
    }
}

fn lift_requested(kind: RestraintKind, scope: &Scope, by: &Principal, reason: &Text) -> Event {
    let (by, reason, scope) = (by.clone(), reason.clone(), scope.clone());
    match kind {
        RestraintKind::KillSwitch => Event::KillSwitchReleaseRequested { by, reason, scope },
        kind => Event::RestraintLiftRequested { kind, scope, by, reason },
    }
}

fn lifted(
    kind: RestraintKind,
    scope: &Scope,
    by: &Principal,
    first: &Principal,
    reason: &Text,
) -> Event {
    let (by, requested_by) = (by.clone(), first.clone());
    let (reason, scope) = (reason.clone(), scope.clone());
    match kind {
        RestraintKind::KillSwitch => Event::KillSwitchReleased { by, requested_by, reason, scope },
        kind => Event::RestraintLifted { kind, scope, by, requested_by, reason },
    }
}

/// What falls due with time: restraints that are over, cancels that did not fit into one step, and holdings that a
/// flattening kill switch has not closed yet.
pub(crate) fn tick(state: &State, at: Timestamp) -> Vec<Event> {
    let over = state.control.iter().filter(|(.., restraint)| !restraint.holds(at));
    let mut events: Vec<Event> = over
        .map(|(kind, scope, _)| Event::RestraintExpired { kind, scope: scope.clone() })
        .collect();
    for (_, scope, restraint) in state.control.iter() {
        if restraint.cancelled_to.is_some() {
            events.extend(cancels(state, scope, restraint.cancelled_to));
        }
        if flatten::is_due(at, restraint) {
            events.extend(flatten::exits(state, scope, &events));
        }
    }
    events
}

/// After a restart: every order is asked about, those that are to be cancelled are asked to be once more, and exits that
/// were asked for and never came in are asked for again.
pub(crate) fn resume(state: &State, at: Timestamp) -> Vec<Event> {
    let cancels = |book_id: &BookId, instrument_id: &InstrumentId| {
        !state.control.is_empty()
            && state.control.cancels(at, &state.place_of(book_id, instrument_id))
    };
    let mut events = state.orders.query_all(&cancels);
    events.extend(state.exits.again());
    events
}

pub(crate) fn refuse(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
