//! What a reader had to leave out, and where it stood.

use serde::Serialize;
use std::collections::BTreeMap;

/// How many refusals are kept in full; the rest is only counted.
const KEPT: usize = 100;

/// Why a line makes no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not as many fields as this kind of line has.
    #[error("it has not as many fields as such a line has")]
    FieldCount,
    /// Not a number, or one that cannot be held.
    #[error("a price, quantity or number in it cannot be read")]
    Number,
    /// Not a time, or one that cannot be held.
    #[error("its time cannot be read")]
    Time,
    /// A price that is not above zero.
    #[error("its price is not above zero")]
    Price,
    /// A quantity below zero.
    #[error("its quantity is below zero")]
    Quantity,
    /// Prices of a bar that contradict each other.
    #[error("the prices of the bar contradict each other")]
    BarOrder,
    /// Not text, or longer than any line should be.
    #[error("it is not text, or too long")]
    Text,
    /// Not JSON, or a message of unknown form.
    #[error("it is not a message that is known")]
    Message,
    /// A word that is not one of those that may stand there.
    #[error("a word in it is not one that may stand there")]
    Word,
    /// An instrument that the source does not name.
    #[error("it belongs to an instrument that the source does not name")]
    Instrument,
    /// A kind of record that is no market event.
    #[error("records of its kind are not read")]
    Kind,
}

/// One line that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file.
    pub file: String,
    /// The file inside it, where it is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The line or record, from one.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let member = self.member.as_ref().map_or(String::new(), |member| format!(" ({member})"));
        write!(f, "{}{member}, line {}: {}", self.file, self.line, self.reason)
    }
}

/// What a reader left out: how much and why, and the first of it in full.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Refused {
    /// How many lines.
    pub lines: u64,
    /// How many by reason.
    pub by_reason: BTreeMap<Reason, u64>,
    /// The first of them.
    pub first: Vec<Refusal>,
    /// Lines that were left out on purpose, because they are no market data.
    pub passed_over: u64,
}

impl Refused {
    /// Counts a line, and keeps it if it is among the first.
    pub fn add(&mut self, refusal: impl FnOnce() -> Refusal, reason: Reason) {
        self.lines += 1;
        *self.by_reason.entry(reason).or_default() += 1;
        if self.first.len() < KEPT {
            self.first.push(refusal());
        }
    }

    /// Counts what another reader left out as well.
    pub fn extend(&mut self, other: &Self) {
        self.lines += other.lines;
        self.passed_over += other.passed_over;
        for (reason, count) in &other.by_reason {
            *self.by_reason.entry(*reason).or_default() += count;
        }
        let room = KEPT - self.first.len();
        self.first.extend(other.first.iter().take(room).cloned());
    }
}
