//! Segments prepared ahead: their place on the disk taken before it is needed, so that no append waits and a full disk is
//! noticed while there is still room.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::entry::is_zero;
use crate::error::JournalError;
use crate::header::HEADER_LEN;
use crate::options::Preparation;
use crate::segment::spare_name;
use crate::storage::{Storage, StorageFile};

const PIECE: usize = 1 << 20;

/// How much the journal can still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// The next segment is there or being prepared.
    Ample,
    /// The disk is full: what is prepared is all there is. Only essential entries should be appended.
    Reserve,
}

/// A zeroed file that will become the segment with this index.
pub(crate) struct Spare {
    pub(crate) index: u64,
    pub(crate) name: String,
    pub(crate) file: Box<dyn StorageFile>,
}

/// Keeps one spare ready.
pub(crate) struct Spares {
    maker: Maker,
    shelf: Arc<Shelf>,
    worker: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct Maker {
    storage: Arc<dyn Storage>,
    size: u64,
}

struct Shelf {
    slot: Mutex<Slot>,
    changed: Condvar,
}

enum Slot {
    Wanted(u64),
    Making,
    Ready(Spare),
    /// It could not be made; `claim` tries once more and says why.
    Failed(u64),
    Closed,
}

impl Spares {
    /// Starts to prepare the segment with this index.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        size: u64,
        index: u64,
        preparation: Preparation,
    ) -> Self {
        let maker = Maker { storage, size };
        let shelf =
            Arc::new(Shelf { slot: Mutex::new(Slot::Wanted(index)), changed: Condvar::new() });
        let worker = match preparation {
            Preparation::Background => Some(spawn(maker.clone(), Arc::clone(&shelf))),
            Preparation::Inline => None,
        };
        let spares = Self { maker, shelf, worker };
        spares.settle();
        spares
    }

    /// Makes the file of a new journal's first segment.
    pub(crate) fn make_first(storage: &Arc<dyn Storage>, size: u64) -> Result<Spare, JournalError> {
        let maker = Maker { storage: Arc::clone(storage), size };
        maker.make(0).map_err(|source| refusal(0, 1, &source))
    }

    /// Takes the spare with this index, waiting for it or making it now if need be, and has the next one prepared.
    pub(crate) fn claim(&self, index: u64, seq: u64) -> Result<Spare, JournalError> {
        let mut slot = self.shelf.lock();
        while self.worker.is_some() && matches!(*slot, Slot::Wanted(_) | Slot::Making) {
            slot = self.shelf.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
        let spare = match std::mem::replace(&mut *slot, Slot::Making) {
            Slot::Ready(spare) if spare.index == index => Ok(spare),
            _ => self.maker.make(index),
        };
        match spare {
            Ok(spare) => {
                *slot = Slot::Wanted(index + 1);
                self.shelf.changed.notify_all();
                Ok(spare)
            }
            Err(source) => {
                let refusal = refusal(index, seq, &source);
                *slot = Slot::Failed(index);
                Err(refusal)
            }
        }
    }

    /// Prepares what is wanted if there is no thread to do it.
    pub(crate) fn settle(&self) {
        let mut slot = self.shelf.lock();
        if let (None, Slot::Wanted(index)) = (&self.worker, &*slot) {
            *slot = self.maker.fill(*index);
        }
    }

    /// Tries again to prepare a spare that could not be made before.
    pub(crate) fn retry(&self) {
        let mut slot = self.shelf.lock();
        if let Slot::Failed(index) = *slot {
            *slot = Slot::Wanted(index);
            self.shelf.changed.notify_all();
        }
        drop(slot);
        self.settle();
    }

    pub(crate) fn room(&self) -> Room {
        match *self.shelf.lock() {
            Slot::Failed(_) => Room::Reserve,
            _ => Room::Ample,
        }
    }

    /// Waits until the background thread has nothing to do.
    pub(crate) fn wait(&self) {
        let mut slot = self.shelf.lock();
        while self.worker.is_some() && matches!(*slot, Slot::Wanted(_) | Slot::Making) {
            slot = self.shelf.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Spares {
    /// Ends the thread before the journal's lock is given up.
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            let mut slot = self.shelf.lock();
            while matches!(*slot, Slot::Making) {
                slot = self.shelf.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
            }
            *slot = Slot::Closed;
            drop(slot);
            self.shelf.changed.notify_all();
            let _ = worker.join();
        }
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn(maker: Maker, shelf: Arc<Shelf>) -> JoinHandle<()> {
    let work = move || {
        while let Some(index) = next_wanted(&shelf) {
            let made = maker.fill(index);
            *shelf.lock() = made;
            shelf.changed.notify_all();
        }
    };
    thread::Builder::new()
        .name("journal-spare".to_owned())
        .spawn(work)
        .expect("the system can start a thread")
}

fn next_wanted(shelf: &Shelf) -> Option<u64> {
    let mut slot = shelf.lock();
    loop {
        match *slot {
            Slot::Wanted(index) => {
                *slot = Slot::Making;
                return Some(index);
            }
            Slot::Closed => return None,
            _ => slot = shelf.changed.wait(slot).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn refusal(index: u64, seq: u64, source: &io::Error) -> JournalError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::DiskFull { seq },
        kind => JournalError::Prepare { index, source: io::Error::new(kind, source.to_string()) },
    }
}

impl Maker {
    fn fill(&self, index: u64) -> Slot {
        match self.make(index) {
            Ok(spare) => Slot::Ready(spare),
            Err(_) => Slot::Failed(index),
        }
    }

    /// Makes a spare, taking up one that an earlier process left so that its place on a full disk is not given back.
    fn make(&self, index: u64) -> io::Result<Spare> {
        let name = spare_name(index);
        let file = match self.take_up(&name)? {
            Some(file) => file,
            None => self.storage.create(&name, self.size)?,
        };
        Ok(Spare { index, name, file })
    }

    fn take_up(&self, name: &str) -> io::Result<Option<Box<dyn StorageFile>>> {
        let file = match self.storage.open(name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if file.size()? != self.size {
            return Ok(None);
        }
        // A crash while the segment was being started can leave a header, and nothing else.
        file.write_at(&[0; HEADER_LEN], 0)?;
        file.sync_data()?;
        Ok(if is_blank(&*file, self.size)? { Some(file) } else { None })
    }
}

fn is_blank(file: &dyn StorageFile, size: u64) -> io::Result<bool> {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while offset < size {
        let read = file.read_at(&mut piece, offset)?;
        if read == 0 || !is_zero(&piece[..read]) {
            return Ok(false);
        }
        offset += read as u64;
    }
    Ok(true)
}
