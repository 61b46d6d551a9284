//! `fillwright release`: end a halt. Two different people must ask.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::restraining::Request;
use anyhow::Result;
use clap::Args;
use fillwright_policy::RestraintKind;

/// End a halt, once two different people have asked for it, one of them with the role risk.
///
/// The first request changes nothing but the record; the answer says who is still needed. Saying
/// `kill` again in between withdraws it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright release --home /srv/book --by risk-1 --reason \"prices are back\"
  fillwright release --home /srv/book --by risk-2 --reason \"checked with risk-1\"
  fillwright release --scope venue:BINANCE --by ops-1 --reason \"fills are back\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed: that scope is not halted, the
same person asked before, or somebody may not ask; 6 where another process holds the journal and did
not answer.")]
pub(crate) struct Release {
    #[command(flatten)]
    request: Request,
}

impl Release {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        self.request.lift(common, RestraintKind::KillSwitch)
    }
}
