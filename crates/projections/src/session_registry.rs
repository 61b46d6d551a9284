//! `registry/live_sessions.json` and `registry/paper_sessions.json`: every session there ever was, where it stands, and how
//! much of its capital it has at stake.
//!
//! Each file carries its own cursor, the last entry that changed what a session is, so it is replaced whole or not at all.
//! What is at stake moves with every order and mark; it is brought up with each batch, and once a session is over stays
//! as it was at that moment.

use crate::error::{self, ProjectionError};
use crate::line_file::Vouch;
use crate::text::rfc3339;
use crate::{Paths, ProjectedEntry, Projection};
use fillwright_domain::{
    BookId, LaneId, Notional, Principal, Ratio, Rounding, Scope, SessionId, StrategyId, Text,
    Timestamp,
};
use fillwright_kernel::incidents::{Incident, IncidentEvent};
use fillwright_kernel::{DeploymentEvent, Event, SessionEvent, SessionStatus};
use fillwright_policy::SessionDefinition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const LIVE: &str = "live_sessions";
const PAPER: &str = "paper_sessions";
/// Where what happens in a session is told, below `data/`.
const TELEMETRY: [&str; 2] = ["telemetry/events_execution.ndjson", "telemetry/events_risk.ndjson"];
/// Where profit, loss and risk of a session are found, below `data/`.
const SUMMARIES: [&str; 2] = ["lakehouse/execution_logs.jsonl", "blotter.sqlite"];

/// The sessions of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionRecords {
    /// The last entry that changed what any of them is.
    pub journal_seq: u64,
    /// The sessions, in the order in which they were scheduled.
    pub sessions: Vec<SessionRecord>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its name.
    pub session_id: SessionId,
    /// The entry that scheduled it.
    pub seq: u64,
    /// `paper` or `live`.
    pub env: String,
    /// The lane.
    pub lane: LaneId,
    /// The strategies that trade in it.
    pub strategies: Vec<StrategyId>,
    /// The books, which are its portfolios.
    pub books: Vec<BookId>,
    /// `scheduled`, `running`, `suspended`, `completed` or `rolled_back`.
    pub status: String,
    /// When it may begin, is to be looked at, and ends at the latest.
    pub planned: Planned,
    /// When it first ran.
    pub started_at: Option<String>,
    /// When it was over.
    pub ended_at: Option<String>,
    /// Its capital.
    pub capital: Capital,
    /// Its orders.
    pub orders: Orders,
    /// What belongs to it.
    pub links: Links,
    /// How it moved, in order.
    pub timeline: Vec<Moved>,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// When it may begin.
    pub start_at: String,
    /// When somebody looks at it.
    pub review_at: String,
    /// When it ends at the latest.
    pub end_at: String,
}

/// Capital, and what of it is at stake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capital {
    /// What it may have at stake, in quote currency.
    pub allocated: Notional,
    /// The worst case of what its books hold, open orders counted in full, at marks, in quote currency; on the plane on
    /// which it is most. Absent before it ran, and where a mark is missing.
    pub at_stake: Option<Notional>,
    /// The one over the other, rounded up.
    pub utilisation: Option<Ratio>,
}

/// How many orders of it have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Orders {
    /// All of them.
    pub ended: u64,
    /// Of these, those that came to nothing.
    pub failed: u64,
}

