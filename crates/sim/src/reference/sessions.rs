//! Sessions, read off the history each time.

use super::admin::may;
use super::approvals::spend;
use super::facts::Facts;
use super::incidents;
use super::restraints::is_halted;
use crate::exact::{Exact, exact};
use fillwright_domain::{BookId, ContentDigest, LaneId, Principal, SessionId, Severity, Timestamp};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::incidents::Incident;
use fillwright_kernel::{Change, Event, SessionEvent, SessionInput, SessionMove, SessionStatus};
use fillwright_policy::{Role, Rulebook, SessionDefinition};

/// A session and how it moved.
pub(super) struct Known<'a> {
    pub(super) definition: &'a SessionDefinition,
    seq: u64,
    moves: Vec<(Timestamp, SessionStatus)>,
    pub(super) ended: u64,
    pub(super) failed: u64,
}

impl Known<'_> {
    pub(super) fn status(&self) -> SessionStatus {
        self.moves.last().map_or(SessionStatus::Scheduled, |(_, status)| *status)
    }

    fn is_over(&self) -> bool {
        matches!(self.status(), SessionStatus::Completed | SessionStatus::RolledBack)
    }

    pub(super) fn has_books(&self) -> bool {
        matches!(self.status(), SessionStatus::Running | SessionStatus::Suspended)
    }

    /// How long it ran until now. Nanoseconds.
    pub(super) fn ran_ns(&self, at: Timestamp) -> i128 {
        let ends = self.moves.iter().skip(1).map(|(end, _)| *end).chain([at]);
        let stretches = self.moves.iter().zip(ends);
        let running = stretches.filter(|((_, status), _)| *status == SessionStatus::Running);
        running.map(|((start, _), end)| i128::from(end.as_ns() - start.as_ns()).max(0)).sum()
    }
}

/// Every session that is remembered: the 256 that were scheduled last, but for those that have not ended.
pub(super) fn sessions<'a>(facts: &Facts<'a>) -> Vec<Known<'a>> {
    let mut known: Vec<Known<'a>> = Vec::new();
    let mut books: Vec<(fillwright_domain::OrderIntentId, &BookId)> = Vec::new();
    for entry in facts.history {
        for event in &entry.events {
            match event {
                Event::Session(event) => take(&mut known, entry.seq, event),
                Event::OrderEmitted { order } => {
                    books.push((order.order_intent_id, &order.book_id));
                }
                Event::OutcomeRecorded { outcome } => {
                    let order = |(id, _): &&(_, _)| *id == outcome.order_intent_id;
                    let Some((_, book)) = books.iter().rev().find(order) else { continue };
                    let own = |known: &&mut Known| {
                        known.has_books() && known.definition.books.contains(*book)
                    };
                    let Some(session) = known.iter_mut().find(own) else { continue };
                    session.ended += 1;
                    session.failed += u64::from(outcome.filled_quantity.is_zero());
                }
                _ => {}
            }
        }
    }
    known
}

fn take<'a>(known: &mut Vec<Known<'a>>, seq: u64, event: &'a SessionEvent) {
    match event {
        SessionEvent::Scheduled { definition, .. } => {
            let oldest = known.iter().position(Known::is_over).filter(|_| known.len() >= 256);
            oldest.map(|oldest| known.remove(oldest));
            known.push(Known { definition, seq, moves: Vec::new(), ended: 0, failed: 0 });
        }
        SessionEvent::Moved { session_id, to, at, .. } => {
            let found = known.iter_mut().find(|known| known.definition.session_id == *session_id);
            if let Some(found) = found {
                found.moves.push((*at, *to));
            }
        }
    }
    known.sort_by_key(|known| known.seq);
}

/// The session that has a book.
pub(super) fn session_of<'a>(facts: &Facts<'a>, book: &BookId) -> Option<Known<'a>> {
    let all = sessions(facts).into_iter();
    all.filter(Known::has_books).find(|known| known.definition.books.contains(book))
}

