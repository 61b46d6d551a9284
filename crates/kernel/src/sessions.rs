//! Sessions: the periods in which strategies may use a lane with so much capital.
//!
//! Scheduled, running, suspended, completed, rolled back: [`MOVES`] is the one table of what follows what. Starting and
//! resuming in `live` takes an approval, and somebody who looks at every serious incident. A session is rolled back only
//! once it stands still, suspended or under a halt: rolling back what still trades has made losses larger (Knight,
//! 34-70694).

use crate::approvals::{Change, use_of};
use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{
    BookId, ContentDigest, LaneId, Notional, Principal, RequestId, SessionId, StrategyId, Text,
    Timestamp,
};
use fillwright_policy::{Book, Role, Rulebook, SessionDefinition};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most sessions that are remembered; one that ended makes room for another.
pub const SESSIONS_MAX: usize = 256;
/// The most books, and the most strategies, of one session.
pub const MEMBERS_MAX: usize = 64;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Not begun.
    #[n(0)]
    Scheduled,
    /// Lets orders through.
    #[n(1)]
    Running,
    /// Stands still, and may go on.
    #[n(2)]
    Suspended,
    /// Ended as planned, or cancelled before it began.
    #[n(3)]
    Completed,
    /// Ended because what it ran is withdrawn.
    #[n(4)]
    RolledBack,
}

impl SessionStatus {
    /// Its name in registries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Completed => "completed",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether it ended.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::RolledBack)
    }

    /// Whether it has its books: running or suspended.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Suspended)
    }
}

/// What people ask of a session that is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum SessionMove {
    /// Begin.
    #[n(0)]
    Start,
    /// Stand still.
    #[n(1)]
    Suspend,
    /// Go on.
    #[n(2)]
    Resume,
    /// End as planned, or cancel.
    #[n(3)]
    Complete,
    /// End because what it ran is withdrawn.
    #[n(4)]
    RollBack,
}

/// What follows what. Anything else is refused; rolling back a running session takes a halt besides.
pub const MOVES: [(SessionStatus, SessionMove, SessionStatus); 8] = [
    (SessionStatus::Scheduled, SessionMove::Start, SessionStatus::Running),
    (SessionStatus::Scheduled, SessionMove::Complete, SessionStatus::Completed),
    (SessionStatus::Running, SessionMove::Suspend, SessionStatus::Suspended),
    (SessionStatus::Running, SessionMove::Complete, SessionStatus::Completed),
    (SessionStatus::Running, SessionMove::RollBack, SessionStatus::RolledBack),
    (SessionStatus::Suspended, SessionMove::Resume, SessionStatus::Running),
    (SessionStatus::Suspended, SessionMove::Complete, SessionStatus::Completed),
    (SessionStatus::Suspended, SessionMove::RollBack, SessionStatus::RolledBack),
];

/// What people ask about sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum SessionInput {
    /// Note a session that is to be.
    #[n(0)]
    Schedule {
        /// What it is.
        #[n(0)]
        definition: SessionDefinition,
        /// Who asks.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// Move it on.
    #[n(1)]
    Move {
        /// The session.
        #[n(0)]
        session_id: SessionId,
        /// Where to.
        #[n(1)]
        action: SessionMove,
        /// The request that was approved, where it takes one.
        #[n(2)]
        approval: Option<RequestId>,
        /// Who asks.
        #[n(3)]
        by: Principal,
        /// Why.
        #[n(4)]
        reason: Text,
    },
}

/// What happened to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "session")]
pub enum SessionEvent {
    /// It is to be.
    #[n(0)]
    Scheduled {
        /// What it is.
        #[n(0)]
        definition: SessionDefinition,
        /// Who asked.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// It moved on.
    #[n(1)]
    Moved {
        /// The session.
        #[n(0)]
        session_id: SessionId,
        /// Where it stood.
        #[n(1)]
        from: SessionStatus,
        /// Where it stands.
        #[n(2)]
        to: SessionStatus,
        /// When.
        #[n(3)]
        at: Timestamp,
        /// Who asked.
        #[n(4)]
        by: Principal,
        /// Why.
        #[n(5)]
        reason: Text,
    },
}

/// A session and what came of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Session {
    /// What it is.
    #[n(0)]
    pub definition: SessionDefinition,
    /// Where it stands.
    #[n(1)]
    pub status: SessionStatus,
    /// The entry that scheduled it.
    #[n(2)]
    pub scheduled_seq: u64,
    /// Since when it runs, where it does.
    #[n(3)]
    pub running_since: Option<Timestamp>,
    /// How long it ran before. Nanoseconds.
    #[n(4)]
    pub ran_ns: i64,
    /// Orders of its books that ended.
    #[n(5)]
    pub ended: u64,
    /// Of these, those that came to nothing.
    #[n(6)]
    pub failed: u64,
}

