//! `fillwright reconcile`: how our ledger compares with those of the executors.

use crate::arguments::Common;
use crate::exit::{self, Exit};
use crate::output::{Report, table};
use crate::reading::{self, JournalReader};
use crate::session::Session;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Plane, Principal};
use fillwright_engine::SystemClock;
use fillwright_kernel::State;
use fillwright_kernel::reconciliation::{Break, LedgerFigures, Subject};
use serde::Serialize;

/// Hold our ledger against those of the executors, and report what differs.
///
/// Orders at work, fills and positions are compared; nothing is booked from what an executor states.
/// Orders that differ are asked about, so that their own reports come in; what no report explains
/// waits for a person. A run that is at work compares by itself, every so often as
/// config/policies/reconciliation.json says; then its last comparison is reported.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright reconcile --home fillwright-demo
  fillwright reconcile --json | jq '.breaks[] | {kind, subject, ours, theirs}'

Exit codes: as `fillwright --help` lists them; 1 where something differs.")]
pub(crate) struct Reconcile {
    /// Who asks.
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env_values = true,
        default_value = "operator"
    )]
    by: String,
}

#[derive(Debug, Serialize)]
struct Found {
    /// The last entry that was looked at.
    seq: u64,
    /// When the executor's ledger was read; absent where neither side has anything.
    compared_at: Option<String>,
    breaks: Vec<Line>,
    /// The process at work, where its comparison is reported.
    held_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    plane: Plane,
    venue: Option<String>,
    instrument_id: String,
    subject: String,
    ours: Option<LedgerFigures>,
    theirs: Option<LedgerFigures>,
    at: String,
    means: &'static str,
}

impl Reconcile {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (home, output) = (common.home()?, common.output());
        let mut held_by = reading::holder(&home);
        if held_by.is_none() {
            let clock = Box::new(SystemClock::default());
            // Opening compares.
            match Session::open(home.clone(), clock, &Principal::new(&self.by), output) {
                Ok(session) => drop(session.close()?),
                Err(error) if exit::code_of(&error) == Exit::Locked => {
                    held_by = reading::holder(&home);
                }
                Err(error) => return Err(error),
            }
        }
        let (kernel, ..) = JournalReader::of(&home)?.kernel()?;
        let found = Found::of(kernel.state(), held_by);
        output.report(&found)?;
        Ok(if found.breaks.is_empty() { Exit::Done } else { Exit::Found })
    }
}

impl Found {
    fn of(state: &State, held_by: Option<String>) -> Self {
        let known = &state.reconciliation;
        Self {
            seq: state.seq,
            compared_at: known.compared_at(Plane::LiveStub).map(words::at),
            breaks: known.standing().map(line).collect(),
            held_by,
        }
    }
}

fn line(one: &Break) -> Line {
    Line {
        kind: one.name.kind.as_str(),
        plane: one.name.plane,
        venue: one.venue.as_ref().map(ToString::to_string),
        instrument_id: one.instrument_id.to_string(),
        subject: match &one.name.subject {
            Subject::Order(order) => order.to_string(),
            Subject::Fill(order, exec_id) => format!("{order} {exec_id}"),
            Subject::Position(account, instrument) => format!("{account} {instrument}"),
        },
        ours: one.ours,
        theirs: one.theirs,
        at: words::at(one.at),
        means: one.name.kind.sentence(),
    }
}

fn figures(figures: Option<&LedgerFigures>) -> String {
    let Some(figures) = figures else { return "nothing".to_owned() };
    let of = figures.ordered.map(|qty| format!(" of {qty}")).unwrap_or_default();
    let at = figures.px.map(|px| format!(" at {px}")).unwrap_or_default();
    let fee = figures.fee.map(|fee| format!(", fee {fee}")).unwrap_or_default();
    format!("{}{of}{at}{fee}", figures.qty)
}

impl Report for Found {
    fn tell(&self) -> String {
        let of = self.held_by.as_ref().map(|process| format!(" by process {process}"));
        let of = of.unwrap_or_default();
        let when = match &self.compared_at {
            None => return "neither side has anything; nothing was compared".to_owned(),
            Some(when) => format!("compared{of} at {when} (entry {})", self.seq),
        };
        if self.breaks.is_empty() {
            return format!("{when}: nothing differs");
        }
        let mut rows = table(&["differs", "instrument", "about", "here", "there"]);
        for one in &self.breaks {
            rows.add_row([
                one.kind.to_owned(),
                one.instrument_id.clone(),
                one.subject.clone(),
                figures(one.ours.as_ref()),
                figures(one.theirs.as_ref()),
            ]);
        }
        let count = words::count(self.breaks.len() as u64, "difference", "differences");
        format!(
            "{when}: {count}; docs/ops/runbooks/execution.md says what to do\n\n{}",
            rows.trim_fmt()
        )
    }
}
