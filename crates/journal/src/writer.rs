//! The journal as its writer sees it: append, commit, receipt.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::Batch;
use crate::checkpoint::Checkpoint;
use crate::entry::{self, HEAD_LEN};
use crate::error::JournalError;
use crate::flusher::Flusher;
use crate::header::HEADER_LEN;
use crate::lane::Lane;
use crate::mark::MARK_LEN;
use crate::options::max_payload;
use crate::receipt::Receipt;
use crate::spare::{Room, Spares};

/// A durable, hash-chained journal of opaque payloads, open for its one writer.
///
/// `append` only buffers. `commit` makes everything appended durable with one write and one sync, and only then gives
/// a receipt. After any failed write or sync the journal is poisoned for ever.
pub struct Journal {
    batch: Batch,
    /// Bytes of `batch` that belong to whole entries.
    whole: usize,
    next_seq: u64,
    /// Where in the present segment the next entry will go.
    planned: u64,
    /// Bytes of the present segment that entries may use.
    capacity: u64,
    next_index: u64,
    segment_bytes: u64,
    max_payload: u64,
    durable: Arc<AtomicU64>,
    poisoned: Arc<AtomicBool>,
    flusher: Arc<Mutex<Flusher>>,
    lane: Option<Lane>,
    spares: Spares,
    // Last, so that it is given up after the threads have ended.
    _lock: Box<dyn Any + Send + Sync>,
}

impl Journal {
    pub(crate) fn new(
        flusher: Flusher,
        present_size: u64,
        max_payload: u64,
        spares: Spares,
        lock: Box<dyn Any + Send + Sync>,
    ) -> Self {
        Self {
            batch: Batch::default(),
            whole: 0,
            next_seq: flusher.seq + 1,
            planned: flusher.segment.offset,
            capacity: present_size - MARK_LEN as u64,
            next_index: flusher.segment.index + 1,
            segment_bytes: flusher.segment_bytes,
            max_payload,
            durable: Arc::clone(&flusher.durable),
            poisoned: Arc::clone(&flusher.poisoned),
            flusher: Arc::new(Mutex::new(flusher)),
            lane: None,
            spares,
            _lock: lock,
        }
    }

    /// Buffers an entry and returns its sequence number. `at` is in nanoseconds UTC.
    ///
    /// # Errors
    ///
    /// `TooLarge` and `DiskFull` refuse this entry and leave all others as they were; `Prepare` if the next segment
    /// could not be prepared; `Poisoned`.
    pub fn append(&mut self, at: i64, payload: &[u8]) -> Result<u64, JournalError> {
        self.append_with(at, |buffer| buffer.extend_from_slice(payload))
    }

