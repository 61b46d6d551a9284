//! Holding trading back and letting it go on: asking the desk, reading from the journal what came of it, and saying it.

use crate::output::Report;
use crate::reading::events_of;
use crate::words;
use anyhow::Result;
use fillwright_domain::{Principal, Scope, Text, Timestamp};
use fillwright_engine::Desk;
use fillwright_journal::{Entries, Storage};
use fillwright_kernel::{Event, Input};
use fillwright_policy::{KillEffect, RestraintKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What somebody asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub(crate) enum Asked {
    /// Hold trading back.
    Impose {
        kind: RestraintKind,
        scope: Scope,
        /// What a kill switch does.
        effect: KillEffect,
        /// When it ends by itself, in nanoseconds since the epoch.
        until_ns: Option<i64>,
        by: String,
        reason: String,
    },
    /// Let it go on.
    Lift { kind: RestraintKind, scope: Scope, by: String, reason: String },
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The entry that says so.
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) kind: RestraintKind,
    pub(crate) scope: Scope,
    /// `halted`, `release_requested`, `released` for a kill switch; `imposed`, `lift_requested`, `lifted` for others; or
    /// `refused`.
    pub(crate) came_of_it: String,
    pub(crate) why_refused: Option<String>,
    pub(crate) by: String,
    /// Orders that were asked to be cancelled.
    pub(crate) cancels: u64,
    /// Holdings that were asked to be closed.
    pub(crate) exits: u64,
    /// How it stands on this scope afterwards.
    pub(crate) is_halted: bool,
    pub(crate) halted_by: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) release_requested_by: Option<String>,
    /// The process that did it, where it was another.
    pub(crate) done_by_process: Option<u32>,
}

impl Asked {
    pub(crate) fn input(&self) -> Input {
        match self.clone() {
            Self::Impose { kind: RestraintKind::KillSwitch, scope, effect, by, reason, .. } => {
                let (by, reason) = (Principal::new(by), Text::new(reason));
                Input::EngageKillSwitch { by, reason, scope, effect }
            }
            Self::Impose { kind, scope, until_ns, by, reason, .. } => Input::Restrain {
                kind,
                scope,
                until: until_ns.map(Timestamp::from_ns),
                by: Principal::new(by),
                reason: Text::new(reason),
            },
            Self::Lift { kind: RestraintKind::KillSwitch, scope, by, reason } => {
                let (by, reason) = (Principal::new(by), Text::new(reason));
                Input::ReleaseKillSwitch { by, reason, scope }
            }
            Self::Lift { kind, scope, by, reason } => {
                let (by, reason) = (Principal::new(by), Text::new(reason));
                Input::LiftRestraint { kind, scope, by, reason }
            }
        }
    }

    pub(crate) fn by(&self) -> &str {
        match self {
            Self::Impose { by, .. } | Self::Lift { by, .. } => by,
        }
    }

    /// Whether holdings are to be closed, which takes quotes.
    pub(crate) fn flattens(&self) -> bool {
        matches!(self, Self::Impose { effect: KillEffect::Flatten, .. })
    }

    fn target(&self) -> (RestraintKind, &Scope) {
        match self {
            Self::Impose { kind, scope, .. } | Self::Lift { kind, scope, .. } => (*kind, scope),
        }
    }
}

/// Asks the desk, and reads in the journal what came of it.
pub(crate) fn ask(desk: &mut Desk, asked: &Asked) -> Result<Answered> {
    let seq = desk.kernel().state().seq + 1;
    desk.process([asked.input()])?;
    let (at, events) = entry(desk, seq)?;
    let (came_of_it, why_refused) = came_of_it(&events);
    let (kind, scope) = asked.target();
    let standing = desk.kernel().state().control.get(kind, scope);
    let name = |principal: &Principal| principal.to_string();
    Ok(Answered {
        seq,
        at: words::at(Timestamp::from_ns(at)),
        kind,
        scope: scope.clone(),
        came_of_it: came_of_it.to_owned(),
        why_refused,
        by: asked.by().to_owned(),
        cancels: count(&events, |event| matches!(event, Event::OrderCancelRequested { .. })),
        exits: count(&events, |event| matches!(event, Event::ExitAsked { .. })),
        is_halted: standing.is_some(),
        halted_by: standing.and_then(|standing| standing.by.as_ref()).map(name),
        until: standing.and_then(|standing| standing.until).map(words::at),
        release_requested_by: standing
            .and_then(|standing| standing.lift_requested_by.as_ref())
            .map(name),
        done_by_process: None,
    })
}