/// What belongs to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Where what happens in it is told.
    pub telemetry: Vec<String>,
    /// Where profit, loss and risk are found.
    pub summaries: Vec<String>,
    /// Incidents that concerned it while it was active, or that somebody linked (`session:NAME`).
    pub incidents: Vec<String>,
    /// Entries in which its strategies were measured for promotion, or demoted.
    pub evaluations: Vec<String>,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// What it became.
    pub status: String,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl SessionRecords {
    /// Takes in an entry. Of one it has already only what is at stake is taken.
    fn apply(&mut self, entry: &ProjectedEntry, env: &str) {
        if entry.seq > self.journal_seq {
            let changes = entry.events.iter().filter(|event| self.read(entry, env, event)).count();
            if changes > 0 {
                self.journal_seq = entry.seq;
            }
        }
        for (session_id, at_stake) in entry.facts.stakes.iter().flatten() {
            let one = self.sessions.iter_mut().rev().find(|one| one.session_id == *session_id);
            if let Some(one) = one.filter(|one| one.takes_stakes_of(entry.seq)) {
                one.capital.use_up(Some(*at_stake));
            }
        }
    }

    /// Reads an event; whether it changed what a session is.
    fn read(&mut self, entry: &ProjectedEntry, env: &str, event: &Event) -> bool {
        match event {
            Event::Session(event) => self.session(entry, env, event),
            Event::OutcomeRecorded { outcome } => {
                let order = entry.facts.order(outcome.order_intent_id);
                let book_id = order.map(|facts| &facts.order.book_id);
                let within = book_id.and_then(|book_id| entry.facts.sessions.get(book_id));
                let is_failure = outcome.filled_quantity.is_zero();
                within.is_some_and(|within| {
                    self.change(&within.session_id, |one| one.orders.count(is_failure))
                })
            }
            Event::Incident(event) => self.incident(event),
            Event::Deployment(event) => self.evaluation(entry.seq, event),
            _ => false,
        }
    }

    fn session(&mut self, entry: &ProjectedEntry, env: &str, event: &SessionEvent) -> bool {
        match event {
            SessionEvent::Scheduled { definition, by, reason } => {
                let is_ours = definition.env.as_str() == env;
                if is_ours {
                    let moved = moved(entry, SessionStatus::Scheduled, by, reason);
                    self.sessions.push(SessionRecord::new(entry.seq, definition, moved));
                }
                is_ours
            }
            SessionEvent::Moved { session_id, to, at, by, reason, .. } => {
                let moved = moved(entry, *to, by, reason);
                self.change(session_id, |one| one.move_to(*to, *at, moved))
            }
        }
    }

    fn incident(&mut self, event: &IncidentEvent) -> bool {
        match event {
            IncidentEvent::Opened { incident } => {
                let concerned =
                    self.sessions.iter_mut().filter(|one| one.is_concerned_by(incident));
                concerned
                    .map(|one| one.links.incidents.push(incident.incident_id.to_string()))
                    .count()
                    > 0
            }
            IncidentEvent::Linked { incident_id, to, .. } => {
                let session_id = to.as_str().strip_prefix("session:").map(SessionId::new);
                let name = incident_id.to_string();
                session_id.is_some_and(|session_id| {
                    self.change(&session_id, |one| {
                        if !one.links.incidents.contains(&name) {
                            one.links.incidents.push(name);
                        }
                    })
                })
            }
            _ => false,
        }
    }

    fn evaluation(&mut self, seq: u64, event: &DeploymentEvent) -> bool {
        let (DeploymentEvent::Assessed { strategy_id, from, .. }
        | DeploymentEvent::Demoted { strategy_id, from, .. }) = event
        else {
            return false;
        };
        let measured = self
            .sessions
            .iter_mut()
            .filter(|one| one.lane == *from && one.strategies.contains(strategy_id));
        measured.map(|one| one.links.evaluations.push(format!("entry:{seq}"))).count() > 0
    }

    /// Changes the session of that name that was scheduled last; whether there is one.
    fn change(&mut self, session_id: &SessionId, change: impl FnOnce(&mut SessionRecord)) -> bool {
        let found = self.sessions.iter_mut().rev().find(|one| one.session_id == *session_id);
        found.map(change).is_some()
    }
}

fn moved(entry: &ProjectedEntry, status: SessionStatus, by: &Principal, reason: &Text) -> Moved {
    Moved {
        seq: entry.seq,
        at: rfc3339(entry.at),
        status: status.as_str().to_owned(),
        by: by.to_string(),
        reason: reason.to_string(),
    }
}

impl SessionRecord {
    fn new(seq: u64, definition: &SessionDefinition, scheduled: Moved) -> Self {
        let owned = |paths: [&str; 2]| paths.map(ToOwned::to_owned).to_vec();
        Self {
            session_id: definition.session_id.clone(),
            seq,
            env: definition.env.to_string(),
            lane: definition.lane.clone(),
            strategies: definition.strategies.iter().cloned().collect(),
            books: definition.books.iter().cloned().collect(),
            status: scheduled.status.clone(),
            planned: Planned {
                start_at: rfc3339(definition.start_at),
                review_at: rfc3339(definition.review_at),
                end_at: rfc3339(definition.end_at),
            },
            started_at: None,
            ended_at: None,
            capital: Capital { allocated: definition.capital, at_stake: None, utilisation: None },
            orders: Orders::default(),
            links: Links {
                telemetry: owned(TELEMETRY),
                summaries: owned(SUMMARIES),
                incidents: Vec::new(),
                evaluations: Vec::new(),
            },
            timeline: vec![scheduled],
        }
    }

