//! Versions of the rules, read off everything that ever happened.

use super::admin::{may, refused, still_ruled};
use super::facts::Facts;
use super::restraints;
use fillwright_domain::{Decimal, Principal, Timestamp};
use fillwright_kernel::Event;
use fillwright_kernel::adoption::{PolicyEvent, PolicyInput, Proposal, Word};
use fillwright_kernel::event::Refusal;
use fillwright_policy::{Role, Rulebook};

/// How many versions count as known.
const KNOWN: usize = 64;

/// The version that waits.
pub(super) struct Waiting<'a> {
    proposal: &'a Proposal,
    needs_approval: bool,
    approved_by: Option<&'a Principal>,
}

pub(super) fn waiting<'a>(facts: &Facts<'a>) -> Option<Waiting<'a>> {
    let mut waiting = None;
    for event in facts.events() {
        match event {
            Event::Policy(PolicyEvent::Proposed { proposal, needs_approval, .. }) => {
                let needs_approval = *needs_approval;
                waiting = Some(Waiting { proposal, needs_approval, approved_by: None });
            }
            Event::Policy(PolicyEvent::Approved(word)) => {
                waiting = waiting.map(|old| Waiting { approved_by: Some(&word.by), ..old });
            }
            Event::Policy(_) => waiting = None,
            _ => {}
        }
    }
    waiting
}

fn is_due(waiting: &Waiting, at: Timestamp) -> bool {
    let is_approved = !waiting.needs_approval || waiting.approved_by.is_some();
    let is_time = match waiting.proposal.effective_at {
        None => true,
        Some(when) => when <= at,
    };
    is_approved && is_time
}

pub(super) fn fall_due(facts: &Facts, at: Timestamp) -> Vec<Event> {
    match waiting(facts) {
        Some(waiting) if is_due(&waiting, at) => come_in_force(facts, &waiting),
        _ => Vec::new(),
    }
}

fn come_in_force(facts: &Facts, waiting: &Waiting) -> Vec<Event> {
    let proposal = waiting.proposal;
    let hash = proposal.rulebook.content_hash();
    let may_no_more = waiting.approved_by.and_then(|by| may(facts, by, &[Role::Approver]));
    if let Some(why) = may_no_more.or_else(|| unusable(facts, &proposal.rulebook)) {
        return vec![Event::Policy(PolicyEvent::Lapsed { hash, why })];
    }
    let approved_by = waiting.approved_by.cloned();
    vec![
        Event::Policy(PolicyEvent::CameInForce { hash, approved_by }),
        Event::RulebookAdopted {
            rulebook: proposal.rulebook.clone(),
            by: proposal.by.clone(),
            reason: proposal.reason.clone(),
        },
    ]
}

/// Every version that was in force, the newest first.
fn known<'a>(facts: &Facts<'a>) -> Vec<&'a Rulebook> {
    let adopted = facts.events().rev().filter_map(|event| match event {
        Event::RulebookAdopted { rulebook, .. } => Some(&**rulebook),
        _ => None,
    });
    adopted.take(KNOWN).collect()
}

/// Why these rules cannot come into force now, whoever asks.
pub(super) fn unusable(facts: &Facts, new: &Rulebook) -> Option<Refusal> {
    let known = known(facts);
    if known.first() == Some(&new) {
        return Some(Refusal::NothingNew);
    }
    if known.contains(&new) && !restraints::is_halted(facts) {
        return Some(Refusal::RollbackWhileRunning);
    }
    if new.partition.as_str() != facts.partition {
        return Some(Refusal::OtherPartition);
    }
    let fits = facts.ledgers().iter().all(|(book, plane)| still_ruled(facts, new, book, *plane));
    (!fits).then_some(Refusal::StillInUse)
}