fn count(events: &[Event], which: impl Fn(&Event) -> bool) -> u64 {
    events.iter().filter(|event| which(event)).count() as u64
}

/// One entry of the journal: its time and its events.
fn entry(desk: &Desk, seq: u64) -> Result<(i64, Vec<Event>)> {
    let storage: Arc<dyn Storage> = desk.storage();
    let mut entries = Entries::from_seq(storage, desk.options(), seq)?;
    while let Some(entry) = entries.next()? {
        if entry.seq == seq {
            return Ok((entry.at, events_of(&entry)?));
        }
    }
    Ok((0, Vec::new()))
}

fn came_of_it(events: &[Event]) -> (&'static str, Option<String>) {
    match events.first() {
        Some(Event::KillSwitchEngaged { .. }) => ("halted", None),
        Some(Event::KillSwitchReleaseRequested { .. }) => ("release_requested", None),
        Some(Event::KillSwitchReleased { .. }) => ("released", None),
        Some(Event::RestraintImposed { .. }) => ("imposed", None),
        Some(Event::RestraintLiftRequested { .. }) => ("lift_requested", None),
        Some(Event::RestraintLifted { .. }) => ("lifted", None),
        Some(Event::InputRefused { why, .. }) => ("refused", Some(why.to_string())),
        _ => ("refused", None),
    }
}

impl Answered {
    pub(crate) fn is_refused(&self) -> bool {
        self.came_of_it == "refused"
    }

    pub(crate) fn sentence(&self) -> String {
        let halted_by = self.halted_by.as_deref().unwrap_or_default();
        match self.came_of_it.as_str() {
            "halted" => format!(
                "{} is halted by {halted_by}. New risk is denied, emergency exits still pass; {} asked to be cancelled{}. \
                 Two different people must release it, one of them with the role risk.",
                self.what(),
                words::count(self.cancels, "working order was", "working orders were"),
                self.exits_asked()
            ),
            "release_requested" => format!(
                "{} asked to end the halt of {halted_by}. {} stays halted until a second, different person asks too: \
                 fillwright release{} --by NAME --reason TEXT",
                self.by,
                capitalised(&self.what()),
                self.option()
            ),
            "released" => format!("{} is released; {} was the second to ask", self.what(), self.by),
            "imposed" => format!(
                "{} holds for {}{}. Two different people must lift it, one of them with the role risk.",
                self.name(),
                self.what(),
                self.until.as_ref().map_or_else(String::new, |until| format!(" until {until}"))
            ),
            "lift_requested" => format!(
                "{} asked to lift the {} for {}. It holds until a second, different person asks too.",
                self.by,
                self.name(),
                self.what()
            ),
            "lifted" => format!(
                "the {} for {} is lifted; {} was the second to ask",
                self.name(),
                self.what(),
                self.by
            ),
            _ => self.refusal(),
        }
    }

    fn exits_asked(&self) -> String {
        if self.exits == 0 {
            return String::new();
        }
        format!(", {} closed", words::count(self.exits, "holding is being", "holdings are being"))
    }

    /// What it is for, in words.
    fn what(&self) -> String {
        match &self.scope {
            Scope::Global => "trading".to_owned(),
            scope => scope.to_string(),
        }
    }

    fn name(&self) -> String {
        self.kind.as_str().replace('_', " ")
    }

    fn option(&self) -> String {
        match &self.scope {
            Scope::Global => String::new(),
            scope => format!(" --scope {scope}"),
        }
    }

    fn refusal(&self) -> String {
        let why = self.why_refused.as_deref().unwrap_or("nobody knows why");
        let (what, name) = (self.what(), self.name());
        let stands = match (&self.halted_by, &self.release_requested_by) {
            _ if !self.is_halted => format!("there is no {name} on {what}"),
            (by, first) => format!(
                "the {name} on {what} was imposed by {}; {}",
                by.as_deref().unwrap_or("a rule"),
                first.as_ref().map_or_else(
                    || "nobody has asked to lift it".to_owned(),
                    |first| format!(
                        "{first} asked to lift it, and a second, different person must"
                    )
                )
            ),
        };
        format!("nothing was changed: {why}. As it stands, {stands}.")
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl Report for Answered {
    fn tell(&self) -> String {
        let process = self.done_by_process.map(|id| format!(", done by process {id}"));
        format!(
            "{}\n(entry {} at {}{})",
            self.sentence(),
            self.seq,
            self.at,
            process.unwrap_or_default()
        )
    }
}
