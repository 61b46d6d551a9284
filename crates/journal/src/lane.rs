//! The thread that makes one batch durable while the next is being appended.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::batch::Batch;
use crate::error::JournalError;
use crate::flusher::Flusher;
use crate::receipt::Receipt;

type Outcome = (Batch, Result<Receipt, JournalError>);

/// Carries one batch at a time to the thread and back.
pub(crate) struct Lane {
    out: Option<SyncSender<Batch>>,
    back: Receiver<Outcome>,
    done: Option<Outcome>,
    busy: bool,
    /// An emptied batch whose room is used again.
    empty: Batch,
    thread: Option<JoinHandle<()>>,
}

impl Lane {
    pub(crate) fn new(flusher: Arc<Mutex<Flusher>>) -> Self {
        let (out, batches) = sync_channel::<Batch>(1);
        let (outcomes, back) = sync_channel(1);
        let work = move || {
            while let Ok(mut batch) = batches.recv() {
                let outcome = flusher
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .flush_and_clear(&mut batch);
                if outcomes.send((batch, outcome)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("journal-flush".to_owned()).spawn(work);
        let thread = Some(thread.expect("the system can start a thread"));
        Self { out: Some(out), back, done: None, busy: false, empty: Batch::default(), thread }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Hands a batch over and returns an empty one in exchange. The lane must not be busy.
    pub(crate) fn start(&mut self, batch: Batch) -> Batch {
        assert!(!self.busy, "one batch at a time");
        self.out
            .as_ref()
            .expect("it is there until the lane is dropped")
            .send(batch)
            .expect("the thread waits for it");
        self.busy = true;
        std::mem::take(&mut self.empty)
    }

    /// Returns whether the batch under way has come back.
    pub(crate) fn is_done(&mut self) -> bool {
        self.done = self.done.take().or_else(|| self.back.try_recv().ok());
        self.done.is_some()
    }

    /// Waits for the batch under way.
    pub(crate) fn wait(&mut self) -> Result<Receipt, JournalError> {
        let done = self.done.take();
        self.busy = false;
        let Some((batch, outcome)) = done.or_else(|| self.back.recv().ok()) else {
            return Err(JournalError::Poisoned);
        };
        self.empty = batch;
        outcome
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.out = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