impl Session {
    /// How long it has run by now. Nanoseconds.
    pub fn ran_ns_at(&self, at: Timestamp) -> i64 {
        let now = self.running_since.map_or(0, |since| at.since_ns(since).max(0));
        self.ran_ns.saturating_add(now)
    }

    /// The digest its approvals are bound to.
    ///
    /// # Panics
    ///
    /// Never: writing to memory cannot fail.
    pub fn digest(&self) -> ContentDigest {
        let bytes = minicbor::to_vec(&self.definition).expect("writing to memory cannot fail");
        ContentDigest::of(&bytes)
    }

    fn move_to(&mut self, to: SessionStatus, at: Timestamp) {
        self.ran_ns = self.ran_ns_at(at);
        self.running_since = (to == SessionStatus::Running).then_some(at);
        self.status = to;
    }
}

/// Every session that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Sessions {
    #[n(0)]
    known: BTreeMap<SessionId, Session>,
    /// The active session of each book.
    #[n(1)]
    by_book: BTreeMap<BookId, SessionId>,
}

impl Sessions {
    /// One session.
    pub fn get(&self, session_id: &SessionId) -> Option<&Session> {
        self.known.get(session_id)
    }

    /// Every session, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SessionId, &Session)> {
        self.known.iter()
    }

    /// The session that has a book: running or suspended.
    pub fn of_book(&self, book_id: &BookId) -> Option<&Session> {
        self.by_book.get(book_id).and_then(|session_id| self.known.get(session_id))
    }

    /// What the sessions of a lane that have not ended were given together; nothing where it cannot be held.
    fn given_to(&self, lane: &LaneId) -> Option<Notional> {
        let open = self.known.values().filter(|session| !session.status.is_over());
        let mut in_lane = open.filter(|session| session.definition.lane == *lane);
        in_lane.try_fold(Notional::ZERO, |sum, session| {
            sum.checked_add(session.definition.capital).ok()
        })
    }

    /// The session that ended and was scheduled first.
    fn oldest_over(&self) -> Option<&SessionId> {
        let over = self.known.iter().filter(|(_, session)| session.status.is_over());
        over.min_by_key(|(_, session)| session.scheduled_seq).map(|(session_id, _)| session_id)
    }

    /// Writes what happened to a session.
    pub(crate) fn apply(&mut self, seq: u64, event: SessionEvent) {
        match event {
            SessionEvent::Scheduled { definition, .. } => self.schedule(seq, definition),
            SessionEvent::Moved { session_id, to, at, .. } => self.move_to(&session_id, to, at),
        }
    }

    fn schedule(&mut self, seq: u64, definition: SessionDefinition) {
        if self.known.len() >= SESSIONS_MAX
            && let Some(oldest) = self.oldest_over().cloned()
        {
            self.known.remove(&oldest);
        }
        let session = Session {
            status: SessionStatus::Scheduled,
            scheduled_seq: seq,
            running_since: None,
            ran_ns: 0,
            ended: 0,
            failed: 0,
            definition,
        };
        self.known.insert(session.definition.session_id.clone(), session);
    }

    fn move_to(&mut self, session_id: &SessionId, to: SessionStatus, at: Timestamp) {
        let Some(session) = self.known.get_mut(session_id) else { return };
        session.move_to(to, at);
        for book in &session.definition.books {
            if to.is_active() {
                self.by_book.insert(book.clone(), session_id.clone());
            } else if self.by_book.get(book) == Some(session_id) {
                self.by_book.remove(book);
            }
        }
    }

    /// Counts an order of a book that ended.
    pub(crate) fn order_ended(&mut self, book_id: &BookId, is_failure: bool) {
        let session_id = self.by_book.get(book_id);
        if let Some(session) = session_id.and_then(|session_id| self.known.get_mut(session_id)) {
            session.ended = session.ended.saturating_add(1);
            session.failed = session.failed.saturating_add(u64::from(is_failure));
        }
    }
}

