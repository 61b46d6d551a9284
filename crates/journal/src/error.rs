//! Everything that can go wrong with a journal, one variant per step that can fail.

use std::fmt;
use std::io;

/// A journal step failed.
///
/// Every sentence says what happened, where, and what to do about it. The cause of an input or output error is
/// carried as the source and not repeated in the sentence.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another writer holds the folder.
    #[error(
        "the journal is held by another writer (process {holder}); stop that process or use another folder"
    )]
    Locked {
        /// Process id written by the holder, or `unknown`.
        holder: String,
    },
    /// The lock could not be tried at all.
    #[error("could not take the journal's lock; check that the folder exists and is writable")]
    Lock {
        /// What the storage said.
        source: io::Error,
    },
    /// The options make no sense.
    #[error("the journal's options cannot be used: {why}")]
    BadOptions {
        /// Which and why.
        why: String,
    },
    /// The folder could not be listed.
    #[error("could not list the journal's folder; check that it exists and is readable")]
    List {
        /// What the storage said.
        source: io::Error,
    },
    /// A file could not be opened.
    #[error("could not open {file}; check its permissions and the disk")]
    Open {
        /// Name of the file inside the journal's folder.
        file: String,
        /// What the storage said.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("could not read {file} at offset {offset}; check the disk, then start again")]
    Read {
        /// Name of the file inside the journal's folder.
        file: String,
        /// Offset in bytes from the start of the file.
        offset: u64,
        /// What the storage said.
        source: io::Error,
    },
    /// The journal is not what was written. Nothing was changed on disk.
    #[error(
        "the journal is damaged at entry {seq} ({segment}, offset {offset}): {what}. Nothing was changed. Keep this \
         folder as it is, restore {segment} from a copy, and run verify; entries below {seq} are intact"
    )]
    Damaged {
        /// Sequence number of the first entry that cannot be trusted.
        seq: u64,
        /// File that holds it, or would hold it.
        segment: String,
        /// Offset in bytes from the start of that file.
        offset: u64,
        /// What is wrong.
        what: Damage,
    },
    /// Preparing a further segment failed for a reason other than a full disk.
    #[error("could not prepare segment number {index}; check the disk, then start again")]
    Prepare {
        /// Number of the segment, the first being 0.
        index: u64,
        /// What the storage said.
        source: io::Error,
    },
    /// The reserve is used up. Nothing of this entry was written.
    #[error(
        "the disk is full and the journal's reserve is used up: entry {seq} was not taken; free space, then start again"
    )]
    DiskFull {
        /// Sequence number the entry would have had.
        seq: u64,
    },
    /// An entry does not fit.
    #[error(
        "an entry of {len} bytes is larger than the {max} bytes this journal takes; split it or use larger segments"
    )]
    TooLarge {
        /// Payload length in bytes.
        len: u64,
        /// Largest payload in bytes.
        max: u64,
    },
    /// A batch could not be written. The journal is poisoned.
    #[error(
        "could not write entries up to {seq} to {file} at offset {offset}; the process must stop, the next start decides what is durable"
    )]
    Write {
        /// Last sequence number of the batch.
        seq: u64,
        /// File being written.
        file: String,
        /// Offset in bytes from the start of that file.
        offset: u64,
        /// What the storage said.
        source: io::Error,
    },
    /// A batch could not be made durable. The journal is poisoned; a sync is never tried twice.
    #[error(
        "could not sync {file} with entries up to {seq}; the process must stop, the next start decides what is durable"
    )]
    Sync {
        /// Last sequence number of the batch.
        seq: u64,
        /// File being synced.
        file: String,
        /// What the storage said.
        source: io::Error,
    },
    /// The next segment could not be put in place. The journal is poisoned.
    #[error(
        "could not start {file}; the process must stop, the next start decides what is durable"
    )]
    Roll {
        /// File being started.
        file: String,
        /// What the storage said.
        source: io::Error,
    },
    /// A write or sync failed before; memory and disk may disagree.
    #[error(
        "an earlier write or sync of this journal failed, so it takes nothing more; stop the process and start again"
    )]
    Poisoned,
    /// The tail of the last segment could not be repaired at the start.
    #[error(
        "could not repair the tail of {file} at offset {offset}; check the disk, then start again"
    )]
    Repair {
        /// File being repaired.
        file: String,
        /// Offset in bytes from the start of that file.
        offset: u64,
        /// What the storage said.
        source: io::Error,
    },
    /// A checkpoint could not be written.
    #[error("could not write the checkpoint at entry {seq}; check the disk, then start again")]
    WriteCheckpoint {
        /// Sequence number it would have attested.
        seq: u64,
        /// What the storage said.
        source: io::Error,
    },
    /// A checkpoint was asked for and the journal has no signing key.
    #[error("a checkpoint at entry {seq} needs a signing key; give the journal its 32-byte seed")]
    NoSigningKey {
        /// Sequence number it would have attested.
        seq: u64,
    },
    /// A line of the checkpoint file cannot be trusted.
    #[error(
        "line {line} of the checkpoints file cannot be trusted: {why}; restore the file from a copy"
    )]
    BadCheckpoint {
        /// Line number, the first being 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A snapshot could not be written.
    #[error(
        "could not write the snapshot at entry {seq}; older snapshots are untouched, check the disk"
    )]
    WriteSnapshot {
        /// Sequence number the snapshot stands at.
        seq: u64,
        /// What the storage said.
        source: io::Error,
    },
}

