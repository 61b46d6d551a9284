//! What stands behind the last valid entry of a segment, and what it proves.
//!
//! Sectors that were not synced survive a loss of power in any subset. So behind the last entry there may be anything
//! of the batches in flight: nothing, parts, even whole entries whose predecessors are gone. All of that is a torn
//! tail, unless something whole among it, an entry or a mark, states that the missing entry was durable: then bytes
//! that had been durable were changed, and that is damage.

use crate::chain::Chain;
use crate::entry::{self, Found, field_u64};
use crate::error::JournalError;
use crate::mark::{MARK_LEN, Mark};
use crate::scan::{Place, read_error};

const PIECE: usize = 1 << 20;

/// What was found behind the last entry of the last segment, and dropped when the journal was opened for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The last entry that is kept.
    pub after_seq: u64,
    /// The file that holds the tail.
    pub segment: String,
    /// Where in that file the tail starts, in bytes.
    pub offset: u64,
    /// Bytes from there to the last one that is not zero.
    pub bytes_dropped: u64,
}

/// What stands behind the last valid entry of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Size in bytes of the file.
    pub(crate) file_size: u64,
    /// Bytes to the last one that is not zero, a valid mark not counted.
    pub(crate) dirty_len: u64,
    /// Whether a valid mark for the last entry stands right behind it.
    pub(crate) marked: bool,
    /// Highest sequence number that the tail proves durable; 0 for none.
    pub(crate) proven: u64,
}

impl Tail {
    pub(crate) fn read(place: &Place, chain: &Chain) -> Result<Self, JournalError> {
        let file_size = place.file.size().map_err(|source| read_error(&place.name, 0, source))?;
        let end = dirty_end(place, file_size)?;
        let bytes = read_range(
            place,
            place.offset,
            end.max(place.offset + MARK_LEN as u64).min(file_size),
        )?;
        let marked =
            Mark::read(&bytes).is_some_and(|mark| mark.seq == chain.seq && mark.head == chain.head);
        let rest = if marked { &bytes[MARK_LEN..] } else { &bytes[..] };
        let dirty = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let proven = evidence(rest, chain.seq).max(if marked { chain.seq } else { 0 });
        Ok(Self { file_size, dirty_len: dirty as u64, marked, proven })
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.dirty_len == 0
    }

    pub(crate) fn torn(&self, place: &Place, after_seq: u64) -> Option<TornTail> {
        if self.is_clean() && self.file_size >= place.header.size {
            return None;
        }
        let offset = place.offset + if self.marked { MARK_LEN as u64 } else { 0 };
        Some(TornTail {
            after_seq,
            segment: place.name.clone(),
            offset,
            bytes_dropped: self.dirty_len,
        })
    }
}

/// Returns the offset behind the last byte of the file that is not zero, at least where the place stands.
fn dirty_end(place: &Place, file_size: u64) -> Result<u64, JournalError> {
    let mut end = place.offset;
    let mut offset = place.offset;
    while offset < file_size {
        let piece = read_range(place, offset, (offset + PIECE as u64).min(file_size))?;
        if piece.is_empty() {
            break;
        }
        if !entry::is_zero(&piece) {
            let last = piece.iter().rposition(|byte| *byte != 0).expect("it is not all zero");
            end = offset + last as u64 + 1;
        }
        offset += piece.len() as u64;
    }
    Ok(end)
}

fn read_range(place: &Place, from: u64, to: u64) -> Result<Vec<u8>, JournalError> {
    let len = usize::try_from(to.saturating_sub(from)).expect("a segment fits into memory");
    let mut bytes = vec![0; len];
    let read = place
        .file
        .read_at(&mut bytes, from)
        .map_err(|source| read_error(&place.name, from, source))?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Looks, from the end, for a whole entry or mark that proves an entry behind `after` durable, and returns what it
/// proves. Everything starts at a multiple of 8.
fn evidence(bytes: &[u8], after: u64) -> u64 {
    let places = (0..bytes.len()).step_by(8).rev();
    places
        .filter_map(|at| claim(&bytes[at..], after, at))
        .find(|proven| *proven > after)
        .unwrap_or(0)
}

fn claim(bytes: &[u8], after: u64, distance: usize) -> Option<u64> {
    let seq = field_u64(bytes.first_chunk::<16>()?, 8);
    let farthest = after + 1 + (distance / entry::frame_len(0)) as u64;
    if seq <= after {
        return None;
    }
    if let Some(mark) = Mark::read(bytes) {
        return Some(mark.seq);
    }
    match entry::read(bytes) {
        Found::Whole(entry, _) if seq <= farthest => Some(entry.durable_seq),
        _ => None,
    }
}
