//! A file whose large reads and writes go past the page cache.
//!
//! A batch under load is megabytes: copying it into cold pages of the cache took two thirds of the flushing thread
//! (`docs/performance.md`). Its whole blocks are written directly; the ends, and everything small, go through the cache,
//! which the kernel keeps coherent with direct writes to the same file (open(2), `O_DIRECT`). Nothing is durable before
//! `sync_data`, either way. Recovery reads the same way, into buffers that are aligned for it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;

use crate::storage::StorageFile;

/// Direct writes start, end and lie in memory at multiples of this: no device asks for more.
pub(crate) const BLOCK_BYTES: usize = 4096;
/// From this size a write is worth going directly: below, waiting for the device costs more than a copy.
const DIRECT_BYTES_MIN: usize = 64 << 10;
/// A write is staged in pieces of this size, small enough to stay in a core's own cache.
const PIECE_BYTES: usize = 1 << 20;

/// A file on disk with a second handle for direct access, where the file system has such.
pub(crate) struct DirectFile {
    file: File,
    direct: Option<Direct>,
}

struct Direct {
    file: File,
    /// One piece, with room to find an aligned start in it.
    staging: Mutex<Vec<u8>>,
}

impl DirectFile {
    /// Uses an open file, and opens it a second time for direct access.
    pub(crate) fn over(file: File, path: &Path) -> Self {
        let flags = OFlags::DIRECT.bits().cast_signed();
        let direct = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).ok();
        let direct = direct.map(|file| Direct { file, staging: Mutex::default() });
        Self { file, direct }
    }
}

impl StorageFile for DirectFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Directly where the buffer allows it; what a direct read leaves, as at the end of the file, through the cache.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = match &self.direct {
            Some(direct) if is_direct(buffer, offset) => direct.file.read_at(buffer, offset)?,
            _ => 0,
        };
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let Some(direct) = self.direct.as_ref().filter(|_| bytes.len() >= DIRECT_BYTES_MIN) else {
            return self.file.write_all_at(bytes, offset);
        };
        let (head, blocks, tail) = at_blocks(bytes, offset);
        self.file.write_all_at(head, offset)?;
        let offset = offset + head.len() as u64;
        direct.write_blocks(blocks, offset)?;
        self.file.write_all_at(tail, offset + blocks.len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

impl Direct {
    fn write_blocks(&self, blocks: &[u8], offset: u64) -> io::Result<()> {
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        staging.resize(PIECE_BYTES + BLOCK_BYTES, 0);
        let start = aligned_start(&staging);
        let mut at = offset;
        for piece in blocks.chunks(PIECE_BYTES) {
            let staged = &mut staging[start..][..piece.len()];
            staged.copy_from_slice(piece);
            self.file.write_all_at(staged, at)?;
            at += piece.len() as u64;
        }
        Ok(())
    }
}

/// The first position in a buffer from which direct reads and writes are possible.
pub(crate) fn aligned_start(buffer: &[u8]) -> usize {
    buffer.as_ptr().align_offset(BLOCK_BYTES)
}

/// Whether a read may go directly: long enough to be worth it, and whole blocks on both sides.
fn is_direct(buffer: &[u8], offset: u64) -> bool {
    buffer.len() >= DIRECT_BYTES_MIN
        && buffer.len().is_multiple_of(BLOCK_BYTES)
        && offset.is_multiple_of(BLOCK_BYTES as u64)
        && aligned_start(buffer) == 0
}

/// Parts bytes that are to stand at this offset into what lies before, in and behind whole blocks of the file.
fn at_blocks(bytes: &[u8], offset: u64) -> (&[u8], &[u8], &[u8]) {
    let into = usize::try_from(offset % BLOCK_BYTES as u64).expect("below a block");
    let (head, rest) = bytes.split_at((BLOCK_BYTES - into) % BLOCK_BYTES);
    let (blocks, tail) = rest.split_at(rest.len() / BLOCK_BYTES * BLOCK_BYTES);
    (head, blocks, tail)
}
