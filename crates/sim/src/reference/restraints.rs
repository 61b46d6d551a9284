//! What holds trading back, read off everything that was imposed and lifted, one by one.

use super::admin::{OPERATES, cancel_request, may, refused};
use super::facts::Facts;
use super::sessions::lane_of;
use fillwright_domain::{
    BookId, InstrumentId, IntentId, IntentKey, OrderStatus, Principal, Scope, StrategyId, Text,
    Timestamp,
};
use fillwright_kernel::Event;
use fillwright_kernel::event::Refusal;
use fillwright_kernel::flatten::Exit;
use fillwright_policy::{KillEffect, RestraintKind, Role};

/// No more than so many at once, but for those on everything.
const MOST: usize = 1_024;
/// Seconds until what is still held is asked for again.
const AGAIN_S: i64 = 30;

/// One restraint that was imposed and not ended by anybody.
#[derive(Clone)]
pub(super) struct Standing<'a> {
    pub(super) kind: RestraintKind,
    pub(super) scope: &'a Scope,
    effect: KillEffect,
    pub(super) until: Option<Timestamp>,
    first_to_lift: Option<&'a Principal>,
    looked_at: Timestamp,
}

impl Standing<'_> {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        match self.until {
            None => true,
            Some(until) => until > at,
        }
    }
}

/// Everything imposed and not ended, by kind and scope.
pub(super) fn standing<'a>(facts: &Facts<'a>) -> Vec<Standing<'a>> {
    let mut all: Vec<Standing> = Vec::new();
    for entry in facts.history {
        for event in &entry.events {
            read(&mut all, entry.at, event);
        }
    }
    all.sort_by(|one, other| (one.kind, one.scope).cmp(&(other.kind, other.scope)));
    all
}

fn read<'a>(all: &mut Vec<Standing<'a>>, at: Timestamp, event: &'a Event) {
    let mut begin = |kind, scope, effect, until| {
        all.retain(|one: &Standing| (one.kind, one.scope) != (kind, scope));
        all.push(Standing { kind, scope, effect, until, first_to_lift: None, looked_at: at });
    };
    match event {
        Event::KillSwitchEngaged { scope, effect, .. } => {
            begin(RestraintKind::KillSwitch, scope, *effect, None);
        }
        Event::RestraintImposed { kind, scope, until, .. } => {
            begin(*kind, scope, KillEffect::Cancel, *until);
        }
        Event::KillSwitchReleaseRequested { scope, by, .. } => {
            ask(all, RestraintKind::KillSwitch, scope, by);
        }
        Event::RestraintLiftRequested { kind, scope, by, .. } => ask(all, *kind, scope, by),
        Event::KillSwitchReleased { scope, .. } => end(all, RestraintKind::KillSwitch, scope),
        Event::RestraintLifted { kind, scope, .. } | Event::RestraintExpired { kind, scope } => {
            end(all, *kind, scope);
        }
        Event::ExitAsked { exit, .. } => {
            for one in all.iter_mut().filter(|one| is_kill(one) && *one.scope == exit.scope) {
                one.looked_at = at;
            }
        }
        _ => {}
    }
}

fn ask<'a>(all: &mut [Standing<'a>], kind: RestraintKind, scope: &Scope, by: &'a Principal) {
    for one in all.iter_mut().filter(|one| one.kind == kind && one.scope == scope) {
        one.first_to_lift = Some(by);
    }
}

fn end(all: &mut Vec<Standing>, kind: RestraintKind, scope: &Scope) {
    all.retain(|one| one.kind != kind || one.scope != scope);
}

fn is_kill(one: &Standing) -> bool {
    one.kind == RestraintKind::KillSwitch
}

/// Whether a kill switch is engaged for everything.
pub(super) fn is_halted(facts: &Facts) -> bool {
    standing(facts).iter().any(|one| is_kill(one) && *one.scope == Scope::Global)
}

/// Whether a scope covers what a book does in an instrument.
pub(super) fn covers(
    facts: &Facts,
    scope: &Scope,
    book_id: &BookId,
    instrument_id: &InstrumentId,
) -> bool {
    let rules = facts.rulebook().map(|(_, rules)| rules);
    let book = rules.and_then(|rules| rules.books.get(book_id));
    let instrument = rules.and_then(|rules| rules.instruments.get(instrument_id));
    match scope {
        Scope::Global | Scope::Environment => true,
        Scope::Lane(lane) => lane_of(facts, book_id).as_ref() == Some(lane),
        Scope::Account(account) => book.is_some_and(|book| book.account == *account),
        Scope::Strategy(strategy) => owner(facts, book_id) == Some(strategy),
        Scope::Venue(venue) => instrument.is_some_and(|known| known.venue == *venue),
        Scope::Instrument(wanted) => wanted == instrument_id,
    }
}

