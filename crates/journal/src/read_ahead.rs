//! A segment read ahead of whoever checks it, by a thread that does nothing else: the disk works while the entries before
//! are hashed.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::buffers::Buffers;
use crate::direct_file::{BLOCK_BYTES, aligned_start};
use crate::storage::StorageFile;

/// Bytes read at once.
pub(crate) const PIECE_BYTES: usize = 1 << 20;
/// Room kept before a piece for the entry that the piece before it cut off; a longer one is put together elsewhere.
const HEADROOM_BYTES: usize = 64 << 10;
/// Pieces that may wait to be checked.
const AHEAD: usize = 2;

/// The rest of a segment, piece by piece.
pub(crate) struct ReadAhead {
    pieces: Receiver<io::Result<Piece>>,
    /// What of the last piece was not used.
    kept: Vec<u8>,
}

/// Some bytes of a segment, with room before them.
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` they start.
    pub(crate) start: usize,
    /// Whether the file ends here.
    pub(crate) is_last: bool,
}

impl ReadAhead {
    /// Starts to read a file from one offset, a multiple of the block size, up to another.
    pub(crate) fn start(
        file: Arc<dyn StorageFile>,
        from: u64,
        to: u64,
        buffers: Arc<Mutex<Buffers>>,
    ) -> Self {
        let (out, pieces) = sync_channel(AHEAD);
        let read = move || read_all(&*file, from..to, &buffers, &out);
        let thread = thread::Builder::new().name("journal-read".to_owned()).spawn(read);
        drop(thread.expect("the system can start a thread"));
        Self { pieces, kept: Vec::new() }
    }

    /// The bytes that were kept, and the next piece behind them.
    pub(crate) fn next(&mut self) -> io::Result<Piece> {
        let piece = match self.pieces.recv() {
            Ok(piece) => piece?,
            Err(_) => Piece { bytes: Vec::new(), start: 0, is_last: true },
        };
        Ok(piece.behind(&std::mem::take(&mut self.kept)))
    }

    /// Keeps bytes that can only be used together with the next piece.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.kept.clear();
        self.kept.extend_from_slice(bytes);
    }
}

impl Piece {
    fn behind(mut self, kept: &[u8]) -> Self {
        if let Some(start) = self.start.checked_sub(kept.len()) {
            self.bytes[start..self.start].copy_from_slice(kept);
            return Self { start, ..self };
        }
        Self { bytes: [kept, &self.bytes[self.start..]].concat(), start: 0, ..self }
    }
}

fn read_all(
    file: &dyn StorageFile,
    range: std::ops::Range<u64>,
    buffers: &Mutex<Buffers>,
    out: &SyncSender<io::Result<Piece>>,
) {
    let mut at = range.start;
    while at < range.end {
        let len = usize::try_from(range.end - at).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        let piece = read_piece(file, at, len, buffers);
        let ends = !matches!(&piece, Ok(piece) if !piece.is_last);
        if out.send(piece).is_err() || ends {
            return;
        }
        at += len as u64;
    }
}

fn read_piece(
    file: &dyn StorageFile,
    offset: u64,
    len: usize,
    buffers: &Mutex<Buffers>,
) -> io::Result<Piece> {
    let room = HEADROOM_BYTES + BLOCK_BYTES + PIECE_BYTES;
    let mut bytes = buffers.lock().unwrap_or_else(PoisonError::into_inner).take(room);
    let start = HEADROOM_BYTES + aligned_start(&bytes[HEADROOM_BYTES..]);
    let read = file.read_at(&mut bytes[start..start + len], offset)?;
    bytes.truncate(start + read);
    Ok(Piece { bytes, start, is_last: read < len })
}
