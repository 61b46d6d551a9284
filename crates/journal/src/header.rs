//! The header of a segment: one block of 4,096 bytes that ties the segment to its predecessor and feeds the chain.
//!
//! | offset | bytes | field |
//! |--:|--:|---|
//! | 0 | 8 | magic `FWSEGMT\n` |
//! | 8 | 4 | format version, 1 |
//! | 12 | 4 | CRC-32C of bytes 16 to 4,095 |
//! | 16 | 8 | index, the first segment is 0 |
//! | 24 | 8 | `first_seq` |
//! | 32 | 8 | `created_at`, nanoseconds UTC |
//! | 40 | 8 | size of the segment in bytes, this block included |
//! | 48 | 32 | hash of the last entry before this segment; the genesis hash in the first |
//! | 80 | 32 | hash of the previous segment's header; zeros in the first |
//! | 112 | 2 | length of the partition's name |
//! | 114 | 2 | length of the build text |
//! | 116 | | partition's name, then build text, UTF-8, then zeros |
//! | 4064 | 32 | header hash |

use sha2::{Digest, Sha256};

use crate::entry::{HASH_LEN, Hash, field_u32, field_u64};
use crate::error::Damage;
use crate::options::{MAX_SEGMENT, MIN_SEGMENT};

/// Bytes of the header block; entries start here.
pub const HEADER_LEN: usize = 4096;
/// The format this build writes.
pub const FORMAT_VERSION: u32 = 1;
/// Longest partition name and longest build text, in bytes.
pub(crate) const MAX_TEXT: usize = 255;

const MAGIC: &[u8; 8] = b"FWSEGMT\n";
const TAG: &[u8] = b"fillwright/segment/1";
const GENESIS_TAG: &[u8] = b"fillwright/genesis/1";
const TEXT_AT: usize = 116;
const HASH_AT: usize = HEADER_LEN - HASH_LEN;

/// What a segment says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Number of the segment, the first being 0.
    pub index: u64,
    /// Sequence number of its first entry.
    pub first_seq: u64,
    /// Logical time of its first entry, nanoseconds UTC.
    pub created_at: i64,
    /// Size in bytes, this block included.
    pub size: u64,
    /// Hash of the last entry before this segment.
    pub previous_head: Hash,
    /// Hash of the header before this one.
    pub previous_header: Hash,
    /// Name of the journal's partition.
    pub partition: String,
    /// The build that wrote it, for people.
    pub build: String,
}

/// Returns the hash that stands before the first entry of a partition.
pub fn genesis(partition: &str) -> Hash {
    Sha256::new().chain_update(GENESIS_TAG).chain_update(partition).finalize().into()
}

impl Header {
    /// Encodes the block and returns it with its hash, which the segment's first entry links to.
    ///
    /// # Panics
    ///
    /// Panics if a text is longer than `MAX_TEXT`; opening the journal refuses such texts.
    pub fn encode(&self) -> (Vec<u8>, Hash) {
        let mut block = vec![0; HEADER_LEN];
        block[0..8].copy_from_slice(MAGIC);
        block[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        block[16..24].copy_from_slice(&self.index.to_le_bytes());
        block[24..32].copy_from_slice(&self.first_seq.to_le_bytes());
        block[32..40].copy_from_slice(&self.created_at.to_le_bytes());
        block[40..48].copy_from_slice(&self.size.to_le_bytes());
        block[48..80].copy_from_slice(&self.previous_head);
        block[80..112].copy_from_slice(&self.previous_header);
        self.encode_texts(&mut block);
        let hash = hash_of(&block);
        block[HASH_AT..].copy_from_slice(&hash);
        let checksum = crc32c::crc32c(&block[16..]);
        block[12..16].copy_from_slice(&checksum.to_le_bytes());
        (block, hash)
    }

    fn encode_texts(&self, block: &mut [u8]) {
        let partition_end = TEXT_AT + self.partition.len();
        let build_end = partition_end + self.build.len();
        block[112..114].copy_from_slice(&text_len(&self.partition).to_le_bytes());
        block[114..116].copy_from_slice(&text_len(&self.build).to_le_bytes());
        block[TEXT_AT..partition_end].copy_from_slice(self.partition.as_bytes());
        block[partition_end..build_end].copy_from_slice(self.build.as_bytes());
    }

    /// Decodes a block and returns it with its hash.
    ///
    /// # Errors
    ///
    /// `HeaderBroken` if checksum or hash do not match or the size is impossible, `UnknownFormat` if they do and the version is another.
    #[allow(clippy::missing_panics_doc)] // The length is checked first.
    pub fn decode(block: &[u8]) -> Result<(Self, Hash), Damage> {
        let hash = check(block)?;
        let version = field_u32(block, 8);
        if version != FORMAT_VERSION {
            return Err(Damage::UnknownFormat { version });
        }
        let (partition, build) = decode_texts(block).ok_or(Damage::HeaderBroken)?;
        let header = Self {
            index: field_u64(block, 16),
            first_seq: field_u64(block, 24),
            created_at: field_u64(block, 32).cast_signed(),
            size: field_u64(block, 40),
            previous_head: *block[48..].first_chunk().expect("the length was checked"),
            previous_header: *block[80..].first_chunk().expect("the length was checked"),
            partition,
            build,
        };
        if !(MIN_SEGMENT..=MAX_SEGMENT).contains(&header.size) {
            return Err(Damage::HeaderBroken);
        }
        Ok((header, hash))
    }
}

fn check(block: &[u8]) -> Result<Hash, Damage> {
    if block.len() != HEADER_LEN || &block[0..8] != MAGIC {
        return Err(Damage::HeaderBroken);
    }
    let hash = hash_of(block);
    if block[HASH_AT..] != hash || crc32c::crc32c(&block[16..]) != field_u32(block, 12) {
        return Err(Damage::HeaderBroken);
    }
    Ok(hash)
}

fn hash_of(block: &[u8]) -> Hash {
    Sha256::new()
        .chain_update(TAG)
        .chain_update(&block[0..12])
        .chain_update(&block[16..HASH_AT])
        .finalize()
        .into()
}

fn text_len(text: &str) -> u16 {
    assert!(text.len() <= MAX_TEXT, "opening the journal refuses longer texts");
    u16::try_from(text.len()).expect("at most 255")
}

fn decode_texts(block: &[u8]) -> Option<(String, String)> {
    let partition_len = usize::from(u16::from_le_bytes(*block[112..].first_chunk()?));
    let build_len = usize::from(u16::from_le_bytes(*block[114..].first_chunk()?));
    let partition = block.get(TEXT_AT..TEXT_AT + partition_len)?;
    let build = block.get(TEXT_AT + partition_len..TEXT_AT + partition_len + build_len)?;
    Some((String::from_utf8(partition.to_vec()).ok()?, String::from_utf8(build.to_vec()).ok()?))
}