fn owner<'a>(facts: &Facts<'a>, book_id: &BookId) -> Option<&'a StrategyId> {
    facts.rulebook().and_then(|(_, rules)| rules.books.get(book_id)).map(|book| &book.strategy_id)
}

/// The kinds of restraint that cover what a book does in an instrument.
pub(super) fn holding_back(
    facts: &Facts,
    at: Timestamp,
    book_id: &BookId,
    instrument_id: &InstrumentId,
) -> Vec<RestraintKind> {
    let standing = standing(facts);
    let covering = standing
        .iter()
        .filter(|one| one.holds(at) && covers(facts, one.scope, book_id, instrument_id));
    covering.map(|one| one.kind).collect()
}

/// Imposes one. A kill switch cancels and flattens what it covers, as far as its effect says.
#[allow(clippy::too_many_arguments, reason = "what an input says, field by field")]
pub(super) fn impose(
    facts: &Facts,
    at: Timestamp,
    kind: RestraintKind,
    scope: &Scope,
    effect: KillEffect,
    until: Option<Timestamp>,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if by.as_str().is_empty() {
        return refused(Refusal::Anonymous, by);
    }
    if until.is_some_and(|until| until.as_ns() <= at.as_ns()) {
        return refused(Refusal::AlreadyOver, by);
    }
    let all = standing(facts);
    let same = all.iter().find(|one| one.kind == kind && one.scope == scope);
    let (mut effect, mut until) = (effect, until);
    if let Some(old) = same.filter(|one| one.holds(at)) {
        effect = effect.max(old.effect);
        until = match (old.until, until) {
            (Some(old), Some(new)) => Some(old.max(new)),
            _ => None,
        };
        if effect == old.effect && until == old.until && old.first_to_lift.is_none() {
            return refused(Refusal::AlreadyEngaged, by);
        }
    } else if same.is_none()
        && all.len() >= MOST
        && !matches!(scope, Scope::Global | Scope::Environment)
    {
        return refused(Refusal::TooManyRestraints, by);
    }
    let (scope, by, reason) = (scope.clone(), by.clone(), reason.clone());
    if kind != RestraintKind::KillSwitch {
        return vec![Event::RestraintImposed { kind, scope, until, by: Some(by), reason }];
    }
    let mut events = vec![Event::KillSwitchEngaged { by, reason, scope: scope.clone(), effect }];
    if effect != KillEffect::Block {
        events.extend(cancels(facts, &scope));
    }
    if effect == KillEffect::Flatten {
        events.extend(exits(facts, &scope, &[]));
    }
    events
}

/// A cooldown that a rule starts: nothing where one stands that lasts as long and nobody asked to lift.
pub(super) fn pause(
    facts: &Facts,
    at: Timestamp,
    scope: &Scope,
    lasts_s: u32,
    reason: Text,
) -> Vec<Event> {
    let kind = RestraintKind::Cooldown;
    let ends = Timestamp::from_ns(at.as_ns() + i64::from(lasts_s) * 1_000_000_000);
    let all = standing(facts);
    let same = all.iter().find(|one| one.kind == kind && one.scope == scope);
    let until = match same.filter(|one| one.holds(at)) {
        Some(Standing { until: None, first_to_lift: None, .. }) => return Vec::new(),
        Some(Standing { until: None, .. }) => None,
        Some(Standing { until: Some(old), first_to_lift: None, .. }) if *old >= ends => {
            return Vec::new();
        }
        Some(Standing { until: Some(old), .. }) => Some((*old).max(ends)),
        None => {
            let is_full = same.is_none() && all.len() >= MOST;
            if is_full && !matches!(scope, Scope::Global | Scope::Environment) {
                return Vec::new();
            }
            Some(ends)
        }
    };
    vec![Event::RestraintImposed { kind, scope: scope.clone(), until, by: None, reason }]
}

fn cancels(facts: &Facts, scope: &Scope) -> Vec<Event> {
    let mut events = Vec::new();
    for child in facts.working() {
        let (id, instrument) = (child.order.order_intent_id, &child.order.market_id);
        let is_asked =
            facts.story(id).is_none_or(|story| story.status == OrderStatus::PendingCancel);
        if !is_asked && covers(facts, scope, &child.order.book_id, instrument) {
            events.push(cancel_request(id, instrument));
        }
    }
    events
}

