//! `fillwright market`: recorded market data, in figures, as events, and in one file.

mod calendar;
mod cat;
mod convert;
mod stats;

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use fillwright_market::readers::table::{Mapping, MappingError};
use fillwright_market::readers::{self, Hints};
use fillwright_market::{MarketError, Refused, Source};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Read recorded market data: figures of an interval, events, one compact file. It needs no home.
#[derive(Debug, Subcommand)]
pub(crate) enum Market {
    Stats(stats::Stats),
    Convert(convert::Convert),
    Cat(cat::Cat),
    Calendar(calendar::Calendar),
}

impl Market {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Stats(stats) => stats.run(common),
            Self::Convert(convert) => convert.run(common),
            Self::Cat(cat) => cat.run(common),
            Self::Calendar(calendar) => calendar.run(common),
        }
    }
}

/// What a file's name does not say.
#[derive(Debug, Args)]
struct Reading {
    /// The market of a LEAN archive that lies outside its folders, for example equity/usa.
    #[arg(long, value_name = "CLASS/MARKET")]
    lean_market: Option<String>,
    /// A mapping (JSON) that says which column of a CSV or Parquet file is what.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// A file of Binance's public archive outside its folders is of a perpetual.
    #[arg(long)]
    perpetual: bool,
}

impl Reading {
    fn open(&self, path: &Path) -> Result<Box<dyn Source>> {
        let mapping = self.map.as_deref().map(read_mapping).transpose()?;
        let lean_market = self.lean_market.clone();
        let hints = Hints { lean_market, mapping, is_perpetual: self.perpetual };
        readers::open(path, &hints).map_err(or_stop)
    }
}

fn read_mapping(path: &Path) -> Result<Mapping> {
    let text = fs::read_to_string(path);
    let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
    let mapping = Mapping::parse(&text);
    let cause = |error: MappingError| match error.source() {
        Some(cause) => format!("{}: {error}: {cause}", path.display()),
        None => format!("{}: {error}", path.display()),
    };
    mapping.map_err(|error| Stop::usage(cause(error)).into())
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
