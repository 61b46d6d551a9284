//! `fillwright demo`: the main job on an example home, end to end, the same bytes every time.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{Output, Report, table};
use crate::positions::{self, Position};
use crate::reading::{self, JournalReader};
use crate::refusals::RefusedLine;
use crate::rows::{self, Row, Rows};
use crate::session::{Closed, Session};
use crate::{example, inbox, words};
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Principal, Scope, Text, Timestamp};
use fillwright_engine::{Home, ScriptedClock, verify};
use fillwright_kernel::Input;
use fillwright_policy::KillEffect;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;

/// 2026-01-06T15:00:00Z, a Tuesday: New York is open, Stockholm keeps Epiphany.
const LOGICAL_TIME: Timestamp = Timestamp::from_ns(1_767_711_600_000_000_000);
const MILLISECOND_NS: i64 = 1_000_000;
/// The file that is taken while trading is halted.
const HALTED: &str = "70-halted.ndjson";

/// Write an example home and take everything in its inbox to the end.
///
/// The home holds policies for three venues and three books, a target portfolio, drift orders, and
/// intents that meet every fate: executed, reduced, denied, skipped, failed, duplicate, conflicting
/// and malformed. Its clock is scripted, so every first run writes the same journal to the byte.
/// A second run on the same home shows that nothing is done twice.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright demo                        in ./fillwright-demo
  fillwright demo --home /tmp/try        in another folder, which must be new or a demo home
  fillwright demo --json | jq .intents   for a program

Exit codes: as `fillwright --help` lists them; 2 where the folder holds something else.")]
pub(crate) struct Demo {}

/// What the demo did.
#[derive(Debug, Serialize)]
struct Done {
    home: String,
    logical_time: String,
    outcomes: std::collections::BTreeMap<String, u64>,
    intents: Vec<Row>,
    refused: Vec<RefusedLine>,
    positions: Vec<Position>,
    journal: Proven,
    next: Vec<Next>,
}

/// What the journal proves.
#[derive(Debug, Serialize)]
struct Proven {
    #[serde(flatten)]
    closed: Closed,
    checkpoints: usize,
    /// Steps decided again with another answer; there are none.
    decided_otherwise: usize,
}

/// A question worth asking next.
#[derive(Debug, Serialize)]
struct Next {
    about: String,
    id: String,
}

impl Demo {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let output = common.output();
        let root = common.home_or("fillwright-demo");
        let is_new = example::write(&root)?;
        let home = Home::at(&root);
        introduce(&root, is_new, output)?;
        let by = Principal::new("risk-1");
        let clock = ScriptedClock::new(LOGICAL_TIME, MILLISECOND_NS);
        let mut session = Session::open(home.clone(), Box::new(clock), &by, output)?;
        let before_seq = session.before_seq;
        take_all(&mut session, &home, output)?;
        let (closed, heard) = session.close()?;
        let done = gather(&home, before_seq, closed, heard.refused)?;
        output.report(&done)?;
        Ok(Exit::Done)
    }
}

fn introduce(root: &Path, is_new: bool, output: Output) -> Result<()> {
    let written = if is_new { "wrote an example home into" } else { "found the demo home in" };
    output.say(format_args!("{written} {}", root.display()))?;
    output.say(format_args!(
        "the demo's clock is scripted: it starts at {} whatever the time is",
        words::at(LOGICAL_TIME)
    ))?;
    Ok(())
}

fn take_all(session: &mut Session, home: &Home, output: Output) -> Result<()> {
    session.take_quotes()?;
    output.say("took the quotes, then the target portfolio, then the inbox file by file")?;
    session.take_portfolio()?;
    for path in inbox::files(home)? {
        let is_halted = path.ends_with(HALTED);
        if is_halted {
            output.say(format_args!(
                "ops-1 halts trading before {HALTED}, risk-1 and risk-2 release it after"
            ))?;
            session.process(vec![halt()])?;
        }
        session.take_file(&path)?;
        if is_halted {
            session.process(vec![release("risk-1"), release("risk-2")])?;
        }
    }
    session.project()
}

fn halt() -> Input {
    Input::EngageKillSwitch {
        by: Principal::new("ops-1"),
        reason: Text::new("the demo shows a halt"),
        scope: Scope::Global,
        effect: KillEffect::Cancel,
    }
}

