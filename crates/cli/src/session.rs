//! A home at work for one command: the desk, its read models, and what is heard while sources are read.

use crate::decisions;
use crate::exit::Stop;
use crate::output::{self, Output};
use crate::progress;
use crate::refusals::{RefusalLog, RefusedLine};
use crate::replies;
use crate::words;
use anyhow::Result;
use fillwright_domain::{BookId, InstrumentId, Principal, Quote, Text, Timestamp};
use fillwright_engine::intake::{self, IntakeReport, Progress};
use fillwright_engine::{Clock, Desk, Home, Projector, Recovered, Reply};
use fillwright_journal::codec;
use fillwright_kernel::Input;
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// The program's name and version, as the audit ledger's genesis states it.
const BUILD: &str = concat!("fillwright ", env!("CARGO_PKG_VERSION"));

/// How often the kernel is asked what fell due.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// A home at work.
pub(crate) struct Session {
    desk: Desk,
    projector: Projector,
    refusals: RefusalLog,
    /// Where answers are said as they come, if anywhere.
    speaks: Option<Output>,
    /// When the read models were brought up last.
    projected: Instant,
    /// When the kernel was last asked what fell due.
    ticked: Instant,
    /// The last entry before this session.
    pub(crate) before_seq: u64,
    pub(crate) heard: Heard,
}

/// What was heard so far.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Heard {
    pub(crate) submitted: u64,
    pub(crate) quotes: u64,
    /// Answers, by their word.
    pub(crate) answers: BTreeMap<&'static str, u64>,
    pub(crate) refused: Vec<RefusedLine>,
    /// Books that hold something and stand in no target.
    pub(crate) untargeted_books: Vec<BookId>,
    /// Holdings left alone because the row that targets them was refused.
    pub(crate) withheld: Vec<(BookId, InstrumentId)>,
}

/// How the journal stands once a session has closed it.
#[derive(Debug, Serialize)]
pub(crate) struct Closed {
    pub(crate) entries: u64,
    pub(crate) head: String,
    pub(crate) state_hash: String,
}

impl Session {
    /// Opens a home for work, and says what recovery found.
    pub(crate) fn open(
        home: Home,
        clock: Box<dyn Clock>,
        by: &Principal,
        output: Output,
    ) -> Result<Self> {
        let refusals = RefusalLog::open(&home)?;
        let bar = progress::counting("recovering, at entry");
        let (desk, recovered) = Desk::open(home, clock, by, |seq| bar.set_position(seq))?;
        bar.finish_and_clear();
        tell_recovery(&recovered, output)?;
        let projector = Projector::beside(&desk, BUILD)?;
        let before_seq = recovered.opened.last_seq;
        let heard = Heard::default();
        let projected = Instant::now();
        let mut session = Self {
            desk,
            projector,
            refusals,
            speaks: None,
            projected,
            ticked: projected,
            before_seq,
            heard,
        };
        session.project()?;
        Ok(session)
    }

    /// Says where the documents differ from the rules in force, which go on holding.
    pub(crate) fn tell_differences(&self) {
        let changes = self.desk.differences();
        if !changes.is_empty() {
            let files: BTreeSet<&str> =
                changes.iter().map(|change| document_of(&change.path)).collect();
            output::note(format_args!(
                "warning: the rules in force hold; what {} say differently does not ({}): see `fillwright policy \
                 diff`, and put it in force with `fillwright policy adopt`",
                files.into_iter().collect::<Vec<_>>().join(", "),
                words::count(changes.len() as u64, "value", "values"),
            ));
        }
    }

    /// Whether the documents differ from the rules in force.
    pub(crate) fn differs(&self) -> bool {
        !self.desk.differences().is_empty()
    }

    /// Whether the rules in force are those of live.
    pub(crate) fn is_live(&self) -> bool {
        let rules = self.desk.kernel().state().rulebook.as_ref();
        rules.is_some_and(|rules| rules.environment.as_str() == "live")
    }

    /// Puts what the documents say in force, as far as one person may change it alone.
    pub(crate) fn adopt_documents(&mut self, by: &Principal) -> Result<()> {
        if !self.differs() {
            return Ok(());
        }
        let rulebook = Box::new(self.desk.home().rulebook()?);
        let reason = Text::new("the policy documents changed");
        let input = Input::AdoptRulebook { rulebook, by: by.clone(), reason };
        match self.desk.ask_about_rules(input)? {
            None => Ok(()),
            Some(why) => {
                Err(Stop::configuration(format!("the documents were not adopted: {why}")).into())
            }
        }
    }

