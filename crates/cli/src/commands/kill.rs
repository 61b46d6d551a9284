//! `fillwright kill`: halt trading, everywhere or in a scope. One person is enough.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::restraining::Request;
use anyhow::Result;
use clap::Args;
use fillwright_policy::{KillEffect, RestraintKind};

/// Halt trading: deny new risk, and cancel working orders or close holdings as well.
///
/// One person may stop; two must release. Emergency exits still pass. Where a run is at work on the
/// home, it is asked to halt and answers once the halt is durable. Halts hold on their own: releasing
/// one leaves every other.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright kill --home /srv/book --by ops-1 --reason \"prices look wrong\"
  fillwright kill --scope venue:BINANCE --effect block --by ops-1 --reason \"fills look late\"
  fillwright kill --scope strategy:uptrend --effect flatten --by risk-1 --reason \"out of it\" --json

Exit codes: as `fillwright --help` lists them; 1 where nothing changed because the same halt stood
already, 6 where another process holds the journal and did not answer.")]
pub(crate) struct Kill {
    #[command(flatten)]
    request: Request,
    /// What is done beside denying new risk: block nothing more, cancel working orders, or cancel
    /// them and flatten: close what is held by emergency exits.
    #[arg(long, value_name = "EFFECT", default_value_t = KillEffect::Cancel)]
    effect: KillEffect,
}

impl Kill {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        self.request.impose(common, RestraintKind::KillSwitch, self.effect, None)
    }
}
