//! Following a journal while it is being written: entries as they become durable, and never earlier.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::chunk::Chunk;
use crate::entry::{self, Found};
use crate::error::JournalError;
use crate::header::HEADER_LEN;
use crate::mark::{MARK_LEN, Mark};
use crate::options::JournalOptions;
use crate::scan::{Plan, Scan, read_error};
use crate::segment::segment_name;
use crate::storage::{Storage, StorageFile};

/// Bytes looked at first for news of another process; a quiet journal costs one such read.
const GLANCE_LEN: usize = 4 << 10;
/// Bytes looked through at least while there is news, so that catching up goes in large steps.
const LOOK_LEN: u64 = 1 << 20;

/// Reads a journal while another thread or process writes it. Every entry handed out is verified and durable.
pub struct Follower {
    storage: Arc<dyn Storage>,
    scan: Scan,
    limit: Limit,
}

/// How the follower knows what is durable.
enum Limit {
    /// The writer is in this process and says so.
    Shared(Arc<AtomicU64>),
    /// Only what later entries and marks in the files prove.
    Proven,
}

impl Follower {
    /// Follows a journal of this process, given what `Journal::durable` returns, from behind the entry `after`.
    ///
    /// # Errors
    ///
    /// `List`, `Open`, `Read`, or `Damaged` for the headers of segments stepped over.
    pub fn beside(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        durable: Arc<AtomicU64>,
        after: u64,
    ) -> Result<Self, JournalError> {
        Self::start(storage, options, Limit::Shared(durable), after)
    }

    /// Follows a journal that another process writes, from behind the entry `after`.
    ///
    /// # Errors
    ///
    /// As `beside`.
    pub fn across(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        after: u64,
    ) -> Result<Self, JournalError> {
        Self::start(storage, options, Limit::Proven, after)
    }

    fn start(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        limit: Limit,
        after: u64,
    ) -> Result<Self, JournalError> {
        let plan = Plan {
            partition: options.partition.clone(),
            after,
            up_to: Some(0),
            anchors: Vec::new(),
        };
        Ok(Self { scan: Scan::new(Arc::clone(&storage), plan)?, storage, limit })
    }

    /// Returns the last entry that was read and verified, handed out or not.
    pub fn seq(&self) -> u64 {
        self.scan.seq()
    }

    /// Returns some more durable entries, or `None` if there are none yet. Ask again later.
    ///
    /// # Errors
    ///
    /// `Damaged` if entries that are durable cannot be read as they were written; `List`, `Open`, `Read`.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, JournalError> {
        loop {
            if let Some(chunk) = self.scan.next_chunk()? {
                return Ok(Some(chunk));
            }
            let limit = match &self.limit {
                Limit::Shared(durable) => durable.load(Ordering::Acquire),
                Limit::Proven => self.proven()?,
            };
            let entered = self.scan.standing().is_some();
            if limit <= self.scan.seq() && (entered || self.scan.next_first()?.is_none()) {
                return Ok(None);
            }
            self.scan.resume(limit);
        }
    }

    /// Returns the highest sequence number that the files prove durable, at most a little ahead.
    fn proven(&mut self) -> Result<u64, JournalError> {
        let seq = self.scan.seq();
        match (self.scan.next_first()?, self.scan.standing()) {
            (Some(next), _) if next > seq + 1 => Ok(next - 1),
            (Some(next), _) => self.proven_in(&segment_name(next), seq),
            (None, Some(place)) => proven_behind(&*place.file, &place.name, place.offset, seq),
            (None, None) => Ok(0),
        }
    }

    /// Looks into a segment that has not been entered yet.
    fn proven_in(&self, name: &str, seq: u64) -> Result<u64, JournalError> {
        let opened = self.storage.open(name);
        let file = opened.map_err(|source| JournalError::Open { file: name.to_owned(), source })?;
        proven_behind(&*file, name, HEADER_LEN as u64, seq)
    }
}

/// Goes through some of what stands behind the last entry read, as far as needed to prove one more of it durable.
fn proven_behind(
    file: &dyn StorageFile,
    name: &str,
    from: u64,
    seq: u64,
) -> Result<u64, JournalError> {
    let (mut offset, mut len, mut proven) = (from, GLANCE_LEN, seq);
    while proven == seq || offset < from + LOOK_LEN {
        let bytes = read_up_to(file, name, offset, len)?;
        let (claimed, walked, needed) = claims(&bytes);
        proven = proven.max(claimed);
        offset += walked as u64;
        let Some(needed) = needed.filter(|_| bytes.len() == len) else { break };
        len = needed.max(64 << 10);
    }
    Ok(proven)
}

/// Returns what the entries and the mark at the start of `bytes` prove, how far they go, and how many bytes the first
/// thing cut off needs.
fn claims(bytes: &[u8]) -> (u64, usize, Option<usize>) {
    let (mut start, mut proven) = (0, 0);
    loop {
        let rest = &bytes[start..];
        match entry::read(rest) {
            Found::Whole(entry, frame_len) => {
                proven = proven.max(entry.durable_seq);
                start += frame_len;
            }
            Found::Short(needed) => return (proven, start, Some(needed)),
            Found::Other if rest.len() < MARK_LEN => return (proven, start, Some(MARK_LEN)),
            Found::Other => {
                return (proven.max(Mark::read(rest).map_or(0, |mark| mark.seq)), start, None);
            }
        }
    }
}

fn read_up_to(
    file: &dyn StorageFile,
    name: &str,
    offset: u64,
    len: usize,
) -> Result<Vec<u8>, JournalError> {
    let mut bytes = vec![0; len];
    let read =
        file.read_at(&mut bytes, offset).map_err(|source| read_error(name, offset, source))?;
    bytes.truncate(read);
    Ok(bytes)
}
