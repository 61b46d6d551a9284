//! `fillwright safe-mode`: restraints that belong together, by the name of their template.

use crate::arguments::Common;
use crate::control::{Answered, Asked};
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::JournalReader;
use crate::restraining;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use fillwright_domain::{Scope, Timestamp};
use fillwright_engine::Home;
use fillwright_kernel::Event;
use fillwright_policy::RestraintKind;
use fillwright_policy::safe_mode::{SafeMode as Templates, SafeModesDocument, Template};
use serde::Serialize;

const DOCUMENT: &str = "config/policies/safe_modes.json";

/// Preview, apply or leave a safe mode of `config/policies/safe_modes.json`.
#[derive(Debug, Subcommand)]
pub(crate) enum SafeMode {
    Preview(Preview),
    Apply(Change),
    Leave(Leave),
}

/// Say what a safe mode would do now: what it imposes, cancels and closes. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright safe-mode preview reduce_everything --home fillwright-demo

Exit codes: as `fillwright --help` lists them; 2 where there is no safe mode of that name.")]
pub(crate) struct Preview {
    name: String,
}

/// Impose everything a safe mode holds back. One person is enough; each restraint is recorded.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright safe-mode apply reduce_everything --by ops-1 --reason \"marks look wrong\"

Exit codes: as `fillwright --help` lists them; 1 where all of it stood already, 2 where there is no
safe mode of that name, 6 where another process holds the journal and did not answer.")]
pub(crate) struct Change {
    #[command(flatten)]
    asked: Who,
}

/// Lift what a safe mode imposed, once two different people have asked, one of them with the role risk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright safe-mode leave reduce_everything --by ops-1 --reason \"marks are back\"
  fillwright safe-mode leave reduce_everything --by risk-1 --reason \"checked with ops-1\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, 2 where there is no safe mode
of that name, 6 where another process holds the journal and did not answer.")]
pub(crate) struct Leave {
    #[command(flatten)]
    asked: Who,
}

#[derive(Debug, Args)]
struct Who {
    name: String,
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

/// What a safe mode would do.
#[derive(Debug, Serialize)]
struct Previewed {
    name: String,
    description: String,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    kind: RestraintKind,
    scope: Scope,
    /// `impose`, or why nothing would change.
    would: String,
    cancels: usize,
    exits: usize,
}

/// What came of each restraint.
#[derive(Debug, Serialize)]
struct Done {
    name: String,
    answers: Vec<Answered>,
}

impl SafeMode {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::Preview(preview) => preview.run(common),
            Self::Apply(change) => change.asked.run(common, Who::impose),
            Self::Leave(leave) => leave.asked.run(common, Who::lift),
        }
    }
}

impl Preview {
    fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let mode = template(&home, &self.name)?;
        let (kernel, at, _) = JournalReader::of(&home)?.kernel()?;
        let at = Timestamp::from_ns(at.unwrap_or_default());
        let who =
            Who { name: self.name, by: "preview".into(), reason: "preview".into(), patience: 0 };
        let step = |template: &Template| {
            let events = kernel.decide(at, &who.impose(template).input());
            Step {
                kind: template.kind,
                scope: template.scope.clone(),
                would: match events.first() {
                    Some(Event::InputRefused { why, .. }) => why.to_string(),
                    _ => "impose".to_owned(),
                },
                cancels: count(&events, |event| {
                    matches!(event, Event::OrderCancelRequested { .. })
                }),
                exits: count(&events, |event| matches!(event, Event::ExitAsked { .. })),
            }
        };
        let steps = mode.restraints.iter().map(step).collect();
        let description = mode.description.to_string();
        common.output().report(&Previewed { name: who.name.clone(), description, steps })?;
        Ok(Exit::Done)
    }
}

fn count(events: &[Event], which: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| which(event)).count()
}

impl Who {
    fn run(&self, common: &Common, ask: fn(&Self, &Template) -> Asked) -> Result<Exit> {
        let mode = template(&common.home()?, &self.name)?;
        let mut answers = Vec::new();
        for restraint in &mode.restraints {
            answers.push(restraining::answered(common, &ask(self, restraint), self.patience)?);
        }
        let is_unchanged = answers.iter().all(Answered::is_refused);
        common.output().report(&Done { name: self.name.clone(), answers })?;
        Ok(if is_unchanged { Exit::Found } else { Exit::Done })
    }

    fn impose(&self, template: &Template) -> Asked {
        Asked::Impose {
            kind: template.kind,
            scope: template.scope.clone(),
            effect: template.effect,
            until: None,
            by: self.by.clone(),
            reason: self.why(),
        }
    }

    fn lift(&self, template: &Template) -> Asked {
        let (kind, scope) = (template.kind, template.scope.clone());
        Asked::Lift { kind, scope, by: self.by.clone(), reason: self.why() }
    }

    fn why(&self) -> String {
        format!("safe mode {}: {}", self.name, self.reason)
    }
}

/// The template of that name.
fn template(home: &Home, name: &str) -> Result<Templates> {
    let (file, bytes) = home.document(DOCUMENT)?;
    let mut document: SafeModesDocument = serde_json::from_slice(&bytes)
        .map_err(|error| Stop::configuration(format!("{file}: {error}")))
        .context("the safe modes cannot be used")?;
    let known: Vec<String> = document.safe_modes.keys().map(ToString::to_string).collect();
    let found = document.safe_modes.remove(name);
    Ok(found.ok_or_else(|| {
        Stop::usage(format!("there is no safe mode {name}; {DOCUMENT} has {}", known.join(", ")))
    })?)
}

impl Report for Previewed {
    fn tell(&self) -> String {
        let mut rows = table(&["restraint", "scope", "would", "cancels", "exits"]);
        for step in &self.steps {
            rows.add_row([
                step.kind.to_string(),
                step.scope.to_string(),
                step.would.clone(),
                step.cancels.to_string(),
                step.exits.to_string(),
            ]);
        }
        format!("{}: {}\n{rows}\nnothing was changed", self.name, self.description)
    }
}

impl Report for Done {
    fn tell(&self) -> String {
        let answers: Vec<String> = self.answers.iter().map(Report::tell).collect();
        answers.join("\n")
    }
}
