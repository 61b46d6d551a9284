//! What people ask: handed to the desk, or left for the process that holds the journal, and told from the entry that
//! came of it. Every command that changes anything goes this one way, so each is heard while a run is at work.
//!
//! A request is left in `data/control/` as `NAME.request`, put there by a rename, and answered as `NAME.answer`. A process
//! that ends between the two leaves the request, and the next one takes it; one that was taken already is then refused,
//! because nothing of it could follow twice.

use crate::arguments::Common;
use crate::exit::{self, Exit, Stop};
use crate::output::{self, Output, Report};
use crate::reading::{JournalReader, events_of, holder};
use crate::session::Session;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::{Principal, Text, Timestamp};
use fillwright_engine::{Desk, DeskError, Home};
use fillwright_journal::codec;
use fillwright_kernel::{
    ApprovalEvent, DeploymentEvent, Event, FlowEvent, Input, Kernel, SessionEvent,
};
use fillwright_policy::KillEffect;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
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

/// A request on its way.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    by: String,
    /// The input, as the journal would hold it.
    payload: Vec<u8>,
}

/// Which entry answers a request, and which process took it.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    seq: u64,
    process: u32,
}

/// An input that was taken: its entry, read back from the journal.
#[derive(Debug)]
pub(crate) struct Taken {
    home: Home,
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<Event>,
    /// The process that took it, where it was another.
    pub(crate) done_by_process: Option<u32>,
}

/// What came of a decision.
#[derive(Debug, Serialize)]
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

    /// Hands an input in.
    pub(crate) fn hand_in(&self, common: &Common, input: &Input) -> Result<Taken> {
        hand_in(common, &self.by, input, self.patience)
    }

    /// Hands a decision in, and tells what came of it.
    pub(crate) fn decide(&self, common: &Common, input: &Input) -> Result<Exit> {
        let decided = Decided::of(&self.hand_in(common, input)?);
        common.output().report(&decided)?;
        Ok(if decided.is_refused { Exit::Found } else { Exit::Done })
    }
}

/// Hands an input to the desk, or to the process that holds the journal, which has so many seconds to take it.
pub(crate) fn hand_in(common: &Common, by: &str, input: &Input, patience: u64) -> Result<Taken> {
    let home = common.home()?;
    let answer = match holder(&home) {
        Some(process) => leave(&home, by, input, patience, &process)?,
        None => match directly(common, by, input) {
            // Somebody was faster.
            Err(error) if exit::code_of(&error) == Exit::Locked => {
                leave(&home, by, input, patience, "unknown")?
            }
            answer => answer?,
        },
    };
    Taken::read(home, &answer)
}

fn directly(common: &Common, by: &str, input: &Input) -> Result<Answer> {
    let (home, clock) = (common.home()?, common.clock()?);
    // What recovery found is a run's to tell; warnings are told all the same.
    let quiet = Output::new(true);
    let mut session = Session::open(home, clock, &Principal::new(by), quiet)?;
    if needs_quotes(input) {
        // Exits are priced by the home's quotes; a stop does not wait for sound ones.
        if let Err(error) = session.take_quotes() {
            output::note(format_args!("warning: the quotes cannot be used: {error:#}"));
        }
    }
    let answer = session.with_desk(|desk| take_input(desk, input.clone()))?;
    session.close()?;
    Ok(answer)
}

/// Whether holdings are to be closed.
fn needs_quotes(input: &Input) -> bool {
    matches!(input, Input::EngageKillSwitch { effect: KillEffect::Flatten, .. })
}

