//! All read models of one journal, fed together.

use crate::actual_state::ActualState;
use crate::audit::Audit;
use crate::blotter::Blotter;
use crate::execution_log::ExecutionLog;
use crate::known::Known;
use crate::known_store::KnownStore;
use crate::line_file::Vouch;
use crate::telemetry::Telemetry;
use crate::{Paths, ProjectedEntry, ProjectionError};
use fillwright_journal::Chunk;
use std::collections::BTreeMap;

/// A read model: a fold of the journal's entries, with a cursor of its own.
pub trait Projection: Send {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// The last entry it has taken in. Behind a restart, the last it has kept for certain.
    fn cursor(&self) -> u64;

    /// Takes in an entry. One it has already changes nothing.
    ///
    /// # Errors
    ///
    /// What stopped it; it must then be opened anew.
    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError>;

    /// Keeps what it has taken in, and says how far each of its files has come.
    ///
    /// # Errors
    ///
    /// What stopped it; it must then be opened anew.
    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError>;
}

/// Batches below this many entries are not worth a second thread.
const WORTH_A_THREAD: usize = 64;

/// All read models of one journal.
///
/// Feed it every entry in order, from behind [`resume_after`](Self::resume_after). What is kept is kept batch by batch,
/// each model for itself; what is known of open orders is kept last, so that it is never ahead of a model.
pub struct Projections {
    store: KnownStore,
    known: Known,
    vouches: BTreeMap<&'static str, Vouch>,
    files: Vec<Slot>,
    blotter: Vec<Slot>,
    failures: Vec<(&'static str, ProjectionError)>,
    /// The last entry that was fed.
    fed: u64,
}

/// A read model that runs, or one that has stopped.
struct Slot {
    projection: Box<dyn Projection>,
    failed: bool,
    /// What the last batch led to, until it is collected.
    kept: Result<Vec<(&'static str, Vouch)>, ProjectionError>,
}

impl Slot {
    fn new(projection: impl Projection + 'static) -> Self {
        Self { projection: Box::new(projection), failed: false, kept: Ok(Vec::new()) }
    }

    fn feed(&mut self, entries: &[ProjectedEntry]) {
        if !self.failed {
            let applied = entries.iter().try_for_each(|entry| self.projection.apply(entry));
            self.kept = applied.and_then(|()| self.projection.commit());
            self.failed = self.kept.is_err();
        }
    }
}

impl Projections {
    /// Opens the read models of a home. `build` names the program in the audit ledger.
    ///
    /// # Errors
    ///
    /// `ProjectionError` names the file that cannot be opened or understood.
    pub fn open(paths: &Paths, build: &str) -> Result<Self, ProjectionError> {
        let mut store = KnownStore::open(&paths.known())?;
        let vouches = store.vouches()?;
        let files: Vec<Slot> = vec![
            Slot::new(Telemetry::open(paths, &vouches)?),
            Slot::new(ExecutionLog::open(paths, &vouches)?),
            Slot::new(Audit::open(paths, build, &vouches)?),
            Slot::new(ActualState::open(paths, &vouches)),
        ];
        let blotter = vec![Slot::new(Blotter::open(paths)?)];
        let mut known = store.load()?;
        let behind = |slot: &Slot| slot.projection.cursor() < known.seq;
        if files.iter().chain(&blotter).any(behind) {
            store.start_over();
            known = Known::default();
        }
        let fed = known.seq;
        let (vouches, failures) = (BTreeMap::new(), Vec::new());
        Ok(Self { store, known, vouches, files, blotter, failures, fed })
    }

    /// The entry behind which to begin: the next to feed is the one after.
    pub fn resume_after(&self) -> u64 {
        self.fed
    }

    /// Every read model with the last entry it has taken in.
    pub fn cursors(&self) -> Vec<(&'static str, u64)> {
        self.slots().map(|slot| (slot.projection.name(), slot.projection.cursor())).collect()
    }

    /// The read models that have stopped, and why. The others go on.
    pub fn failures(&self) -> &[(&'static str, ProjectionError)] {
        &self.failures
    }

    /// Takes in a chunk of the journal, as a batch. Entries that were fed before are passed over.
    ///
    /// # Errors
    ///
    /// As [`catch_up`](Self::catch_up).
    pub fn catch_up_chunk(&mut self, chunk: &Chunk) -> Result<(), ProjectionError> {
        let due = chunk.entries().filter(|entry| entry.seq > self.fed);
        let entries: Result<Vec<_>, _> = due.map(|entry| ProjectedEntry::decode(&entry)).collect();
        self.catch_up(entries?)
    }

    /// Takes in the next entries, as a batch.
    ///
    /// # Errors
    ///
    /// `Gap` where an entry is missing. A read model that stops does not stop the others: its error is in
    /// [`failures`](Self::failures), and opening again lets it go on where it stopped. The error of the store of open
    /// orders is given here.
    pub fn catch_up(&mut self, mut entries: Vec<ProjectedEntry>) -> Result<(), ProjectionError> {
        entries.retain(|entry| entry.seq > self.fed);
        for entry in &mut entries {
            let expected = self.fed + 1;
            if entry.seq != expected {
                return Err(ProjectionError::Gap { expected, found: entry.seq });
            }
            self.known.resolve(entry);
            self.fed = entry.seq;
        }
        self.feed(&entries);
        self.keep()
    }

    fn feed(&mut self, entries: &[ProjectedEntry]) {
        let Self { files, blotter, .. } = self;
        if entries.len() < WORTH_A_THREAD {
            return files.iter_mut().chain(blotter).for_each(|slot| slot.feed(entries));
        }
        std::thread::scope(|scope| {
            scope.spawn(|| blotter.iter_mut().for_each(|slot| slot.feed(entries)));
            files.iter_mut().for_each(|slot| slot.feed(entries));
        });
    }

    /// Collects what the files vouch for, and keeps it with what is known. Where a model has stopped, nothing more is
    /// kept: after a restart it needs what was known where it stopped.
    fn keep(&mut self) -> Result<(), ProjectionError> {
        for slot in self.files.iter_mut().chain(&mut self.blotter) {
            match std::mem::replace(&mut slot.kept, Ok(Vec::new())) {
                Ok(vouches) => self.vouches.extend(vouches),
                Err(error) => self.failures.push((slot.projection.name(), error)),
            }
        }
        if self.failures.is_empty() {
            self.store.commit(&mut self.known, &self.vouches)?;
        }
        Ok(())
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.files.iter().chain(&self.blotter)
    }
}
