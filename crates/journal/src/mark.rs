//! The durable mark: written behind the last entry after a sync has succeeded, and overwritten by the next batch.
//!
//! It is not part of the chain and is not synced by itself. It survives the death of the process, because the page
//! cache does, and so proves the last receipted batch durable to the next start and to readers in other processes.
//! After a loss of power it may be gone, which proves less and breaks nothing.

use crate::entry::{Hash, field_u32, field_u64};

/// Bytes of a mark. Every entry is longer, so the next one overwrites it whole.
pub(crate) const MARK_LEN: usize = 48;

/// Stands where an entry has its length; no entry is that long.
const MAGIC: u32 = u32::MAX;

/// States that everything up to `seq` was durable, the chain ending in `head`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) seq: u64,
    pub(crate) head: Hash,
}

impl Mark {
    pub(crate) fn encode(&self) -> [u8; MARK_LEN] {
        let mut bytes = [0; MARK_LEN];
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.head);
        let checksum = crc32c::crc32c(&bytes[8..]);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the mark at the start of `bytes`, if one stands there.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; MARK_LEN] = bytes.first_chunk()?;
        if field_u32(bytes, 0) != MAGIC || crc32c::crc32c(&bytes[8..]) != field_u32(bytes, 4) {
            return None;
        }
        let head: Hash = *bytes.last_chunk().expect("48 bytes end in 32");
        // Twelve bytes of ones and then zeros have a checksum that fits; no entry hashes to zero.
        (head != [0; 32]).then_some(Self { seq: field_u64(bytes, 8), head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_ones_before_zeros_are_none() {
        let mark = Mark { seq: 7, head: [1; 32] };
        let bytes = mark.encode();
        assert_eq!(Mark::read(&bytes), Some(mark));
        let mut torn = [0; MARK_LEN];
        torn[..12].fill(0xff);
        assert_eq!(Mark::read(&torn), None);
    }
}
