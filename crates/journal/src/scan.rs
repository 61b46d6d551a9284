//! The one pass over a journal that checks everything: headers, sequence, checksums, chain, anchors, and the tail.

use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use crate::buffers::Buffers;
use crate::chain::Chain;
use crate::chunk::Chunk;
use crate::entry::{self, Found};
use crate::error::{Damage, JournalError};
use crate::header::{HEADER_LEN, Header};
use crate::read_ahead::{PIECE_BYTES, Piece, ReadAhead};
use crate::segment::{segment_name, segments_in};
use crate::storage::{Storage, StorageFile};
use crate::tail::{Tail, TornTail};

/// Bytes read at once, unless a single entry is larger.
const CHUNK_LEN: usize = 256 << 10;

/// A fact from outside the segments: at `seq` the chain had this hash, and the entry was durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) seq: u64,
    pub(crate) head: entry::Hash,
    /// The record's name, for people.
    pub(crate) name: String,
}

/// What to scan.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) partition: String,
    /// Entries up to here are not handed out; whole segments of them are stepped over by their headers.
    pub(crate) after: u64,
    /// Stop here; entries up to here are known to be durable. Without it the tail is examined.
    pub(crate) up_to: Option<u64>,
    pub(crate) anchors: Vec<Anchor>,
}

pub(crate) struct Scan {
    storage: Arc<dyn Storage>,
    plan: Plan,
    firsts: Vec<u64>,
    chain: Chain,
    next_anchor: usize,
    /// Whether the last segment was stepped over, so that its last hash is not known.
    stepped: bool,
    place: Option<Place>,
    end: Option<End>,
    buffers: Arc<Mutex<Buffers>>,
    /// Where used buffers go.
    home: Sender<Vec<u8>>,
}

/// The segment being read.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) header: Header,
    /// Where the next entry starts.
    pub(crate) offset: u64,
    ahead: Option<ReadAhead>,
}

/// What a finished scan found.
pub(crate) struct End {
    pub(crate) chain: Chain,
    /// The last segment, if there is any.
    pub(crate) place: Option<Place>,
    /// What is to be dropped behind the last entry.
    pub(crate) torn: Option<TornTail>,
    /// Whether a mark stands behind the last entry.
    pub(crate) marked: bool,
}

impl Scan {
    pub(crate) fn new(storage: Arc<dyn Storage>, mut plan: Plan) -> Result<Self, JournalError> {
        let names = storage.list().map_err(|source| JournalError::List { source })?;
        plan.anchors.sort_by_key(|anchor| anchor.seq);
        let chain = Chain::start(&plan.partition);
        let firsts = segments_in(&names);
        let buffers = Buffers::new();
        let mut scan = Self {
            storage,
            plan,
            firsts,
            chain,
            next_anchor: 0,
            stepped: false,
            place: None,
            end: None,
            home: buffers.home(),
            buffers: Arc::new(Mutex::new(buffers)),
        };
        scan.skip_segments()?;
        Ok(scan)
    }