/// Decides on what people ask about sessions.
pub(crate) fn decide(state: &State, at: Timestamp, input: &SessionInput) -> Vec<Event> {
    let (decided, by) = match input {
        SessionInput::Schedule { definition, by, reason } => {
            let scheduled = may_schedule(state, at, definition, by).map(|()| {
                let (by, reason) = (by.clone(), reason.clone());
                vec![SessionEvent::Scheduled { definition: definition.clone(), by, reason }.into()]
            });
            (scheduled, by)
        }
        SessionInput::Move { session_id, action, approval, by, reason } => {
            let moved = moved(state, at, session_id, *action, *approval, by);
            let moved = moved.map(|(from, to, used)| {
                let moved = SessionEvent::Moved {
                    session_id: session_id.clone(),
                    from,
                    to,
                    at,
                    by: by.clone(),
                    reason: reason.clone(),
                };
                used.into_iter().chain([moved.into()]).collect()
            });
            (moved, by)
        }
    };
    decided.unwrap_or_else(|why| vec![Event::InputRefused { why, by: Some(by.clone()) }])
}

impl From<SessionEvent> for Event {
    fn from(event: SessionEvent) -> Self {
        Self::Session(Box::new(event))
    }
}

/// Whether a session may be scheduled: by a trader, sound in itself, and within what its lane has left.
fn may_schedule(
    state: &State,
    at: Timestamp,
    definition: &SessionDefinition,
    by: &Principal,
) -> Result<(), Refusal> {
    state.may(by, &[Role::Trader])?;
    if state.sessions.get(&definition.session_id).is_some() {
        return Err(Refusal::SessionKnown);
    }
    let rulebook = state.rulebook.as_ref().ok_or(Refusal::SessionUnusable)?;
    if !is_sound(rulebook, definition, at) {
        return Err(Refusal::SessionUnusable);
    }
    if state.sessions.known.len() >= SESSIONS_MAX && state.sessions.oldest_over().is_none() {
        return Err(Refusal::TooMany);
    }
    fits_lane(state, rulebook, definition, Notional::ZERO)
}

/// Whether everything a session names exists, agrees, and lies in the right order of time.
fn is_sound(rulebook: &Rulebook, definition: &SessionDefinition, at: Timestamp) -> bool {
    let SessionDefinition { session_id, env, lane, strategies, books, capital, .. } = definition;
    let lane_agrees = rulebook.lanes.lanes.get(lane).is_some_and(|lane| lane.environment == *env);
    let books_agree = books.iter().all(|book| {
        rulebook.books.get(book).is_some_and(|book| {
            strategies.contains(&book.strategy_id)
                && book.lane.as_ref().is_none_or(|own| own == lane)
        })
    });
    !session_id.is_empty()
        && *env == rulebook.environment
        && lane_agrees
        && (1..=MEMBERS_MAX).contains(&books.len())
        && (1..=MEMBERS_MAX).contains(&strategies.len())
        && strategies.iter().all(|strategy| rulebook.strategies.contains_key(strategy))
        && books_agree
        && capital.is_positive()
        && definition.start_at <= definition.review_at
        && definition.review_at <= definition.end_at
        && definition.start_at < definition.end_at
        && definition.end_at > at
}

/// Whether a lane's budget holds a session beside the others; `own` is what they count of it already.
fn fits_lane(
    state: &State,
    rulebook: &Rulebook,
    definition: &SessionDefinition,
    own: Notional,
) -> Result<(), Refusal> {
    let lane = rulebook.lanes.lanes.get(&definition.lane).ok_or(Refusal::SessionUnusable)?;
    let others = state.sessions.given_to(&definition.lane).ok_or(Refusal::FigureOutOfRange)?;
    let others = others.checked_sub(own).map_err(|_| Refusal::FigureOutOfRange)?;
    let all = others.checked_add(definition.capital).map_err(|_| Refusal::FigureOutOfRange)?;
    if all <= lane.capital_budget { Ok(()) } else { Err(Refusal::LaneBudgetExceeded) }
}

