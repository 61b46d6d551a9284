//! The event file (`.fwm`): every kind of event in one compact form, in blocks that carry their checksum.
//!
//! Prices and quantities are whole numbers of a power of ten that is chosen for each block, and stored as differences from
//! the last of their kind; `docs/market-format.md` is the format byte by byte. A block is decoded without the ones before
//! it, so damage ends where its block ends.

mod block;
mod number;
mod reader;
mod writer;

pub use reader::FileReader;
pub use writer::{FileWriter, Written};

/// What stands at the beginning of a file.
const FILE_MAGIC: [u8; 8] = *b"FWMARKET";
/// The version of the format, raised when a reader of this one would misread a file.
const VERSION: u16 = 1;
/// Magic, version, two bytes of zero, and their checksum.
const FILE_HEADER_BYTES: usize = 16;
/// What stands at the beginning of a block.
const BLOCK_MAGIC: [u8; 4] = *b"FWMB";
/// A block's header.
const BLOCK_HEADER_BYTES: usize = 40;
/// The longest payload a reader takes memory for.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file ends inside it, or where the block that ends every file should be.
    #[error("the file is cut off here")]
    CutOff,
    /// No event file, or a damaged one.
    #[error("this is not the beginning of an event file")]
    NoEventFile,
    /// Written by a later version.
    #[error("it is of version {0} of the format; this program reads version 1")]
    Version(u16),
    /// No block begins here.
    #[error("no block begins here")]
    NoBlock,
    /// The checksum does not hold.
    #[error("its checksum does not hold; bytes were changed")]
    Checksum,
    /// A block is missing before this one, or it is not of this file.
    #[error("it does not follow the block before it")]
    OutOfSequence,
    /// It is longer than any block should be.
    #[error("it claims to be longer than any block")]
    TooLong,
    /// Its checksum holds and it makes no sense: no writer of ours wrote it.
    #[error("what it holds makes no sense")]
    Malformed,
    /// There is more behind the end.
    #[error("there are bytes behind the end of the file's last block")]
    BehindEnd,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    /// Instruments, appended to those of the blocks before.
    Listings = 1,
    /// Events with numbers of 64 bits.
    Narrow = 2,
    /// Events with numbers of 128 bits.
    Wide = 3,
    /// Nothing: the end.
    End = 4,
}

impl BlockKind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Listings, Self::Narrow, Self::Wide, Self::End]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BlockHeader {
    kind: BlockKind,
    /// Decimals of the prices.
    px_decimals: u8,
    /// Decimals of the quantities.
    qty_decimals: u8,
    /// Event times are whole multiples of this power of ten, in nanoseconds, from the first.
    time_zeros: u8,
    payload_bytes: u32,
    /// Events, or listings.
    count: u32,
    /// Events in the blocks before.
    events_before: u64,
    /// The event time the first event's is counted from.
    base_ns: i64,
    /// The number of the block, from one.
    number: u32,
}

impl BlockHeader {
    /// The header with the checksum of itself and its payload.
    fn encode(&self, payload: &[u8]) -> [u8; BLOCK_HEADER_BYTES] {
        let mut bytes = [0; BLOCK_HEADER_BYTES];
        bytes[..4].copy_from_slice(&BLOCK_MAGIC);
        bytes[4..8].copy_from_slice(&[
            self.kind as u8,
            self.px_decimals,
            self.qty_decimals,
            self.time_zeros,
        ]);
        bytes[8..12].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.count.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.events_before.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.base_ns.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.number.to_le_bytes());
        let sum = checksum(&bytes, payload);
        bytes[36..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a header; the checksum can only be held once the payload is there.
    fn decode(bytes: &[u8; BLOCK_HEADER_BYTES]) -> Result<Self, Damage> {
        if bytes[..4] != BLOCK_MAGIC {
            return Err(Damage::NoBlock);
        }
        let header = Self {
            kind: BlockKind::of(bytes[4]).ok_or(Damage::NoBlock)?,
            px_decimals: bytes[5],
            qty_decimals: bytes[6],
            time_zeros: bytes[7],
            payload_bytes: u32::from_le_bytes(part(bytes, 8)),
            count: u32::from_le_bytes(part(bytes, 12)),
            events_before: u64::from_le_bytes(part(bytes, 16)),
            base_ns: i64::from_le_bytes(part(bytes, 24)),
            number: u32::from_le_bytes(part(bytes, 32)),
        };
        if header.payload_bytes as usize > PAYLOAD_BYTES_MAX {
            return Err(Damage::TooLong);
        }
        Ok(header)
    }
}

/// Whether the checksum in a header is that of the header and its payload.
fn is_whole(header: &[u8; BLOCK_HEADER_BYTES], payload: &[u8]) -> bool {
    checksum(header, payload) == u32::from_le_bytes(part(header, 36))
}

/// CRC-32C of a header up to its checksum, and of the payload.
fn checksum(header: &[u8; BLOCK_HEADER_BYTES], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..36]), payload)
}

/// The first bytes of every file.
fn file_header() -> [u8; FILE_HEADER_BYTES] {
    let mut bytes = [0; FILE_HEADER_BYTES];
    bytes[..8].copy_from_slice(&FILE_MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    let sum = crc32c::crc32c(&bytes[..12]);
    bytes[12..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn check_file_header(bytes: &[u8; FILE_HEADER_BYTES]) -> Result<(), Damage> {
    let holds = u32::from_le_bytes(part(bytes, 12)) == crc32c::crc32c(&bytes[..12]);
    if bytes[..8] != FILE_MAGIC || !holds {
        return Err(Damage::NoEventFile);
    }
    match u16::from_le_bytes(part(bytes, 8)) {
        VERSION => Ok(()),
        other => Err(Damage::Version(other)),
    }
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}
