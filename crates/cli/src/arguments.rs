//! The command line: one struct per command, each in its file.

use crate::commands::{
    approvals, assess, changes, cooldown, demo, deployment, drill, evidence, explain, halt,
    incident, journal, kill, market, mode, people, policy, reconcile, release, run, safe_mode,
    session, status, strategy, surveil, venue, verify, whatif,
};
use crate::exit::{self, Exit, Stop};
use crate::output::Output;
use crate::reading;
use anyhow::Result;
use clap::{Parser, Subcommand};
use fillwright_domain::Timestamp;
use fillwright_engine::{Clock, Home, ScriptedClock, SystemClock};
use fillwright_projections::evidence::Period;
use std::path::PathBuf;

/// Governed execution: every intent checked, executed once, and explained from a durable journal.
#[derive(Debug, Parser)]
#[command(name = "fillwright", version, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    command: Command,
}

/// How far a scripted clock moves a reading.
const MILLISECOND_NS: i64 = 1_000_000;
/// The heading of what every command takes.
const EVERYWHERE: &str = "Every command takes";

/// What every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The home: the folder that holds `config/` and `data/`.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "FILLWRIGHT_HOME",
        hide_env_values = true, help_heading = EVERYWHERE)]
    home: Option<PathBuf>,
    /// Print JSON for a program instead of text for a person; nothing else goes to standard output.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    /// Let logical time start here and move by a millisecond a reading, whatever the time is: for
    /// tests, tours and replays, never in live.
    #[arg(
        long,
        global = true,
        value_name = "RFC3339",
        env = "FILLWRIGHT_CLOCK",
        hide_env_values = true, help_heading = EVERYWHERE)]
    clock: Option<jiff::Timestamp>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Explain(explain::Explain),
    #[command(name = "whatif")]
    WhatIf(whatif::WhatIf),
    Status(status::Status),
    Verify(verify::Verify),
    Drill(drill::Drill),
    #[command(subcommand)]
    Journal(journal::Journal),
    #[command(subcommand)]
    Policy(policy::Policy),
    #[command(subcommand)]
    Incident(incident::Incident),
    Changes(changes::Changes),
    Evidence(evidence::EvidencePack),
    Assess(assess::Assess),
    Surveil(surveil::Surveil),
    Kill(kill::Kill),
    Release(release::Release),
    #[command(subcommand)]
    Cooldown(cooldown::Cooldown),
    #[command(subcommand)]
    Mode(mode::Mode),
    #[command(subcommand)]
    Halt(halt::Halt),
    #[command(subcommand)]
    SafeMode(safe_mode::SafeMode),
    People(people::People),
    Reconcile(reconcile::Reconcile),
    #[command(subcommand)]
    Session(session::Session),
    #[command(subcommand)]
    Strategy(strategy::Strategy),
    #[command(subcommand)]
    Venue(venue::Venue),
    Requests(approvals::Requests),
    Approve(approvals::Approve),
    Reject(approvals::Reject),
    Promote(deployment::Promote),
    Demote(deployment::Demote),
    Model(deployment::Model),
    Regime(deployment::StateRegime),
    Override(deployment::Override),
    #[command(subcommand)]
    Market(market::Market),
}

