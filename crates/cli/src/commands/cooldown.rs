//! `fillwright cooldown`: nothing new for a while.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::restraining::Request;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_policy::{KillEffect, RestraintKind};

/// Start a cooldown, or end one before its time.
#[derive(Debug, Subcommand)]
pub(crate) enum Cooldown {
    Start(Start),
    End(End),
}

/// Let nothing new through for a while. One person is enough; emergency exits still pass.
///
/// Without `--for` it holds until two people end it. Starting it again never shortens it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright cooldown start --scope strategy:uptrend --for 900 --by ops-1 --reason \"three losses\"
  fillwright cooldown start --scope lane:live_canary --by risk-1 --reason \"until reviewed\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed because one stands that lasts
as long, 6 where another process holds the journal and did not answer.")]
pub(crate) struct Start {
    #[command(flatten)]
    request: Request,
    /// How long.
    #[arg(long = "for", value_name = "SECONDS")]
    lasts_s: Option<u32>,
}

/// End a cooldown before its time, once two different people have asked for it, one with the role risk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright cooldown end --scope strategy:uptrend --by ops-1 --reason \"reviewed\"
  fillwright cooldown end --scope strategy:uptrend --by risk-1 --reason \"reviewed with ops-1\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, 6 where another process holds
the journal and did not answer.")]
pub(crate) struct End {
    #[command(flatten)]
    request: Request,
}

impl Cooldown {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        const KIND: RestraintKind = RestraintKind::Cooldown;
        match self {
            Self::Start(start) => {
                let until = start.lasts_s.map(|lasts_s| common.in_seconds(lasts_s)).transpose()?;
                start.request.impose(common, KIND, KillEffect::Block, until)
            }
            Self::End(end) => end.request.lift(common, KIND),
        }
    }
}
