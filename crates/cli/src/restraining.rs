//! What the commands that hold trading back have in common: who asks, why, where, and whom to ask.

use crate::arguments::Common;
use crate::control::{Answered, Asked};
use crate::decisions;
use crate::exit::Exit;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Scope, Timestamp};
use fillwright_policy::{KillEffect, RestraintKind};

/// Who asks, why and where.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Who asks; recorded in the journal.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    by: String,
    /// Why; recorded in the journal.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// Where: global, environment, lane:NAME, account:NAME, strategy:NAME, venue:NAME or
    /// instrument:VENUE:SYMBOL.
    #[arg(long, value_name = "SCOPE", default_value_t = Scope::Global)]
    scope: Scope,
    /// How long to wait for a run that is at work.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
}

impl Request {
    /// Asks for something to be held back.
    pub(crate) fn impose(
        self,
        common: &Common,
        kind: RestraintKind,
        effect: KillEffect,
        until: Option<Timestamp>,
    ) -> Result<Exit> {
        let Self { by, reason, scope, patience } = self;
        answer(common, &Asked::Impose { kind, scope, effect, until, by, reason }, patience)
    }

    /// Asks for the end of it.
    pub(crate) fn lift(self, common: &Common, kind: RestraintKind) -> Result<Exit> {
        let Self { by, reason, scope, patience } = self;
        answer(common, &Asked::Lift { kind, scope, by, reason }, patience)
    }
}

/// Asks the desk, or the process that holds the journal, and says what came of it.
fn answer(common: &Common, asked: &Asked, patience: u64) -> Result<Exit> {
    let answered = answered(common, asked, patience)?;
    common.output().report(&answered)?;
    Ok(if answered.is_refused() { Exit::Found } else { Exit::Done })
}

/// What came of asking the desk, or the process that holds the journal.
pub(crate) fn answered(common: &Common, asked: &Asked, patience: u64) -> Result<Answered> {
    let taken = decisions::hand_in(common, asked.by(), &asked.input(), patience)?;
    Answered::of(asked, &taken)
}
