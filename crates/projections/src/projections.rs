//! All read models of one journal, fed together.

use crate::actual_state::ActualState;
use crate::audit::Audit;
use crate::blotter::Blotter;
use crate::change_log::ChangeLog;
use crate::execution_log::ExecutionLog;
use crate::incidents_log::IncidentsLog;
use crate::known::Known;
use crate::known_store::KnownStore;
use crate::line_file::Vouch;
use crate::session_registry::SessionRegistry;
use crate::telemetry::Telemetry;
use crate::{Paths, ProjectedEntry, ProjectionError};
use fillwright_journal::{Chunk, Entry, Follower};
use std::collections::BTreeMap;
use std::sync::Mutex;

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

/// Entries taken in after which they are kept without being asked.
const WAITING_MAX: usize = 8_192;
/// Batches below this many entries are not worth a second thread.
const WORTH_A_THREAD: usize = 64;

/// All read models of one journal.
///
/// Feed it every entry in order, from behind [`resume_after`](Self::resume_after). With each commit every model keeps
/// what it has for itself; what is known of open orders is kept last, so that it is never ahead of a model.
pub struct Projections {
    store: KnownStore,
    known: Known,
    vouches: BTreeMap<&'static str, Vouch>,
    /// The read models, those with most to do first.
    slots: Vec<Slot>,
    failures: Vec<(&'static str, ProjectionError)>,
    /// The last entry that was taken in.
    fed: u64,
    /// Entries taken in since the last commit.
    waiting: usize,
}

/// Decodes entries, on two threads where that is worth it.
fn decode(entries: &[Entry]) -> Result<Vec<ProjectedEntry>, ProjectionError> {
    if entries.len() < WORTH_A_THREAD {
        return entries.iter().map(ProjectedEntry::decode).collect();
    }
    let (first, second) = entries.split_at(entries.len() / 2);
    let all = |half: &[Entry]| half.iter().map(ProjectedEntry::decode).collect();
    std::thread::scope(|scope| {
        let second = scope.spawn(move || -> Result<Vec<_>, ProjectionError> { all(second) });
        let mut decoded: Vec<_> = all(first)?;
        decoded.extend(second.join().expect("decoding does not panic")?);
        Ok(decoded)
    })
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

    fn apply(&mut self, entries: &[ProjectedEntry]) {
        if !self.failed {
            let applied = entries.iter().try_for_each(|entry| self.projection.apply(entry));
            self.kept = applied.map(|()| Vec::new());
            self.failed = self.kept.is_err();
        }
    }

    fn commit(&mut self) {
        if !self.failed {
            self.kept = self.projection.commit();
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
        let slots = vec![
            Slot::new(Blotter::open(paths)?),
            Slot::new(Telemetry::open(paths, &vouches)?),
            Slot::new(Audit::open(paths, build, &vouches)?),
            Slot::new(ExecutionLog::open(paths, &vouches)?),
            Slot::new(ActualState::open(paths, &vouches)),
            Slot::new(IncidentsLog::open(paths, &vouches)?),
            Slot::new(ChangeLog::open(paths, &vouches)?),
            Slot::new(SessionRegistry::open(paths, &vouches)?),
        ];
        let mut known = store.load()?;
        let behind = |slot: &Slot| slot.projection.cursor() < known.seq;
        if slots.iter().any(behind) {
            store.start_over();
            known = Known::default();
        }
        let fed = known.seq;
        let (vouches, failures) = (BTreeMap::new(), Vec::new());
        Ok(Self { store, known, vouches, slots, failures, fed, waiting: 0 })
    }

    /// The entry behind which to begin: the next to feed is the one after.
    pub fn resume_after(&self) -> u64 {
        self.fed
    }

    /// Every read model with the last entry it has taken in.
    pub fn cursors(&self) -> Vec<(&'static str, u64)> {
        self.slots.iter().map(|slot| (slot.projection.name(), slot.projection.cursor())).collect()
    }

    /// The read models that have stopped, and why. The others go on.
    pub fn failures(&self) -> &[(&'static str, ProjectionError)] {
        &self.failures
    }

    /// Takes in everything a journal has to give for now, and keeps it. Returns the last entry taken in.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take); `Journal` where the journal cannot be read.
    pub fn follow(&mut self, follower: &mut Follower) -> Result<u64, ProjectionError> {
        while let Some(chunk) = follower.next_chunk()? {
            self.take_chunk(&chunk)?;
        }
        self.commit()?;
        Ok(self.fed)
    }

    /// Takes in a chunk of the journal and keeps it. Entries that were taken in before are passed over.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn catch_up_chunk(&mut self, chunk: &Chunk) -> Result<(), ProjectionError> {
        self.take_chunk(chunk)?;
        self.commit()
    }

    /// Takes in the next entries and keeps them.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn catch_up(&mut self, entries: Vec<ProjectedEntry>) -> Result<(), ProjectionError> {
        self.take(entries)?;
        self.commit()
    }

    /// Takes in a chunk of the journal. Nothing is sure to be visible before [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_chunk(&mut self, chunk: &Chunk) -> Result<(), ProjectionError> {
        let due: Vec<Entry> = chunk.entries().filter(|entry| entry.seq > self.fed).collect();
        self.take(decode(&due)?)
    }