/// Whether one person may not change this much alone: with every value that moved within its bound put back, and the
/// name of the version, something still differs.
pub(super) fn goes_far(old: &Rulebook, new: &Rulebook) -> bool {
    if old.bounds.is_none() && old.environment.as_str() != "live" {
        return new.environment.as_str() == "live";
    }
    let mut put_back = new.clone();
    put_back.version = old.version.clone();
    for (path, bound) in old.bounds.iter().flat_map(|bounds| &bounds.bounds) {
        let (value, was) = match path.as_str() {
            "/execution/quote_age_max_ms" => {
                (&mut put_back.execution.quote_age_max_ms, old.execution.quote_age_max_ms)
            }
            "/execution/mark_age_max_ms" => {
                (&mut put_back.execution.mark_age_max_ms, old.execution.mark_age_max_ms)
            }
            other => panic!("the reference knows no bound of {other}"),
        };
        let moved = Decimal::from_int(i64::from(*value));
        if bound.least <= moved && moved <= bound.most {
            *value = was;
        }
    }
    put_back != *old
}

pub(super) fn answer(facts: &Facts, at: Timestamp, asked: &PolicyInput) -> Vec<Event> {
    match asked {
        PolicyInput::Propose(proposal) => propose(facts, at, proposal),
        PolicyInput::Approve(word) => approve(facts, at, word),
        PolicyInput::Withdraw(word) => withdraw(facts, word),
    }
}

fn propose(facts: &Facts, at: Timestamp, proposal: &Proposal) -> Vec<Event> {
    let by = &proposal.by;
    let Some((_, old)) = facts.rulebook() else {
        let is_signed = !by.is_empty() && !proposal.author.is_empty();
        let why = if is_signed { Refusal::NotTheVersionInForce } else { Refusal::Anonymous };
        return refused(why, by);
    };
    if let Some(why) = may(facts, by, &[Role::Risk]) {
        return refused(why, by);
    }
    if proposal.author.is_empty() {
        return refused(Refusal::Anonymous, by);
    }
    if let Some(why) = unusable(facts, &proposal.rulebook) {
        return refused(why, by);
    }
    if old.content_hash() != proposal.replaces {
        return refused(Refusal::NotTheVersionInForce, by);
    }
    if waiting(facts).is_some() {
        return refused(Refusal::AnotherVersionWaits, by);
    }
    let needs_approval = goes_far(old, &proposal.rulebook);
    let mut events = vec![Event::Policy(PolicyEvent::Proposed {
        hash: proposal.rulebook.content_hash(),
        proposal: proposal.clone(),
        needs_approval,
    })];
    let waiting = Waiting { proposal, needs_approval, approved_by: None };
    if is_due(&waiting, at) {
        events.extend(come_in_force(facts, &waiting));
    }
    events
}

fn approve(facts: &Facts, at: Timestamp, word: &Word) -> Vec<Event> {
    let by = &word.by;
    if let Some(why) = may(facts, by, &[Role::Approver]) {
        return refused(why, by);
    }
    let Some(waiting) = waiting(facts).filter(|waiting| is_of(waiting, word)) else {
        return refused(Refusal::NoSuchVersionWaits, by);
    };
    if !waiting.needs_approval || waiting.approved_by.is_some() {
        return refused(Refusal::NothingNew, by);
    }
    if [&waiting.proposal.by, &waiting.proposal.author].contains(&by) {
        return refused(Refusal::SelfApproval, by);
    }
    if let Some(why) = unusable(facts, &waiting.proposal.rulebook) {
        return refused(why, by);
    }
    let mut events = vec![Event::Policy(PolicyEvent::Approved(word.clone()))];
    let waiting = Waiting { approved_by: Some(by), ..waiting };
    if is_due(&waiting, at) {
        events.extend(come_in_force(facts, &waiting));
    }
    events
}

fn withdraw(facts: &Facts, word: &Word) -> Vec<Event> {
    if let Some(why) = may(facts, &word.by, &[Role::Approver, Role::Risk]) {
        return refused(why, &word.by);
    }
    if !waiting(facts).is_some_and(|waiting| is_of(&waiting, word)) {
        return refused(Refusal::NoSuchVersionWaits, &word.by);
    }
    vec![Event::Policy(PolicyEvent::Withdrawn(word.clone()))]
}

fn is_of(waiting: &Waiting, word: &Word) -> bool {
    waiting.proposal.rulebook.content_hash() == word.hash
}
