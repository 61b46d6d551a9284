//! `fillwright market calendar`: a calendar document from what a market-hours database says.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_market::calendar::{MarketHours, MarketHoursError, Sessions};
use jiff::civil::Date;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Print a calendar document (`config/calendars/NAME.json`) from LEAN's market-hours database.
///
/// The database has the hours of today with the holidays, early closes and late opens of the past: look over what is
/// printed before a rulebook adopts it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright market calendar --hours market-hours-database.json --key 'Equity-usa-[*]' \\
      --from 2013-01-01 --through 2013-12-31 > config/calendars/XNYS.json
  fillwright market calendar --hours market-hours-database.json.gz --key Future-cme-ES --extended \\
      --from 2026-01-01 --through 2026-12-31

Exit codes: as `fillwright --help` lists them; 1 where the database does not have the key.")]
pub(crate) struct Calendar {
    /// The database, packed with gzip or plain.
    #[arg(long, value_name = "FILE")]
    hours: PathBuf,
    /// The market, as the database names it.
    #[arg(long, value_name = "KEY")]
    key: String,
    /// First date the calendar speaks of.
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// Last date the calendar speaks of.
    #[arg(long, value_name = "DATE")]
    through: Date,
    /// Sessions before and after regular hours too, as futures have them.
    #[arg(long)]
    extended: bool,
}

impl Calendar {
    pub(crate) fn run(self, _: &Common) -> Result<Exit> {
        let database = MarketHours::read(BufReader::new(open(&self.hours)?));
        let database =
            database.with_context(|| format!("{} cannot be used", self.hours.display()))?;
        let sessions = if self.extended { Sessions::Extended } else { Sessions::Regular };
        let calendar = database.calendar(&self.key, self.from, self.through, sessions);
        let calendar = calendar.map_err(|error| match error {
            MarketHoursError::UnknownKey(_) => Stop::found(error.to_string()).into(),
            other => anyhow::Error::from(other),
        })?;
        calendar.compile().map_err(|error| Stop::usage(error.to_string()))?;
        output::line(&calendar)?;
        Ok(Exit::Done)
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(fillwright_market::readers::unpacked(path, file))
}
