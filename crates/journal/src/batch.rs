//! Entries that were appended and not yet committed.

use std::ops::Range;

use crate::spare::Spare;

/// Entries that were appended and not yet committed, encoded but not yet sealed.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` a new segment starts, and the file it starts in.
    pub(crate) rolls: Vec<(usize, Spare)>,
    pub(crate) last_seq: u64,
    /// Logical time of the last entry, nanoseconds UTC.
    pub(crate) last_at: i64,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Empties it, keeping its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.rolls.clear();
    }

    /// Takes the batch apart into what goes into the present segment and what starts further ones.
    pub(crate) fn parts(&mut self) -> Vec<(Option<Spare>, Range<usize>)> {
        let mut parts = Vec::with_capacity(self.rolls.len() + 1);
        let mut start = 0;
        let mut spare = None;
        for (at, next) in self.rolls.drain(..) {
            parts.push((spare.replace(next), start..at));
            start = at;
        }
        parts.push((spare, start..self.bytes.len()));
        parts
    }
}