/// Where a session moves to, and the approval it uses up.
fn moved(
    state: &State,
    at: Timestamp,
    session_id: &SessionId,
    action: SessionMove,
    approval: Option<RequestId>,
    by: &Principal,
) -> Result<(SessionStatus, SessionStatus, Option<Event>), Refusal> {
    may_move(state, action, by)?;
    let session = state.sessions.get(session_id).ok_or(Refusal::SessionUnknown)?;
    let from = session.status;
    let row = MOVES.iter().find(|(before, asked, _)| (*before, *asked) == (from, action));
    let to = row.ok_or(Refusal::SessionNotThere)?.2;
    let used = match action {
        SessionMove::Start | SessionMove::Resume => {
            may_run(state, at, session, action)?;
            approval_of(state, at, session, action, approval)?
        }
        SessionMove::RollBack => {
            stands_still(state, session)?;
            None
        }
        SessionMove::Suspend | SessionMove::Complete => None,
    };
    Ok((from, to, used))
}

/// A stop takes a name only; everything else a role.
fn may_move(state: &State, action: SessionMove, by: &Principal) -> Result<(), Refusal> {
    match action {
        SessionMove::Suspend if by.is_empty() => Err(Refusal::Anonymous),
        SessionMove::Suspend => Ok(()),
        SessionMove::Start | SessionMove::Resume => state.may(by, &[Role::Trader]),
        SessionMove::Complete | SessionMove::RollBack => state.may(by, &[Role::Trader, Role::Risk]),
    }
}

/// Whether a session may let orders through from now on: still sound under the rules in force, in its time, within its
/// lane, and with books nobody else has.
fn may_run(
    state: &State,
    at: Timestamp,
    session: &Session,
    action: SessionMove,
) -> Result<(), Refusal> {
    let definition = &session.definition;
    if at < definition.start_at || at >= definition.end_at {
        return Err(Refusal::SessionOutOfTime);
    }
    let rulebook = state.rulebook.as_ref().ok_or(Refusal::SessionUnusable)?;
    if !is_sound(rulebook, definition, at) {
        return Err(Refusal::SessionUnusable);
    }
    let taken = |book: &BookId| state.sessions.by_book.contains_key(book);
    if action == SessionMove::Start && definition.books.iter().any(taken) {
        return Err(Refusal::BookInSession);
    }
    if is_live(definition) && state.incidents.unacknowledged_serious().is_some() {
        return Err(Refusal::SeriousIncident);
    }
    fits_lane(state, rulebook, definition, definition.capital)
}

fn is_live(definition: &SessionDefinition) -> bool {
    definition.env.as_str() == "live"
}

/// The approval that starting or resuming takes; in `live` only.
fn approval_of(
    state: &State,
    at: Timestamp,
    session: &Session,
    action: SessionMove,
    named: Option<RequestId>,
) -> Result<Option<Event>, Refusal> {
    if !is_live(&session.definition) {
        return Ok(None);
    }
    let (session_id, definition) = (session.definition.session_id.clone(), session.digest());
    let change = match action {
        SessionMove::Start => Change::StartSession { session_id, definition },
        _ => Change::ResumeSession { session_id, definition },
    };
    use_of(state, at, &change, named).map(Some)
}

/// Whether nothing of a session trades any more: it is suspended, or trading is halted.
fn stands_still(state: &State, session: &Session) -> Result<(), Refusal> {
    if session.status == SessionStatus::Suspended || state.control.is_halted() {
        Ok(())
    } else {
        Err(Refusal::StillRunning)
    }
}

/// The lane of a book: its own, otherwise the one of the session that has it.
pub(crate) fn lane_of<'a>(book: &'a Book, session: Option<&'a Session>) -> Option<&'a LaneId> {
    book.lane.as_ref().or_else(|| session.map(|session| &session.definition.lane))
}

/// Whether a strategy may trade in a session.
pub(crate) fn admits(session: &Session, strategy_id: &StrategyId) -> bool {
    session.definition.strategies.contains(strategy_id)
}
