//! Layout and hash of one entry.
//!
//! An entry is one step: a head of 32 bytes, the payload, zeros up to a multiple of 8, and a hash of 32 bytes. All
//! numbers are little-endian.
//!
//! | offset | bytes | field |
//! |--:|--:|---|
//! | 0 | 4 | `len`, payload length in bytes |
//! | 4 | 4 | CRC-32C of everything from offset 8 to the end of the entry |
//! | 8 | 8 | `seq`, the first entry is 1 |
//! | 16 | 8 | `at`, nanoseconds UTC |
//! | 24 | 8 | `durable_seq`, known durable when this entry was appended |
//! | 32 | len | payload |
//! | | 0–7 | zeros |
//! | | 32 | hash |

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Bytes before the payload.
pub const HEAD_LEN: usize = 32;
/// Bytes of the hash behind the payload.
pub const HASH_LEN: usize = 32;
/// Largest payload in bytes, whatever the segment size.
pub const MAX_PAYLOAD: u64 = 16 << 20;

const TAG: &[u8] = b"fillwright/entry/1";

/// One verified entry, borrowed from the bytes it was read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Sequence number; the first is 1 and there are no gaps.
    pub seq: u64,
    /// Logical time, nanoseconds UTC, as given by the writer's caller.
    pub at: i64,
    /// Highest sequence number known durable when this entry was appended.
    pub durable_seq: u64,
    /// The step's encoding, opaque to this crate's lower layers.
    pub payload: &'a [u8],
    /// Hash of this entry and, through its predecessor, of all before it.
    pub hash: &'a Hash,
}

/// Returns the bytes an entry with this payload length takes, head, padding and hash included.
pub const fn frame_len(payload_len: usize) -> usize {
    HEAD_LEN + payload_len.next_multiple_of(8) + HASH_LEN
}

/// Opens an entry at the end of `buffer`; the payload is to be pushed next. Returns where the entry starts.
pub(crate) fn begin(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.resize(start + HEAD_LEN, 0);
    start
}

/// Closes the entry that started at `start`. Hash and checksum stay zero until `seal`.
pub(crate) fn finish(buffer: &mut Vec<u8>, start: usize, seq: u64, at: i64, durable_seq: u64) {
    let payload_len = buffer.len() - start - HEAD_LEN;
    let len = u32::try_from(payload_len).expect("the writer refuses longer payloads");
    buffer.resize(start + frame_len(payload_len), 0);
    let frame = &mut buffer[start..];
    frame[0..4].copy_from_slice(&len.to_le_bytes());
    frame[8..16].copy_from_slice(&seq.to_le_bytes());
    frame[16..24].copy_from_slice(&at.to_le_bytes());
    frame[24..32].copy_from_slice(&durable_seq.to_le_bytes());
}

/// Writes hash and checksum into one finished entry and returns the hash.
pub(crate) fn seal(frame: &mut [u8], previous: &Hash) -> Hash {
    let payload_len = field_u32(frame, 0) as usize;
    let hash = hash(previous, &frame[8..HEAD_LEN], &frame[HEAD_LEN..HEAD_LEN + payload_len]);
    let hash_at = frame.len() - HASH_LEN;
    frame[hash_at..].copy_from_slice(&hash);
    let checksum = crc32c::crc32c(&frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    hash
}

/// Seals every entry of `bytes` in turn and returns the last hash.
pub(crate) fn seal_all(bytes: &mut [u8], mut link: Hash) -> Hash {
    let mut start = 0;
    while start < bytes.len() {
        let end = start + frame_len(field_u32(bytes, start) as usize);
        link = seal(&mut bytes[start..end], &link);
        start = end;
    }
    link
}

/// What stands at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A whole entry with the right checksum; its place in the chain is not checked.
    Whole(Entry<'a>, usize),
    /// More bytes are needed to tell: this many in all.
    Short(usize),
    /// Not an entry.
    Other,
}

/// Reads the entry at the start of `bytes`, checking its checksum only.
pub(crate) fn read(bytes: &[u8]) -> Found<'_> {
    if bytes.len() < HEAD_LEN {
        return Found::Short(HEAD_LEN);
    }
    let payload_len = field_u32(bytes, 0) as usize;
    if payload_len as u64 > MAX_PAYLOAD {
        return Found::Other;
    }
    let end = frame_len(payload_len);
    if bytes.len() < end {
        return Found::Short(end);
    }
    if crc32c::crc32c(&bytes[8..end]) != field_u32(bytes, 4)
        || !is_zero(&bytes[HEAD_LEN + payload_len..end - HASH_LEN])
    {
        return Found::Other;
    }
    Found::Whole(view(bytes, payload_len), end)
}

/// Reads the fields of an entry known to be whole.
pub(crate) fn view(bytes: &[u8], payload_len: usize) -> Entry<'_> {
    let end = frame_len(payload_len);
    Entry {
        seq: field_u64(bytes, 8),
        at: field_u64(bytes, 16).cast_signed(),
        durable_seq: field_u64(bytes, 24),
        payload: &bytes[HEAD_LEN..HEAD_LEN + payload_len],
        hash: bytes[end - HASH_LEN..end].first_chunk().expect("32 bytes were taken"),
    }
}

/// Returns the hash an entry at the start of `bytes` must have after `previous`.
pub(crate) fn expected_hash(bytes: &[u8], payload_len: usize, previous: &Hash) -> Hash {
    hash(previous, &bytes[8..HEAD_LEN], &bytes[HEAD_LEN..HEAD_LEN + payload_len])
}

/// `SHA-256(tag || previous || seq || at || durable_seq || len || payload)`; `fixed` holds the three numbers as stored.
fn hash(previous: &Hash, fixed: &[u8], payload: &[u8]) -> Hash {
    let mut prefix = [0_u8; TAG.len() + HASH_LEN + 24 + 4];
    prefix[..TAG.len()].copy_from_slice(TAG);
    prefix[TAG.len()..TAG.len() + HASH_LEN].copy_from_slice(previous);
    prefix[TAG.len() + HASH_LEN..TAG.len() + HASH_LEN + 24].copy_from_slice(fixed);
    let len = u32::try_from(payload.len())
        .expect("a payload's length was read from or written to 32 bits");
    prefix[TAG.len() + HASH_LEN + 24..].copy_from_slice(&len.to_le_bytes());
    let mut hasher = Sha256::new();
    hasher.update(prefix);
    hasher.update(payload);
    hasher.finalize().into()
}

pub(crate) fn field_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

pub(crate) fn field_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<64>();
    chunks.iter().all(|chunk| chunk.iter().fold(0, |sum, byte| sum | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}