/// The lane of a book: its own, otherwise the one of the session that has it.
pub(super) fn lane_of(facts: &Facts, book: &BookId) -> Option<LaneId> {
    let own = facts.rulebook()?.1.books.get(book)?.lane.clone();
    own.or_else(|| session_of(facts, book).map(|known| known.definition.lane.clone()))
}

pub(super) fn decide(facts: &Facts, at: Timestamp, input: &SessionInput) -> Vec<Event> {
    let decided = match input {
        SessionInput::Schedule { definition, by, reason } => {
            unschedulable(facts, at, definition, by).map_or_else(
                || {
                    let (by, reason) = (by.clone(), reason.clone());
                    let definition = definition.clone();
                    Ok(vec![happened(SessionEvent::Scheduled { definition, by, reason })])
                },
                |why| Err((why, by)),
            )
        }
        SessionInput::Move { session_id, action, approval, by, reason } => {
            let moved = moved(facts, at, session_id, *action, by);
            let moved = moved.and_then(|(known, to)| {
                let mut events = Vec::new();
                if let Some(change) = needs_approval(&known, *action) {
                    events.push(spend(facts, at, &change, *approval)?);
                }
                events.push(happened(SessionEvent::Moved {
                    session_id: session_id.clone(),
                    from: known.status(),
                    to,
                    at,
                    by: by.clone(),
                    reason: reason.clone(),
                }));
                Ok(events)
            });
            moved.map_err(|why| (why, by))
        }
    };
    decided.unwrap_or_else(|(why, by)| vec![Event::InputRefused { why, by: Some(by.clone()) }])
}

fn happened(event: SessionEvent) -> Event {
    Event::Session(Box::new(event))
}

fn unschedulable(
    facts: &Facts,
    at: Timestamp,
    definition: &SessionDefinition,
    by: &Principal,
) -> Option<Refusal> {
    if let Some(why) = may(facts, by, &[Role::Trader]) {
        return Some(why);
    }
    let known = sessions(facts);
    if known.iter().any(|known| known.definition.session_id == definition.session_id) {
        return Some(Refusal::SessionKnown);
    }
    let Some((_, rules)) = facts.rulebook() else { return Some(Refusal::SessionUnusable) };
    if !fits(rules, definition, at) {
        return Some(Refusal::SessionUnusable);
    }
    if known.len() >= 256 && !known.iter().any(Known::is_over) {
        return Some(Refusal::TooMany);
    }
    over_budget(rules, &known, definition)
}

/// Everything that must be so of a session, one sentence after another.
fn fits(rules: &Rulebook, definition: &SessionDefinition, at: Timestamp) -> bool {
    let Some(lane) = rules.lanes.lanes.get(&definition.lane) else { return false };
    if definition.session_id.as_str().is_empty()
        || definition.env != rules.environment
        || lane.environment != definition.env
        || !definition.capital.is_positive()
    {
        return false;
    }
    let (books, strategies) = (&definition.books, &definition.strategies);
    if books.is_empty() || books.len() > 64 || strategies.is_empty() || strategies.len() > 64 {
        return false;
    }
    if strategies.iter().any(|strategy| !rules.strategies.contains_key(strategy)) {
        return false;
    }
    for book in books {
        let Some(book) = rules.books.get(book) else { return false };
        let is_elsewhere = book.lane.as_ref().is_some_and(|lane| *lane != definition.lane);
        if is_elsewhere || !strategies.contains(&book.strategy_id) {
            return false;
        }
    }
    let (start, review, end) = (definition.start_at, definition.review_at, definition.end_at);
    start <= review && review <= end && start < end && at < end
}