fn release(by: &str) -> Input {
    Input::ReleaseKillSwitch {
        by: Principal::new(by),
        reason: Text::new("the demo goes on"),
        scope: Scope::Global,
    }
}

fn gather(home: &Home, before_seq: u64, closed: Closed, refused: Vec<RefusedLine>) -> Result<Done> {
    let reader = JournalReader::of(home)?;
    let rows = rows_after(&reader, before_seq)?;
    let verified = verify::verify(&reader.storage, &reader.options, true, |_| {})?;
    let (kernel, ..) = reader.kernel()?;
    Ok(Done {
        home: home.root().display().to_string(),
        logical_time: words::at(LOGICAL_TIME),
        outcomes: rows.by_outcome(),
        next: next(&rows.rows, &refused),
        intents: rows.rows,
        refused,
        positions: positions::of(kernel.state()),
        journal: Proven {
            closed,
            checkpoints: verified.opened.checkpoints,
            decided_otherwise: verified.redecided.len(),
        },
    })
}

/// One row for each intent that came in behind an entry.
pub(crate) fn rows_after(reader: &JournalReader, seq: u64) -> Result<Rows> {
    let mut rows = Rows::default();
    reader.each(seq + 1, |entry| {
        let (input, events) = (reading::input_of(entry)?, reading::events_of(entry)?);
        rows.take(entry.seq, Timestamp::from_ns(entry.at), &input, &events);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// One intent of each outcome, and one line that could not be read.
fn next(rows: &[Row], refused: &[RefusedLine]) -> Vec<Next> {
    const OUTCOMES: [&str; 7] =
        ["executed", "reduced", "partial", "denied", "skipped", "failed", "conflict"];
    let first = |outcome: &&str| {
        let named = |row: &&Row| row.outcome == **outcome && row.intent_id.as_str().len() < 40;
        let row = rows.iter().find(named)?;
        Some(Next { about: (*outcome).to_owned(), id: row.intent_id.to_string() })
    };
    let malformed = refused.iter().find(|line| line.source.ends_with(".ndjson")).map(|line| Next {
        about: "malformed".to_owned(),
        id: format!("{}:{}", line.source, line.line),
    });
    OUTCOMES.iter().filter_map(first).chain(malformed).collect()
}

impl Report for Done {
    fn tell(&self) -> String {
        let journal = &self.journal;
        let next: Vec<String> = self
            .next
            .iter()
            .map(|next| {
                format!(
                    "  fillwright explain {:<28} --home {}   # {}",
                    next.id, self.home, next.about
                )
            })
            .collect();
        format!(
            "\nIntents\n{}\n{}\n\nLines that could not be read\n{}\n\nPositions\n{}\n\n\
             The journal is verified: {} entries, {} decided again with {}, {}\n  head  {}\n  state {}\n\nnext:\n{}\n",
            rows::as_table(&self.intents),
            counted(&self.outcomes),
            refused_table(&self.refused),
            positions::as_table(&self.positions),
            journal.closed.entries,
            if journal.decided_otherwise == 0 { "all" } else { "some" },
            if journal.decided_otherwise == 0 { "the same answer" } else { "ANOTHER ANSWER" },
            words::count(journal.checkpoints as u64, "signed checkpoint", "signed checkpoints"),
            journal.closed.head,
            journal.closed.state_hash,
            next.join("\n")
        )
    }
}

/// `12 executed, 3 denied`.
pub(crate) fn counted(outcomes: &std::collections::BTreeMap<String, u64>) -> String {
    let counts: Vec<String> =
        outcomes.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
    if counts.is_empty() { "no intents".to_owned() } else { counts.join(", ") }
}

/// Lines that could not be read, with their place.
pub(crate) fn refused_table(refused: &[RefusedLine]) -> String {
    let mut table = table(&["place", "what is wrong"]);
    for line in refused {
        let place = format!("{}:{}", line.source, line.line);
        let column = line.column.map(|column| format!(":{column}")).unwrap_or_default();
        let what =
            line.message.strip_prefix(&format!("{place}{column}: ")).unwrap_or(&line.message);
        table.add_row([format!("{place}{column}"), what.to_owned()]);
    }
    table.trim_fmt()
}
