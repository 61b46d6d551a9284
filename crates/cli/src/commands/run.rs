//! `fillwright run`: takes what lies in a home to the end, or watches it, or answers intents from a stream.

use crate::arguments::Common;
use crate::commands::demo::{counted, refused_table, rows_after};
use crate::ending::Ending;
use crate::exit::{self, Exit, Stop};
use crate::output::{self, Output, Report};
use crate::reading::JournalReader;
use crate::refusals::RefusedLine;
use crate::rows::{self, Row};
use crate::session::{Closed, Heard, Session};
use crate::watch::Watch;
use crate::{inbox, replies, stream, words};
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::Principal;
use fillwright_engine::Home;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a watch looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Beyond this many entries a summary says enough.
const LISTED_ENTRIES: u64 = 2_000;
/// Beyond this many intents, too.
const LISTED_INTENTS: usize = 40;
/// Refused lines that are listed; all are kept.
const LISTED_REFUSALS: usize = 20;

/// Take everything that lies in a home to the end: quotes, portfolio differences, then the inbox.
///
/// Without options the home's quotes, its target portfolio and the files of `data/inbox/` (`.ndjson`
/// intents, `.csv` drift orders, in the order of their names) are taken once. What was taken before
/// is answered from memory, so running again does nothing twice. A line that cannot be read stops
/// nothing: it is named, and kept in `data/intake/refusals.ndjson`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright run --home /srv/book           once, what lies there
  fillwright run --home /srv/book --watch   until SIGINT or SIGTERM
  strategy | fillwright run --home /srv/book --intents - --json
                                            each answer as soon as it is durable
  fillwright run --home try --clock 2026-01-06T15:00:00Z
                                            under a scripted clock, for tests and replays

