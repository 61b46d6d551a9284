//! Rules, runs and marks, and who may ask for what.

use super::facts::{Facts, Held};
use super::gates::worth;
use super::versions;
use crate::exact::{Exact, exact};
use fillwright_domain::{
    BookId, InstrumentId, OrderIntentId, Plane, Principal, Px, Rounding, RunId, StartupAnomaly,
    Text, Timestamp,
};
use fillwright_kernel::Event;
use fillwright_kernel::event::Refusal;
use fillwright_kernel::incidents::IncidentInput;
use fillwright_policy::{Role, Rulebook};

pub(super) fn adopt(
    facts: &Facts,
    rulebook: &Rulebook,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    let may = if facts.rulebook().is_some() { may(facts, by, &[Role::Risk]) } else { named(by) };
    if let Some(why) = may {
        return refused(why, by);
    }
    if let Some(why) = versions::unusable(facts, rulebook) {
        return refused(why, by);
    }
    if versions::waiting(facts).is_some() {
        return refused(Refusal::AnotherVersionWaits, by);
    }
    if facts.rulebook().is_some_and(|(_, old)| versions::goes_far(old, rulebook)) {
        return refused(Refusal::BeyondBounds, by);
    }
    let rulebook = Box::new(rulebook.clone());
    vec![Event::RulebookAdopted { rulebook, by: by.clone(), reason: reason.clone() }]
}

/// Whether new rules still know everything a book holds: instrument, contract size, and the plane it is held on.
pub(super) fn still_ruled(facts: &Facts, new: &Rulebook, book: &BookId, plane: Plane) -> bool {
    facts.holdings(book, plane).iter().all(|held| {
        let old = facts.rulebook().and_then(|(_, old)| old.instruments.get(&held.instrument_id));
        let Some(instrument) = new.instruments.get(&held.instrument_id) else { return false };
        old.is_some_and(|old| old.contract_size == instrument.contract_size)
            && new.books.get(book).and_then(|book| book.executors.get(&instrument.venue))
                == Some(&plane)
    })
}

/// In live a program is named by the rules or takes nothing; elsewhere only where the rules name some.
pub(super) fn started(facts: &Facts, at: Timestamp, build: &Text) -> Vec<Event> {
    let is_allowed = match facts.rulebook() {
        None => false,
        Some((_, rules)) => match rules.builds.len() {
            0 => rules.environment.as_str() != "live",
            _ => rules.builds.iter().any(|known| known == build),
        },
    };
    let stated = Event::BuildStated { build: build.clone(), is_allowed };
    if is_allowed {
        return vec![stated];
    }
    let detail = Text::new(format!("the program {build} is none of those the rules allow"));
    let anomaly = StartupAnomaly::BuildNotAllowed;
    let noticed = super::incidents::decide(facts, at, &IncidentInput::Startup { anomaly, detail });
    std::iter::once(stated).chain(noticed).collect()
}

pub(super) fn register(
    facts: &Facts,
    run_id: &RunId,
    manifest_hash: &Text,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if let Some(why) = may(facts, by, &[Role::Risk, Role::Admin]) {
        return refused(why, by);
    }
    if facts.manifest(run_id) == Some(manifest_hash) {
        return refused(Refusal::NothingNew, by);
    }
    vec![Event::RunRegistered {
        run_id: run_id.clone(),
        manifest_hash: manifest_hash.clone(),
        by: by.clone(),
        reason: reason.clone(),
    }]
}

fn named(by: &Principal) -> Option<Refusal> {
    by.as_str().is_empty().then_some(Refusal::Anonymous)
}

/// Why somebody may not ask for what takes one of these roles, by the rules in force now.
pub(super) fn may(facts: &Facts, by: &Principal, roles: &[Role]) -> Option<Refusal> {
    if let Some(why) = named(by) {
        return Some(why);
    }
    let known = facts.rulebook().and_then(|(_, rules)| {
        rules.people.iter().find(|(name, _)| name.as_str() == by.as_str()).map(|(_, one)| one)
    });
    match known {
        None => Some(Refusal::PersonUnknown),
        Some(person) if !person.enabled => Some(Refusal::PersonDisabled),
        Some(person) if !person.roles.iter().any(|held| roles.contains(held)) => {
            Some(Refusal::RoleMissing)
        }
        Some(_) => None,
    }
}

