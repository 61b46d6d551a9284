//! `fillwright venue`: how venues are, as whatever watches them or a person says.

use crate::arguments::Common;
use crate::decisions::Decider;
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::reading::JournalReader;
use anyhow::Result;
use clap::{Args, Subcommand};
use fillwright_domain::{HealthStatus, VenueId};
use fillwright_kernel::{FlowInput, Input};
use serde::Serialize;

/// See how venues are, and say so.
#[derive(Debug, Subcommand)]
pub(crate) enum Venue {
    List(List),
    Health(Health),
}

/// List the venues of the rules in force, and how each is as far as anybody told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright venue list --home fillwright-demo
  fillwright venue list --json | jq .venues

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct List {}

/// Say how a venue is: up, degraded (orders may only reduce) or down (nothing is sent there).
///
/// A name is enough to say that it works worse. To say that it works again takes a role, because it
/// lets orders through.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright venue health BINANCE down --by ops-1 --reason \"no fills since noon\"
  fillwright venue health BINANCE up --by ops-1 --reason \"fills are back\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Health {
    /// The venue.
    #[arg(value_name = "VENUE")]
    venue: String,
    /// up, degraded or down.
    #[arg(value_name = "STATUS", value_parser = status)]
    status: HealthStatus,
    #[command(flatten)]
    decider: Decider,
}

fn status(word: &str) -> Result<HealthStatus, String> {
    HealthStatus::of(word).ok_or_else(|| "is none of up, degraded, down".to_owned())
}

impl Venue {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match self {
            Self::List(list) => list.run(common),
            Self::Health(health) => health.run(common),
        }
    }
}

impl Health {
    fn run(self, common: &Common) -> Result<Exit> {
        let health = FlowInput::VenueHealth {
            venue_id: VenueId::new(&self.venue),
            status: self.status,
            by: Some(self.decider.by()),
            reason: Some(self.decider.reason()),
        };
        self.decider.decide(common, &Input::Flow(Box::new(health)))
    }
}

/// Every venue of the rules in force.
#[derive(Debug, Serialize)]
struct Listed {
    venues: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    venue_id: String,
    /// Whether the rules let orders go there at all.
    is_enabled: bool,
    /// Absent where nobody told.
    status: Option<HealthStatus>,
}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
        let state = kernel.state();
        let rules = state.rulebook.iter().flat_map(|rules| &rules.venues);
        let rows = rules.map(|(venue_id, venue)| Row {
            venue_id: venue_id.to_string(),
            is_enabled: venue.enabled,
            status: state.flow.venues.get(venue_id),
        });
        common.output().report(&Listed { venues: rows.collect() })?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn tell(&self) -> String {
        let mut rows = table(&["venue", "by the rules", "health"]);
        for row in &self.venues {
            let enabled = if row.is_enabled { "enabled" } else { "disabled" };
            let health = row.status.map_or("nobody told", HealthStatus::as_str);
            rows.add_row([row.venue_id.as_str(), enabled, health]);
        }
        rows.trim_fmt()
    }
}
