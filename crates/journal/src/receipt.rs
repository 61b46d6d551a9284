//! The proof that entries are durable.

use fillwright_kernel::Durable;

use crate::entry::Hash;

/// Says that everything up to a sequence number was durable when it was given out.
///
/// Only a journal makes one, after its sync has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    last_seq: u64,
    head: Hash,
}

impl Receipt {
    pub(crate) fn new(last_seq: u64, head: Hash) -> Self {
        Self { last_seq, head }
    }

    /// Returns whether the entry with this sequence number is durable.
    pub fn covers(&self, seq: u64) -> bool {
        seq <= self.last_seq
    }

    /// Returns the last durable sequence number.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Returns the hash of the last durable entry.
    pub fn head(&self) -> &Hash {
        &self.head
    }
}

impl Durable for Receipt {
    fn covers(&self, seq: u64) -> bool {
        Self::covers(self, seq)
    }
}
