//! `fillwright market cat`: the events of a file, a line each.

use super::{Reading, note_refused};
use crate::arguments::Common;
use crate::exit::Exit;
use crate::output;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_market::MarketEvent;
use serde::Serialize;
use std::path::PathBuf;

/// Print the events of a recording as JSON lines, in the order of the file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright market cat 20131007_trade.zip --lean-market equity/usa | head -3
  fillwright market cat day.fwm --instrument USA:IBM | jq 'select(.kind == \"trade\")'

Each line: {\"at\":\"RFC 3339\",\"instrument\":…,\"event_at\":\"ns\",\"received_at\":\"ns\",\"kind\":…,…}

Exit codes: as `fillwright --help` lists them; 1 where lines had to be refused.")]
pub(crate) struct Cat {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only events of this instrument.
    #[arg(long, value_name = "ID")]
    instrument: Option<String>,
    /// No more than so many.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    #[command(flatten)]
    reading: Reading,
}

/// An event as a line.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    instrument: &'a str,
    event_at: String,
    received_at: String,
    #[serde(flatten)]
    body: &'a fillwright_market::Body,
}

impl Cat {
    pub(crate) fn run(self, _: &Common) -> Result<Exit> {
        let mut source = self.reading.open(&self.file)?;
        let (mut event, mut printed) = (MarketEvent::default(), 0);
        while self.limit.is_none_or(|limit| printed < limit) && source.read(&mut event)? {
            let instrument = source.listings()[event.instrument.index()].instrument.as_str();
            if self.instrument.as_deref().is_some_and(|wanted| wanted != instrument) {
                continue;
            }
            printed += 1;
            output::line(&Line {
                at: words::at(event.event_at),
                instrument,
                event_at: event.event_at.to_string(),
                received_at: event.received_at.to_string(),
                body: &event.body,
            })?;
        }
        note_refused(source.refused());
        Ok(if source.refused().lines > 0 { Exit::Found } else { Exit::Done })
    }
}
