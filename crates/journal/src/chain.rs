//! Where a chain stands, and the check of one entry or header against it.

use crate::entry::{self, Entry, Hash};
use crate::error::Damage;
use crate::header::{Header, genesis};

/// Where a chain stands after some entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The last entry's sequence number; 0 before the first.
    pub(crate) seq: u64,
    /// The last entry's hash, or the genesis hash.
    pub(crate) head: Hash,
    /// The hash the next entry links to: the last entry's, or that of a header behind it.
    pub(crate) link: Hash,
    /// Number of segments entered.
    pub(crate) segments: u64,
    /// Hash of the last segment's header.
    pub(crate) header: Hash,
    /// Highest sequence number known to have been durable.
    pub(crate) proven: u64,
}

impl Chain {
    pub(crate) fn start(partition: &str) -> Self {
        let head = genesis(partition);
        Self { seq: 0, head, link: head, segments: 0, header: [0; 32], proven: 0 }
    }

    /// Moves over one entry whose checksum is right; `bytes` start with it.
    pub(crate) fn accept(&mut self, entry: &Entry<'_>, bytes: &[u8]) -> Result<(), Damage> {
        if entry.seq != self.seq + 1 {
            return Err(Damage::WrongSequence { found: entry.seq });
        }
        if entry.durable_seq >= entry.seq {
            return Err(Damage::ImpossibleClaim { claimed: entry.durable_seq });
        }
        let hash = entry::expected_hash(bytes, entry.payload.len(), &self.link);
        if hash != *entry.hash {
            return Err(Damage::ChainBroken);
        }
        self.seq = entry.seq;
        self.head = hash;
        self.link = hash;
        self.proven = self.proven.max(entry.durable_seq);
        Ok(())
    }

    /// Moves into the segment with this header, which must continue the chain.
    pub(crate) fn enter(&mut self, header: &Header, hash: Hash) -> Result<(), Damage> {
        if header.first_seq != self.seq + 1 || header.previous_head != self.head {
            return Err(Damage::SegmentDoesNotFollow);
        }
        self.step_over(header, hash)
    }

    /// Moves to the start of the segment with this header, trusting it about the entries before.
    pub(crate) fn step_over(&mut self, header: &Header, hash: Hash) -> Result<(), Damage> {
        if header.index != self.segments
            || header.previous_header != self.header
            || header.first_seq <= self.seq
        {
            return Err(Damage::SegmentDoesNotFollow);
        }
        self.seq = header.first_seq - 1;
        self.head = header.previous_head;
        self.link = hash;
        self.header = hash;
        self.segments += 1;
        self.proven = self.proven.max(self.seq);
        Ok(())
    }
}
