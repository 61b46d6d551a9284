//! `fillwright kill`: halt trading. One person is enough.

use crate::arguments::Common;
use crate::control::{self, Answered, Asked};
use crate::exit::{self, Exit, Stop};
use crate::output::Output;
use crate::reading::holder;
use crate::requests;
use crate::session::Session;
use anyhow::Result;
use clap::Args;
use fillwright_domain::Principal;
use fillwright_engine::{Home, SystemClock};
use std::time::Duration;

/// Halt trading: deny new risk and ask for every working order to be cancelled.
///
/// One person may stop; two must release. Emergency exits still pass. Where a run is at work on the
/// home, it is asked to halt and answers once the halt is durable.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright kill --home /srv/book --by ops-1 --reason \"prices look wrong\"
  fillwright kill --by ops-1 --reason drill --json

Exit codes: as `fillwright --help` lists them; 1 where nothing changed because trading was halted
already, 6 where another process holds the journal and did not answer.")]
pub(crate) struct Kill {
    #[command(flatten)]
    request: Request,
}

/// Who asks, and why.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Who asks; recorded in the journal.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    by: String,
    /// Why; recorded in the journal.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// How long to wait for a run that is at work.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
}

impl Kill {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let Request { by, reason, patience } = self.request;
        answer(common, &Asked::Kill { by, reason }, patience)
    }
}

impl Request {
    /// The request to end a halt.
    pub(crate) fn release(self, common: &Common) -> Result<Exit> {
        let Self { by, reason, patience } = self;
        answer(common, &Asked::Release { by, reason }, patience)
    }
}

fn answer(common: &Common, asked: &Asked, patience: u64) -> Result<Exit> {
    let (home, output) = (common.home()?, common.output());
    let patience = Duration::from_secs(patience);
    let answered = match holder(&home) {
        Some(process) => ask_the_holder(&home, asked, patience, &process)?,
        None => match ask_directly(&home, asked, output) {
            // Somebody was faster.
            Err(error) if exit::code_of(&error) == Exit::Locked => {
                ask_the_holder(&home, asked, patience, "unknown")?
            }
            answered => answered?,
        },
    };
    output.report(&answered)?;
    Ok(if answered.is_refused() { Exit::Found } else { Exit::Done })
}

fn ask_directly(home: &Home, asked: &Asked, output: Output) -> Result<Answered> {
    let (Asked::Kill { by, .. } | Asked::Release { by, .. }) = asked;
    let clock = Box::new(SystemClock::default());
    let mut session = Session::open(home.clone(), clock, &Principal::new(by), output)?;
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
