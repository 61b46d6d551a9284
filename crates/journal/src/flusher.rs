//! Makes batches durable: seals them into the chain, writes, syncs, marks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::batch::Batch;
use crate::checkpoint::{Checkpoint, CheckpointLog};
use crate::entry::{Hash, field_u64, seal_all};
use crate::error::JournalError;
use crate::header::{HEADER_LEN, Header};
use crate::mark::Mark;
use crate::receipt::Receipt;
use crate::segment::segment_name;
use crate::spare::Spare;
use crate::storage::{Storage, StorageFile};

/// The half of a journal that touches the disk.
pub(crate) struct Flusher {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) partition: String,
    pub(crate) build: String,
    pub(crate) segment_bytes: u64,
    pub(crate) segment: Segment,
    pub(crate) seq: u64,
    pub(crate) last_at: i64,
    /// Hash of the last durable entry.
    pub(crate) head: Hash,
    /// Hash the next entry links to.
    pub(crate) link: Hash,
    pub(crate) durable: Arc<AtomicU64>,
    pub(crate) checkpoints: CheckpointLog,
    pub(crate) poisoned: Arc<AtomicBool>,
}

/// The segment being written.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) index: u64,
    pub(crate) header: Hash,
    /// Where the next entry goes.
    pub(crate) offset: u64,
}

impl Flusher {
    /// Makes a batch durable. After an error the flusher takes nothing more.
    pub(crate) fn flush(&mut self, batch: &mut Batch) -> Result<Receipt, JournalError> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(JournalError::Poisoned);
        }
        let outcome = self.write_batch(batch);
        self.poisoned.store(outcome.is_err(), Ordering::Release);
        outcome
    }

    /// As `flush`; the batch is empty afterwards, its room kept.
    pub(crate) fn flush_and_clear(&mut self, batch: &mut Batch) -> Result<Receipt, JournalError> {
        let receipt = self.flush(batch);
        batch.clear();
        receipt
    }

    /// Returns the proof for what is durable.
    pub(crate) fn last_receipt(&self) -> Result<Receipt, JournalError> {
        if self.poisoned.load(Ordering::Acquire) {
            Err(JournalError::Poisoned)
        } else {
            Ok(self.receipt())
        }
    }

    fn write_batch(&mut self, batch: &mut Batch) -> Result<Receipt, JournalError> {
        if batch.is_empty() {
            return Ok(self.receipt());
        }
        let rolled = !batch.rolls.is_empty();
        for (spare, range) in batch.parts() {
            let part = &mut batch.bytes[range];
            if let Some(spare) = spare {
                self.roll(spare, part)?;
            }
            self.write_part(part, batch.last_seq)?;
        }
        self.seq = batch.last_seq;
        self.last_at = batch.last_at;
        self.durable.store(self.seq, Ordering::Release);
        self.write_mark()?;
        self.checkpoint_if_due(rolled)?;
        Ok(self.receipt())
    }

    fn receipt(&self) -> Receipt {
        Receipt::new(self.seq, self.head)
    }

    /// Writes entries that belong to the present segment, and syncs it.
    ///
    /// Without entries, when the next segment is about to be started, the sync is for the mark: a sealed segment must
    /// not hold half of one. It is written again, because after a sync that failed the page cache can hold it as clean
    /// although the disk does not.
    fn write_part(&mut self, part: &mut [u8], seq: u64) -> Result<(), JournalError> {
        if part.is_empty() {
            self.write_mark()?;
        } else {
            self.link = seal_all(part, self.link);
            self.head = self.link;
        }
        let Segment { name, file, offset, .. } = &mut self.segment;
        let written = file.write_at(part, *offset);
        written.map_err(|source| JournalError::Write {
            seq,
            file: name.clone(),
            offset: *offset,
            source,
        })?;
        *offset += part.len() as u64;
        file.sync_data().map_err(|source| JournalError::Sync { seq, file: name.clone(), source })
    }

    /// Puts the next segment in place. All entries before it are durable, and its header is before it has its name.
    fn roll(&mut self, spare: Spare, part: &[u8]) -> Result<(), JournalError> {
        let first_seq = field_u64(part, 8);
        let name = segment_name(first_seq);
        let (block, hash) =
            self.next_header(spare.index, first_seq, field_u64(part, 16).cast_signed()).encode();
        let placed = place_segment(&*self.storage, &spare, &block, &name);
        placed.map_err(|source| JournalError::Roll { file: name.clone(), source })?;
        self.link = hash;
        let Spare { index, file, .. } = spare;
        let file = Arc::from(file);
        self.segment = Segment { name, file, index, header: hash, offset: HEADER_LEN as u64 };
        Ok(())
    }

    fn next_header(&self, index: u64, first_seq: u64, created_at: i64) -> Header {
        Header {
            index,
            first_seq,
            created_at,
            size: self.segment_bytes,
            previous_head: self.head,
            previous_header: self.segment.header,
            partition: self.partition.clone(),
            build: self.build.clone(),
        }
    }

    /// Writes, without a sync, that all entries are durable.
    pub(crate) fn write_mark(&mut self) -> Result<(), JournalError> {
        let mark = Mark { seq: self.seq, head: self.head }.encode();
        let Segment { name, file, offset, .. } = &self.segment;
        let written = file.write_at(&mark, *offset);
        written.map_err(|source| JournalError::Write {
            seq: self.seq,
            file: name.clone(),
            offset: *offset,
            source,
        })
    }

    fn checkpoint_if_due(&mut self, rolled: bool) -> Result<(), JournalError> {
        if !self.checkpoints.is_due(self.seq, rolled) {
            return Ok(());
        }
        match self.checkpoints.write(self.seq, self.last_at, self.head) {
            // `room` tells that the disk is full; the entries are durable without the checkpoint.
            Err(error) if is_disk_full(&error) => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }

    /// Signs a checkpoint at the last durable entry. A full disk does not poison the journal, anything else does.
    pub(crate) fn checkpoint(&mut self, at: i64) -> Result<Checkpoint, JournalError> {
        self.last_receipt()?;
        let outcome = self.checkpoints.write(self.seq, at, self.head);
        if let Err(error @ JournalError::WriteCheckpoint { .. }) = &outcome {
            self.poisoned.store(!is_disk_full(error), Ordering::Release);
        }
        outcome
    }
}

fn is_disk_full(error: &JournalError) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    matches!(error, JournalError::WriteCheckpoint { source, .. } if full.contains(&source.kind()))
}

/// Gives a prepared file its header and, once that is durable, its name.
pub(crate) fn place_segment(
    storage: &dyn Storage,
    spare: &Spare,
    header: &[u8],
    name: &str,
) -> io::Result<()> {
    spare.file.write_at(header, 0)?;
    spare.file.sync_data()?;
    storage.rename(&spare.name, name)
}
