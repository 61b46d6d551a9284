//! What the commands that hold trading back have in common: who asks, why, where, and whom to ask.

use crate::arguments::Common;
use crate::control::{self, Answered, Asked};
use crate::exit::{self, Exit, Stop};
use crate::output::{self, Output};
use crate::reading::holder;
use crate::requests;
use crate::session::Session;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Principal, Scope};
use fillwright_engine::{Home, SystemClock};
use fillwright_policy::{KillEffect, RestraintKind};
use std::time::Duration;

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
        until_ns: Option<i64>,
    ) -> Result<Exit> {
        let Self { by, reason, scope, patience } = self;
        answer(common, &Asked::Impose { kind, scope, effect, until_ns, by, reason }, patience)
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
    let (home, output) = (common.home()?, common.output());
    let patience = Duration::from_secs(patience);
    match holder(&home) {
        Some(process) => ask_the_holder(&home, asked, patience, &process),
        None => match ask_directly(&home, asked, output) {
            // Somebody was faster.
            Err(error) if exit::code_of(&error) == Exit::Locked => {
                ask_the_holder(&home, asked, patience, "unknown")
            }
            answered => answered,
        },
    }
}

fn ask_directly(home: &Home, asked: &Asked, output: Output) -> Result<Answered> {
    let clock = Box::new(SystemClock::default());
    let mut session = Session::open(home.clone(), clock, &Principal::new(asked.by()), output)?;
    if asked.flattens() {
        // Exits are priced by the home's quotes; a stop does not wait for sound ones.
        if let Err(error) = session.take_quotes() {
            output::note(format_args!("warning: the quotes cannot be used: {error:#}"));
        }
    }
    let answered = session.with_desk(|desk| control::ask(desk, asked))?;
    session.close()?;
    Ok(answered)
}

fn ask_the_holder(
    home: &Home,
    asked: &Asked,
    patience: Duration,
    process: &str,
) -> Result<Answered> {
    let answered = requests::leave(home, asked, patience)?;
    answered.ok_or_else(|| {
        Stop::locked(format!(
            "process {process} is at work on this home and did not answer within {} s, so nothing was changed; stop \
             it (nothing that was acknowledged is lost) and ask again, or wait longer with --patience",
            patience.as_secs()
        ))
        .into()
    })
}
