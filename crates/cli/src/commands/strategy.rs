//! `fillwright strategy`: which strategies may execute, and letting one execute again that the throttle has disabled.

use crate::arguments::Common;
use crate::decisions::Decider;
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::reading::JournalReader;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_domain::StrategyId;
use fillwright_kernel::{FlowInput, Input};
use serde::Serialize;

/// See which strategies may execute, and enable one again that executed too often.
#[derive(Debug, Subcommand)]
pub(crate) enum Strategy {
    List(List),
    Enable(Enable),
}

/// List the strategies of the rules in force, and which of them the throttle has disabled.
///
/// A strategy that executes more often within the window than `repeat_throttle` of
/// `config/policies/execution_policies.json` allows is disabled until two people enable it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright strategy list --home fillwright-demo
  fillwright strategy list --json | jq '.strategies[] | select(.is_throttled)'

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct List {}

/// Enable a strategy again that the throttle has disabled, once two different people have asked for
/// it, one of them with the role risk.
///
/// Whoever answers for the strategy may not ask. It starts to count from nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright strategy enable uptrend-pm --by ops-1 --reason \"the loop is mended\"
  fillwright strategy enable uptrend-pm --by risk-1 --reason \"checked with ops-1\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Enable {
    /// The strategy.
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    #[command(flatten)]
    decider: Decider,
}

impl Strategy {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::List(list) => list.run(common),
            Self::Enable(enable) => enable.run(common),
        }
    }
}

impl Enable {
    fn run(self, common: &Common) -> Result<Exit> {
        let reenable = FlowInput::Reenable {
            strategy_id: StrategyId::new(&self.strategy),
            by: self.decider.by(),
            reason: self.decider.reason(),
        };
        self.decider.decide(common, &Input::Flow(Box::new(reenable)))
    }
}

/// Every strategy of the rules in force.
#[derive(Debug, Serialize)]
struct Listed {
    strategies: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    strategy_id: String,
    owner: String,
    /// Whether the rules let it trade at all.
    is_enabled: bool,
    /// Whether the throttle has disabled it.
    is_throttled: bool,
    /// Who asked first to enable it again.
    enable_requested_by: Option<String>,
}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
        let state = kernel.state();
        let rules = state.rulebook.iter().flat_map(|rules| &rules.strategies);
        let rows = rules.map(|(strategy_id, strategy)| {
            let throttled = state.flow.repeats.disabled().find(|(id, _)| *id == strategy_id);
            Row {
                strategy_id: strategy_id.to_string(),
                owner: strategy.owner.to_string(),
                is_enabled: strategy.enabled,
                is_throttled: throttled.is_some(),
                enable_requested_by: throttled
                    .and_then(|(_, first)| first)
                    .map(ToString::to_string),
            }
        });
        common.output().report(&Listed { strategies: rows.collect() })?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn tell(&self) -> String {
        let mut rows = table(&["strategy", "owner", "may execute", "asked to enable it"]);
        for row in &self.strategies {
            let may = match (row.is_enabled, row.is_throttled) {
                (false, _) => "no: disabled by the rules",
                (true, true) => "no: it executed too often",
                (true, false) => "yes",
            };
            let asked = row.enable_requested_by.clone().unwrap_or_default();
            rows.add_row([row.strategy_id.clone(), row.owner.clone(), may.to_owned(), asked]);
        }
        rows.trim_fmt()
    }
}
