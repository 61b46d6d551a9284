//! Following a journal while it is being written: entries as they become durable, and never earlier.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::chunk::Chunk;
use crate::entry::{self, Found};
use crate::error::JournalError;
use crate::mark::{MARK_LEN, Mark};
use crate::options::JournalOptions;
use crate::scan::{Place, Plan, Scan, read_error};
use crate::storage::Storage;

/// Bytes looked at first for news of another process; a quiet journal costs one such read.
const GLANCE_LEN: usize = 4 << 10;
/// Bytes looked through at least while there is news, so that catching up goes in large steps.
const LOOK_LEN: u64 = 1 << 20;

/// Reads a journal while another thread or process writes it. Every entry handed out is verified and durable.
pub struct Follower {
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
        Ok(Self { scan: Scan::new(storage, plan)?, limit })
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
        if let Some(chunk) = self.scan.next_chunk()? {
            return Ok(Some(chunk));
        }
        let limit = match &self.limit {
            Limit::Shared(durable) => durable.load(Ordering::Acquire),
            Limit::Proven => self.proven()?,
        };
        if limit <= self.scan.seq() && self.scan.standing().is_some() {
            return Ok(None);
        }
        self.scan.resume(limit);
        self.scan.next_chunk()
    }

    /// Returns the highest sequence number that the files prove durable, at most a little ahead.
    fn proven(&mut self) -> Result<u64, JournalError> {
        if let Some(next) = self.scan.next_first()? {
            return Ok(next - 1);
        }
        match self.scan.standing() {
            Some(place) => proven_behind(place, self.scan.seq()),
            None => Ok(0),
        }
    }
}

/// Goes through some of what stands behind the last entry read, as far as needed to prove one more of it durable.
fn proven_behind(place: &Place, seq: u64) -> Result<u64, JournalError> {
    let (mut offset, mut len, mut proven) = (place.offset, GLANCE_LEN, seq);
    while proven == seq || offset < place.offset + LOOK_LEN {
        let bytes = read_up_to(place, offset, len)?;
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

fn read_up_to(place: &Place, offset: u64, len: usize) -> Result<Vec<u8>, JournalError> {
    let mut bytes = vec![0; len];
    let read = place.file.read_at(&mut bytes, offset);
    bytes.truncate(read.map_err(|source| read_error(&place.name, offset, source))?);
    Ok(bytes)
}
