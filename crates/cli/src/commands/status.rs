//! `fillwright status`: how a home stands, from its journal.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::positions::{self, Position};
use crate::reading::{self, JournalReader};
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{OrderStatus, Qty, Scope, Timestamp};
use fillwright_engine::Home;
use fillwright_kernel::State;
use fillwright_policy::{KillEffect, RestraintKind};
use fillwright_projections::{BlotterReader, Paths};
use serde::Serialize;

/// Show whether trading is halted, what books hold, which orders work, and the last entry.
///
/// Reads the journal and changes nothing; a run may be at work meanwhile.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright status --home fillwright-demo
  fillwright status --json | jq .halted_by

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Status {}

/// How a home stands.
#[derive(Debug, Serialize)]
struct Standing {
    partition: String,
    environment: Option<String>,
    /// The last entry, and its logical time.
    seq: u64,
    at: Option<String>,
    is_halted: bool,
    halted_by: Option<String>,
    release_requested_by: Option<String>,
    /// Everything that holds trading back, the halt of everything included.
    restraints: Vec<HeldBack>,
    /// The process that holds the journal, where one does.
    held_by: Option<String>,
    rules_version: Option<String>,
    rules_seq: u64,
    audited_runs: usize,
    intents: u64,
    positions: Vec<Position>,
    open_orders: Vec<OpenOrder>,
    /// The last entry the blotter has taken in.
    blotter_seq: Option<u64>,
}

/// One restraint that stands.
#[derive(Debug, Serialize)]
struct HeldBack {
    kind: RestraintKind,
    scope: Scope,
    /// What a kill switch does.
    effect: Option<KillEffect>,
    since: String,
    until: Option<String>,
    by: Option<String>,
    reason: String,
    lift_requested_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct OpenOrder {
    order_intent_id: String,
    client_order_id: String,
    book_id: String,
    instrument_id: String,
    side: &'static str,
    qty: Qty,
    cum_qty: Qty,
    status: OrderStatus,
    /// Whether its fate is unknown and a person must look.
    is_stranded: bool,
}

impl Status {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let reader = JournalReader::of(&home)?;
        let (kernel, at, _) = reader.kernel()?;
        let mut standing = standing(kernel.state());
        standing.at = at.map(|ns| words::at(Timestamp::from_ns(ns)));
        standing.held_by = reading::holder(&home);
        standing.blotter_seq = blotter_seq(&home);
        common.output().report(&standing)?;
        Ok(Exit::Done)
    }
}

fn standing(state: &State) -> Standing {
    let rules = state.rulebook.as_ref();
    let halt = state.control.get(RestraintKind::KillSwitch, &Scope::Global);
    Standing {
        partition: state.partition.to_string(),
        environment: rules.map(|rules| rules.environment.to_string()),
        seq: state.seq,
        at: None,
        is_halted: state.control.is_halted(),
        halted_by: halt.and_then(|halt| halt.by.as_ref()).map(ToString::to_string),
        release_requested_by: halt
            .and_then(|halt| halt.lift_requested_by.as_ref())
            .map(ToString::to_string),
        restraints: restraints(state),
        held_by: None,
        rules_version: rules.map(|rules| rules.version.to_string()),
        rules_seq: state.rulebook_seq,
        audited_runs: state.audited_runs.len(),
        intents: state.answered.len(),
        positions: positions::of(state),
        open_orders: open_orders(state),
        blotter_seq: None,
    }
}

fn restraints(state: &State) -> Vec<HeldBack> {
    let standing = state.control.iter().map(|(kind, scope, restraint)| HeldBack {
        kind,
        scope: scope.clone(),
        effect: (kind == RestraintKind::KillSwitch).then_some(restraint.effect),
        since: words::at(restraint.since),
        until: restraint.until.map(words::at),
        by: restraint.by.as_ref().map(ToString::to_string),
        reason: restraint.reason.to_string(),
        lift_requested_by: restraint.lift_requested_by.as_ref().map(ToString::to_string),
    });
    standing.collect()
}

