//! `fillwright promote`, `demote`, `model`, `regime`, `override`: which strategies trade where, how far their models are
//! trusted, and which single orders pass although the market is in crisis.

use crate::arguments::Common;
use crate::commands::approvals::{Approval, ask};
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use fillwright_domain::{DigestedIntent, InstrumentId, LaneId, Regime, Scope, StrategyId, Text};
use fillwright_intake::Intents;
use fillwright_kernel::{Change, DeploymentInput, Gate, Input};
use fillwright_policy::ModelStatus;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// Move a strategy to a lane with more capital.
///
/// It is measured by the rule of the lane it goes to; every figure is recorded, met or not. The rest
/// takes an approval of somebody else.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright promote uptrend-pm --from canary --to main --by ops-1 --reason grown --request \\
      --evidence report-7
  fillwright promote uptrend-pm --from canary --to main --by ops-1 --reason grown --approval 2f1d…

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Promote {
    /// The strategy.
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    /// The lane it comes from.
    #[arg(long, value_name = "LANE")]
    from: String,
    /// The lane it goes to.
    #[arg(long, value_name = "LANE")]
    to: String,
    #[command(flatten)]
    approval: Approval,
    #[command(flatten)]
    decider: Decider,
}

/// Take a strategy out of a lane, to one with less capital or to none. One person is enough.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright demote uptrend-pm --from main --to canary --by risk-1 --reason drawdown
  fillwright demote uptrend-pm --from canary --by risk-1 --reason \"misbehaves\" --evidence report-9

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Demote {
    /// The strategy.
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    /// The lane it comes from.
    #[arg(long, value_name = "LANE")]
    from: String,
    /// The lane it goes to, where it goes anywhere.
    #[arg(long, value_name = "LANE")]
    to: Option<String>,
    /// What speaks for it; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    evidence: Vec<String>,
    #[command(flatten)]
    decider: Decider,
}

/// Say how far the model behind a strategy may be trusted. Lowering takes one person, raising an approval.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright model uptrend-pm degraded --by risk-1 --reason \"drifts\"
  fillwright model uptrend-pm approved --by risk-1 --reason \"fixed\" --request --evidence report-8

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Model {
    /// The strategy.
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    /// What its model is.
    #[arg(value_name = "STATUS")]
    status: Status,
    #[command(flatten)]
    approval: Approval,
    #[command(flatten)]
    decider: Decider,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Retired,
    Degraded,
    Candidate,
    Approved,
}

/// State the market regime, as of now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright regime crisis --by risk-1 --reason \"correlation is one\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct StateRegime {
    /// The regime.
    #[arg(value_name = "REGIME")]
    regime: RegimeName,
    #[command(flatten)]
    decider: Decider,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RegimeName {
    Normal,
    Turbulent,
    Crisis,
    Quiet,
}

/// Ask to let one order through that is aggressively long in a crisis.
///
/// The request is bound to the content of the intent, as it stands in the file: only that order passes,
/// once, before the request expires, after everybody the rules name has approved. An intent that was
/// refused already stays refused; send another, of its own name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright override next.ndjson I-77 --by ops-1 --reason \"hedge\" --evidence memo-3

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Override {
    /// The file that holds the intent.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The intent.
    #[arg(value_name = "INTENT")]
    intent: String,
    /// What speaks for it; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    evidence: Vec<String>,
    /// How long the override counts.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    expires_in: u32,
    #[command(flatten)]
    decider: Decider,
}

impl Promote {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let strategy_id = StrategyId::new(&self.strategy);
        let (from, to) = (LaneId::new(&self.from), LaneId::new(&self.to));
        if self.approval.is_wanted() {
            let scope = Scope::Lane(to.clone());
            let change = Change::Promote { strategy_id, from, to };
            return self.approval.ask(common, &self.decider, change, scope);
        }
        let promote = DeploymentInput::Promote {
            strategy_id,
            from,
            to,
            approval: self.approval.named(),
            by: self.decider.by(),
            reason: self.decider.reason(),
        };
        self.decider.decide(common, &Input::Deployment(Box::new(promote)))
    }
}

impl Demote {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let demote = DeploymentInput::Demote {
            strategy_id: StrategyId::new(&self.strategy),
            from: LaneId::new(&self.from),
            to: self.to.as_ref().map(LaneId::new),
            evidence: self.evidence.iter().map(Text::new).collect(),
            by: self.decider.by(),
            reason: self.decider.reason(),
        };
        self.decider.decide(common, &Input::Deployment(Box::new(demote)))
    }
}

impl Model {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let strategy_id = StrategyId::new(&self.strategy);
        let status = match self.status {
            Status::Retired => ModelStatus::Retired,
            Status::Degraded => ModelStatus::Degraded,
            Status::Candidate => ModelStatus::Candidate,
            Status::Approved => ModelStatus::Approved,
        };
        if self.approval.is_wanted() {
            let scope = Scope::Strategy(strategy_id.clone());
            let change = Change::RaiseModel { strategy_id, status };
            return self.approval.ask(common, &self.decider, change, scope);
        }
        let set = DeploymentInput::SetModel {
            strategy_id,
            status,
            approval: self.approval.named(),
            by: self.decider.by(),
            reason: self.decider.reason(),
        };
        self.decider.decide(common, &Input::Deployment(Box::new(set)))
    }
}

impl StateRegime {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let regime = match self.regime {
            RegimeName::Normal => Regime::Normal,
            RegimeName::Turbulent => Regime::Turbulent,
            RegimeName::Crisis => Regime::Crisis,
            RegimeName::Quiet => Regime::Quiet,
        };
        let (as_of, source) = (common.now()?, Text::new(self.decider.by().as_str()));
        let stated = DeploymentInput::Regime { regime, as_of, source };
        self.decider.decide(common, &Input::Deployment(Box::new(stated)))
    }
}

impl Override {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (intent, instrument_id) = self.digest()?;
        let change = Change::OverrideOrder { intent, gate: Gate::RegimeParity };
        let scope = Scope::Instrument(instrument_id);
        ask(common, &self.decider, change, scope, &self.evidence, self.expires_in)
    }

    /// The digest of the intent's content, as the file states it.
    fn digest(&self) -> Result<(fillwright_domain::ContentDigest, InstrumentId)> {
        let path = self.file.display();
        let file = File::open(&self.file).with_context(|| format!("{path} cannot be read"))?;
        for intent in Intents::new("-", BufReader::new(file)) {
            let Ok(intent) = intent else { continue };
            if intent.intent_id.as_str() == self.intent {
                let instrument_id = intent.instrument_id.clone();
                return Ok((DigestedIntent::new(intent).digest(), instrument_id));
            }
        }
        Err(Stop::usage(format!("{path} holds no sound intent {}", self.intent)).into())
    }
}
