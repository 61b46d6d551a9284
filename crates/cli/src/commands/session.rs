//! `fillwright session`: the periods in which strategies may use a lane with so much capital.

use crate::arguments::Common;
use crate::commands::approvals::Approval;
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_domain::{BookId, Scope, SessionId, Timestamp};
use fillwright_kernel::sessions::Session as Known;
use fillwright_kernel::{Change, Input, SessionInput, SessionMove};
use serde::Serialize;
use std::path::PathBuf;

/// Schedule sessions, start them, let them stand still, and end them.
///
/// Outside a running session no order is sent, emergency exits apart. Starting and resuming a session
/// in the environment `live` takes an approval: ask for it with --request, have it approved, then name
/// it with --approval.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  fillwright session schedule config/paper_trading/session_uptrend.json --by ops-1 --reason plan
  fillwright session start uptrend-paper --by ops-1 --reason plan
  fillwright session list

Exit codes: as `fillwright --help` lists them.")]
pub(crate) enum Session {
    List(List),
    Schedule(Schedule),
    Start(Started),
    Suspend(Moved),
    Resume(Started),
    Complete(Moved),
    RollBack(Moved),
}

/// List every session that is remembered.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright session list --home /srv/book
  fillwright session list --json

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct List {}

/// Schedule a session from its document.
///
/// The document is JSON, and lies under `config/live_trading/` or `config/paper_trading/`, as its
/// environment says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright session schedule config/paper_trading/session_uptrend.json --by ops-1 --reason plan

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why; 3 where the document
cannot be used.")]
pub(crate) struct Schedule {
    /// The document, by its path below the home.
    #[arg(value_name = "FILE")]
    document: PathBuf,
    #[command(flatten)]
    decider: Decider,
}

/// Let a session run: start it, or resume it where it is suspended.
///
/// In the environment `live` this takes an approval.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright session start uptrend-live --by ops-1 --reason plan --request --evidence report-7
  fillwright session start uptrend-live --by ops-1 --reason plan --approval 2f1d…
  fillwright session resume uptrend-live --by ops-1 --reason fixed --approval 77ab…

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Started {
    /// The session.
    #[arg(value_name = "SESSION")]
    session: String,
    #[command(flatten)]
    approval: Approval,
    #[command(flatten)]
    decider: Decider,
}

/// Let a session stand still, or end it.
///
/// Suspending takes a name only. `complete` ends it as planned, or cancels one that has not begun.
/// `roll-back` ends it because what it ran is withdrawn; it takes a session that stands still.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright session suspend uptrend-live --by ops-1 --reason \"fills look wrong\"
  fillwright session roll-back uptrend-live --by risk-1 --reason \"model withdrawn\"
  fillwright session complete uptrend-live --by ops-1 --reason \"end of the week\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Moved {
    /// The session.
    #[arg(value_name = "SESSION")]
    session: String,
    #[command(flatten)]
    decider: Decider,
}

impl Session {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::List(list) => list.run(common),
            Self::Schedule(schedule) => schedule.run(common),
            Self::Start(started) => started.run(common, SessionMove::Start),
            Self::Resume(started) => started.run(common, SessionMove::Resume),
            Self::Suspend(moved) => moved.run(common, SessionMove::Suspend),
            Self::Complete(moved) => moved.run(common, SessionMove::Complete),
            Self::RollBack(moved) => moved.run(common, SessionMove::RollBack),
        }
    }
}

impl Schedule {
    fn run(self, common: &Common) -> Result<Exit> {
        let file = self.document.to_string_lossy().into_owned();
        let document = common.home()?.document(&file)?;
        let definition = fillwright_policy::session(&document).map_err(|error| {
            anyhow::Error::new(error).context(Stop::configuration(file.clone()))
        })?;
        let folder = match definition.env.as_str() {
            "live" => "config/live_trading",
            _ => "config/paper_trading",
        };
        if !self.document.starts_with(folder) {
            let env = &definition.env;
            let message = format!("{file}: env is {env}, so the document belongs under {folder}");
            return Err(Stop::configuration(message).into());
        }
        let (by, reason) = (self.decider.by(), self.decider.reason());
        let schedule = SessionInput::Schedule { definition, by, reason };
        self.decider.decide(common, &Input::Session(Box::new(schedule)))
    }
}

impl Started {
    fn run(self, common: &Common, action: SessionMove) -> Result<Exit> {
        if self.approval.is_wanted() {
            return self.ask(common, action);
        }
        move_session(common, &self.decider, &self.session, action, &self.approval)
    }

    /// Asks for approval of exactly this session, as it is scheduled.
    fn ask(&self, common: &Common, action: SessionMove) -> Result<Exit> {
        let (kernel, _, _) = JournalReader::of(&common.home()?)?.kernel()?;
        let session_id = SessionId::new(&self.session);
        let Some(session) = kernel.state().sessions.get(&session_id) else {
            return Err(Stop::usage(format!("no session {session_id} is known")).into());
        };
        let definition = session.digest();
        let scope = Scope::Lane(session.definition.lane.clone());
        let change = match action {
            SessionMove::Start => Change::StartSession { session_id, definition },
            _ => Change::ResumeSession { session_id, definition },
        };
        self.approval.ask(common, &self.decider, change, scope)
    }
}

fn move_session(
    common: &Common,
    decider: &Decider,
    session: &str,
    action: SessionMove,
    approval: &Approval,
) -> Result<Exit> {
    let moved = SessionInput::Move {
        session_id: SessionId::new(session),
        action,
        approval: approval.named(),
        by: decider.by(),
        reason: decider.reason(),
    };
    decider.decide(common, &Input::Session(Box::new(moved)))
}

impl Moved {
    fn run(self, common: &Common, action: SessionMove) -> Result<Exit> {
        let moved = SessionInput::Move {
            session_id: SessionId::new(&self.session),
            action,
            approval: None,
            by: self.decider.by(),
            reason: self.decider.reason(),
        };
        self.decider.decide(common, &Input::Session(Box::new(moved)))
    }
}

/// Every session that is remembered.
#[derive(Debug, Serialize)]
struct Listed {
    sessions: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    session: Known,
    ran_s: i64,
}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, at, _) = JournalReader::of(&common.home()?)?.kernel()?;
        let at = Timestamp::from_ns(at.unwrap_or_default());
        let row = |session: &Known| Row {
            session: session.clone(),
            ran_s: session.ran_ns_at(at) / 1_000_000_000,
        };
        let sessions = kernel.state().sessions.iter().map(|(_, session)| row(session)).collect();
        common.output().report(&Listed { sessions })?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn tell(&self) -> String {
        if self.sessions.is_empty() {
            return "no session is known".to_owned();
        }
        let header =
            ["session", "status", "lane", "capital", "books", "ends", "ran s", "orders", "failed"];
        let mut rows = table(&header);
        for Row { session, ran_s } in &self.sessions {
            let definition = &session.definition;
            let books: Vec<&str> = definition.books.iter().map(BookId::as_str).collect();
            rows.add_row([
                definition.session_id.to_string(),
                session.status.as_str().to_owned(),
                definition.lane.to_string(),
                words::money(definition.capital),
                books.join(", "),
                words::at(definition.end_at),
                ran_s.to_string(),
                session.ended.to_string(),
                session.failed.to_string(),
            ]);
        }
        rows.trim_fmt()
    }
}