    /// Buffers an entry whose payload `encode` pushes onto the journal's own buffer, and returns its sequence number.
    ///
    /// # Errors
    ///
    /// As `append`.
    ///
    /// # Panics
    ///
    /// Panics if `encode` takes away bytes that it did not push.
    pub fn append_with(
        &mut self,
        at: i64,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<u64, JournalError> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(JournalError::Poisoned);
        }
        // What an `encode` that panicked has left.
        self.batch.bytes.truncate(self.whole);
        let start = entry::begin(&mut self.batch.bytes);
        encode(&mut self.batch.bytes);
        assert!(
            self.batch.bytes.len() >= start + HEAD_LEN,
            "encode took away bytes that it did not push"
        );
        self.make_room_for(self.batch.bytes.len() - start - HEAD_LEN, start)?;
        let seq = self.next_seq;
        entry::finish(&mut self.batch.bytes, start, seq, at, self.durable.load(Ordering::Acquire));
        self.planned += (self.batch.bytes.len() - start) as u64;
        self.whole = self.batch.bytes.len();
        self.batch.last_seq = seq;
        self.batch.last_at = at;
        self.next_seq += 1;
        Ok(seq)
    }

    /// Plans the start of a new segment if the entry at `start` does not fit into the present one.
    fn make_room_for(&mut self, payload_len: usize, start: usize) -> Result<(), JournalError> {
        let max = self.max_payload();
        if payload_len as u64 > max {
            return Err(JournalError::TooLarge { len: payload_len as u64, max });
        }
        if self.planned + entry::frame_len(payload_len) as u64 > self.capacity {
            let spare = self.spares.claim(self.next_index, self.next_seq)?;
            self.batch.rolls.push((start, spare));
            self.next_index += 1;
            self.planned = HEADER_LEN as u64;
            self.capacity = self.segment_bytes - MARK_LEN as u64;
        }
        Ok(())
    }

    /// Makes everything appended durable and returns the proof. With nothing appended it returns the last one.
    ///
    /// # Errors
    ///
    /// `Write`, `Sync`, `Roll` or `WriteCheckpoint`, once; `Poisoned` ever after.
    pub fn commit(&mut self) -> Result<Receipt, JournalError> {
        if self.is_committing() {
            self.commit_wait()?;
        }
        self.batch.bytes.truncate(self.whole);
        let receipt = lock(&self.flusher).flush_and_clear(&mut self.batch);
        self.whole = 0;
        self.spares.settle();
        receipt
    }

    /// Hands everything appended to a thread that makes it durable; further entries can be appended meanwhile.
    ///
    /// If an earlier batch is still under way it is waited for; its entries are covered by the next receipt.
    ///
    /// # Errors
    ///
    /// The error of the earlier batch, as `commit`.
    pub fn commit_start(&mut self) -> Result<(), JournalError> {
        if self.is_committing() {
            self.commit_wait()?;
        }
        self.batch.bytes.truncate(self.whole);
        self.whole = 0;
        let flusher = &self.flusher;
        let lane = self.lane.get_or_insert_with(|| Lane::new(Arc::clone(flusher)));
        self.batch = lane.start(std::mem::take(&mut self.batch));
        Ok(())
    }

    /// Waits for the batch that `commit_start` handed over, and returns its receipt. Without one it returns the last.
    ///
    /// # Errors
    ///
    /// As `commit`.
    pub fn commit_wait(&mut self) -> Result<Receipt, JournalError> {
        let receipt = match &mut self.lane {
            Some(lane) if lane.is_busy() => lane.wait(),
            _ => lock(&self.flusher).last_receipt(),
        };
        self.spares.settle();
        receipt
    }

    /// Returns whether a batch handed over by `commit_start` has not been waited for.
    pub fn is_committing(&self) -> bool {
        self.lane.as_ref().is_some_and(Lane::is_busy)
    }

    /// Returns whether `commit_wait` would return without waiting.
    pub fn is_commit_ready(&mut self) -> bool {
        self.lane.as_mut().is_none_or(|lane| !lane.is_busy() || lane.is_done())
    }

    /// Returns the sequence number that the next entry will get.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Returns the number of bytes appended and not yet committed.
    pub fn pending_bytes(&self) -> usize {
        self.whole
    }

    /// Returns the last durable sequence number, shared with readers in this process.
    pub fn durable(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.durable)
    }

    /// Returns the proof for the last durable entry.
    ///
    /// # Errors
    ///
    /// `Poisoned`.
    pub fn receipt(&self) -> Result<Receipt, JournalError> {
        lock(&self.flusher).last_receipt()
    }

    /// Says whether the disk still has room beyond what is prepared. Costs no input or output.
    pub fn room(&self) -> Room {
        self.spares.room()
    }

    /// Tries again to prepare the next segment after the disk was full; `room` tells what came of it.
    pub fn retry_room(&self) {
        self.spares.retry();
    }

    /// Waits until the next segment is prepared or has failed to be.
    pub fn wait_for_room(&self) -> Room {
        self.spares.wait();
        self.spares.room()
    }

    /// Returns the largest payload in bytes that can be appended now.
    ///
    /// A segment without entries has no successor, so while there is none the present segment's size bounds it too.
    pub fn max_payload(&self) -> u64 {
        if self.planned > HEADER_LEN as u64 {
            return self.max_payload;
        }
        self.max_payload.min(max_payload(self.capacity + MARK_LEN as u64))
    }

    /// Signs a checkpoint at the last durable entry. `at` is in nanoseconds UTC.
    ///
    /// # Errors
    ///
    /// `NoSigningKey`, `WriteCheckpoint`, `Poisoned`.
    pub fn checkpoint(&mut self, at: i64) -> Result<Checkpoint, JournalError> {
        lock(&self.flusher).checkpoint(at)
    }

    /// Commits what is left, signs a checkpoint if there is a key and something new, and gives the folder up.
    ///
    /// # Errors
    ///
    /// As `commit` and `checkpoint`.
    pub fn close(mut self, at: i64) -> Result<Receipt, JournalError> {
        let receipt = self.commit()?;
        let mut flusher = lock(&self.flusher);
        if flusher.checkpoints.has_key() && receipt.last_seq() > flusher.checkpoints.last_seq() {
            flusher.checkpoint(at)?;
        }
        Ok(receipt)
    }
}

fn lock(flusher: &Mutex<Flusher>) -> MutexGuard<'_, Flusher> {
    flusher.lock().unwrap_or_else(PoisonError::into_inner)
}