    /// Takes in the next entries. Nothing is sure to be visible before [`commit`](Self::commit), which is called
    /// without being asked once so many entries wait that it costs little.
    ///
    /// # Errors
    ///
    /// `Gap` where an entry is missing. A read model that stops does not stop the others: its error is in
    /// [`failures`](Self::failures), and opening again lets it go on where it stopped.
    pub fn take(&mut self, mut entries: Vec<ProjectedEntry>) -> Result<(), ProjectionError> {
        entries.retain(|entry| entry.seq > self.fed);
        for entry in &mut entries {
            let expected = self.fed + 1;
            if entry.seq != expected {
                return Err(ProjectionError::Gap { expected, found: entry.seq });
            }
            self.known.resolve(entry);
            self.fed = entry.seq;
        }
        if let Some(last) = entries.last_mut() {
            last.facts.stakes.get_or_insert_with(|| self.known.stakes());
        }
        self.each(entries.len(), |slot| slot.apply(&entries));
        self.collect();
        self.waiting += entries.len();
        if self.waiting < WAITING_MAX { Ok(()) } else { self.commit() }
    }

    /// Keeps what was taken in: from here on it is visible, and a restart goes on behind it.
    ///
    /// # Errors
    ///
    /// `Database` where the cursors cannot be kept. As with [`take`](Self::take), look at
    /// [`failures`](Self::failures) for read models that stopped.
    pub fn commit(&mut self) -> Result<(), ProjectionError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.each(waiting, Slot::commit);
        self.collect();
        if self.failures.is_empty() {
            self.store.commit(&mut self.known, &self.vouches)?;
        }
        Ok(())
    }

    /// Does something with every read model, on two threads where that many entries are worth it.
    fn each(&mut self, entries: usize, work: impl Fn(&mut Slot) + Sync) {
        if entries < WORTH_A_THREAD {
            return self.slots.iter_mut().for_each(work);
        }
        let queue = Mutex::new(self.slots.iter_mut());
        let next = || queue.lock().ok()?.next();
        let drain = || {
            while let Some(slot) = next() {
                work(slot);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(drain);
            drain();
        });
    }

    /// Collects what the files vouch for, and what stopped. Once a model has stopped the cursors and what is known of
    /// open orders stay as they were: after a restart it needs what was known where it stopped.
    fn collect(&mut self) {
        for slot in &mut self.slots {
            match std::mem::replace(&mut slot.kept, Ok(Vec::new())) {
                Ok(vouches) => self.vouches.extend(vouches),
                Err(error) => self.failures.push((slot.projection.name(), error)),
            }
        }
    }
}
