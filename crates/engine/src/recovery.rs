//! From what is on disk to a sequencer that goes on where it stopped.

use crate::{Sequencer, SequencerError};
use fillwright_domain::Timestamp;
use fillwright_journal::codec::{self, CodecError};
use fillwright_journal::{
    Chunk, ChunkFacts, Entry, Journal, JournalError, JournalOptions, Opened, Recovery,
    SkippedSnapshot, Storage,
};
use fillwright_kernel::Kernel;
use std::sync::Arc;

/// What recovery found.
#[derive(Debug)]
pub struct Recovered {
    /// What the journal said of itself.
    pub opened: Opened,
    /// The snapshot's last entry, where one was used.
    pub snapshot_seq: Option<u64>,
    /// Snapshots that could not be used.
    pub skipped: Vec<SkippedSnapshot>,
    /// Entries replayed.
    pub replayed: u64,
}

/// Why the engine cannot go on from what is on disk.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal refuses.
    #[error("the journal cannot be opened")]
    Journal(#[from] JournalError),
    /// An entry that is sound but cannot be read: a newer version wrote it.
    #[error(
        "entry {seq} cannot be read by this version; start the version that wrote it, or a newer one"
    )]
    Entry {
        /// The entry.
        seq: u64,
        /// What the decoder met.
        source: CodecError,
    },
    /// A snapshot's state that is sound but cannot be read.
    #[error(
        "the snapshot at entry {seq} cannot be read by this version; remove it to replay from the first entry"
    )]
    Snapshot {
        /// Its last entry.
        seq: u64,
        /// What the decoder met.
        source: CodecError,
    },
    /// The journal and the kernel count differently.
    #[error("the journal and the kernel do not belong together")]
    Sequencer(#[from] SequencerError),
}

/// Opens a journal, from its newest sound snapshot where there is one, and replays what follows.
///
/// # Errors
///
/// `RecoveryError` says which entry stands in the way.
pub fn recover(
    storage: Arc<dyn Storage>,
    options: &JournalOptions,
    at: Timestamp,
) -> Result<(Sequencer, Recovered), RecoveryError> {
    recover_with(storage, options, at, |_| {})
}

/// As [`recover`], telling `progress` the sequence number reached now and then.
///
/// # Errors
///
/// `RecoveryError` says which entry stands in the way.
pub fn recover_with(
    storage: Arc<dyn Storage>,
    options: &JournalOptions,
    at: Timestamp,
    progress: impl FnMut(u64),
) -> Result<(Sequencer, Recovered), RecoveryError> {
    let (snapshot, skipped, recovery) =
        Journal::recover_from_snapshot(storage, options, at.as_ns())?;
    let snapshot_seq = snapshot.as_ref().map(|snapshot| snapshot.seq);
    let mut last_at =
        snapshot.as_ref().map_or(Timestamp::MIN, |snapshot| Timestamp::from_ns(snapshot.at));
    let mut kernel = match snapshot {
        None => Kernel::new(&options.partition),
        Some(snapshot) => Kernel::restored(
            codec::decode_state(&snapshot.state)
                .map_err(|source| RecoveryError::Snapshot { seq: snapshot.seq, source })?,
        ),
    };
    let before = kernel.state().seq;
    let (journal, opened) = replay_all(recovery, &mut kernel, &mut last_at, progress)?;
    let replayed = kernel.state().seq - before;
    let sequencer = Sequencer::new(kernel, journal, last_at)?;
    Ok((sequencer, Recovered { opened, snapshot_seq, skipped, replayed }))
}

/// Replays on this thread what the journal's own verifies: each costs about as much as the other, and two cores are kept
/// busy. A third thread, for decoding, was measured slower (`docs/performance.md`).
fn replay_all(
    mut recovery: Recovery,
    kernel: &mut Kernel,
    last_at: &mut Timestamp,
    mut progress: impl FnMut(u64),
) -> Result<(Journal, Opened), RecoveryError> {
    while let Some(chunk) = recovery.next_chunk()? {
        match chunk.facts() {
            Some(facts) => replay_facts(facts, &chunk, kernel),
            None => chunk.entries().try_for_each(|entry| replay(&entry, kernel))?,
        }
        *last_at = chunk.entries().last().map_or(*last_at, |entry| Timestamp::from_ns(entry.at));
        progress(kernel.state().seq);
    }
    Ok(recovery.finish()?)
}

/// Replays one entry as it is read. An entry that cannot be read ends recovery, so what was replayed of it is never used.
fn replay(entry: &Entry, kernel: &mut Kernel) -> Result<(), RecoveryError> {
    let replayed = codec::facts(entry.payload)
        .and_then(|facts| kernel.replay_facts(Timestamp::from_ns(entry.at), facts));
    replayed.map_err(|source| RecoveryError::Entry { seq: entry.seq, source })
}

/// Replays the entries of a chunk whose facts the other thread has read.
fn replay_facts(facts: &ChunkFacts, chunk: &Chunk, kernel: &mut Kernel) {
    for (entry, facts) in chunk.entries().zip(facts.by_entry()) {
        kernel.apply(Timestamp::from_ns(entry.at), facts);
    }
}
