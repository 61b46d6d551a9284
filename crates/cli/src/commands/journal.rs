//! `fillwright journal`: the journal itself, entry by entry or in figures.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{self, Output, Report, table};
use crate::progress;
use crate::reading::{self, JournalReader};
use crate::story::thread::Thread;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_domain::Timestamp;
use fillwright_journal::{Checkpoint, Entry, checkpoint};
use fillwright_kernel::incidents::IncidentEvent;
use fillwright_kernel::{Event, FlowEvent, Input, ReconciliationEvent};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Look into the journal itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    Cat(Cat),
    Stat(Stat),
}

/// Print entries as JSON lines: seq, time, hash, the input and its events.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright journal cat --home fillwright-demo
  fillwright journal cat --home fillwright-demo --from 20 --to 30 | jq .events
  fillwright journal cat --home fillwright-demo --intent up-01-add-btc

Each line: {\"seq\":…,\"at\":\"RFC 3339\",\"at_ns\":\"…\",\"hash\":\"…\",\"input\":{…},\"events\":[…]}

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Cat {
    /// First entry.
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,
    /// Last entry.
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Only entries that speak of this intent or its orders.
    #[arg(long, value_name = "ID")]
    intent: Option<String>,
}

/// Print the journal in figures: entries, bytes, times, events by kind, checkpoints, head.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright journal stat --home fillwright-demo
  fillwright journal stat --json | jq .entries

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Stat {}

impl Journal {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let reader = JournalReader::of(&common.home()?)?;
        match self {
            Self::Cat(cat) => cat.run(&reader),
            Self::Stat(_) => stat(&reader, common.output()),
        }
    }
}

impl Cat {
    fn run(self, reader: &JournalReader) -> Result<Exit> {
        let thread = self.intent.map(|id| Thread::of_intent(&reader.options.partition, &id));
        reader.each(self.from, |entry| {
            if self.to.is_some_and(|to| entry.seq > to) {
                return Ok(ControlFlow::Break(()));
            }
            let events = reading::events_of(entry)?;
            if thread.as_ref().is_none_or(|thread| thread.is_in(&events)) {
                output::line(&line(entry, &events)?)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Exit::Done)
    }
}

/// An entry as a line.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: String,
    at_ns: String,
    hash: String,
    input: Input,
    events: &'a [Event],
}

fn line<'a>(entry: &Entry, events: &'a [Event]) -> Result<Line<'a>> {
    Ok(Line {
        seq: entry.seq,
        at: words::at(Timestamp::from_ns(entry.at)),
        at_ns: entry.at.to_string(),
        hash: words::hash(entry.hash),
        input: reading::input_of(entry)?,
        events,
    })
}

/// The journal in figures.
#[derive(Debug, Default, Serialize)]
struct Figures {
    partition: String,
    entries: u64,
    segments: u64,
    /// Bytes of all segments on disk, what is prepared ahead included.
    segment_bytes: u64,
    /// Bytes of all inputs and events.
    payload_bytes: u64,
    payload_bytes_per_entry: u64,
    first_at: Option<String>,
    last_at: Option<String>,
    events: BTreeMap<&'static str, u64>,
    checkpoints: usize,
    last_checkpoint_seq: Option<u64>,
    head: String,
    torn_bytes: Option<u64>,
}

fn stat(reader: &JournalReader, output: Output) -> Result<Exit> {
    let opened = fillwright_journal::verify(&reader.storage, &reader.options)?;
    let mut figures = Figures {
        partition: reader.options.partition.clone(),
        entries: opened.last_seq,
        segments: opened.segments,
        checkpoints: opened.checkpoints,
        head: words::hash(&opened.head),
        torn_bytes: opened.torn_tail.map(|torn| torn.bytes_dropped),
        ..Figures::default()
    };
    let bar = progress::up_to("counting", opened.last_seq);
    reader.each(1, |entry| {
        figures.count(entry)?;
        bar.set_position(entry.seq);
        Ok(ControlFlow::Continue(()))
    })?;
    bar.finish_and_clear();
    figures.payload_bytes_per_entry = figures.payload_bytes / figures.entries.max(1);
    figures.segment_bytes = segment_bytes(reader)?;
    figures.last_checkpoint_seq = last_checkpoint(reader)?.map(|checkpoint| checkpoint.seq);
    output.report(&figures)?;
    Ok(Exit::Done)
}

impl Figures {
    fn count(&mut self, entry: &Entry) -> Result<()> {
        if entry.seq == 1 || entry.seq == self.entries {
            let at = words::at(Timestamp::from_ns(entry.at));
            self.first_at.get_or_insert_with(|| at.clone());
            self.last_at = Some(at);
        }
        self.payload_bytes += entry.payload.len() as u64;
        for event in reading::events_of(entry)? {
            *self.events.entry(kind_of(&event)).or_insert(0) += 1;
        }
        Ok(())
    }
}

