//! Checks a journal from its first entry, and decides every step again to see whether the same was decided then.

use crate::recovery::RecoveryError;
use fillwright_domain::Timestamp;
use fillwright_journal::{Entry, JournalOptions, Opened, Storage, Verification, codec};
use fillwright_kernel::{Event, Kernel};
use std::sync::Arc;

/// What a verification found.
#[derive(Debug)]
pub struct Verified {
    /// What the journal says of itself: chain, segments, checkpoints.
    pub opened: Opened,
    /// The state that replaying every event leads to, hashed.
    pub state_hash: [u8; 32],
    /// Entries whose input would be decided otherwise by this version, with what it would decide now.
    pub redecided: Vec<Redecided>,
    /// Whether steps were decided again.
    pub was_redecided: bool,
}

/// A step this version would decide otherwise.
#[derive(Debug)]
pub struct Redecided {
    /// The entry.
    pub seq: u64,
    /// What was decided then.
    pub then: Vec<Event>,
    /// What would be decided now.
    pub now: Vec<Event>,
}

/// Verifies the whole chain and replays every entry; with `redecide` also decides each again. Needs no lock and changes
/// nothing.
///
/// # Errors
///
/// `RecoveryError` names the entry that is damaged or cannot be read. A different decision is a finding, not an error.
pub fn verify(
    storage: &Arc<dyn Storage>,
    options: &JournalOptions,
    redecide: bool,
    mut progress: impl FnMut(u64),
) -> Result<Verified, RecoveryError> {
    let mut verification = Verification::start(storage, options)?;
    let mut kernel = Kernel::new(&options.partition);
    let mut redecided = Vec::new();
    while let Some(chunk) = verification.next_chunk()? {
        for entry in chunk.entries() {
            let events = codec::decode_events(entry.payload)
                .map_err(|source| RecoveryError::Entry { seq: entry.seq, source })?;
            if redecide {
                redecided.extend(decide_again(&kernel, &entry, &events)?);
            }
            kernel.replay(Timestamp::from_ns(entry.at), &events);
            progress(entry.seq);
        }
    }
    Ok(Verified {
        opened: verification.finish()?,
        state_hash: codec::state_hash(kernel.state()),
        redecided,
        was_redecided: redecide,
    })
}

fn decide_again(
    kernel: &Kernel,
    entry: &Entry,
    then: &[Event],
) -> Result<Option<Redecided>, RecoveryError> {
    let input = codec::decode_input(entry.payload)
        .map_err(|source| RecoveryError::Entry { seq: entry.seq, source })?;
    let now = kernel.decide(Timestamp::from_ns(entry.at), &input);
    Ok((now != then).then(|| Redecided { seq: entry.seq, then: then.to_vec(), now }))
}