/// What is wrong with a journal that must not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The bytes are not an entry although a later fact proves that one was durable here.
    Broken {
        /// Highest sequence number that is proven to have been durable.
        proven: u64,
    },
    /// The entries end although a later fact proves that more were durable.
    EndsEarly {
        /// Highest sequence number that is proven to have been durable.
        proven: u64,
    },
    /// A whole entry stands here with another sequence number.
    WrongSequence {
        /// The number found.
        found: u64,
    },
    /// A whole entry stands here, and its hash does not follow from its predecessor.
    ChainBroken,
    /// The entry claims that it, or one after it, was durable before it was written.
    ImpossibleClaim {
        /// The claimed durable sequence number.
        claimed: u64,
    },
    /// The bytes behind the last entry of a sealed segment are not zero.
    RemainderNotZero,
    /// The segment's header does not match its own checksum or hash.
    HeaderBroken,
    /// The header is of a format this build cannot read.
    UnknownFormat {
        /// The version found.
        version: u32,
    },
    /// The header belongs to another partition.
    ForeignPartition {
        /// The partition named in the header.
        found: String,
    },
    /// The segment that must follow is absent.
    SegmentMissing,
    /// The segment does not continue its predecessor: swapped, or restored from another time.
    SegmentDoesNotFollow,
    /// A sealed segment's file is shorter or longer than its header says.
    WrongSize {
        /// Size in bytes by the header.
        expected: u64,
        /// Size in bytes of the file.
        found: u64,
    },
    /// The chain differs from what a signed checkpoint or a snapshot recorded.
    AnchorDiffers {
        /// The file and place of the record.
        anchor: String,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { proven } => {
                write!(f, "its bytes are broken, and entry {proven} is proven durable")
            }
            Self::EndsEarly { proven } => {
                write!(f, "the journal ends here, and entry {proven} is proven durable")
            }
            Self::WrongSequence { found } => write!(f, "entry {found} stands in its place"),
            Self::ChainBroken => f.write_str("its hash does not follow from the entry before it"),
            Self::ImpossibleClaim { claimed } => {
                write!(f, "it claims that entry {claimed} was already durable")
            }
            Self::RemainderNotZero => {
                f.write_str("bytes behind the last entry of a sealed segment are not zero")
            }
            Self::HeaderBroken => f.write_str("the segment's header is broken"),
            Self::UnknownFormat { version } => {
                write!(f, "format version {version} is not known to this build")
            }
            Self::ForeignPartition { found } => {
                write!(f, "the segment belongs to partition {found:?}")
            }
            Self::SegmentMissing => f.write_str("the segment is missing"),
            Self::SegmentDoesNotFollow => {
                f.write_str("the segment does not continue the one before it")
            }
            Self::WrongSize { expected, found } => {
                write!(f, "the file has {found} bytes instead of {expected}")
            }
            Self::AnchorDiffers { anchor } => write!(f, "its hash differs from {anchor}"),
        }
    }
}
