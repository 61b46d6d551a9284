//! `fillwright market`: recorded market data, in figures, as events, and in one file.

mod stats;

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_market::readers::{self, Hints};
use fillwright_market::{MarketError, Refused, Source};
use std::path::Path;

/// Read recorded market data: figures of an interval, events, one compact file. It needs no home.
#[derive(Debug, Subcommand)]
pub(crate) enum Market {
    Stats(stats::Stats),
}

impl Market {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Stats(stats) => stats.run(common),
        }
    }
}

/// What a file's name does not say.
#[derive(Debug, Args)]
struct Reading {
    /// The market of a LEAN archive that lies outside its folders, for example equity/usa.
    #[arg(long, value_name = "CLASS/MARKET")]
    lean_market: Option<String>,
}

impl Reading {
    fn open(&self, path: &Path) -> Result<Box<dyn Source>> {
        let hints = Hints { lean_market: self.lean_market.clone() };
        readers::open(path, &hints).map_err(or_stop)
    }
}

/// A file nobody can say how to read is a mistake of the command line, not of the program.
fn or_stop(error: MarketError) -> anyhow::Error {
    match error {
        MarketError::Unreadable { .. } => Stop::usage(error.to_string()).into(),
        other => other.into(),
    }
}

/// Tells a person what was left out.
fn note_refused(refused: &Refused) {
    const SHOWN: usize = 5;
    for refusal in refused.first.iter().take(SHOWN) {
        output::note(format_args!("refused: {refusal}"));
    }
    let rest = refused.lines.saturating_sub(SHOWN as u64);
    if rest > 0 {
        output::note(format_args!("refused: {rest} more lines"));
    }
}
