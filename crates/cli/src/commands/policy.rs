//! `fillwright policy`: the written rules of a home, checked and shown.

use crate::arguments::Common;
use crate::commands::{schema, simulate, versions};
use crate::exit::Exit;
use crate::output::{Output, Report, table};
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_engine::{Home, HomeError, LiveStubRules};
use fillwright_policy::beside;
use fillwright_policy::execution_metrics::ExecutionMetricsSpec;
use fillwright_policy::{Breach, DocumentError, Hours, LimitRow, Rulebook, compile_all};
use serde::Serialize;
use std::error::Error;

/// The written rules of a home: checked, shown, put in force, and their history.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Check(Check),
    Show(Show),
    Adopt(versions::Adopt),
    Approve(versions::Approve),
    Withdraw(versions::Withdraw),
    Rollback(versions::Rollback),
    History(versions::History),
    Diff(versions::Diff),
    Simulate(simulate::Simulate),
    Schema(schema::Schema),
}

/// Compile every policy document, and say everything that is wrong and where; nothing is adopted.
///
/// Where a document cannot be read, every such document is named; otherwise everything in which they
/// do not fit together: the file, the entry and field, and what to do.
///
/// A limit that no document states denies every order it would judge. That is safe, and hardly ever
/// meant, so it is found wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy check --home fillwright-demo
  fillwright policy check --json | jq .problems

Exit codes: as `fillwright --help` lists them; 1 where a limit is missing, 3 where a document
cannot be used.")]
pub(crate) struct Check {}

/// Show the rules in full, and whether they are the ones in force.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy show --home fillwright-demo
  fillwright policy show --json | jq .rulebook.books

Exit codes: as `fillwright --help` lists them; 3 where a document cannot be used.")]
pub(crate) struct Show {}

impl Policy {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Check(_) => check(&common.home()?, common.output()),
            Self::Show(_) => show(&common.home()?, common.output()),
            Self::Adopt(command) => command.run(common),
            Self::Approve(command) => command.run(common),
            Self::Withdraw(command) => command.run(common),
            Self::Rollback(command) => command.run(common),
            Self::History(command) => command.run(common),
            Self::Diff(command) => command.run(common),
            Self::Simulate(command) => command.run(common),
            Self::Schema(command) => command.run(common),
        }
    }
}

/// What checking found.
#[derive(Debug, Serialize)]
struct Checked {
    ok: bool,
    version: Option<String>,
    /// What makes a document unusable.
    problems: Vec<Problem>,
    books: Vec<BookLine>,
    limits: Vec<LimitLine>,
    instruments: Vec<InstrumentLine>,
    calendars: Vec<String>,
    audited_runs: usize,
    missing_limits: usize,
}