fn open_orders(state: &State) -> Vec<OpenOrder> {
    let orders = state.orders.iter().map(|(id, order)| OpenOrder {
        order_intent_id: id.to_string(),
        client_order_id: id.client_order_id().to_string(),
        book_id: order.reserved.book_id.to_string(),
        instrument_id: order.reserved.instrument_id.to_string(),
        side: order.reserved.side.as_str(),
        qty: order.reserved.qty,
        cum_qty: order.cum_qty,
        status: order.status,
        is_stranded: order.stranded,
    });
    orders.collect()
}

fn blotter_seq(home: &Home) -> Option<u64> {
    let paths = Paths::new(home.data());
    let is_there = paths.blotter().exists();
    is_there.then(|| BlotterReader::open(&paths)?.cursor()).and_then(Result::ok)
}

impl Standing {
    fn control(&self) -> String {
        match (&self.halted_by, &self.release_requested_by) {
            (None, _) => "trading is not halted".to_owned(),
            (Some(by), None) => {
                format!("HALTED by {by}; two different people must release it")
            }
            (Some(by), Some(first)) => {
                format!("HALTED by {by}; {first} asked to release it, a second person must")
            }
        }
    }

    /// What holds trading back beside a halt of everything, if anything does.
    fn held_back(&self) -> String {
        let partly = self
            .restraints
            .iter()
            .filter(|one| (one.kind, &one.scope) != (RestraintKind::KillSwitch, &Scope::Global));
        let lines = partly.map(|one| {
            let until = one.until.as_ref().map(|until| format!(" until {until}"));
            format!(
                "\n{} on {}{}, imposed by {}: {}",
                one.kind,
                one.scope,
                until.unwrap_or_default(),
                one.by.as_deref().unwrap_or("a rule"),
                one.reason
            )
        });
        lines.collect()
    }

    fn orders(&self) -> String {
        if self.open_orders.is_empty() {
            return "no order is at work".to_owned();
        }
        let mut table =
            table(&["order", "book", "instrument", "side", "quantity", "filled", "status"]);
        for order in &self.open_orders {
            let stranded = if order.is_stranded { ", a person must look" } else { "" };
            table.add_row([
                order.client_order_id.clone(),
                order.book_id.clone(),
                order.instrument_id.clone(),
                order.side.to_owned(),
                words::quantity(order.qty),
                words::quantity(order.cum_qty),
                format!("{}{stranded}", status_word(order.status)),
            ]);
        }
        table.trim_fmt()
    }
}

fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::PendingNew => "sent, not answered yet",
        OrderStatus::New => "working",
        OrderStatus::PartiallyFilled => "working, partly filled",
        OrderStatus::PendingCancel => "being cancelled",
        OrderStatus::Unknown => "unknown, being asked about",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled => "cancelled",
        OrderStatus::Rejected => "rejected",
        OrderStatus::Expired => "expired",
    }
}

impl Report for Standing {
    fn tell(&self) -> String {
        let rules = match &self.rules_version {
            Some(version) => format!("rules {version}, adopted by entry {}", self.rules_seq),
            None => "no rules were adopted: nothing may trade".to_owned(),
        };
        let held = match &self.held_by {
            Some(process) => format!("process {process} is at work on this home"),
            None => "no process is at work on this home".to_owned(),
        };
        let positions = if self.positions.is_empty() {
            "no book holds anything".to_owned()
        } else {
            positions::as_table(&self.positions)
        };
        format!(
            "{}{}\n\npartition {} ({})\n{rules}; {}\nlast entry {} at {}; {} so far\n{held}\n\n{positions}\n\n{}",
            self.control(),
            self.held_back(),
            self.partition,
            self.environment.as_deref().unwrap_or("no environment"),
            words::count(self.audited_runs as u64, "audited run", "audited runs"),
            self.seq,
            self.at.as_deref().unwrap_or("no time"),
            words::count(self.intents, "intent", "intents"),
            self.orders()
        )
    }
}