/// What an event is called in JSON.
fn kind_of(event: &Event) -> &'static str {
    match event {
        Event::RulebookAdopted { .. } => "rulebook_adopted",
        Event::RunRegistered { .. } => "run_registered",
        Event::InputRefused { .. } => "input_refused",
        Event::MarkTaken { .. } => "mark_taken",
        Event::IntentAccepted { .. } => "intent_accepted",
        Event::IntentDuplicated { .. } => "intent_duplicated",
        Event::IntentConflicted { .. } => "intent_conflicted",
        Event::IntentJudged { .. } => "intent_judged",
        Event::PlanMade { .. } => "plan_made",
        Event::OrderEmitted { .. } => "order_emitted",
        Event::OrderStatusChanged { .. } => "order_status_changed",
        Event::FillBooked { .. } => "fill_booked",
        Event::OrderCancelRequested { .. } => "order_cancel_requested",
        Event::OrderQueried { .. } => "order_queried",
        Event::OrderStranded { .. } => "order_stranded",
        Event::ReportIgnored { .. } => "report_ignored",
        Event::OutcomeRecorded { .. } => "outcome_recorded",
        Event::IntentClosed { .. } => "intent_closed",
        Event::KillSwitchEngaged { .. } => "kill_switch_engaged",
        Event::KillSwitchReleaseRequested { .. } => "kill_switch_release_requested",
        Event::KillSwitchReleased { .. } => "kill_switch_released",
        Event::Policy(event) => event.name(),
        Event::RestraintImposed { .. } => "restraint_imposed",
        Event::RestraintLiftRequested { .. } => "restraint_lift_requested",
        Event::RestraintLifted { .. } => "restraint_lifted",
        Event::RestraintExpired { .. } => "restraint_expired",
        Event::ExitAsked { .. } => "exit_asked",
        Event::CancelsPaused { .. } => "cancels_paused",
        Event::Incident(event) => incident_name(event),
        Event::Flow(event) => match event {
            FlowEvent::VenueHealthChanged { .. } => "venue_health_changed",
            FlowEvent::StrategyThrottled { .. } => "strategy_throttled",
            FlowEvent::ReenableRequested { .. } => "reenable_requested",
            FlowEvent::StrategyReenabled { .. } => "strategy_reenabled",
        },
        Event::Approval(_) => "approval",
        Event::Session(_) => "session",
        Event::Deployment(_) => "deployment",
        Event::BuildStated { .. } => "build_stated",
        Event::FillCorrected(_) => "fill_corrected",
        Event::Reconciliation(event) => match **event {
            ReconciliationEvent::Found { .. } => "reconciliation_break",
            ReconciliationEvent::Ended { .. } => "reconciliation_break_over",
            ReconciliationEvent::Compared { .. } => "reconciliation",
        },
    }
}

fn incident_name(event: &IncidentEvent) -> &'static str {
    match event {
        IncidentEvent::Opened { .. } => "incident_opened",
        IncidentEvent::Acknowledged { .. } => "incident_acknowledged",
        IncidentEvent::Annotated { .. } => "incident_annotated",
        IncidentEvent::Linked { .. } => "incident_linked",
        IncidentEvent::Escalated { .. } => "incident_escalated",
        IncidentEvent::Closed { .. } => "incident_closed",
        IncidentEvent::Counted { .. } => "incident_counted",
        IncidentEvent::HealthChanged { .. } => "health_changed",
        IncidentEvent::ClockMeasured { .. } => "clock_measured",
        IncidentEvent::StartupNoticed { .. } => "startup_noticed",
    }
}

fn segment_bytes(reader: &JournalReader) -> Result<u64> {
    let mut bytes = 0;
    for name in reader.storage.list()? {
        if fillwright_journal::first_seq_of(&name).is_some() {
            bytes += reader.storage.open(&name)?.size()?;
        }
    }
    Ok(bytes)
}

fn last_checkpoint(reader: &JournalReader) -> Result<Option<Checkpoint>> {
    let file = match reader.storage.open(checkpoint::CHECKPOINT_FILE) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = vec![0; usize::try_from(file.size()?)?];
    file.read_at(&mut bytes, 0)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().rev().find_map(|line| Checkpoint::from_line(line).ok()))
}

impl Report for Figures {
    fn tell(&self) -> String {
        let mut figures = table(&["journal", ""]);
        let rows = [
            ("partition", self.partition.clone()),
            ("entries", self.entries.to_string()),
            ("segments", format!("{} ({} on disk)", self.segments, bytes(self.segment_bytes))),
            ("inputs and events", bytes(self.payload_bytes)),
            ("an entry on average", bytes(self.payload_bytes_per_entry)),
            ("first entry at", self.first_at.clone().unwrap_or_default()),
            ("last entry at", self.last_at.clone().unwrap_or_default()),
            ("checkpoints", self.checkpoints.to_string()),
            (
                "last checkpoint",
                self.last_checkpoint_seq.map_or("none".to_owned(), |seq| format!("at entry {seq}")),
            ),
            ("head", self.head.clone()),
        ];
        for (what, figure) in rows {
            figures.add_row([what.to_owned(), figure]);
        }
        let mut events = table(&["event", "how often"]);
        for (event, count) in &self.events {
            events.add_row([(*event).to_owned(), count.to_string()]);
        }
        format!("{}\n\n{}", figures.trim_fmt(), events.trim_fmt())
    }
}

fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}