/// Who may ask for the end of a stop: whoever operates, approves, or answers for limits or the system.
pub(super) const OPERATES: [Role; 4] = [Role::Risk, Role::Admin, Role::Trader, Role::Approver];

pub(super) fn mark(
    facts: &Facts,
    at: Timestamp,
    instrument_id: &InstrumentId,
    mark_px: Px,
    as_of: Timestamp,
) -> Vec<Event> {
    let refused = |why| vec![Event::InputRefused { why, by: None }];
    let known =
        facts.rulebook().is_some_and(|(_, rules)| rules.instruments.contains_key(instrument_id));
    if !known || !mark_px.is_positive() {
        return refused(Refusal::MarkUnusable);
    }
    if as_of > at {
        return refused(Refusal::MarkFromFuture);
    }
    if facts.mark(instrument_id).is_some_and(|(_, in_force)| as_of < in_force) {
        return refused(Refusal::MarkOutOfOrder);
    }
    if !facts
        .ledgers()
        .iter()
        .all(|(book, plane)| can_value(facts, book, *plane, instrument_id, mark_px))
    {
        return refused(Refusal::FigureOutOfRange);
    }
    if ![Plane::Paper, Plane::LiveStub]
        .iter()
        .all(|plane| firm_can_value(facts, *plane, instrument_id, mark_px))
    {
        return refused(Refusal::FigureOutOfRange);
    }
    vec![Event::MarkTaken { instrument_id: instrument_id.clone(), mark_px, as_of }]
}

/// Whether a book's gross exposure can be held with the instrument at this price.
fn can_value(
    facts: &Facts,
    book: &BookId,
    plane: Plane,
    instrument_id: &InstrumentId,
    px: Px,
) -> bool {
    let holdings = facts.holdings(book, plane);
    let Some(own) = holdings.iter().find(|held| held.instrument_id == *instrument_id) else {
        return true;
    };
    let others = gross_besides(facts, &holdings, instrument_id);
    let own = facts.rulebook().and_then(|(_, rules)| {
        let instrument = rules.instruments.get(instrument_id)?;
        worth(&exact(px.get()), &own.worst(), instrument)
    });
    others
        .zip(own)
        .is_some_and(|(others, own)| (exact(others) + exact(own)).rounded(Rounding::Up).is_some())
}

/// Whether everything on a plane can still be counted together with the instrument at this price.
fn firm_can_value(facts: &Facts, plane: Plane, instrument_id: &InstrumentId, px: Px) -> bool {
    let Some((_, rules)) = facts.rulebook() else { return true };
    let marked = facts.everything(plane).into_iter().filter_map(|(_, held)| {
        let own = (held.instrument_id == *instrument_id).then_some(px);
        let px = own.or(facts.mark(&held.instrument_id).map(|(px, _)| px))?;
        let instrument = rules.instruments.get(&held.instrument_id)?;
        Some(worth(&exact(px.get()), &held.worst(), instrument))
    });
    let worths: Option<Vec<_>> = marked.collect();
    let total = worths
        .map(|worths| worths.into_iter().fold(Exact::zero(), |sum, worth| sum + exact(worth)));
    total.is_some_and(|total| total.rounded(Rounding::Up).is_some())
}

/// Worst-case exposure of all marked holdings but one, in quote currency; nothing where it cannot be held.
pub(super) fn gross_besides(
    facts: &Facts,
    holdings: &[Held],
    besides: &InstrumentId,
) -> Option<fillwright_domain::Decimal> {
    let (_, rules) = facts.rulebook()?;
    let mut gross = Exact::zero();
    for held in holdings.iter().filter(|held| held.instrument_id != *besides) {
        let Some((px, _)) = facts.mark(&held.instrument_id) else { continue };
        let instrument = rules.instruments.get(&held.instrument_id)?;
        gross = gross + exact(worth(&exact(px.get()), &held.worst(), instrument)?);
    }
    gross.rounded(Rounding::Up)
}

pub(super) fn cancel_request(
    order_intent_id: OrderIntentId,
    instrument_id: &InstrumentId,
) -> Event {
    Event::OrderCancelRequested { order_intent_id, instrument_id: instrument_id.clone() }
}

pub(super) fn refused(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
