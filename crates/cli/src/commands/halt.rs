//! `fillwright halt`: the market does not trade.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::restraining::Request;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_policy::{KillEffect, RestraintKind};

/// Note that a market does not trade, or that it trades again.
#[derive(Debug, Subcommand)]
pub(crate) enum Halt {
    Start(Start),
    End(End),
}

/// Send nothing there, emergency exits included: there is nobody to trade with.
///
/// To stop trading of our own will, use `fillwright kill`, which lets emergency exits pass.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright halt start --scope instrument:NASDAQ:AAPL --by ops-1 --reason \"circuit breaker\"
  fillwright halt start --scope venue:NASDAQ --for 900 --by ops-1 --reason \"market-wide halt\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed because it is halted already,
6 where another process holds the journal and did not answer.")]
pub(crate) struct Start {
    #[command(flatten)]
    request: Request,
    /// How long; until two people end it where nothing is said.
    #[arg(long = "for", value_name = "SECONDS")]
    lasts_s: Option<u32>,
}

/// Trade there again, once two different people have asked for it, one of them with the role risk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright halt end --scope instrument:NASDAQ:AAPL --by ops-1 --reason \"it trades again\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, 6 where another process holds
the journal and did not answer.")]
pub(crate) struct End {
    #[command(flatten)]
    request: Request,
}

impl Halt {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Start(start) => {
                let until = start.lasts_s.map(|lasts_s| common.in_seconds(lasts_s)).transpose()?;
                start.request.impose(common, RestraintKind::Halt, KillEffect::Block, until)
            }
            Self::End(end) => end.request.lift(common, RestraintKind::Halt),
        }
    }
}
