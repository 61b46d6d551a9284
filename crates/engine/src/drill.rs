//! The restore drill: the journal is copied as a backup would have it, and the copy must come to the same state.
//!
//! What a backup is worth is known only once it was restored (RTS 6 article 14; Regulation SCI 1001 asks for a yearly
//! test). The copy is verified from its first entry with every step decided again, opened for writing as a standby would,
//! and held against the original at the same entry.

use crate::recovery::{self, RecoveryError};
use crate::verify::{self, Verified};
use fillwright_domain::Timestamp;
use fillwright_journal::{FileStorage, Hash, JournalOptions, LOCK_FILE, Storage, codec};
use fillwright_kernel::Kernel;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a restored copy came to.
#[derive(Debug)]
pub struct Drilled {
    /// The last entry of the copy.
    pub last_seq: u64,
    /// Bytes copied.
    pub bytes: u64,
    /// The original at the copy's last entry.
    pub original: Standing,
    /// The copy, replayed from its first entry.
    pub replayed: Standing,
    /// The copy, opened for writing from its newest snapshot.
    pub opened: Standing,
    /// Steps of the copy that this version would decide otherwise.
    pub decided_otherwise: usize,
    /// How long copying took.
    pub copying: Duration,
    /// How long verifying the copy took.
    pub verifying: Duration,
    /// How long opening the copy took, until it could have taken an input.
    pub opening: Duration,
}

/// Where a journal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Hash of the last entry.
    pub head: Hash,
    /// Hash of the state.
    pub state: Hash,
}

/// Why a drill did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// A file could not be copied.
    #[error("{file} cannot be copied into the drill's folder; check permissions and the disk")]
    Copy {
        /// The file's name.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder to restore into holds something.
    #[error("the folder to restore into is not empty; name one that is, or none")]
    NotEmpty,
    /// The original or the copy cannot be read.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}

impl Drilled {
    /// Whether the copy is as good as the original.
    pub fn is_restored(&self) -> bool {
        self.original == self.replayed
            && self.original == self.opened
            && self.decided_otherwise == 0
    }

    /// From a copy at hand to a sequencer that could take an input.
    pub fn restore_time(&self) -> Duration {
        self.copying + self.opening
    }
}

/// Copies a journal into an empty folder and opens the copy. The original may be at work; nothing of it is changed.
///
/// # Errors
///
/// `DrillError` says what stands in the way. A copy that comes to another state is a finding, not an error.
pub fn restore(
    journal: &Path,
    options: &JournalOptions,
    into: &Path,
    progress: impl FnMut(u64),
) -> Result<Drilled, DrillError> {
    let started = Instant::now();
    let bytes = copy(journal, into)?;
    let copying = started.elapsed();

    let started = Instant::now();
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(into).map_err(|source| copy_error(into, source))?);
    let verified = verify::verify(&storage, options, true, progress)?;
    let verifying = started.elapsed();

    let started = Instant::now();
    let opened = open(storage, options)?;
    let opening = started.elapsed();

    Ok(Drilled {
        last_seq: verified.opened.last_seq,
        bytes,
        original: standing_at(journal, options, verified.opened.last_seq)?,
        replayed: standing_of(&verified),
        opened,
        decided_otherwise: verified.redecided.len(),
        copying,
        verifying,
        opening,
    })
}

/// Copies everything but the lock and the files that are only being prepared. Checkpoints come first: a copy that is made
/// beside a writer must not have one that speaks of entries it lacks.
fn copy(journal: &Path, into: &Path) -> Result<u64, DrillError> {
    fs::create_dir_all(into).map_err(|source| copy_error(into, source))?;
    let holds_something =
        fs::read_dir(into).map_err(|source| copy_error(into, source))?.next().is_some();
    if holds_something {
        return Err(DrillError::NotEmpty);
    }
    let listed = fs::read_dir(journal).map_err(|source| copy_error(journal, source))?;
    let mut names: Vec<String> =
        listed.flatten().filter_map(|item| item.file_name().into_string().ok()).collect();
    names.retain(|name| is_backed_up(name));
    names.sort_by_key(|name| (name.starts_with('0'), name.clone()));
    let mut bytes = 0;
    for name in names {
        let copied = fs::copy(journal.join(&name), into.join(&name));
        bytes += copied.map_err(|source| DrillError::Copy { file: name, source })?;
    }
    Ok(bytes)
}

fn is_backed_up(name: &str) -> bool {
    let is_passing = name.starts_with("spare-") || name.strip_suffix(".tmp").is_some();
    name != LOCK_FILE && !is_passing
}

/// Opens the copy for writing, as a standby that takes over would.
fn open(storage: Arc<dyn Storage>, options: &JournalOptions) -> Result<Standing, DrillError> {
    let (sequencer, recovered) = recovery::recover(storage, options, Timestamp::MIN)?;
    let state = codec::state_hash(sequencer.kernel().state());
    Ok(Standing { head: recovered.opened.head, state })
}

/// Replays the original up to an entry.
fn standing_at(
    journal: &Path,
    options: &JournalOptions,
    last_seq: u64,
) -> Result<Standing, DrillError> {
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(journal).map_err(|source| copy_error(journal, source))?);
    let mut entries = fillwright_journal::Entries::from_seq(storage, options, 1)
        .map_err(RecoveryError::Journal)?;
    let mut kernel = Kernel::new(&options.partition);
    let mut head = fillwright_journal::genesis(&options.partition);
    while let Some(entry) = entries.next().map_err(RecoveryError::Journal)? {
        let facts = codec::facts(entry.payload);
        let at = Timestamp::from_ns(entry.at);
        facts
            .and_then(|facts| kernel.replay_facts(at, facts))
            .map_err(|source| RecoveryError::Entry { seq: entry.seq, source })?;
        head = *entry.hash;
        if entry.seq == last_seq {
            break;
        }
    }
    Ok(Standing { head, state: codec::state_hash(kernel.state()) })
}

fn standing_of(verified: &Verified) -> Standing {
    Standing { head: verified.opened.head, state: verified.state_hash }
}

fn copy_error(folder: &Path, source: io::Error) -> DrillError {
    DrillError::Copy { file: folder.display().to_string(), source }
}
