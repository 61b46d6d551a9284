//! What people decide beside stops: handed to the desk, or left for the process that holds the journal, and told from
//! the entry that came of it.
//!
//! A decision is left in `data/control/` as `NAME.decision`, put there by a rename, and answered as `NAME.decided`. A
//! process that ends between the two leaves the decision, and the next one takes it; one that was taken already is then
//! refused, because nothing of it could follow twice.

use crate::arguments::Common;
use crate::exit::{self, Exit, Stop};
use crate::output::{self, Output, Report};
use crate::reading::{events_of, holder};
use crate::session::Session;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::{Principal, Text, Timestamp};
use fillwright_engine::{Desk, DeskError, Home, SystemClock};
use fillwright_journal::{Entries, Storage, codec};
use fillwright_kernel::{ApprovalEvent, DeploymentEvent, Event, Input, SessionEvent};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FOLDER: &str = "data/control";
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who decides, and why.
#[derive(Debug, Clone, Args)]
pub(crate) struct Decider {
    /// Who decides; recorded in the journal.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    by: String,
    /// Why; recorded in the journal.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// How long to wait for a run that is at work.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
}

/// A decision on its way.
#[derive(Debug, Serialize, Deserialize)]
struct Decision {
    by: String,
    /// The input, as the journal would hold it.
    payload: Vec<u8>,
}

/// What came of a decision.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Decided {
    /// The entry that says so.
    seq: u64,
    at: String,
    is_refused: bool,
    why_refused: Option<String>,
    /// What happened, a sentence each.
    sentences: Vec<String>,
    /// The request for approval it made, where it made one.
    request_id: Option<String>,
    /// The process that did it, where it was another.
    done_by_process: Option<u32>,
}

impl Decider {
    pub(crate) fn by(&self) -> Principal {
        Principal::new(&self.by)
    }

    pub(crate) fn reason(&self) -> Text {
        Text::new(&self.reason)
    }

    /// Hands a decision in, and tells what came of it.
    pub(crate) fn decide(&self, common: &Common, input: &Input) -> Result<Exit> {
        let (home, output) = (common.home()?, common.output());
        let mut payload = Vec::new();
        codec::encode_step(input, &[], &mut payload);
        let decision = Decision { by: self.by.clone(), payload };
        let patience = Duration::from_secs(self.patience);
        let decided = match holder(&home) {
            Some(process) => leave(&home, &decision, patience, &process)?,
            None => match directly(&home, &decision, output) {
                // Somebody was faster.
                Err(error) if exit::code_of(&error) == Exit::Locked => {
                    leave(&home, &decision, patience, "unknown")?
                }
                decided => decided?,
            },
        };
        output.report(&decided)?;
        Ok(if decided.is_refused { Exit::Found } else { Exit::Done })
    }
}

fn directly(home: &Home, decision: &Decision, output: Output) -> Result<Decided> {
    let clock = Box::new(SystemClock::default());
    let mut session = Session::open(home.clone(), clock, &Principal::new(&decision.by), output)?;
    let decided = session.with_desk(|desk| decide(desk, decision))?;
    session.close()?;
    Ok(decided)
}

/// Takes every decision that was left, through to its answer.
///
/// # Errors
///
/// Only where the desk must stop. A decision that cannot be read or answered is said and put aside.
pub(crate) fn take_all(desk: &mut Desk) -> Result<(), DeskError> {
    for path in desk.home().files(FOLDER, "decision")? {
        match take(desk, &path) {
            Ok(decided) => output::note(format_args!("decision: {}", decided.tell())),
            Err(error) => {
                let error = error.downcast::<DeskError>().map_or_else(Ok, Err);
                let error = error?;
                output::note(format_args!("warning: {}: {error:#}", path.display()));
                let _ = fs::rename(&path, path.with_extension("unreadable"));
            }
        }
    }
    Ok(())
}

fn take(desk: &mut Desk, path: &Path) -> Result<Decided> {
    let decision: Decision = serde_json::from_slice(&fs::read(path)?).context("is no decision")?;
    let mut decided = decide(desk, &decision)?;
    decided.done_by_process = Some(std::process::id());
    put(&path.with_extension("decided"), &serde_json::to_vec(&decided)?)?;
    fs::remove_file(path)?;
    Ok(decided)
}

fn decide(desk: &mut Desk, decision: &Decision) -> Result<Decided> {
    let input = codec::decode_input(&decision.payload).context("is no decision")?;
    let seq = desk.kernel().state().seq + 1;
    desk.process([input])?;
    let storage: Arc<dyn Storage> = desk.storage();
    let mut entries = Entries::from_seq(storage, desk.options(), seq)?;
    let (mut at, mut events) = (0, Vec::new());
    while let Some(entry) = entries.next()? {
        if entry.seq == seq {
            (at, events) = (entry.at, events_of(&entry)?);
            break;
        }
    }
    Ok(Decided::of(seq, at, &events))
}

