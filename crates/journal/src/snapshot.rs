//! Snapshots: opaque state at a sequence number, bound to the chain by the hash of that entry.
//!
//! A snapshot is a cache: it can be dropped, and is rebuilt from the entries. The file `snapshot-SEQ.snap` is put in
//! place as one step. Numbers are little-endian.
//!
//! | offset | bytes | field |
//! |--:|--:|---|
//! | 0 | 8 | magic `FWSNAPS\n` |
//! | 8 | 4 | format version, 1 |
//! | 12 | 4 | CRC-32C of bytes 16 to 111 |
//! | 16 | 8 | `seq` |
//! | 24 | 8 | `at`, nanoseconds UTC |
//! | 32 | 8 | length of the state in bytes |
//! | 40 | 32 | hash of entry `seq` |
//! | 72 | 32 | SHA-256 of the state |
//! | 104 | 8 | zeros |
//! | 112 | | state |

use std::io;

use sha2::{Digest, Sha256};

use crate::entry::{Hash, field_u32, field_u64};
use crate::error::JournalError;
use crate::receipt::Receipt;
use crate::scan::Anchor;
use crate::storage::Storage;

const MAGIC: &[u8; 8] = b"FWSNAPS\n";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 112;

/// State at a sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Sequence number of the last entry that is in the state.
    pub seq: u64,
    /// Logical time, nanoseconds UTC.
    pub at: i64,
    /// Hash of that entry.
    pub head: Hash,
    /// SHA-256 of the state.
    pub state_hash: Hash,
    /// The state, opaque to this crate.
    pub state: Vec<u8>,
}

/// A snapshot file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedSnapshot {
    /// The file's name.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// Stores the state after the last entry a receipt covers, and returns the state's hash.
///
/// # Errors
///
/// `WriteSnapshot`; older snapshots are then untouched.
pub fn store(
    storage: &dyn Storage,
    receipt: &Receipt,
    at: i64,
    state: &[u8],
) -> Result<Hash, JournalError> {
    let state_hash: Hash = Sha256::digest(state).into();
    let seq = receipt.last_seq();
    let mut bytes = Vec::with_capacity(HEAD_LEN + state.len());
    bytes.extend_from_slice(&encode_head(receipt, at, state.len() as u64, &state_hash));
    bytes.extend_from_slice(state);
    let stored = storage.replace(&snapshot_name(seq), &bytes);
    stored.map_err(|source| JournalError::WriteSnapshot { seq, source })?;
    Ok(state_hash)
}

fn encode_head(receipt: &Receipt, at: i64, len: u64, state_hash: &Hash) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    head[0..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[16..24].copy_from_slice(&receipt.last_seq().to_le_bytes());
    head[24..32].copy_from_slice(&at.to_le_bytes());
    head[32..40].copy_from_slice(&len.to_le_bytes());
    head[40..72].copy_from_slice(receipt.head());
    head[72..104].copy_from_slice(state_hash);
    let checksum = crc32c::crc32c(&head[16..]);
    head[12..16].copy_from_slice(&checksum.to_le_bytes());
    head
}

/// Loads the newest snapshot that is sound, and names the newer ones that are not.
///
/// # Errors
///
/// `List` if the folder cannot be read. A file that cannot be read is skipped like one that is damaged.
pub fn latest_valid(
    storage: &dyn Storage,
) -> Result<(Option<Snapshot>, Vec<SkippedSnapshot>), JournalError> {
    latest_valid_up_to(storage, u64::MAX)
}

/// As [`latest_valid`], of the snapshots that lie at or before a sequence number.
///
/// # Errors
///
/// As [`latest_valid`].
pub fn latest_valid_up_to(
    storage: &dyn Storage,
    up_to: u64,
) -> Result<(Option<Snapshot>, Vec<SkippedSnapshot>), JournalError> {
    let mut skipped = Vec::new();
    for seq in snapshots(storage)?.into_iter().rev().filter(|seq| *seq <= up_to) {
        let file = snapshot_name(seq);
        match load(storage, &file, seq) {
            Ok(snapshot) => return Ok((Some(snapshot), skipped)),
            Err(why) => skipped.push(SkippedSnapshot { file, why }),
        }
    }
    Ok((None, skipped))
}