/// Whether all sessions of the lane that have not ended, with this one, are given more than the lane has.
fn over_budget(
    rules: &Rulebook,
    known: &[Known],
    definition: &SessionDefinition,
) -> Option<Refusal> {
    let mut given = exact(definition.capital.get());
    let others = known.iter().filter(|known| {
        !known.is_over()
            && known.definition.lane == definition.lane
            && known.definition.session_id != definition.session_id
    });
    for other in others {
        given = given + exact(other.definition.capital.get());
    }
    let Some(lane) = rules.lanes.lanes.get(&definition.lane) else {
        return Some(Refusal::SessionUnusable);
    };
    let budget: Exact = exact(lane.capital_budget.get());
    (given > budget).then_some(Refusal::LaneBudgetExceeded)
}

fn moved<'a>(
    facts: &Facts<'a>,
    at: Timestamp,
    session_id: &SessionId,
    action: SessionMove,
    by: &Principal,
) -> Result<(Known<'a>, SessionStatus), Refusal> {
    let lacks = match action {
        SessionMove::Suspend => by.as_str().is_empty().then_some(Refusal::Anonymous),
        SessionMove::Start | SessionMove::Resume => may(facts, by, &[Role::Trader]),
        _ => may(facts, by, &[Role::Trader, Role::Risk]),
    };
    if let Some(why) = lacks {
        return Err(why);
    }
    let known = sessions(facts);
    let found = known.iter().position(|known| known.definition.session_id == *session_id);
    let Some(found) = found else { return Err(Refusal::SessionUnknown) };
    let before = known[found].status();
    let to = match (action, before) {
        (SessionMove::Start, SessionStatus::Scheduled)
        | (SessionMove::Resume, SessionStatus::Suspended) => {
            if let Some(why) = may_not_run(facts, at, &known, found, action) {
                return Err(why);
            }
            SessionStatus::Running
        }
        (SessionMove::Suspend, SessionStatus::Running) => SessionStatus::Suspended,
        (SessionMove::Complete, _) if !known[found].is_over() => SessionStatus::Completed,
        (SessionMove::RollBack, SessionStatus::Suspended) => SessionStatus::RolledBack,
        (SessionMove::RollBack, SessionStatus::Running) => {
            if !is_halted(facts) {
                return Err(Refusal::StillRunning);
            }
            SessionStatus::RolledBack
        }
        _ => return Err(Refusal::SessionNotThere),
    };
    let session = known.into_iter().nth(found).expect("it was found");
    Ok((session, to))
}

fn may_not_run(
    facts: &Facts,
    at: Timestamp,
    known: &[Known],
    found: usize,
    action: SessionMove,
) -> Option<Refusal> {
    let definition = known[found].definition;
    if at < definition.start_at || at >= definition.end_at {
        return Some(Refusal::SessionOutOfTime);
    }
    let rules = match facts.rulebook() {
        Some((_, rules)) if fits(rules, definition, at) => rules,
        _ => return Some(Refusal::SessionUnusable),
    };
    let mut others = known.iter().filter(|other| other.has_books());
    let is_taken =
        others.any(|other| definition.books.iter().any(|b| other.definition.books.contains(b)));
    if action == SessionMove::Start && is_taken {
        return Some(Refusal::BookInSession);
    }
    if definition.env.as_str() == "live" && nobody_looked(facts) {
        return Some(Refusal::SeriousIncident);
    }
    over_budget(rules, known, definition)
}

/// Whether something serious happened and nobody has said that they look at it.
fn nobody_looked(facts: &Facts) -> bool {
    let serious = [Severity::High, Severity::Critical];
    let is_unseen =
        |one: &Incident| serious.contains(&one.severity) && one.acknowledged_by.is_none();
    incidents::open(facts).iter().any(is_unseen)
}

/// The change that takes an approval: in `live`, to start and to resume.
fn needs_approval(known: &Known, action: SessionMove) -> Option<Change> {
    let bytes = minicbor::to_vec(known.definition).expect("memory");
    let (session_id, definition) = (known.definition.session_id.clone(), ContentDigest::of(&bytes));
    match action {
        _ if known.definition.env.as_str() != "live" => None,
        SessionMove::Start => Some(Change::StartSession { session_id, definition }),
        SessionMove::Resume => Some(Change::ResumeSession { session_id, definition }),
        _ => None,
    }
}