/// Takes every request that was left, through to its answer.
///
/// # Errors
///
/// Only where the desk must stop. A request that cannot be read or answered is said and put aside.
pub(crate) fn take_all(desk: &mut Desk) -> Result<(), DeskError> {
    for path in desk.home().files(FOLDER, "request")? {
        match take(desk, &path) {
            Ok((by, answer)) => {
                output::note(format_args!("request of {by}: answered by entry {}", answer.seq));
            }
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

fn take(desk: &mut Desk, path: &Path) -> Result<(String, Answer)> {
    let asked: Asked = serde_json::from_slice(&fs::read(path)?).context("is no request")?;
    let input = codec::decode_input(&asked.payload).context("is no request")?;
    let answer = take_input(desk, input)?;
    put(&path.with_extension("answer"), &serde_json::to_vec(&answer)?)?;
    fs::remove_file(path)?;
    Ok((asked.by, answer))
}

fn take_input(desk: &mut Desk, input: Input) -> Result<Answer, DeskError> {
    let seq = desk.kernel().state().seq + 1;
    desk.process([input])?;
    Ok(Answer { seq, process: std::process::id() })
}

/// Leaves a request for the process at work and waits for its answer.
fn leave(home: &Home, by: &str, input: &Input, patience: u64, process: &str) -> Result<Answer> {
    let folder = home.path(FOLDER);
    fs::create_dir_all(&folder).with_context(|| cannot(&folder))?;
    let name = format!("{}-{}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
    let path = folder.join(name).with_extension("request");
    let mut asked = Asked { by: by.to_owned(), payload: Vec::new() };
    codec::encode_step(input, &[], &mut asked.payload);
    put(&path, &serde_json::to_vec(&asked)?).with_context(|| cannot(&path))?;
    match wait_for(&path.with_extension("answer"), Duration::from_secs(patience))? {
        Some(answer) => Ok(answer),
        None => withdraw(&path)?.ok_or_else(|| {
            Stop::locked(format!(
                "process {process} is at work on this home and did not answer within {patience} s, so nothing was \
                 changed; stop it (nothing that was acknowledged is lost) and ask again, or wait longer with \
                 --patience"
            ))
            .into()
        }),
    }
}

fn wait_for(path: &Path, patience: Duration) -> Result<Option<Answer>> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(answer) = read_answer(path)? {
            return Ok(Some(answer));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(None)
}

/// Takes the request back, unless it was taken just now.
fn withdraw(request: &Path) -> Result<Option<Answer>> {
    match fs::remove_file(request) {
        Ok(()) => Ok(None),
        Err(_) => read_answer(&request.with_extension("answer")),
    }
}

fn read_answer(path: &Path) -> Result<Option<Answer>> {
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

impl Taken {
    fn read(home: Home, answer: &Answer) -> Result<Self> {
        let mut found = None;
        JournalReader::of(&home)?.one(answer.seq, |entry| {
            found = Some((Timestamp::from_ns(entry.at), events_of(entry)?));
            Ok(())
        })?;
        let (at, events) = found.with_context(|| {
            format!("entry {} answers the request, and cannot be read", answer.seq)
        })?;
        let done_by_process = Some(answer.process).filter(|id| *id != std::process::id());
        Ok(Self { home, seq: answer.seq, at, events, done_by_process })
    }

    /// Why it was refused, where it was.
    pub(crate) fn why_refused(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::InputRefused { why, .. } => Some(why.to_string()),
            _ => None,
        })
    }

    /// The kernel as the entry left it.
    pub(crate) fn kernel(&self) -> Result<Kernel> {
        JournalReader::of(&self.home)?.kernel_at(self.seq, |_| {})
    }
}

impl Decided {
    fn of(taken: &Taken) -> Self {
        let request_id = taken.events.iter().find_map(|event| match event {
            Event::Approval(event) => match &**event {
                ApprovalEvent::Requested { request_id, .. } => Some(request_id.to_string()),
                _ => None,
            },
            _ => None,
        });
        let why_refused = taken.why_refused();
        Self {
            seq: taken.seq,
            at: words::at(taken.at),
            is_refused: why_refused.is_some(),
            why_refused,
            sentences: taken.events.iter().filter_map(sentence).collect(),
            request_id,
            done_by_process: taken.done_by_process,
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
        Event::Flow(event) => Some(of_flow(event)),
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

fn of_flow(event: &FlowEvent) -> String {
    match event {
        FlowEvent::VenueHealthChanged { venue_id, status, .. } => {
            format!("{venue_id} is {status} from now on")
        }
        FlowEvent::StrategyThrottled { strategy_id, executions } => {
            format!("{strategy_id} executed {executions} times and is disabled")
        }
        FlowEvent::ReenableRequested { strategy_id, by, .. } => format!(
            "{by} asked to enable {strategy_id} again. It stays disabled until a second, different person asks too, one \
             of them with the role risk"
        ),
        FlowEvent::StrategyReenabled { strategy_id, by, .. } => {
            format!("{strategy_id} is enabled again; {by} was the second to ask")
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