/// Leaves a decision for the process at work and waits for its answer.
fn leave(home: &Home, decision: &Decision, patience: Duration, process: &str) -> Result<Decided> {
    let folder = home.path(FOLDER);
    fs::create_dir_all(&folder).with_context(|| cannot(&folder))?;
    let name = format!("{}-{}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
    let path = folder.join(name).with_extension("decision");
    put(&path, &serde_json::to_vec(decision)?).with_context(|| cannot(&path))?;
    let answer = path.with_extension("decided");
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(decided) = read_answer(&answer)? {
            return Ok(decided);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    // Taken just now, or taken back.
    let withdrawn = fs::remove_file(&path).is_ok();
    let decided = if withdrawn { None } else { read_answer(&answer)? };
    decided.ok_or_else(|| {
        Stop::locked(format!(
            "process {process} is at work on this home and did not answer within {} s, so nothing was changed; ask \
             again, or wait longer with --patience",
            patience.as_secs()
        ))
        .into()
    })
}

fn read_answer(path: &Path) -> Result<Option<Decided>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    fs::remove_file(path).with_context(|| cannot(path))?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Writes a file whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, bytes)?;
    fs::rename(unfinished, path)
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be written; check permissions and the disk", path.display())
}

impl Decided {
    fn of(seq: u64, at: i64, events: &[Event]) -> Self {
        let why_refused = events.iter().find_map(|event| match event {
            Event::InputRefused { why, .. } => Some(why.to_string()),
            _ => None,
        });
        let request_id = events.iter().find_map(|event| match event {
            Event::Approval(event) => match &**event {
                ApprovalEvent::Requested { request_id, .. } => Some(request_id.to_string()),
                _ => None,
            },
            _ => None,
        });
        Self {
            seq,
            at: words::at(Timestamp::from_ns(at)),
            is_refused: why_refused.is_some(),
            why_refused,
            sentences: events.iter().filter_map(sentence).collect(),
            request_id,
            done_by_process: None,
        }
    }
}

impl Report for Decided {
    fn tell(&self) -> String {
        let mut lines = self.sentences.clone();
        if let Some(why) = &self.why_refused {
            lines.push(format!("nothing was changed: {why}"));
        }
        if let Some(request_id) = &self.request_id {
            lines.push(format!(
                "others approve it with: fillwright approve {request_id} --by NAME --reason TEXT"
            ));
        }
        let process = self.done_by_process.map(|id| format!(", done by process {id}"));
        lines.push(format!("(entry {} at {}{})", self.seq, self.at, process.unwrap_or_default()));
        lines.join("\n")
    }
}

/// What an event says to whoever decided; nothing where another line says it.
pub(crate) fn sentence(event: &Event) -> Option<String> {
    match event {
        Event::Approval(event) => Some(of_approval(event)),
        Event::Session(event) => Some(of_session(event)),
        Event::Deployment(event) => Some(of_deployment(event)),
        _ => None,
    }
}

fn of_approval(event: &ApprovalEvent) -> String {
    match event {
        ApprovalEvent::Requested { request_id, change, by, expires_at, needs, .. } => {
            let needs: Vec<&str> = needs.iter().map(|role| role.as_str()).collect();
            format!(
                "{by} requested {} as {request_id}; until {} it needs the approval of {}",
                change.kind(),
                words::at(*expires_at),
                needs.join(" and of ")
            )
        }
        ApprovalEvent::Approved { request_id, by, role, missing, .. } => match missing {
            0 => format!("{by} approved {request_id} as {}; it may be used once", role.as_str()),
            _ => {
                format!("{by} approved {request_id} as {}; {missing} still missing", role.as_str())
            }
        },
        ApprovalEvent::Rejected { request_id, by, .. } => format!("{by} rejected {request_id}"),
        ApprovalEvent::Used { request_id } => {
            format!("the approval {request_id} was used, and cannot be used again")
        }
    }
}

fn of_session(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Scheduled { definition, .. } => format!(
            "session {} is scheduled in {}, with {}, until {}",
            definition.session_id,
            definition.lane,
            words::money(definition.capital),
            words::at(definition.end_at)
        ),
        SessionEvent::Moved { session_id, from, to, .. } => {
            format!("session {session_id} was {} and is {} now", from.as_str(), to.as_str())
        }
    }
}

fn of_deployment(event: &DeploymentEvent) -> String {
    match event {
        DeploymentEvent::Assessed { strategy_id, from, findings, .. } => {
            let findings: Vec<String> = findings
                .iter()
                .map(|finding| {
                    let is_met = if finding.is_met { "met" } else { "not met" };
                    let what = match finding.criterion {
                        fillwright_kernel::deployment::Criterion::RanS => "seconds run",
                        fillwright_kernel::deployment::Criterion::Orders => "orders ended",
                        fillwright_kernel::deployment::Criterion::FailedPerMille => {
                            "failed of a thousand"
                        }
                    };
                    format!("  {what}: {} against {} ({is_met})", finding.found, finding.limit)
                })
                .collect();
            format!("{strategy_id} has shown in {from}:\n{}", findings.join("\n"))
        }
        DeploymentEvent::Promoted { strategy_id, from, to, .. } => {
            format!("{strategy_id} is promoted from {from} to {to}")
        }
        DeploymentEvent::Demoted { strategy_id, from, to: Some(to), .. } => {
            format!("{strategy_id} is demoted from {from} to {to}")
        }
        DeploymentEvent::Demoted { strategy_id, from, to: None, .. } => {
            format!("{strategy_id} is taken out of {from}")
        }
        DeploymentEvent::ModelSet { strategy_id, status, .. } => {
            format!("the model of {strategy_id} is {}", status.as_str())
        }
        DeploymentEvent::RegimeTaken { regime, as_of, source } => {
            format!("the market regime is {regime:?}, as {source} said at {}", words::at(*as_of))
        }
    }
}