    /// Says answers from now on as they come.
    pub(crate) fn speak(&mut self, output: Output) {
        self.speaks = Some(output);
    }

    /// The time of the last step.
    pub(crate) fn last_at(&self) -> Timestamp {
        self.desk.sequencer().last_at()
    }

    /// Does something with the desk that is neither intake nor a read.
    pub(crate) fn with_desk<T>(&mut self, act: impl FnOnce(&mut Desk) -> T) -> T {
        act(&mut self.desk)
    }

    /// Takes what others have asked this process for, and lets happen what fell due meanwhile.
    pub(crate) fn take_requests(&mut self) -> Result<()> {
        if self.ticked.elapsed() >= TICK_EVERY {
            self.ticked = Instant::now();
            self.desk.tick()?;
        }
        Ok(decisions::take_all(&mut self.desk)?)
    }

    /// Takes a group of inputs to the end.
    pub(crate) fn process(&mut self, inputs: Vec<Input>) -> Result<Vec<Reply>> {
        let replies = self.desk.process(inputs)?;
        replies::count(&mut self.heard.answers, &replies);
        Ok(replies)
    }

    /// Registers runs that have entered the registry.
    pub(crate) fn register_runs(&mut self, by: &Principal) -> Result<()> {
        Ok(self.desk.register_runs(by)?)
    }

    /// Takes the home's quotes.
    pub(crate) fn take_quotes(&mut self) -> Result<()> {
        let mut ear = self.ear("reading quotes");
        self.heard.quotes += intake::take_quotes(&mut self.desk, |progress| ear.hear(&progress))?;
        self.keep(ear, IntakeReport::default())
    }

    /// Submits what differs between the target portfolio and what is held. False where the file is half-written.
    pub(crate) fn take_portfolio(&mut self) -> Result<bool> {
        self.project()?;
        let mut ear = self.ear("comparing portfolios");
        let report = intake::submit_portfolio(&mut self.desk, |progress| ear.hear(&progress))?;
        let is_whole = !report.unfinished;
        self.keep(ear, report)?;
        self.project()?;
        Ok(is_whole)
    }

    /// Submits what a file of the inbox asks for.
    pub(crate) fn take_file(&mut self, path: &Path) -> Result<()> {
        let mut ear = self.ear("submitting intents");
        let report = intake::submit_file(
            &mut self.desk,
            path,
            |progress| ear.hear(&progress),
            decisions::take_all,
        )?;
        self.keep(ear, report)?;
        self.project()
    }

    /// Takes quotes that were read already, and values holdings at them.
    pub(crate) fn take_quote_lines(
        &mut self,
        quotes: Vec<(InstrumentId, Quote)>,
        refused: Vec<RefusedLine>,
    ) -> Result<()> {
        self.heard.quotes += quotes.len() as u64;
        for (instrument_id, quote) in quotes {
            self.desk.quotes_mut().take(instrument_id, quote);
        }
        self.desk.mark()?;
        self.refusals.keep(&refused)?;
        self.heard.refused.extend(refused);
        Ok(())
    }

    /// Submits intents that were read already, and keeps the lines that could not be.
    pub(crate) fn take_group(&mut self, group: Group) -> Result<Vec<Reply>> {
        let inputs: Vec<Input> =
            group.intents.into_iter().map(|intent| self.desk.quotes().submit(intent)).collect();
        self.heard.submitted += inputs.len() as u64;
        let replies = self.process(inputs)?;
        self.refusals.keep(&group.refused)?;
        self.heard.refused.extend(group.refused);
        Ok(replies)
    }

    fn ear(&self, doing: &'static str) -> Ear {
        Ear::new(doing, self.last_at(), self.speaks)
    }

    fn keep(&mut self, ear: Ear, report: IntakeReport) -> Result<()> {
        ear.bar.finish_and_clear();
        ear.said?;
        self.refusals.keep(&ear.refused)?;
        self.heard.submitted += report.submitted;
        for (answer, count) in ear.answers {
            *self.heard.answers.entry(answer).or_insert(0) += count;
        }
        self.heard.refused.extend(ear.refused);
        self.heard.untargeted_books = report.untargeted_books;
        self.heard.withheld.extend(report.withheld);
        Ok(())
    }

    /// Brings the read models up, unless that was done a moment ago: under load it is worth doing for many entries at once.
    pub(crate) fn project_if_due(&mut self) -> Result<()> {
        const EVERY: Duration = Duration::from_millis(100);
        if self.projected.elapsed() < EVERY { Ok(()) } else { self.project() }
    }

