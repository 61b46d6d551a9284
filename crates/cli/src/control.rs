//! Halting and releasing: asking the desk, reading from the journal what came of it, and saying it.

use crate::output::Report;
use crate::reading::events_of;
use crate::words;
use anyhow::Result;
use fillwright_domain::{Principal, Text, Timestamp};
use fillwright_engine::Desk;
use fillwright_journal::{Entries, Storage};
use fillwright_kernel::{Event, Input};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What somebody asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub(crate) enum Asked {
    /// Halt trading.
    Kill { by: String, reason: String },
    /// End the halt.
    Release { by: String, reason: String },
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The entry that says so.
    pub(crate) seq: u64,
    pub(crate) at: String,
    /// `halted`, `release_requested`, `released` or `refused`.
    pub(crate) came_of_it: String,
    pub(crate) why_refused: Option<String>,
    pub(crate) by: String,
    /// Orders that were asked to be cancelled.
    pub(crate) cancels: u64,
    pub(crate) is_halted: bool,
    pub(crate) halted_by: Option<String>,
    pub(crate) release_requested_by: Option<String>,
    /// The process that did it, where it was another.
    pub(crate) done_by_process: Option<u32>,
}

impl Asked {
    fn input(&self) -> Input {
        match self {
            Self::Kill { by, reason } => {
                Input::EngageKillSwitch { by: Principal::new(by), reason: Text::new(reason) }
            }
            Self::Release { by, reason } => {
                Input::ReleaseKillSwitch { by: Principal::new(by), reason: Text::new(reason) }
            }
        }
    }

    fn by(&self) -> &str {
        match self {
            Self::Kill { by, .. } | Self::Release { by, .. } => by,
        }
    }
}

/// Asks the desk, and reads in the journal what came of it.
pub(crate) fn ask(desk: &mut Desk, asked: &Asked) -> Result<Answered> {
    let seq = desk.kernel().state().seq + 1;
    desk.process([asked.input()])?;
    let storage: Arc<dyn Storage> = desk.storage();
    let mut entries = Entries::from_seq(storage, desk.options(), seq)?;
    let (mut at, mut events) = (0, Vec::new());
    while let Some(entry) = entries.next()? {
        if entry.seq == seq {
            (at, events) = (entry.at, events_of(&entry)?);
            break;
        }
    }
    let (came_of_it, why_refused) = came_of_it(&events);
    let is_cancel = |event: &&Event| matches!(event, Event::OrderCancelRequested { .. });
    let control = &desk.kernel().state().control;
    Ok(Answered {
        seq,
        at: words::at(Timestamp::from_ns(at)),
        came_of_it: came_of_it.to_owned(),
        why_refused,
        by: asked.by().to_owned(),
        cancels: events.iter().filter(is_cancel).count() as u64,
        is_halted: control.is_halted(),
        halted_by: control.halted_by().map(ToString::to_string),
        release_requested_by: control.release_requested_by().map(ToString::to_string),
        done_by_process: None,
    })
}

fn came_of_it(events: &[Event]) -> (&'static str, Option<String>) {
    match events.first() {
        Some(Event::KillSwitchEngaged { .. }) => ("halted", None),
        Some(Event::KillSwitchReleaseRequested { .. }) => ("release_requested", None),
        Some(Event::KillSwitchReleased { .. }) => ("released", None),
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
                "trading is halted by {halted_by}. New risk is denied, emergency exits still pass; {} asked to be \
                 cancelled. Two different people must release it.",
                words::count(self.cancels, "working order was", "working orders were")
            ),
            "release_requested" => format!(
                "{} asked to end the halt of {halted_by}. Trading stays halted until a second, different person asks \
                 too: fillwright release --by NAME --reason TEXT",
                self.by
            ),
            "released" => format!("trading is released; {} was the second to ask", self.by),
            _ => self.refusal(),
        }
    }

    fn refusal(&self) -> String {
        let why = self.why_refused.as_deref().unwrap_or("nobody knows why");
        let stands = match (&self.halted_by, &self.release_requested_by) {
            (None, _) => "trading is not halted".to_owned(),
            (Some(by), None) => {
                format!("trading is halted by {by}; nobody has asked to release it")
            }
            (Some(by), Some(first)) => format!(
                "trading is halted by {by}; {first} asked to release it, and a second, different person must"
            ),
        };
        format!("nothing was changed: {why}. As it stands, {stands}.")
    }
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
