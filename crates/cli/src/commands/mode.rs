//! `fillwright mode`: degraded, reduce-only and maintenance, everywhere or in a scope.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::restraining::Request;
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use fillwright_policy::{KillEffect, RestraintKind};

/// Enter a mode, or leave it; where none holds, trading is normal.
#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    Enter(Enter),
    Leave(Leave),
}

/// A mode that is not normal.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Which {
    /// Something does not work as it should: only what reduces passes.
    Degraded,
    /// Only what reduces passes.
    ReduceOnly,
    /// Planned work: nothing new is let through.
    Maintenance,
}

/// Enter a mode. One person is enough; emergency exits still pass.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright mode enter reduce_only --scope account:main --by risk-1 --reason \"end of quarter\"
  fillwright mode enter maintenance --scope venue:NASDAQ --for 3600 --by ops-1 --reason \"upgrade\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed because it holds already, 6
where another process holds the journal and did not answer.")]
pub(crate) struct Enter {
    mode: Which,
    #[command(flatten)]
    request: Request,
    /// How long; until two people leave it where nothing is said.
    #[arg(long = "for", value_name = "SECONDS")]
    lasts_s: Option<u32>,
}

/// Leave a mode, once two different people have asked for it, one of them with the role risk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright mode leave reduce_only --scope account:main --by ops-1 --reason \"quarter is over\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, 6 where another process holds
the journal and did not answer.")]
pub(crate) struct Leave {
    mode: Which,
    #[command(flatten)]
    request: Request,
}

impl Mode {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Enter(enter) => {
                let until = enter.lasts_s.map(|lasts_s| common.in_seconds(lasts_s)).transpose()?;
                enter.request.impose(common, enter.mode.kind(), KillEffect::Block, until)
            }
            Self::Leave(leave) => leave.request.lift(common, leave.mode.kind()),
        }
    }
}

impl Which {
    fn kind(self) -> RestraintKind {
        match self {
            Self::Degraded => RestraintKind::Degraded,
            Self::ReduceOnly => RestraintKind::ReduceOnly,
            Self::Maintenance => RestraintKind::Maintenance,
        }
    }
}
