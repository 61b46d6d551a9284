//! Holding trading back and letting it go on: what somebody asks, and what came of it, told from its entry.

use crate::decisions::Taken;
use crate::output::Report;
use crate::words;
use anyhow::Result;
use fillwright_domain::{Principal, Scope, Text, Timestamp};
use fillwright_kernel::{Event, Input};
use fillwright_policy::{KillEffect, RestraintKind};
use serde::Serialize;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// Hold trading back.
    Impose {
        kind: RestraintKind,
        scope: Scope,
        /// What a kill switch does.
        effect: KillEffect,
        /// When it ends by itself.
        until: Option<Timestamp>,
        by: String,
        reason: String,
    },
    /// Let it go on.
    Lift { kind: RestraintKind, scope: Scope, by: String, reason: String },
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
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

/// How a restraint stands behind an entry.
#[derive(Debug, Default)]
struct Standing {
    stands: bool,
    by: Option<String>,
    until: Option<Timestamp>,
    lift_requested_by: Option<String>,
}

impl Asked {
    pub(crate) fn input(&self) -> Input {
        match self.clone() {
            Self::Impose { kind: RestraintKind::KillSwitch, scope, effect, by, reason, .. } => {
                let (by, reason) = (Principal::new(by), Text::new(reason));
                Input::EngageKillSwitch { by, reason, scope, effect }
            }
            Self::Impose { kind, scope, until, by, reason, .. } => Input::Restrain {
                kind,
                scope,
                until,
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

    fn target(&self) -> (RestraintKind, &Scope) {
        match self {
            Self::Impose { kind, scope, .. } | Self::Lift { kind, scope, .. } => (*kind, scope),
        }
    }
}

impl Answered {
    /// What came of asking, by its entry.
    pub(crate) fn of(asked: &Asked, taken: &Taken) -> Result<Self> {
        let (kind, scope) = asked.target();
        let standing = Standing::behind(taken, kind, scope)?;
        let count = |which: fn(&Event) -> bool| {
            taken.events.iter().filter(|event| which(event)).count() as u64
        };
        Ok(Self {
            seq: taken.seq,
            at: words::at(taken.at),
            kind,
            scope: scope.clone(),
            came_of_it: came_of_it(&taken.events).to_owned(),
            why_refused: taken.why_refused(),
            by: asked.by().to_owned(),
            cancels: count(|event| matches!(event, Event::OrderCancelRequested { .. })),
            exits: count(|event| matches!(event, Event::ExitAsked { .. })),
            is_halted: standing.stands,
            halted_by: standing.by,
            until: standing.until.map(words::at),
            release_requested_by: standing.lift_requested_by,
            done_by_process: taken.done_by_process,
        })
    }
}

impl Standing {
    /// A stop says by itself how it stands: nobody who stops waits until a long journal was read.
    fn behind(taken: &Taken, kind: RestraintKind, scope: &Scope) -> Result<Self> {
        let stands = |by: Option<&Principal>, until| Self {
            stands: true,
            by: by.map(ToString::to_string),
            until,
            lift_requested_by: None,
        };
        Ok(match taken.events.first() {
            Some(Event::KillSwitchEngaged { by, .. }) => stands(Some(by), None),
            Some(Event::RestraintImposed { by, until, .. }) => stands(by.as_ref(), *until),
            _ => match taken.kernel()?.state().control.get(kind, scope) {
                None => Self::default(),
                Some(known) => Self {
                    lift_requested_by: known.lift_requested_by.as_ref().map(ToString::to_string),
                    ..stands(known.by.as_ref(), known.until)
                },
            },
        })
    }
}

fn came_of_it(events: &[Event]) -> &'static str {
    match events.first() {
        Some(Event::KillSwitchEngaged { .. }) => "halted",
        Some(Event::KillSwitchReleaseRequested { .. }) => "release_requested",
        Some(Event::KillSwitchReleased { .. }) => "released",
        Some(Event::RestraintImposed { .. }) => "imposed",
        Some(Event::RestraintLiftRequested { .. }) => "lift_requested",
        Some(Event::RestraintLifted { .. }) => "lifted",
        _ => "refused",
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
