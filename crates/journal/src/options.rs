//! How a journal is kept.

use crate::entry::{HASH_LEN, HEAD_LEN, MAX_PAYLOAD};
use crate::header::HEADER_LEN;
use crate::mark::MARK_LEN;

/// Smallest segment in bytes: a header and a handful of entries.
pub(crate) const MIN_SEGMENT: u64 = 16 << 10;
/// Largest segment in bytes; the tail of one is read into memory when it is torn.
pub(crate) const MAX_SEGMENT: u64 = 1 << 30;

/// How a journal is kept. Make one with `new` and change the fields that differ.
#[derive(Clone)]
pub struct JournalOptions {
    /// Name of the partition, at most 255 bytes. It is part of the genesis hash.
    pub partition: String,
    /// Name and version of the build that writes, for people; at most 255 bytes.
    pub build: String,
    /// Size of new segments in bytes. Each existing segment keeps its own.
    pub segment_bytes: u64,
    /// A checkpoint is signed when this many entries have become durable since the last one.
    pub checkpoint_every: u64,
    /// Seed of the Ed25519 key that signs checkpoints. Without it none are written.
    pub signing_seed: Option<[u8; 32]>,
    /// Public keys whose checkpoints are trusted, beside the signing key's own.
    ///
    /// If there are none at all, a checkpoint is only held to the key it names.
    pub trusted_keys: Vec<[u8; 32]>,
    /// Where the next segment is prepared.
    pub preparation: Preparation,
}

/// Where the next segment's zeros are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// On a thread of its own, so that no append waits for it.
    Background,
    /// Inside the commit that took the previous one: no thread, for simulations that must be repeatable.
    Inline,
}

impl JournalOptions {
    /// Returns the usual options: 64 MiB segments, a checkpoint every 65,536 entries, no signing key.
    pub fn new(partition: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            build: concat!("fillwright-journal ", env!("CARGO_PKG_VERSION")).to_owned(),
            segment_bytes: 64 << 20,
            checkpoint_every: 65_536,
            signing_seed: None,
            trusted_keys: Vec::new(),
            preparation: Preparation::Background,
        }
    }

    /// Returns the largest payload in bytes that fits a new segment.
    pub fn max_payload(&self) -> u64 {
        max_payload(self.segment_bytes)
    }
}

/// Returns the largest payload in bytes that fits a segment of this size.
pub(crate) fn max_payload(segment_bytes: u64) -> u64 {
    let overhead = (HEADER_LEN + MARK_LEN + HEAD_LEN + HASH_LEN + 7) as u64;
    segment_bytes.saturating_sub(overhead).min(MAX_PAYLOAD)
}
