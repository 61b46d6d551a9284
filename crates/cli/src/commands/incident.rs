//! `fillwright incident`: what went wrong, who looks, and what was behind it.

use crate::arguments::Common;
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::{JournalReader, events_of};
use crate::words;
use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use fillwright_domain::{
    IncidentCategory, IncidentId, Principal, Scope, Severity, Text, Timestamp,
};
use fillwright_engine::Home;
use fillwright_kernel::Input;
use fillwright_kernel::incidents::IncidentInput;
use fillwright_projections::incidents_log::{IncidentRecord, IncidentRecords};
use serde::Serialize;
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// See, raise, acknowledge, annotate, link and close incidents.
///
/// Rules open incidents by themselves (`config/policies/incident_rules.json`); anybody may raise one.
/// One that blocks stops new risk in its scope until it is closed. Closing takes the role risk, and a
/// serious one (high, critical) takes another person than the one who acknowledged it.
#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    List(List),
    Show(Show),
    Raise(Raise),
    #[command(name = "ack")]
    Acknowledge(Acknowledge),
    Annotate(Annotate),
    Link(Link),
    Close(Close),
}

/// List incidents, the open ones or all.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident list --home /srv/book
  fillwright incident list --all --json | jq .incidents[].root_cause
  fillwright incident list --ids         for a script

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct List {
    /// Those that are closed as well.
    #[arg(long)]
    all: bool,
    /// Print the names alone, one a line.
    #[arg(long)]
    ids: bool,
}

/// Show one incident with everything that was said and done.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident show INC-17-1 --home /srv/book

Exit codes: as `fillwright --help` lists them; 1 where there is no such incident.")]
pub(crate) struct Show {
    /// The incident.
    #[arg(value_name = "INCIDENT")]
    incident: String,
}

/// Raise an incident by hand. A name is enough.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident raise --category execution --severity high --scope venue:BINANCE --blocks \\
      --by ops-1 --reason \"fills look late\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused.")]
pub(crate) struct Raise {
    /// data, model, execution, risk or infrastructure.
    #[arg(long, value_parser = category)]
    category: IncidentCategory,
    /// low, medium, high or critical.
    #[arg(long, value_parser = severity)]
    severity: Severity,
    /// What it concerns: global, lane:NAME, account:NAME, strategy:NAME, venue:NAME, instrument:ID.
    #[arg(long, default_value = "global")]
    scope: Scope,
    /// Stop new risk there until it is closed.
    #[arg(long)]
    blocks: bool,
    #[command(flatten)]
    decider: Decider,
}

/// Say that somebody is looking.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident ack INC-17-1 --by ops-1 --reason \"asking the broker\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused.")]
pub(crate) struct Acknowledge {
    #[command(flatten)]
    said: Said,
}

/// Add a note.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident annotate INC-17-1 --by ops-1 --reason \"the broker restarts at noon\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused.")]
pub(crate) struct Annotate {
    #[command(flatten)]
    said: Said,
}

/// Link an entry, a session, a change or a page.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident link INC-17-1 --to entry:4711 --by ops-1 --reason \"the order it concerns\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused.")]
pub(crate) struct Link {
    /// What is linked.
    #[arg(long, value_name = "WHAT", value_parser = NonEmptyStringValueParser::new())]
    to: String,
    #[command(flatten)]
    said: Said,
}

/// Close an incident with its root cause, which is the reason given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright incident close INC-17-1 --by risk-1 --reason \"a cable between two racks\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused.")]
pub(crate) struct Close {
    #[command(flatten)]
    said: Said,
}

/// Which incident, who says it, and what.
#[derive(Debug, Args)]
struct Said {
    /// The incident.
    #[arg(value_name = "INCIDENT")]
    incident: String,
    #[command(flatten)]
    decider: Decider,
}

fn category(word: &str) -> Result<IncidentCategory, String> {
    IncidentCategory::of(word)
        .ok_or_else(|| "is none of data, model, execution, risk, infrastructure".to_owned())
}

fn severity(word: &str) -> Result<Severity, String> {
    Severity::of(word).ok_or_else(|| "is none of low, medium, high, critical".to_owned())
}

impl Incident {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::List(command) => command.run(common),
            Self::Show(command) => command.run(common),
            Self::Raise(command) => command.run(common),
            Self::Acknowledge(Acknowledge { said }) => {
                said.ask(common, |incident_id, by, reason| IncidentInput::Acknowledge {
                    incident_id,
                    by,
                    reason,
                })
            }
            Self::Annotate(Annotate { said }) => said.ask(common, |incident_id, by, text| {
                IncidentInput::Annotate { incident_id, by, text }
            }),
            Self::Link(Link { to, said }) => {
                let to = Text::new(to);
                said.ask(common, move |incident_id, by, reason| IncidentInput::Link {
                    incident_id,
                    by,
                    to,
                    reason,
                })
            }
            Self::Close(Close { said }) => said.ask(common, |incident_id, by, root_cause| {
                IncidentInput::Close { incident_id, by, root_cause }
            }),
        }
    }
}

