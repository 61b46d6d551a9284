//! `fillwright whatif`: what would be decided about one intent, at any point of the journal.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::{self, Output};
use crate::progress;
use crate::reading::{JournalReader, input_of};
use crate::story::imagined::Imagined;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::{DigestedIntent, InstrumentId, Intent, Quote, Timestamp};
use fillwright_engine::{Home, Quotes};
use fillwright_intake::{IntakeError, Intents, Quotes as QuoteLines};
use fillwright_kernel::{Input, Kernel};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Say what would be decided about an intent, now or at any earlier entry of the journal.
///
/// The state is built as it stood behind entry --at, the intent goes through every gate there, and
/// the verdicts are told with the figures they compared, the row of the table of decisions that
/// decided, the plan and the order that would follow. Nothing is written and nothing is sent.
///
/// The market is the newest quote of the instrument that was there by then: from --quote, or from
/// the home's data/market/quotes.ndjson. The time is --when, or that of entry --at. An intent that is
/// in the journal already (--recorded) keeps its own quote and time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright whatif intent.json --home fillwright-demo
  fillwright whatif - --at 23 --home fillwright-demo < intent.json
  fillwright whatif --recorded 24 --home fillwright-demo
  fillwright whatif --recorded 24 --at 50 --json | jq '.gates[-1]'

Exit codes: as `fillwright --help` lists them; 1 where the intent would be denied or skipped, where
the journal has no such entry, or where the entry is of no intent; 2 where the intent or a quote
cannot be read.")]
pub(crate) struct WhatIf {
    /// A file with one intent as intake takes it, over as many lines as it likes; `-` is standard input.
    #[arg(required_unless_present = "recorded", conflicts_with = "recorded")]
    intent: Option<PathBuf>,
    /// An intent that came in already, by its entry.
    #[arg(long, value_name = "ENTRY")]
    recorded: Option<u64>,
    /// Behind which entry it comes in; absent, the last, or the one before a recorded intent's.
    #[arg(long, value_name = "SEQ")]
    at: Option<u64>,
    /// When it comes in: an instant as RFC 3339 has it, or `now`.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    when: Option<Timestamp>,
    /// A file of quotes, one a line, as data/market/quotes.ndjson has them.
    #[arg(long, value_name = "FILE")]
    quote: Option<PathBuf>,
}

impl WhatIf {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (home, output) = (common.home()?, common.output());
        let reader = JournalReader::of(&home)?;
        match self.recorded {
            Some(entry) => self.ask_again(&home, &reader, entry, output),
            None => self.ask(&home, &reader, output),
        }
    }

    /// Asks about an intent that was written for it.
    fn ask(&self, home: &Home, reader: &JournalReader, output: Output) -> Result<Exit> {
        let intent = read_intent(self.intent.as_deref().unwrap_or(Path::new("-")))?;
        let kernel = kernel_at(reader, self.at)?;
        let at = self.when.unwrap_or(kernel.state().at);
        let quotes = self.quote.clone().unwrap_or_else(|| home.quotes());
        let quote = newest(&quotes, &intent.instrument_id, at, self.quote.is_some())?;
        tell(&kernel, at, DigestedIntent::new(intent), quote, output)
    }

    /// Asks again about an intent of the journal, with its own quote and time unless others are given.
    fn ask_again(
        &self,
        home: &Home,
        reader: &JournalReader,
        entry: u64,
        output: Output,
    ) -> Result<Exit> {
        let (intent, quote, at) = recorded(reader, entry)?;
        let kernel = kernel_at(reader, self.at.or(Some(entry - 1)))?;
        let at = self.when.unwrap_or(at);
        let quote = match &self.quote {
            Some(file) => newest(file, &intent.instrument_id, at, true)?,
            None if self.when.is_some() => {
                newest(&home.quotes(), &intent.instrument_id, at, false)?
            }
            None => quote,
        };
        tell(&kernel, at, intent, quote, output)
    }
}

fn tell(
    kernel: &Kernel,
    at: Timestamp,
    intent: DigestedIntent,
    quote: Option<Quote>,
    output: Output,
) -> Result<Exit> {
    let imagined = Imagined::of(kernel, at, intent, quote).context("the kernel decided nothing")?;
    output.report(&imagined)?;
    Ok(if imagined.sends() { Exit::Done } else { Exit::Found })
}

fn kernel_at(reader: &JournalReader, seq: Option<u64>) -> Result<Kernel> {
    let bar = progress::counting("building the state, at entry");
    let kernel = match seq {
        Some(seq) => reader.kernel_at(seq, |seq| bar.set_position(seq)),
        None => reader.kernel().map(|(kernel, ..)| kernel),
    };
    bar.finish_and_clear();
    kernel
}

fn recorded(
    reader: &JournalReader,
    seq: u64,
) -> Result<(DigestedIntent, Option<Quote>, Timestamp)> {
    let mut found = None;
    reader.one(seq, |entry| {
        if let Input::SubmitIntent { intent, quote } = input_of(entry)? {
            found = Some((*intent, quote, Timestamp::from_ns(entry.at)));
        }
        Ok(())
    })?;
    let message = || Stop::found(format!("entry {seq} is not there, or no intent came in with it"));
    Ok(found.ok_or_else(message)?)
}

/// The one intent of a file. Lines are joined first: intake takes one a line, people write them over several.
fn read_intent(path: &Path) -> Result<Intent> {
    let (source, mut bytes) = read_whole(path)?;
    for byte in bytes.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    match Intents::new(&source, bytes.as_slice()).next() {
        Some(Ok(intent)) => Ok(intent),
        Some(Err(IntakeError::Refused(refusal))) => {
            output::note("whatif takes one intent, as intake takes it");
            Err(Stop::usage(refusal.to_string()).into())
        }
        Some(Err(error)) => Err(error.into()),
        None => Err(Stop::usage(format!("{source} holds no intent")).into()),
    }
}

fn read_whole(path: &Path) -> Result<(String, Vec<u8>)> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
        return Ok(("-".to_owned(), bytes));
    }
    let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read(path)
        .map_err(|error| Stop::usage(format!("{} cannot be read: {error}", path.display())))?;
    Ok((source, bytes))
}

/// The newest quote of an instrument that was there at some time.
fn newest(
    path: &Path,
    instrument_id: &InstrumentId,
    at: Timestamp,
    is_asked_for: bool,
) -> Result<Option<Quote>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_asked_for => return Ok(None),
        file => file
            .map_err(|error| Stop::usage(format!("{} cannot be read: {error}", path.display())))?,
    };
    let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut quotes = Quotes::default();
    for record in QuoteLines::new(&source, BufReader::new(file)) {
        match record {
            Ok((of, quote)) if quote.as_of <= at => quotes.take(of, quote),
            Err(IntakeError::Refused(refusal)) if is_asked_for => {
                return Err(Stop::usage(refusal.to_string()).into());
            }
            Ok(_) | Err(IntakeError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(quotes.get(instrument_id).cloned())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let at = if text == "now" { Ok(jiff::Timestamp::now()) } else { text.parse() };
    let at = at.map_err(|error| error.to_string())?;
    let ns = i64::try_from(at.as_nanosecond()).map_err(|_| "a time reaches from 1677 to 2262")?;
    Ok(Timestamp::from_ns(ns))
}
