//! Adopting rules, registering runs and taking marks: inputs like any other, refused where they make no sense.

use crate::event::Refusal;
use crate::{Event, State, adoption, incidents};
use fillwright_domain::{
    BookId, InstrumentId, Plane, Principal, Px, RunId, StartupAnomaly, Text, Timestamp,
};
use fillwright_policy::Rulebook;

/// Puts rules in force, unless they are for another partition, or would leave something in use without its rules. Once
/// rules are in force, only what one person may change alone: anything further is a proposal.
pub(crate) fn adopt(
    state: &State,
    rulebook: &Rulebook,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    match refusal(state, rulebook, by) {
        Some(why) => refuse(why, by),
        None => vec![Event::RulebookAdopted {
            rulebook: Box::new(rulebook.clone()),
            by: by.clone(),
            reason: reason.clone(),
        }],
    }
}

fn refusal(state: &State, rulebook: &Rulebook, by: &Principal) -> Option<Refusal> {
    if let Err(why) = state.may_adopt(by) {
        return Some(why);
    }
    if let Some(why) = adoption::unusable(state, rulebook, rulebook.content_hash()) {
        return Some(why);
    }
    if state.versions.pending().is_some() {
        return Some(Refusal::AnotherVersionWaits);
    }
    let in_force = state.rulebook.as_ref();
    let goes_far = in_force.is_some_and(|rules| !rules.beyond_bounds(rulebook).is_empty());
    goes_far.then_some(Refusal::BeyondBounds)
}

/// Which program has started, and whether the rules let it take intents. One that they do not is an incident.
pub(crate) fn started(state: &State, at: Timestamp, build: &Text) -> Vec<Event> {
    let is_allowed = state.rulebook.as_ref().is_some_and(|rules| rules.allows_build(build));
    let mut events = vec![Event::BuildStated { build: build.clone(), is_allowed }];
    if !is_allowed {
        let detail = Text::new(format!("the program {build} is none of those the rules allow"));
        let noticed = incidents::startup(state, at, StartupAnomaly::BuildNotAllowed, &detail);
        events.extend(noticed.into_iter().map(Event::Incident));
    }
    events
}

/// Why rules cannot be in force here: they are another partition's, or leave something in use without its rules.
pub(crate) fn misfit(state: &State, rulebook: &Rulebook) -> Option<Refusal> {
    if rulebook.partition != state.partition {
        Some(Refusal::OtherPartition)
    } else if state.ledgers.iter().any(|(book, plane, ledger)| {
        ledger.holdings().any(|(instrument, holding)| {
            !covers(rulebook, book, plane, instrument, holding.contract_size)
        })
    }) {
        Some(Refusal::StillInUse)
    } else {
        None
    }
}

/// Whether the rules know a holding as it is: its book, its executor, and the size of its contract.
fn covers(
    rulebook: &Rulebook,
    book: &BookId,
    plane: Plane,
    instrument: &InstrumentId,
    contract_size: fillwright_domain::Ratio,
) -> bool {
    let known =
        rulebook.instruments.get(instrument).filter(|known| known.contract_size == contract_size);
    let executor = rulebook
        .books
        .get(book)
        .zip(known)
        .and_then(|(book, known)| book.executors.get(&known.venue));
    executor == Some(&plane)
}

/// Adds a run to the registry. Registering the same run again changes nothing; another manifest replaces the first.
pub(crate) fn register(
    state: &State,
    run_id: &RunId,
    manifest_hash: &Text,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if let Err(why) = state.may_register(by) {
        return refuse(why, by);
    }
    if state.audited_runs.get(run_id) == Some(manifest_hash) {
        return refuse(Refusal::NothingNew, by);
    }
    vec![Event::RunRegistered {
        run_id: run_id.clone(),
        manifest_hash: manifest_hash.clone(),
        by: by.clone(),
        reason: reason.clone(),
    }]
}

/// Values holdings of an instrument at a price, unless the price is unusable, from the future, or
/// older than the one in force.
pub(crate) fn mark(
    state: &State,
    at: Timestamp,
    instrument_id: &InstrumentId,
    mark_px: Px,
    as_of: Timestamp,
) -> Vec<Event> {
    let refused = |why| vec![Event::InputRefused { why, by: None }];
    let known = state
        .rulebook
        .as_ref()
        .is_some_and(|rulebook| rulebook.instruments.contains_key(instrument_id));
    if !known || !mark_px.is_positive() {
        return refused(Refusal::MarkUnusable);
    }
    if as_of > at {
        return refused(Refusal::MarkFromFuture);
    }
    if state.marks.get(instrument_id).is_some_and(|mark| mark.as_of > as_of) {
        return refused(Refusal::MarkOutOfOrder);
    }
    match state.ledgers.can_mark(&state.tree, &state.directory, instrument_id, mark_px) {
        Ok(()) => vec![Event::MarkTaken { instrument_id: instrument_id.clone(), mark_px, as_of }],
        Err(_) => refused(Refusal::FigureOutOfRange),
    }
}

pub(crate) fn refuse(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