With --json and --intents or --watch each answer is a line:
  {\"answer\":\"closed\",\"intent_id\":…,\"status\":\"success|skipped|error|partial\"}
  {\"answer\":\"duplicate\",\"intent_id\":…,\"seq\":…,\"status\":…}   seq: the entry that accepted the first
  {\"answer\":\"conflict\",\"intent_id\":…,\"seq\":…}
  {\"answer\":\"refused\",\"source\":…,\"line\":…,\"code\":…,\"message\":…,…}
and the last line is the summary. What was answered is on disk; what was not may be sent again.

Exit codes: as `fillwright --help` lists them. Refused lines leave 0 with a warning, or 1 with
--strict.")]
pub(crate) struct Run {
    /// Take intents from this file, or from standard input where it is `-`, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    intents: Option<PathBuf>,
    /// Go on watching the quotes, the portfolio, the registry of runs and the inbox.
    #[arg(long)]
    watch: bool,
    /// Who answers for what this run adopts and registers.
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env_values = true,
        default_value = "operator"
    )]
    by: String,
    /// Put what the documents under `config/` say in force first, as far as one person may change it alone.
    #[arg(long)]
    adopt: bool,
    /// End with 1 where a line had to be refused.
    #[arg(long)]
    strict: bool,
}

/// What a run did.
#[derive(Debug, Serialize)]
struct Summary {
    /// The last entry before the run.
    before_seq: u64,
    quotes: u64,
    submitted: u64,
    /// Answers, by their word.
    answers: BTreeMap<&'static str, u64>,
    refused: u64,
    refused_lines: Vec<RefusedLine>,
    untargeted_books: Vec<String>,
    withheld: Vec<String>,
    /// The intents, where they are few enough to be listed.
    intents: Option<Vec<Row>>,
    journal: Closed,
}

impl Run {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (home, output) = (common.home()?, common.output());
        let input = self.intents.as_deref().map(open_intents).transpose()?;
        let is_streamed = self.watch || self.intents.is_some();
        // Work on what lies there may be killed at any moment; nothing of it is lost.
        let ending = if is_streamed { Ending::listen()? } else { Ending::default() };
        let by = Principal::new(&self.by);
        let mut session = Session::open(home.clone(), common.clock()?, &by, output)?;
        let before_seq = session.before_seq;
        self.settle_rules(&mut session, &by)?;
        session.with_desk(fillwright_engine::Desk::may_take_intents)?;
        let worked = match input {
            Some((source, input)) => take_stream(&mut session, &source, input, &ending, output),
            None if self.watch => watch(&mut session, &home, &by, &ending, output),
            None => take_once(&mut session, &home),
        };
        if let Err(error) = worked {
            return Err(end_early(session, error));
        }
        let (closed, heard) = session.close()?;
        // A program has read every answer already; a person wants to know why.
        let is_told = is_streamed && output.is_json();
        let rows = if is_told { None } else { rows(&home, before_seq, &closed)? };
        let summary = summary(before_seq, closed, heard, rows);
        output.report(&summary)?;
        Ok(if self.strict && summary.refused > 0 { Exit::Found } else { Exit::Done })
    }

    /// Puts what the documents say in force where that was asked for; otherwise the rules in force hold, and live does
    /// not start beside documents that say something else.
    fn settle_rules(&self, session: &mut Session, by: &Principal) -> Result<()> {
        if self.adopt {
            return session.adopt_documents(by);
        }
        session.tell_differences();
        if session.is_live() && session.differs() {
            return Err(Stop::configuration(
                "live does not start while the documents under config/ differ from the rules in force; adopt them \
                 (`fillwright policy adopt`) or restore them",
            )
            .into());
        }
        Ok(())
    }
}

/// A source of intents that can be read on another thread.
type Input = Box<dyn io::BufRead + Send>;

fn open_intents(path: &Path) -> Result<(String, Input)> {
    if path == Path::new("-") {
        return Ok(("-".to_owned(), Box::new(BufReader::new(io::stdin()))));
    }
    let file = File::open(path)
        .map_err(|error| Stop::usage(format!("--intents {}: {error}", path.display())))?;
    let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((source, Box::new(BufReader::new(file))))
}

fn take_once(session: &mut Session, home: &Home) -> Result<()> {
    session.take_quotes()?;
    session.take_portfolio()?;
    for path in inbox::files(home)? {
        session.take_requests()?;
        session.take_file(&path)?;
    }
    session.take_requests()
}

fn take_stream(
    session: &mut Session,
    source: &str,
    input: Input,
    ending: &Ending,
    output: Output,
) -> Result<()> {
    session.take_quotes()?;
    stream::take(session, source, input, ending, output)
}

fn watch(
    session: &mut Session,
    home: &Home,
    by: &Principal,
    ending: &Ending,
    output: Output,
) -> Result<()> {
    output::note(format_args!("watching {}; end it with SIGINT or SIGTERM", home.root().display()));
    session.speak(output);
    let mut watch = Watch::of(home.clone());
    while !ending.is_asked() {
        let is_new = watch.look(session, by, |session, group| {
            let refused = group.refused.clone();
            let replies = session.take_group(group)?;
            replies::tell(output, &replies, &refused)?;
            session.take_requests()
        })?;
        session.take_requests()?;
        session.project()?;
        if !is_new {
            std::thread::sleep(LOOK_EVERY);
        }
    }
    Ok(())
}

/// Ends a session that cannot go on. Where only space is short, what is left of it goes to a checkpoint.
fn end_early(session: Session, error: anyhow::Error) -> anyhow::Error {
    let is_space = exit::code_of(&error) == Exit::Space;
    if is_space && session.close_at_once().is_ok() {
        output::note("the journal was closed with a checkpoint; what was answered is safe");
    }
    error
}

fn rows(home: &Home, before_seq: u64, closed: &Closed) -> Result<Option<Vec<Row>>> {
    if closed.entries - before_seq > LISTED_ENTRIES {
        return Ok(None);
    }
    let reader = JournalReader::of(home)?;
    let rows =
        rows_after(&reader, before_seq).context("the journal was written, and cannot be read")?;
    Ok(Some(rows.rows))
}

fn summary(before_seq: u64, journal: Closed, heard: Heard, intents: Option<Vec<Row>>) -> Summary {
    let withheld = heard.withheld.iter().map(|(book, instrument)| format!("{book} {instrument}"));
    Summary {
        before_seq,
        quotes: heard.quotes,
        submitted: heard.submitted,
        answers: heard.answers,
        refused: heard.refused.len() as u64,
        untargeted_books: heard.untargeted_books.iter().map(ToString::to_string).collect(),
        withheld: withheld.collect(),
        refused_lines: heard.refused,
        intents,
        journal,
    }
}

impl Summary {
    fn tell_intents(&self) -> String {
        let answers = self.answers.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect();
        let counts = format!(
            "{} submitted: {}",
            words::count(self.submitted, "intent", "intents"),
            counted(&answers)
        );
        match &self.intents {
            Some(rows) if !rows.is_empty() && rows.len() <= LISTED_INTENTS => {
                format!("{}\n\n{counts}", rows::as_table(rows))
            }
            _ => counts,
        }
    }

    fn tell_refused(&self) -> Option<String> {
        let listed = &self.refused_lines[..self.refused_lines.len().min(LISTED_REFUSALS)];
        let more = self.refused_lines.len() - listed.len();
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        (self.refused > 0).then(|| {
            format!(
                "warning: {} could not be read; kept in data/intake/refusals.ndjson\n{}{more}",
                words::count(self.refused, "line", "lines"),
                refused_table(listed)
            )
        })
    }

    fn tell_left_alone(&self) -> Option<String> {
        let books = (!self.untargeted_books.is_empty()).then(|| {
            format!(
                "warning: {} hold something and stand in no target portfolio; nothing was asked of them",
                self.untargeted_books.join(", ")
            )
        });
        let rows = (!self.withheld.is_empty()).then(|| {
            format!(
                "warning: left alone, because the row that targets it could not be read: {}",
                self.withheld.join(", ")
            )
        });
        let told: Vec<String> = books.into_iter().chain(rows).collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }
}

impl Report for Summary {
    fn tell(&self) -> String {
        let journal = format!(
            "{} written, {} in all; closed with a snapshot and a signed checkpoint\n  head  {}\n  state {}",
            words::count(self.journal.entries - self.before_seq, "entry", "entries"),
            self.journal.entries,
            self.journal.head,
            self.journal.state_hash
        );
        let parts =
            [Some(self.tell_intents()), self.tell_refused(), self.tell_left_alone(), Some(journal)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }
}