/// Removes all snapshots but the newest `keep`, and returns how many it removed.
///
/// # Errors
///
/// `List`; `WriteSnapshot` with the sequence number of the one that could not be removed.
pub fn prune(storage: &dyn Storage, keep: usize) -> Result<usize, JournalError> {
    let mut seqs = snapshots(storage)?;
    seqs.truncate(seqs.len().saturating_sub(keep));
    for seq in &seqs {
        let removed = storage.remove(&snapshot_name(*seq));
        removed.map_err(|source| JournalError::WriteSnapshot { seq: *seq, source })?;
    }
    Ok(seqs.len())
}

/// Returns the file name of the snapshot at a sequence number.
pub fn snapshot_name(seq: u64) -> String {
    format!("snapshot-{seq:020}.snap")
}

fn seq_of(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-")?.strip_suffix(".snap")?.parse().ok()
}

fn snapshots(storage: &dyn Storage) -> Result<Vec<u64>, JournalError> {
    let names = storage.list().map_err(|source| JournalError::List { source })?;
    let mut seqs: Vec<u64> = names.iter().filter_map(|name| seq_of(name)).collect();
    seqs.sort_unstable();
    Ok(seqs)
}

/// What sound snapshots say about the chain. Only their heads are read.
pub(crate) fn anchors(storage: &dyn Storage) -> Result<Vec<Anchor>, JournalError> {
    let anchor = |seq| {
        let name = snapshot_name(seq);
        let (head, _) = read_head(storage, &name, seq).ok()?;
        Some(Anchor { seq, head: *head[40..].first_chunk().expect("the head has 112 bytes"), name })
    };
    Ok(snapshots(storage)?.into_iter().filter_map(anchor).collect())
}

fn load(storage: &dyn Storage, name: &str, seq: u64) -> Result<Snapshot, String> {
    let (head, bytes) = read_head(storage, name, seq)?;
    let file = storage.open(name).map_err(|error| error.to_string())?;
    let mut state = vec![0; usize::try_from(bytes).map_err(|_| "it is larger than memory")?];
    let read = file.read_at(&mut state, HEAD_LEN as u64).map_err(|error| error.to_string())?;
    let state_hash: Hash = *head[72..].first_chunk().expect("the head has 112 bytes");
    if read != state.len() || Hash::from(Sha256::digest(&state)) != state_hash {
        return Err("the state does not match its hash".to_owned());
    }
    let at = field_u64(&head, 24).cast_signed();
    Ok(Snapshot {
        seq,
        at,
        head: *head[40..].first_chunk().expect("the head has 112 bytes"),
        state_hash,
        state,
    })
}

/// Reads and checks the head of a snapshot and returns it with the length of the state.
fn read_head(storage: &dyn Storage, name: &str, seq: u64) -> Result<([u8; HEAD_LEN], u64), String> {
    let failed = |error: io::Error| error.to_string();
    let file = storage.open(name).map_err(failed)?;
    let mut head = [0; HEAD_LEN];
    let read = file.read_at(&mut head, 0).map_err(failed)?;
    if read != HEAD_LEN
        || &head[0..8] != MAGIC
        || crc32c::crc32c(&head[16..]) != field_u32(&head, 12)
    {
        return Err("its head is damaged".to_owned());
    }
    if field_u32(&head, 8) != VERSION {
        return Err(format!("version {} is not known to this build", field_u32(&head, 8)));
    }
    let len = field_u64(&head, 32);
    if field_u64(&head, 16) != seq {
        return Err("it states another sequence number than its name".to_owned());
    }
    if file.size().map_err(failed)? != HEAD_LEN as u64 + len {
        return Err("its length differs from what its head says".to_owned());
    }
    Ok((head, len))
}