    /// Reads and checks some more entries. `None` at the end, which `end` then describes.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, JournalError> {
        while self.end.is_none() {
            let Some(place) = self.place.take() else {
                self.enter_next()?;
                continue;
            };
            let chunk = self.read_chunk(place)?;
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// Goes on from where the scan has ended, up to an entry that has become durable since.
    pub(crate) fn resume(&mut self, up_to: u64) {
        self.plan.up_to = Some(up_to);
        if let Some(end) = self.end.take() {
            self.place = end.place;
        }
    }

    /// Returns the last entry that was checked.
    pub(crate) fn seq(&self) -> u64 {
        self.chain.seq
    }

    /// Returns the segment in which the scan has ended, if it has.
    pub(crate) fn standing(&self) -> Option<&Place> {
        self.end.as_ref().and_then(|end| end.place.as_ref())
    }

    /// Returns the first sequence number of the segment after the present one, listing the folder if none is known.
    pub(crate) fn next_first(&mut self) -> Result<Option<u64>, JournalError> {
        if self.firsts.len() <= self.entered() && self.plan.up_to.is_some() {
            let names = self.storage.list().map_err(|source| JournalError::List { source })?;
            self.firsts = segments_in(&names);
        }
        Ok(self.firsts.get(self.entered()).copied())
    }

    /// Scans to the end, handing nothing out.
    pub(crate) fn finish(mut self) -> Result<End, JournalError> {
        while self.next_chunk()?.is_some() {}
        Ok(self.end.expect("the scan has just ended"))
    }

    /// Steps over the segments that end at or before `after`.
    fn skip_segments(&mut self) -> Result<(), JournalError> {
        while self.firsts.get(self.entered() + 1).is_some_and(|next| *next <= self.plan.after) {
            let (place, hash) = self.open_segment()?;
            let stepped = self.chain.step_over(&place.header, hash);
            stepped.map_err(|what| self.damaged(&place.name, 0, what))?;
            self.stepped = true;
        }
        let seq = self.chain.seq;
        self.next_anchor = self.plan.anchors.partition_point(|anchor| anchor.seq <= seq && seq > 0);
        Ok(())
    }

    fn entered(&self) -> usize {
        usize::try_from(self.chain.segments).expect("segments are counted from a list in memory")
    }

    fn enter_next(&mut self) -> Result<(), JournalError> {
        if self.next_first()?.is_none() {
            return self.end_without_segments();
        }
        if self.entered() == 0 && self.firsts[0] != 1 {
            return Err(self.damaged(&segment_name(1), 0, Damage::SegmentMissing));
        }
        let (place, hash) = self.open_segment()?;
        let entered = if std::mem::take(&mut self.stepped) {
            self.chain.step_over(&place.header, hash)
        } else {
            self.chain.enter(&place.header, hash)
        };
        entered.map_err(|what| self.damaged(&place.name, 0, what))?;
        self.place = Some(place);
        Ok(())
    }

    fn end_without_segments(&mut self) -> Result<(), JournalError> {
        if let Some(last) = self.plan.anchors.last() {
            return Err(self.damaged(&segment_name(1), 0, Damage::EndsEarly { proven: last.seq }));
        }
        self.end = Some(End { chain: self.chain.clone(), place: None, torn: None, marked: false });
        Ok(())
    }

    fn open_segment(&self) -> Result<(Place, entry::Hash), JournalError> {
        let first = self.firsts[self.entered()];
        let name = segment_name(first);
        let file = self
            .storage
            .open(&name)
            .map_err(|source| JournalError::Open { file: name.clone(), source })?;
        let mut block = vec![0; HEADER_LEN];
        let read = file.read_at(&mut block, 0).map_err(|source| read_error(&name, 0, source))?;
        block.truncate(read);
        let (header, hash) =
            Header::decode(&block).map_err(|what| damaged(first, &name, 0, what))?;
        if header.partition != self.plan.partition {
            return Err(damaged(
                first,
                &name,
                0,
                Damage::ForeignPartition { found: header.partition },
            ));
        }
        if header.first_seq != first {
            return Err(damaged(first, &name, 0, Damage::SegmentDoesNotFollow));
        }
        let file = Arc::from(file);
        Ok((Place { name, file, header, offset: HEADER_LEN as u64, ahead: None }, hash))
    }

    /// Reads and checks entries from where `place` stands; leaves the segment when they end.
    fn read_chunk(&mut self, mut place: Place) -> Result<Chunk, JournalError> {
        let mut len = CHUNK_LEN;
        loop {
            let limit = usize::try_from(place.header.size - place.offset).unwrap_or(usize::MAX);
            let before = place.offset;
            let read = self.read(&mut place, len.min(limit));
            let piece = read.map_err(|source| read_error(&place.name, before, source))?;
            let is_cut = piece.is_last;
            let (chunk, needed) = self.check(&mut place, piece)?;
            let left = limit as u64 - (place.offset - before);
            let more = needed.filter(|needed| !is_cut && *needed as u64 <= left);
            match more {
                Some(needed) if place.offset == before => {
                    len = needed;
                    continue;
                }
                Some(_) => self.place = Some(place),
                None if self.reached() => self.end_here(place),
                None => self.leave(place)?,
            }
            return Ok(chunk);
        }
    }

    /// Checks the entries of a piece. The number is how many bytes the first one cut off needs.
    fn check(
        &mut self,
        place: &mut Place,
        piece: Piece,
    ) -> Result<(Chunk, Option<usize>), JournalError> {
        let Piece { bytes, mut start, .. } = piece;
        let mut chunk = Chunk::default();
        let needed = loop {
            if self.reached() {
                break None;
            }
            match entry::read(&bytes[start..]) {
                Found::Whole(entry, len) => {
                    let accepted = self.chain.accept(&entry, &bytes[start..]);
                    accepted.map_err(|what| self.damaged(&place.name, place.offset, what))?;
                    self.check_anchors(place)?;
                    if entry.seq > self.plan.after {
                        chunk.push(start, entry.payload.len());
                    }
                    start += len;
                    place.offset += len as u64;
                }
                Found::Short(needed) => break Some(needed),
                Found::Other => break None,
            }
        };
        if let Some(ahead) = &mut place.ahead {
            ahead.keep(&bytes[start..]);
        }
        Ok((chunk.over(bytes, self.home.clone()), needed))
    }

    fn reached(&self) -> bool {
        self.plan.up_to.is_some_and(|up_to| self.chain.seq >= up_to)
    }

    fn check_anchors(&mut self, place: &Place) -> Result<(), JournalError> {
        while let Some(anchor) = self.plan.anchors.get(self.next_anchor)
            && anchor.seq <= self.chain.seq
        {
            if anchor.seq == self.chain.seq && anchor.head != self.chain.head {
                let what = Damage::AnchorDiffers { anchor: anchor.name.clone() };
                return Err(damaged(self.chain.seq, &place.name, place.offset, what));
            }
            self.next_anchor += 1;
        }
        Ok(())
    }

    fn end_here(&mut self, place: Place) {
        self.end =
            Some(End { chain: self.chain.clone(), place: Some(place), torn: None, marked: false });
    }

    /// The entries of a segment have ended: it is sealed, or this is the journal's tail.
    fn leave(&mut self, place: Place) -> Result<(), JournalError> {
        let tail = Tail::read(&place, &self.chain)?;
        match self.next_first()? {
            Some(next) => self.check_sealed(&place, &tail, next),
            None => self.check_tail(place, &tail),
        }
    }

    fn check_sealed(&mut self, place: &Place, tail: &Tail, next: u64) -> Result<(), JournalError> {
        let what = if tail.file_size != place.header.size {
            Damage::WrongSize { expected: place.header.size, found: tail.file_size }
        } else if next != self.chain.seq + 1 && tail.is_clean() {
            let missing = segment_name(self.chain.seq + 1);
            return Err(self.damaged(&missing, 0, Damage::SegmentMissing));
        } else if next != self.chain.seq + 1 {
            Damage::Broken { proven: next - 1 }
        } else if !tail.is_clean() {
            Damage::RemainderNotZero
        } else {
            return Ok(());
        };
        Err(self.damaged(&place.name, place.offset, what))
    }

    fn check_tail(&mut self, place: Place, tail: &Tail) -> Result<(), JournalError> {
        let anchored = self.plan.anchors.last().map_or(0, |anchor| anchor.seq);
        let proven =
            tail.proven.max(anchored).max(self.plan.up_to.unwrap_or(0)).max(self.chain.proven);
        if proven > self.chain.seq {
            let what = if tail.dirty_len > 0 {
                Damage::Broken { proven }
            } else {
                Damage::EndsEarly { proven }
            };
            return Err(self.damaged(&place.name, place.offset, what));
        }
        self.chain.proven = proven;
        self.end = Some(End {
            chain: self.chain.clone(),
            torn: tail.torn(&place, self.chain.seq),
            marked: tail.marked,
            place: Some(place),
        });
        Ok(())
    }

    /// Reads some more of a segment: what was read ahead, or so many bytes now.
    fn read(&self, place: &mut Place, len: usize) -> io::Result<Piece> {
        if self.is_worth_reading_ahead(place) {
            let (from, to) = (place.offset, place.header.size);
            let buffers = Arc::clone(&self.buffers);
            place.ahead = Some(ReadAhead::start(Arc::clone(&place.file), from, to, buffers));
        }
        if let Some(ahead) = &mut place.ahead {
            return ahead.next();
        }
        let mut bytes = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).take(len);
        let read = place.file.read_at(&mut bytes, place.offset)?;
        bytes.truncate(read);
        Ok(Piece { bytes, start: 0, is_last: read < len })
    }

    /// Whether this is the start of a segment of some size, all of which will be read.
    fn is_worth_reading_ahead(&self, place: &Place) -> bool {
        place.offset == HEADER_LEN as u64
            && place.ahead.is_none()
            && self.plan.up_to.is_none()
            && place.header.size > 2 * PIECE_BYTES as u64
    }

    /// Damage of the entry that should come next.
    fn damaged(&self, segment: &str, offset: u64, what: Damage) -> JournalError {
        damaged(self.chain.seq + 1, segment, offset, what)
    }
}

pub(crate) fn damaged(seq: u64, segment: &str, offset: u64, what: Damage) -> JournalError {
    JournalError::Damaged { seq, segment: segment.to_owned(), offset, what }
}

pub(crate) fn read_error(file: &str, offset: u64, source: io::Error) -> JournalError {
    JournalError::Read { file: file.to_owned(), offset, source }
}