    /// Brings the read models up to what is durable.
    pub(crate) fn project(&mut self) -> Result<()> {
        let bar = progress::counting("bringing read models up, at entry");
        self.projector.catch_up(|seq| bar.set_position(seq))?;
        bar.finish_and_clear();
        self.projected = Instant::now();
        Ok(())
    }

    /// Ends a session that cannot go on, with a checkpoint if there is still room for one.
    pub(crate) fn close_at_once(self) -> Result<()> {
        self.desk.close()?;
        Ok(())
    }

    /// Ends the session: a snapshot, a checkpoint, and the read models brought up.
    pub(crate) fn close(mut self) -> Result<(Closed, Heard)> {
        self.desk.snapshot()?;
        let (kernel, receipt) = self.desk.close()?;
        self.projector.catch_up(|_| {})?;
        for (name, error) in self.projector.failures() {
            output::note(format_args!(
                "warning: the read model {name} stopped and will go on at the next start: {error}"
            ));
        }
        let closed = Closed {
            entries: receipt.last_seq(),
            head: words::hash(receipt.head()),
            state_hash: words::hash(&codec::state_hash(kernel.state())),
        };
        Ok((closed, self.heard))
    }
}

/// Intents that were read, and lines that could not be.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) intents: Vec<fillwright_domain::Intent>,
    pub(crate) refused: Vec<RefusedLine>,
}

/// What is heard while one source is read.
struct Ear {
    at: Timestamp,
    refused: Vec<RefusedLine>,
    answers: BTreeMap<&'static str, u64>,
    bar: ProgressBar,
    speaks: Option<Output>,
    /// Whether everything could be said.
    said: Result<()>,
}

impl Ear {
    fn new(doing: &'static str, at: Timestamp, speaks: Option<Output>) -> Self {
        let (refused, answers) = (Vec::new(), BTreeMap::new());
        Self { at, refused, answers, bar: progress::counting(doing), speaks, said: Ok(()) }
    }

    fn hear(&mut self, progress: &Progress) {
        match progress {
            Progress::Replies(replies) => {
                replies::count(&mut self.answers, replies);
                self.bar.inc(replies.len() as u64);
                self.say(replies, &[]);
            }
            Progress::Refused(refusal) => {
                let line = RefusedLine::of(refusal, self.at);
                self.say(&[], std::slice::from_ref(&line));
                self.refused.push(line);
            }
        }
    }

    fn say(&mut self, replies: &[Reply], refused: &[RefusedLine]) {
        if let (Some(output), Ok(())) = (self.speaks, &self.said) {
            self.said = replies::tell(output, replies, refused);
        }
    }
}

/// The document under `config/` that holds a value of the rules.
pub(crate) fn document_of(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "version" | "partition" | "environment" => "fillwright.json",
        "venues" => "venues.json",
        "instruments" => "venue_limits.csv",
        "strategies" => "strategies.json",
        "books" => "books.json",
        "calendars" => "calendars/*.json",
        "execution" | "flow" => "policies/execution_policies.json",
        "groups" => "groups.json",
        "incident_rules" => "policies/incident_rules.json",
        "people" => "people.json",
        "envelope" => "policies/risk_envelope.json",
        "bounds" => "policies/operator_bounds.json",
        "decisions" => "policies/dra_decision_tables.json",
        _ => "other documents",
    }
}

/// Says what recovery found, where there was something to recover.
fn tell_recovery(recovered: &Recovered, output: Output) -> Result<()> {
    let opened = &recovered.opened;
    for skipped in &recovered.skipped {
        output::note(format_args!(
            "warning: snapshot {} was passed over: {}; nothing is lost, an earlier one was used",
            skipped.file, skipped.why
        ));
    }
    if let Some(torn) = &opened.torn_tail {
        output::note(format_args!(
            "warning: {} behind entry {} were never acknowledged and were dropped ({}, offset {}): the process \
             ended in the middle of a write",
            words::count(torn.bytes_dropped, "byte", "bytes"),
            torn.after_seq,
            torn.segment,
            torn.offset
        ));
    }
    if opened.last_seq > 0 {
        let from = match recovered.snapshot_seq {
            Some(seq) => {
                format!("snapshot at entry {seq}, {} replayed behind it", recovered.replayed)
            }
            None => format!("no snapshot, {} replayed", recovered.replayed),
        };
        let entries = words::count(opened.last_seq, "entry", "entries");
        output.say(format_args!("recovered {entries}: {from}"))?;
    }
    Ok(())
}
