//! The members of a zip archive, read one after the other without unpacking any of them.

use crate::lines::Counted;
use crate::source::MarketError;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use zip::{CompressionMethod, ZipArchive};

/// An archive whose directory was read.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    members: Vec<Entry>,
    taken: Rc<Cell<u64>>,
}

/// Where a member lies.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    starts_at: u64,
    packed_bytes: u64,
    bytes: u64,
    checksum: u32,
    is_packed: bool,
}

impl Archive {
    pub(crate) fn open(path: &Path, taken: Rc<Cell<u64>>) -> Result<Self, MarketError> {
        let file = open(path)?;
        let unreadable = |error: zip::result::ZipError| {
            MarketError::unreadable(path, format!("it is not a zip archive: {error}"))
        };
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
        let mut members = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(unreadable)?;
            let name = member.name().map_err(unreadable)?.into_owned();
            let packing = member.compression();
            let is_packed = packing == CompressionMethod::DEFLATE;
            if !is_packed && packing != CompressionMethod::STORE {
                let reason = format!("{name} is not packed with deflate");
                return Err(MarketError::unreadable(path, reason));
            }
            let starts_at = member.data_start();
            let starts_at = starts_at
                .ok_or_else(|| MarketError::unreadable(path, format!("{name} lies nowhere")))?;
            members.push(Entry {
                starts_at,
                packed_bytes: member.compressed_size(),
                bytes: member.size(),
                checksum: member.crc32(),
                is_packed,
                name,
            });
        }
        Ok(Self { path: path.to_owned(), members, taken })
    }

    pub(crate) fn members(&self) -> &[Entry] {
        &self.members
    }

    /// A reader of one member, which checks what it read against the checksum of the archive.
    pub(crate) fn reader(&self, member: &Entry) -> Result<Checked, MarketError> {
        let mut file = open(&self.path)?;
        let to_read = |source| MarketError::Read { place: self.path.display().to_string(), source };
        file.seek(SeekFrom::Start(member.starts_at)).map_err(to_read)?;
        let packed = Counted::new(file.take(member.packed_bytes), Rc::clone(&self.taken));
        let packed = BufReader::with_capacity(1 << 16, packed);
        let from = if member.is_packed {
            Packed::Deflated(Box::new(DeflateDecoder::new(packed)))
        } else {
            Packed::Stored(packed)
        };
        Ok(Checked { from, sum: Crc::new(), bytes: member.bytes, checksum: member.checksum })
    }
}

fn open(path: &Path) -> Result<File, MarketError> {
    File::open(path).map_err(|source| MarketError::Open { path: path.to_owned(), source })
}

#[derive(Debug)]
enum Packed {
    Stored(BufReader<Counted<Take<File>>>),
    Deflated(Box<DeflateDecoder<BufReader<Counted<Take<File>>>>>),
}

/// A member being read. At its end its checksum must hold.
#[derive(Debug)]
pub(crate) struct Checked {
    from: Packed,
    sum: Crc,
    bytes: u64,
    checksum: u32,
}

impl Checked {
    fn check(&self) -> io::Result<()> {
        // The archive counts modulo 2^32, as the checksum does.
        let has_all = u64::from(self.sum.amount()) == self.bytes & u64::from(u32::MAX);
        if has_all && self.sum.sum() == self.checksum {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "its bytes do not match its checksum"))
    }
}

impl Read for Checked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = match &mut self.from {
            Packed::Stored(from) => from.read(into)?,
            Packed::Deflated(from) => from.read(into)?,
        };
        if taken == 0 && !into.is_empty() {
            self.check()?;
        }
        self.sum.update(&into[..taken]);
        Ok(taken)
    }
}