/// Exits that were asked for and never came in, by the short names of their intents.
pub(super) fn awaited<'a>(facts: &Facts<'a>) -> Vec<(IntentKey, &'a Exit)> {
    let mut awaited: Vec<(IntentKey, &Exit)> = Vec::new();
    for event in facts.events() {
        match event {
            Event::ExitAsked { intent_key, exit } => {
                awaited.retain(|(key, _)| key != intent_key);
                awaited.push((*intent_key, exit));
            }
            Event::IntentAccepted { intent_key, .. } => {
                awaited.retain(|(key, _)| key != intent_key);
            }
            _ => {}
        }
    }
    awaited.sort_by_key(|(key, _)| *key);
    awaited
}

/// Asks for an exit of everything in a scope that is neither being closed nor asked for.
fn exits(facts: &Facts, scope: &Scope, before: &[Exit]) -> Vec<Event> {
    let mut held = Vec::new();
    for (book_id, plane) in facts.ledgers() {
        for holding in facts.holdings(&book_id, plane) {
            let long_left = holding.position.clone() - holding.open_sell.clone();
            let short_left = holding.position.clone() + holding.open_buy.clone();
            let is_open = (holding.position.is_positive() && long_left.is_positive())
                || (holding.position.is_negative() && short_left.is_negative());
            if is_open && covers(facts, scope, &book_id, &holding.instrument_id) {
                held.push((book_id.clone(), holding.instrument_id.clone()));
            }
        }
    }
    held.sort();
    held.dedup();
    let awaited = awaited(facts);
    let on_its_way = |exit: &Exit, (book, instrument): &(BookId, InstrumentId)| {
        exit.book_id == *book && exit.instrument_id == *instrument
    };
    held.retain(|one| !awaited.iter().any(|(_, exit)| on_its_way(exit, one)));
    held.retain(|one| !before.iter().any(|exit| on_its_way(exit, one)));
    let seq = facts.next_seq;
    let numbered = held.into_iter().take(1_000).zip(before.len() + 1..);
    numbered
        .map(|((book_id, instrument_id), n)| {
            let intent_id = IntentId::new(format!("flatten-{seq}-{n}"));
            let intent_key = IntentKey::derive(facts.partition, &intent_id);
            let exit = Exit { intent_id, book_id, instrument_id, scope: scope.clone() };
            Event::ExitAsked { intent_key, exit }
        })
        .collect()
}

pub(super) fn lift(
    facts: &Facts,
    at: Timestamp,
    kind: RestraintKind,
    scope: &Scope,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if let Some(why) = may(facts, by, &OPERATES) {
        return refused(why, by);
    }
    let all = standing(facts);
    let same = all.iter().find(|one| one.kind == kind && one.scope == scope && one.holds(at));
    let Some(same) = same else { return refused(Refusal::NotEngaged, by) };
    let (scope, reason, by) = (scope.clone(), reason.clone(), by.clone());
    let is_kill = kind == RestraintKind::KillSwitch;
    // Whoever asked first must still be allowed to ask.
    let first = same.first_to_lift.filter(|first| may(facts, first, &OPERATES).is_none());
    let Some(first) = first else {
        return vec![if is_kill {
            Event::KillSwitchReleaseRequested { by, reason, scope }
        } else {
            Event::RestraintLiftRequested { kind, scope, by, reason }
        }];
    };
    if *first == by {
        return refused(Refusal::SamePerson, &by);
    }
    if [first, &by].iter().all(|person| may(facts, person, &[Role::Risk]).is_some()) {
        return refused(Refusal::RoleMissing, &by);
    }
    let requested_by = first.clone();
    vec![if is_kill {
        Event::KillSwitchReleased { by, requested_by, reason, scope }
    } else {
        Event::RestraintLifted { kind, scope, by, requested_by, reason }
    }]
}

pub(super) fn tick(facts: &Facts, at: Timestamp) -> Vec<Event> {
    let all = standing(facts);
    let over = all.iter().filter(|one| !one.holds(at));
    let mut events: Vec<Event> = over
        .map(|one| Event::RestraintExpired { kind: one.kind, scope: one.scope.clone() })
        .collect();
    let mut asked = Vec::new();
    for one in all.iter().filter(|one| is_kill(one) && one.effect == KillEffect::Flatten) {
        let waited_ns = at.as_ns() - one.looked_at.as_ns();
        if waited_ns >= AGAIN_S * 1_000_000_000 {
            for event in exits(facts, one.scope, &asked) {
                if let Event::ExitAsked { exit, .. } = &event {
                    asked.push(exit.clone());
                }
                events.push(event);
            }
        }
    }
    events
}

/// Whether a kill switch wants the orders there cancelled.
pub(super) fn cancels_there(facts: &Facts, book_id: &BookId, instrument_id: &InstrumentId) -> bool {
    standing(facts).iter().any(|one| {
        is_kill(one)
            && one.effect != KillEffect::Block
            && covers(facts, one.scope, book_id, instrument_id)
    })
}