impl Arguments {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<Exit> {
        let common = self.common;
        match self.command {
            Command::Demo(command) => command.run(&common),
            Command::Run(command) => command.run(&common),
            Command::Explain(command) => command.run(&common),
            Command::WhatIf(command) => command.run(&common),
            Command::Status(command) => command.run(&common),
            Command::Verify(command) => command.run(&common),
            Command::Drill(command) => command.run(&common),
            Command::Journal(command) => command.run(&common),
            Command::Policy(command) => command.run(&common),
            Command::Incident(command) => command.run(&common),
            Command::Changes(command) => command.run(&common),
            Command::Evidence(command) => command.run(&common),
            Command::Assess(command) => command.run(&common),
            Command::Surveil(command) => command.run(&common),
            Command::Kill(command) => command.run(&common),
            Command::Release(command) => command.run(&common),
            Command::Cooldown(command) => command.run(&common),
            Command::Mode(command) => command.run(&common),
            Command::Halt(command) => command.run(&common),
            Command::SafeMode(command) => command.run(&common),
            Command::People(command) => command.run(&common),
            Command::Reconcile(command) => command.run(&common),
            Command::Session(command) => command.run(&common),
            Command::Strategy(command) => command.run(&common),
            Command::Venue(command) => command.run(&common),
            Command::Requests(command) => command.run(&common),
            Command::Approve(command) => command.run(&common),
            Command::Reject(command) => command.run(&common),
            Command::Promote(command) => command.run(&common),
            Command::Demote(command) => command.run(&common),
            Command::Model(command) => command.run(&common),
            Command::Regime(command) => command.run(&common),
            Command::Override(command) => command.run(&common),
            Command::Market(command) => command.run(&common),
        }
    }
}

impl Common {
    pub(crate) fn output(&self) -> Output {
        Output::new(self.json)
    }

    /// The home that was named.
    pub(crate) fn home(&self) -> Result<Home> {
        let root = self.home.as_ref().ok_or_else(|| {
            Stop::usage(
                "no home was named; give --home DIR or set FILLWRIGHT_HOME \
                 (`fillwright demo` writes a complete example into ./fillwright-demo)",
            )
        })?;
        if root.is_dir() {
            return Ok(Home::at(root));
        }
        let message = format!(
            "there is no folder {}; correct --home, or let `fillwright demo --home {}` write an example there",
            root.display(),
            root.display()
        );
        Err(Stop::configuration(message).into())
    }

    /// The clock that was asked for: the machine's, or a scripted one where the home is not live.
    pub(crate) fn clock(&self) -> Result<Box<dyn Clock>> {
        if self.clock.is_none() {
            return Ok(Box::new(SystemClock::default()));
        }
        if reading::environment(&self.home()?)? == "live" {
            let message =
                "live takes its time from the machine; leave --clock and FILLWRIGHT_CLOCK out";
            return Err(Stop::usage(message).into());
        }
        Ok(Box::new(ScriptedClock::new(self.now()?, MILLISECOND_NS)))
    }

    /// The time by the clock that was asked for.
    pub(crate) fn now(&self) -> Result<Timestamp> {
        let now = self.clock.unwrap_or_else(jiff::Timestamp::now);
        let ns = i64::try_from(now.as_nanosecond());
        Ok(ns.map(Timestamp::from_ns).map_err(|_| {
            Stop::usage("the clock stands outside the years 1678 to 2261; correct it, or --clock")
        })?)
    }

    /// The time so many seconds from now, by the clock that was asked for.
    pub(crate) fn in_seconds(&self, lasts_s: u32) -> Result<Timestamp> {
        const NS_PER_S: i64 = 1_000_000_000;
        let ends_at = self.now()?.as_ns().saturating_add(i64::from(lasts_s) * NS_PER_S);
        Ok(Timestamp::from_ns(ends_at))
    }

    /// The home that was named, or this one.
    pub(crate) fn home_or(&self, otherwise: &str) -> PathBuf {
        self.home.clone().unwrap_or_else(|| PathBuf::from(otherwise))
    }
}

/// The period a command looks at.
#[derive(Debug, clap::Args)]
pub(crate) struct Between {
    /// The first instant, as RFC 3339 has it.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Timestamp,
    /// The last instant.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Timestamp,
}

impl Between {
    /// The period, which begins before it ends.
    pub(crate) fn period(&self) -> Result<Period> {
        let period = Period { from: self.from, to: self.to };
        if period.from > period.to {
            return Err(Stop::usage("--from is behind --to; a period begins before it ends").into());
        }
        Ok(period)
    }
}

/// An instant as RFC 3339 has it.
fn instant(text: &str) -> Result<Timestamp, String> {
    let at: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let ns = i64::try_from(at.as_nanosecond()).map_err(|_| "a time reaches from 1677 to 2262")?;
    Ok(Timestamp::from_ns(ns))
}