impl Said {
    fn ask(
        self,
        common: &Common,
        input: impl FnOnce(IncidentId, Principal, Text) -> IncidentInput,
    ) -> Result<Exit> {
        let incident_id = IncidentId::new(&self.incident);
        let input = input(incident_id.clone(), self.decider.by(), self.decider.reason());
        ask(common, &self.decider, input, Some(incident_id))
    }
}

impl Raise {
    fn run(self, common: &Common) -> Result<Exit> {
        let input = IncidentInput::Raise {
            category: self.category,
            severity: self.severity,
            scope: self.scope,
            blocks: self.blocks,
            summary: self.decider.reason(),
            by: self.decider.by(),
        };
        ask(common, &self.decider, input, None)
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Answered {
    /// The entry that says so.
    seq: u64,
    why_refused: Option<String>,
    /// The incident as it stands; absent where it was refused.
    incident: Option<IncidentRecord>,
}

fn ask(
    common: &Common,
    decider: &Decider,
    input: IncidentInput,
    about: Option<IncidentId>,
) -> Result<Exit> {
    let taken = decider.hand_in(common, &Input::Incident(Box::new(input)))?;
    let (seq, why_refused) = (taken.seq, taken.why_refused());
    let about = about.unwrap_or_else(|| IncidentId::new(format!("INC-{seq}-1")));
    let incident = match why_refused {
        Some(_) => None,
        None => find(&common.home()?, &about)?,
    };
    let answered = Answered { seq, why_refused, incident };
    common.output().report(&answered)?;
    Ok(if answered.why_refused.is_some() { Exit::Found } else { Exit::Done })
}

/// Every incident of a home, from its journal.
fn records(home: &Home) -> Result<IncidentRecords> {
    let mut records = IncidentRecords::default();
    let mut env = String::new();
    JournalReader::of(home)?.each(1, |entry| {
        let events = events_of(entry)?;
        for event in &events {
            if let fillwright_kernel::Event::RulebookAdopted { rulebook, .. } = event {
                env = rulebook.environment.to_string();
            }
        }
        records.apply(entry.seq, Timestamp::from_ns(entry.at), &env, &events);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(records)
}

fn find(home: &Home, incident_id: &IncidentId) -> Result<Option<IncidentRecord>> {
    Ok(records(home)?.incidents.into_iter().find(|one| one.incident_id == *incident_id))
}

impl List {
    fn run(self, common: &Common) -> Result<Exit> {
        let mut records = records(&common.home()?)?;
        if !self.all {
            records.incidents.retain(|one| one.closed_at.is_none());
        }
        if self.ids {
            let ids = records.incidents.into_iter().map(|one| one.incident_id.to_string());
            common.output().report(&Ids { ids: ids.collect() })?;
            return Ok(Exit::Done);
        }
        common.output().report(&records)?;
        Ok(Exit::Done)
    }
}

impl Show {
    fn run(self, common: &Common) -> Result<Exit> {
        let found = find(&common.home()?, &IncidentId::new(&self.incident))?;
        let found = found.ok_or_else(|| {
            Stop::found(format!(
                "there is no incident {}; `fillwright incident list --all` lists them",
                self.incident
            ))
        })?;
        common.output().report(&found)?;
        Ok(Exit::Done)
    }
}

/// Names alone.
#[derive(Debug, Serialize)]
struct Ids {
    ids: Vec<String>,
}

impl Report for Ids {
    fn tell(&self) -> String {
        self.ids.join("\n")
    }
}

impl Report for IncidentRecords {
    fn tell(&self) -> String {
        if self.incidents.is_empty() {
            return "no incident".to_owned();
        }
        let mut table =
            table(&["incident", "status", "severity", "kind", "scope", "hits", "what happened"]);
        for one in &self.incidents {
            let blocks = if one.blocks && one.closed_at.is_none() { ", BLOCKS" } else { "" };
            table.add_row([
                one.incident_id.to_string(),
                format!("{}{blocks}", one.status),
                one.severity.to_string(),
                one.category.to_string(),
                one.scope.to_string(),
                one.hits.to_string(),
                one.summary.clone(),
            ]);
        }
        table.trim_fmt()
    }
}

impl Report for IncidentRecord {
    fn tell(&self) -> String {
        let mut told = format!(
            "{}: {}\n{}, {}, {}, in {}, opened at {} by {}, seen {}\n",
            self.incident_id,
            self.summary,
            self.status,
            self.severity,
            self.category,
            self.scope,
            self.opened_at,
            self.origin,
            words::count(self.hits, "time", "times"),
        );
        if self.blocks && self.closed_at.is_none() {
            told.push_str("it stops new risk in its scope until it is closed\n");
        }
        let _ = writeln!(told, "runbook: docs/ops/runbooks/{}.md\n", self.category);
        for line in &self.timeline {
            let by = line.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            let _ =
                writeln!(told, "{} {}{by}: {} (entry {})", line.at, line.what, line.text, line.seq);
        }
        told
    }
}

impl Report for Answered {
    fn tell(&self) -> String {
        match (&self.why_refused, &self.incident) {
            (Some(why), _) => format!("nothing was changed: {why} (entry {})", self.seq),
            (None, Some(one)) => one.tell(),
            (None, None) => format!("recorded in entry {}", self.seq),
        }
    }
}