    fn move_to(&mut self, to: SessionStatus, at: Timestamp, moved: Moved) {
        if to == SessionStatus::Running && self.started_at.is_none() {
            self.started_at = Some(rfc3339(at));
        }
        if to.is_over() {
            self.ended_at = Some(rfc3339(at));
        }
        self.status.clone_from(&moved.status);
        self.timeline.push(moved);
    }

    fn is_active(&self) -> bool {
        [SessionStatus::Running, SessionStatus::Suspended]
            .map(SessionStatus::as_str)
            .contains(&&*self.status)
    }

    /// Whether what is at stake behind an entry is this session's: it is active, or that entry ended it.
    fn takes_stakes_of(&self, seq: u64) -> bool {
        self.is_active() || self.timeline.last().is_some_and(|last| last.seq == seq)
    }

    /// Whether an incident concerns it: it is active, and the incident's scope covers some of it.
    fn is_concerned_by(&self, incident: &Incident) -> bool {
        let covers = match &incident.scope {
            Scope::Global | Scope::Environment => true,
            Scope::Lane(lane) => *lane == self.lane,
            Scope::Strategy(strategy) => self.strategies.contains(strategy),
            Scope::Account(_) | Scope::Venue(_) | Scope::Instrument(_) => false,
        };
        covers && self.is_active()
    }
}

impl Orders {
    fn count(&mut self, is_failure: bool) {
        self.ended += 1;
        self.failed += u64::from(is_failure);
    }
}

impl Capital {
    fn use_up(&mut self, at_stake: Option<Notional>) {
        self.at_stake = at_stake;
        self.utilisation = at_stake.and_then(|used| used.over(self.allocated, Rounding::Up).ok());
    }
}

/// One file, and what of it was written.
struct Registry {
    name: &'static str,
    env: &'static str,
    path: PathBuf,
    records: SessionRecords,
    written: Option<SessionRecords>,
}

impl Registry {
    fn open(name: &'static str, env: &'static str, path: PathBuf) -> Result<Self, ProjectionError> {
        let written: Option<SessionRecords> = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error::file("read", &path, 0)(error)),
            // One that is damaged is built again from the journal.
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
        };
        let records = written.clone().unwrap_or_default();
        Ok(Self { name, env, path, records, written })
    }

    /// The last entry it has for certain: none where the file is gone or damaged.
    fn vouched(&self, vouches: &BTreeMap<String, Vouch>) -> u64 {
        let vouch = vouches.get(self.name).filter(|_| self.written.is_some());
        vouch.map_or(0, |vouch| vouch.seq)
    }

    fn rewrite(&mut self, cursor: u64) -> Result<(), ProjectionError> {
        if self.written.as_ref() == Some(&self.records) {
            return Ok(());
        }
        let mut text = serde_json::to_vec_pretty(&self.records).expect("records are JSON");
        text.push(b'\n');
        replace(&self.path, &text).map_err(error::file("replace", &self.path, cursor))?;
        self.written = Some(self.records.clone());
        Ok(())
    }
}

/// Replaces a file whole. It is not synced: one that a loss of power damages is built again.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let new = path.with_extension("json.tmp");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

/// The registries of sessions of a home.
pub struct SessionRegistry {
    cursor: u64,
    registries: [Registry; 2],
}

impl SessionRegistry {
    pub(crate) fn open(
        paths: &Paths,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        let registries = [
            Registry::open(LIVE, "live", paths.live_sessions())?,
            Registry::open(PAPER, "paper", paths.paper_sessions())?,
        ];
        let cursor = registries.iter().map(|registry| registry.vouched(vouches)).min();
        Ok(Self { cursor: cursor.unwrap_or(0), registries })
    }
}

impl Projection for SessionRegistry {
    fn name(&self) -> &'static str {
        "session_registry"
    }

    fn cursor(&self) -> u64 {
        self.cursor
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        if entry.seq > self.cursor {
            for registry in &mut self.registries {
                registry.records.apply(entry, registry.env);
            }
            self.cursor = entry.seq;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        let cursor = self.cursor;
        let mut vouches = Vec::with_capacity(self.registries.len());
        for registry in &mut self.registries {
            registry.rewrite(cursor)?;
            vouches.push((registry.name, Vouch { seq: cursor, len: 1 }));
        }
        Ok(vouches)
    }
}