#[derive(Debug, Serialize)]
struct Problem {
    file: Option<String>,
    /// A line, a row, or an entry with its field.
    place: Option<String>,
    /// What is wrong, and what to do.
    what: String,
    causes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct BookLine {
    book_id: String,
    is_enabled: bool,
    strategy_id: String,
    equity: String,
    allocation: String,
    executors: String,
    account: String,
    lane: Option<String>,
}

/// One limit at one level.
#[derive(Debug, Serialize)]
struct LimitLine {
    /// `firm`, `account:NAME`, `lane:NAME`, `strategy:NAME`, `book:NAME` or `instrument:NAME`.
    level: String,
    limit: &'static str,
    /// Absent where the firm does not state it, which denies.
    cap: Option<String>,
    above: Breach,
}

#[derive(Debug, Serialize)]
struct InstrumentLine {
    instrument_id: String,
    is_enabled: bool,
    lot_size: String,
    tick_size: String,
    min_notional: String,
    max_qty: Option<String>,
    calendar: String,
}

fn check(home: &Home, output: Output) -> Result<Exit> {
    let (rulebook, problems) = compiled(home)?;
    let runs = home.audited_runs();
    let mut checked = Checked::of(rulebook.as_ref(), problems);
    if let Some(rules) = &rulebook {
        checked.problems.extend(beside(home, rules)?.iter().map(Problem::of));
    }
    match runs {
        Ok(runs) => checked.audited_runs = runs.len(),
        Err(error) => checked.problems.push(problem(&error)),
    }
    checked.ok = checked.problems.is_empty() && checked.missing_limits == 0;
    output.report(&checked)?;
    Ok(match (checked.problems.is_empty(), checked.ok) {
        (false, _) => Exit::Configuration,
        (true, false) => Exit::Found,
        (true, true) => Exit::Done,
    })
}

/// Compiles the documents, telling everything that is wrong.
fn compiled(home: &Home) -> Result<(Option<Rulebook>, Vec<Problem>)> {
    let documents = match home.documents() {
        Ok(documents) => documents,
        Err(error @ HomeError::Read { .. }) => return Ok((None, vec![problem(&error)])),
        Err(error) => return Err(error.into()),
    };
    Ok(match compile_all(&documents) {
        Ok(rulebook) => (Some(rulebook), Vec::new()),
        Err(found) => (None, found.iter().map(Problem::of).collect()),
    })
}

/// What is wrong with the documents that are no part of the rules.
fn beside(home: &Home, rules: &Rulebook) -> Result<Vec<DocumentError>> {
    let document = |name: &str| home.optional_document(&format!("config/{name}.json"));
    let modes = document("policies/safe_modes")?;
    let thresholds = document("policies/execution_metrics_spec")?;
    let stub = document("brokers/live-stub")?;
    let modes = modes.iter().flat_map(|modes| beside::safe_modes(modes, rules));
    let thresholds = thresholds.iter().filter_map(beside::unreadable::<ExecutionMetricsSpec>);
    let stub = stub.iter().filter_map(beside::unreadable::<LiveStubRules>);
    Ok(modes.chain(thresholds).chain(stub).collect())
}

/// What is wrong where no document can be named.
fn problem(error: &(dyn Error + 'static)) -> Problem {
    let (mut causes, mut cause) = (Vec::new(), error.source());
    while let Some(source) = cause {
        causes.push(source.to_string());
        cause = source.source();
    }
    Problem { file: None, place: None, what: error.to_string(), causes }
}

impl Problem {
    fn of(error: &DocumentError) -> Self {
        Self { file: Some(error.file().to_owned()), place: error.place(), ..problem(error) }
    }
}

impl Checked {
    fn of(rulebook: Option<&Rulebook>, problems: Vec<Problem>) -> Self {
        let limits = rulebook.map(limits).unwrap_or_default();
        let missing = limits.iter().filter(|line| line.cap.is_none()).count();
        Self {
            ok: false,
            version: rulebook.map(|rules| rules.version.to_string()),
            problems,
            books: rulebook.map(books).unwrap_or_default(),
            limits,
            instruments: rulebook.map(instruments).unwrap_or_default(),
            calendars: rulebook.map(calendars).unwrap_or_default(),
            audited_runs: 0,
            missing_limits: missing,
        }
    }
}

fn books(rules: &Rulebook) -> Vec<BookLine> {
    let books = rules.books.iter().map(|(book_id, book)| {
        let executors: Vec<String> = book
            .executors
            .iter()
            .map(|(venue, plane)| format!("{venue} {}", plane.as_str()))
            .collect();
        BookLine {
            book_id: book_id.to_string(),
            is_enabled: book.enabled,
            strategy_id: book.strategy_id.to_string(),
            equity: words::money(book.equity),
            allocation: words::money(book.allocation),
            executors: executors.join(", "),
            account: book.account.to_string(),
            lane: book.lane.as_ref().map(ToString::to_string),
        }
    });
    books.collect()
}

/// Every limit that is stated, level by level, and those the firm should state and does not.
fn limits(rules: &Rulebook) -> Vec<LimitLine> {
    let rows = rules.envelope.rows().filter(|(level, row)| row.cap.is_some() || level.must_state());
    let lines = rows.map(|(level, LimitRow { name, cap, breach })| LimitLine {
        level: level.to_string(),
        limit: name,
        cap: cap.map(|cap| cap.to_string()),
        above: breach,
    });
    lines.collect()
}

fn instruments(rules: &Rulebook) -> Vec<InstrumentLine> {
    let instruments = rules.instruments.values().map(|instrument| InstrumentLine {
        instrument_id: instrument.instrument_id.to_string(),
        is_enabled: instrument.enabled,
        lot_size: instrument.lot_size.max(instrument.step_size).to_string(),
        tick_size: instrument.tick_size.to_string(),
        min_notional: instrument.min_notional.to_string(),
        max_qty: instrument.max_qty.map(|qty| qty.to_string()),
        calendar: instrument.calendar.to_string(),
    });
    instruments.collect()
}

fn calendars(rules: &Rulebook) -> Vec<String> {
    let calendars = rules.calendars.iter().map(|(name, hours)| match hours {
        Hours::Always => format!("{name}: around the clock"),
        Hours::Windows { valid_from, valid_until, open } => format!(
            "{name}: {}, from {} until {}",
            words::count(open.len() as u64, "session", "sessions"),
            words::at(*valid_from),
            words::at(*valid_until)
        ),
    });
    calendars.collect()
}

impl Report for Checked {
    fn tell(&self) -> String {
        if !self.problems.is_empty() {
            return self.tell_problems();
        }
        let verdict = match self.missing_limits {
            0 => "the rules fit together".to_owned(),
            1 => "the rules fit together, but 1 limit is missing: what it would judge is denied"
                .to_owned(),
            n => format!(
                "the rules fit together, but {n} limits are missing: what they would judge is denied"
            ),
        };
        format!(
            "{verdict} (version {}, {})\n\n{}\n\n{}\n\n{}\n\n{}",
            self.version.as_deref().unwrap_or_default(),
            words::count(self.audited_runs as u64, "audited run", "audited runs"),
            books_table(&self.books),
            limits_table(&self.limits),
            instruments_table(&self.instruments),
            self.calendars.join("\n")
        )
    }
}

impl Checked {
    fn tell_problems(&self) -> String {
        let told = self.problems.iter().map(|problem| {
            let lines = std::iter::once(&problem.what).chain(&problem.causes);
            format!(
                "  {}",
                lines.cloned().collect::<Vec<_>>().join(
                    "
    because: "
                )
            )
        });
        let told: Vec<String> = told.collect();
        format!(
            "the documents cannot be used as they are ({})\n{}",
            words::count(told.len() as u64, "problem", "problems"),
            told.join("\n")
        )
    }
}

fn books_table(books: &[BookLine]) -> String {
    let mut table = table(&["book", "strategy", "equity", "allocation", "executors", "account"]);
    for book in books {
        let off = if book.is_enabled { "" } else { " (disabled)" };
        table.add_row([
            format!("{}{off}", book.book_id),
            book.strategy_id.clone(),
            book.equity.clone(),
            book.allocation.clone(),
            book.executors.clone(),
            book.account.clone(),
        ]);
    }
    table.trim_fmt()
}

fn limits_table(limits: &[LimitLine]) -> String {
    let mut table = table(&["level", "limit", "cap", "above it"]);
    for line in limits {
        let above = match line.above {
            Breach::Deny => "denied",
            Breach::Reduce => "reduced",
        };
        table.add_row([
            line.level.clone(),
            line.limit.to_owned(),
            line.cap.clone().unwrap_or_else(|| "missing: denies".to_owned()),
            above.to_owned(),
        ]);
    }
    table.trim_fmt()
}

fn instruments_table(instruments: &[InstrumentLine]) -> String {
    let mut table =
        table(&["instrument", "lot", "tick", "least worth", "largest order", "calendar"]);
    for instrument in instruments {
        let off = if instrument.is_enabled { "" } else { " (disabled)" };
        table.add_row([
            format!("{}{off}", instrument.instrument_id),
            instrument.lot_size.clone(),
            instrument.tick_size.clone(),
            instrument.min_notional.clone(),
            instrument.max_qty.clone().unwrap_or_else(|| "no limit".to_owned()),
            instrument.calendar.clone(),
        ]);
    }
    table.trim_fmt()
}

/// The rules, and whether they are in force.
#[derive(Debug, Serialize)]
struct Shown {
    /// `in_force`, `not_adopted` (other rules are in force) or `none_adopted`.
    standing: &'static str,
    /// The entry that adopted the rules in force.
    in_force_since_seq: Option<u64>,
    rulebook: Rulebook,
}

fn show(home: &Home, output: Output) -> Result<Exit> {
    let rulebook = home.rulebook()?;
    let has_journal = home.journal().is_dir();
    let state = if has_journal { Some(JournalReader::of(home)?.kernel()?.0) } else { None };
    let in_force = state.as_ref().and_then(|kernel| kernel.state().rulebook.as_ref());
    let standing = match in_force {
        None => "none_adopted",
        Some(in_force) if *in_force == rulebook => "in_force",
        Some(_) => "not_adopted",
    };
    let since = state.as_ref().map(|kernel| kernel.state().rulebook_seq).filter(|seq| *seq > 0);
    output.report(&Shown { standing, in_force_since_seq: since, rulebook })?;
    Ok(Exit::Done)
}

impl Report for Shown {
    fn tell(&self) -> String {
        let rules = &self.rulebook;
        let since = self.in_force_since_seq.unwrap_or_default();
        let standing = match self.standing {
            "in_force" => format!("these rules are in force since entry {since}"),
            "not_adopted" => format!(
                "other rules are in force since entry {since}; `fillwright policy diff` tells the two apart"
            ),
            _ => "no rules were adopted yet; the first run adopts these".to_owned(),
        };
        let strategies: Vec<String> = rules
            .strategies
            .iter()
            .map(|(id, strategy)| {
                let off = if strategy.enabled { "" } else { " (disabled)" };
                format!("  {id}{off}, {} answers for it: {}", strategy.owner, strategy.description)
            })
            .collect();
        format!(
            "version {}, partition {}, environment {}: {standing}\n\n{}\n\n{}\n\n{}\n\n{}\n\nstrategies\n{}\n\n\
             a quote is good for {} ms, a mark for {} ms; a change of weight below {} is dust",
            rules.version,
            rules.partition,
            rules.environment,
            books_table(&books(rules)),
            limits_table(&limits(rules)),
            instruments_table(&instruments(rules)),
            calendars(rules).join("\n"),
            strategies.join("\n"),
            rules.execution.quote_age_max_ms,
            rules.execution.mark_age_max_ms,
            words::percent(rules.execution.minimum_trade_weight)
        )
    }
}
