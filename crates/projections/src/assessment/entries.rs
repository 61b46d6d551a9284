//! Which entries a figure was counted in: the first of them, and how many there are.

use serde::Serialize;

/// How many entries are named.
const NAMED: usize = 20;

/// Entries that prove a figure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Entries {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub seqs: Vec<u64>,
}

impl Entries {
    pub(super) fn note(&mut self, seq: u64) {
        self.count += 1;
        if self.seqs.len() < NAMED {
            self.seqs.push(seq);
        }
    }

    /// Those of these sequence numbers.
    pub(super) fn of(seqs: impl IntoIterator<Item = u64>) -> Self {
        let mut entries = Self::default();
        seqs.into_iter().for_each(|seq| entries.note(seq));
        entries
    }

    /// Those of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut seqs: Vec<u64> = self.seqs.iter().chain(&other.seqs).copied().collect();
        seqs.sort_unstable();
        seqs.truncate(NAMED);
        Self { count: self.count + other.count, seqs }
    }
}
