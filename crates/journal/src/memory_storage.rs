//! A folder in memory that can fail like a disk: fill up, fail to sync, stop between any two operations, and lose or
//! tear whatever was not synced.
//!
//! It is deterministic. Each file has a live image, which reads see, and a durable one, which a loss of power leaves.
//! Between the two stand the pending sectors: 512 bytes each, with every version written since the last sync.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::storage::{LockAnswer, Storage, StorageFile};

/// Bytes that a disk writes as a whole, unless told to tear.
pub const SECTOR_LEN: usize = 512;

/// What is to go wrong. Counters count down as operations happen; `None` never fires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Bytes that can still be allocated before creating, replacing or extending a file fails with `StorageFull`.
    pub space: Option<u64>,
    /// Changing operations that still succeed; the one after is cut off in flight and everything later fails.
    pub stop_after: Option<u64>,
    /// Writes into files that still succeed; the one after writes half its bytes and fails with this kind, once.
    pub fail_write: Option<(u64, io::ErrorKind)>,
    /// Syncs that still succeed; the one after fails once and forgets what was pending, as Linux does: the live
    /// image keeps the bytes, later syncs say `Ok`, and the bytes never reach the disk.
    pub fail_sync: Option<u64>,
}

/// Something that was not durable when the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced<'a> {
    /// A sector of a file, with the number of versions written to it since the last sync.
    Sector {
        /// The file's name.
        file: &'a str,
        /// Offset in bytes of the sector.
        offset: u64,
        /// Versions written; at least 1.
        versions: usize,
    },
    /// The change of the folder that was in flight: a file created, renamed, removed or replaced.
    Folder {
        /// The name that was being changed.
        file: &'a str,
    },
}

/// What becomes of something unsynced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never reached the disk.
    Lost,
    /// This version of a sector did, the first being 0; numbers beyond the last mean the last. A folder's change did.
    Kept(usize),
    /// The first bytes of the last version reached the disk, the rest of the sector is as before.
    Torn(usize),
}

/// A folder in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    disk: Mutex<Disk>,
}

#[derive(Default, Clone)]
struct Disk {
    names: BTreeMap<String, u64>,
    files: BTreeMap<u64, Image>,
    next_file: u64,
    faults: Faults,
    stopped: bool,
    boots: u64,
    operations: u64,
    undo: Option<(String, BTreeMap<String, u64>)>,
    lock: Arc<AtomicBool>,
}

#[derive(Default, Clone)]
struct Image {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: BTreeMap<u64, Vec<Vec<u8>>>,
}

struct MemoryFile {
    shared: Arc<Shared>,
    id: u64,
    boot: u64,
}

struct Unlock(Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// How an operation is to end.
enum Course {
    Succeed,
    StopInFlight,
}

impl MemoryStorage {
    /// Makes an empty folder without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is to go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.disk().faults = faults;
    }

    /// Returns the faults with their counters as they stand.
    pub fn faults(&self) -> Faults {
        self.disk().faults.clone()
    }

    /// Returns the number of changing operations so far: writes, syncs, and changes of the folder.
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Copies the folder, with images, pending sectors and faults, into one that shares nothing with this.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut disk = self.disk().clone();
        disk.lock = Arc::default();
        Self { shared: Arc::new(Shared { disk: Mutex::new(disk) }) }
    }

    /// Kills the process that uses the folder: the page cache stays, files opened before are dead, the lock is free.
    pub fn restart(&self) {
        let mut disk = self.disk();
        disk.boots += 1;
        disk.stopped = false;
        disk.undo = None;
        disk.faults = Faults::default();
        disk.lock = Arc::default();
    }

    /// Takes the power away: `fate` decides about everything unsynced, then the process is gone as in `restart`.
    pub fn crash(&self, mut fate: impl FnMut(Unsynced<'_>) -> Fate) {
        self.disk().lose_power(&mut fate);
        self.restart();
    }

    /// Returns the live content of a file, if it exists.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        disk.names.get(name).map(|id| disk.files[id].live.clone())
    }

    /// Sets the content of a file, live and durable, behind everyone's back. For tampering in tests.
    pub fn set_content(&self, name: &str, bytes: &[u8]) {
        let mut disk = self.disk();
        let image =
            Image { live: bytes.to_vec(), durable: bytes.to_vec(), pending: BTreeMap::new() };
        match disk.names.get(name).copied() {
            Some(id) => _ = disk.files.insert(id, image),
            None => _ = disk.insert(name, image),
        }
    }

    /// Flips one bit of a file, live and durable, behind everyone's back. `bit` counts from the file's first byte,
    /// its lowest bit first.
    ///
    /// # Panics
    ///
    /// Panics if the file does not exist or is shorter.
    pub fn flip(&self, name: &str, bit: usize) {
        let mut disk = self.disk();
        let id = disk.names[name];
        let image = disk.files.get_mut(&id).expect("a name stands for a file");
        image.live[bit / 8] ^= 1 << (bit % 8);
        image.durable[bit / 8] ^= 1 << (bit % 8);
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.shared.disk()
    }

    fn file(&self, id: u64, boot: u64) -> Box<dyn StorageFile> {
        Box::new(MemoryFile { shared: Arc::clone(&self.shared), id, boot })
    }
}

impl Shared {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let disk = self.disk();
        disk.alive()?;
        Ok(disk.names.keys().cloned().collect())
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Box<dyn StorageFile>> {
        let mut disk = self.disk();
        let course = disk.begin()?;
        let len = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::StorageFull))?;
        disk.allocate(size)?;
        let image = Image { live: vec![0; len], durable: vec![0; len], pending: BTreeMap::new() };
        let id = disk.change(name, &course, |disk| disk.insert(name, image))?;
        Ok(self.file(id, disk.boots))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let disk = self.disk();
        disk.alive()?;
        let id = disk.id_of(name)?;
        Ok(self.file(id, disk.boots))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let course = disk.begin()?;
        let id = disk.id_of(from)?;
        disk.change(to, &course, |disk| {
            disk.names.remove(from);
            disk.names.insert(to.to_owned(), id);
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let course = disk.begin()?;
        disk.id_of(name)?;
        disk.change(name, &course, |disk| _ = disk.names.remove(name))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        let course = disk.begin()?;
        disk.allocate(bytes.len() as u64)?;
        let image =
            Image { live: bytes.to_vec(), durable: bytes.to_vec(), pending: BTreeMap::new() };
        disk.change(name, &course, |disk| _ = disk.insert(name, image))
    }

    fn lock(&self) -> io::Result<LockAnswer> {
        let disk = self.disk();
        disk.alive()?;
        if disk.lock.swap(true, Ordering::AcqRel) {
            return Ok(LockAnswer::Taken { holder: std::process::id().to_string() });
        }
        Ok(LockAnswer::Held(Box::new(Unlock(Arc::clone(&disk.lock)))))
    }
}

impl StorageFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        let disk = self.disk()?;
        Ok(disk.files[&self.id].live.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let disk = self.disk()?;
        let live = &disk.files[&self.id].live;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(live.len());
        let len = buffer.len().min(live.len() - start);
        buffer[..len].copy_from_slice(&live[start..start + len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut disk = self.disk()?;
        let course = disk.begin()?;
        let end = offset + bytes.len() as u64;
        let size = disk.files[&self.id].live.len() as u64;
        disk.allocate(end.saturating_sub(size))?;
        let failure = count_down(disk.faults.fail_write.as_mut().map(|(left, _)| left));
        let written = if failure { bytes.len() / 2 } else { bytes.len() };
        disk.files
            .get_mut(&self.id)
            .expect("files are never dropped")
            .write(&bytes[..written], offset);
        if failure {
            let (_, kind) = disk.faults.fail_write.take().expect("it has just fired");
            return Err(kind.into());
        }
        disk.end(&course)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.disk()?;
        let course = disk.begin()?;
        if count_down(disk.faults.fail_sync.as_mut()) {
            disk.faults.fail_sync = None;
            disk.files.get_mut(&self.id).expect("files are never dropped").pending.clear();
            return Err(io::Error::other("EIO: the disk could not sync"));
        }
        disk.end(&course)?;
        disk.files.get_mut(&self.id).expect("files are never dropped").sync();
        Ok(())
    }
}

impl MemoryFile {
    fn disk(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let disk = self.shared.disk();
        disk.alive()?;
        if disk.boots == self.boot {
            Ok(disk)
        } else {
            Err(io::Error::other("this file was opened before the crash"))
        }
    }
}

impl Disk {
    fn alive(&self) -> io::Result<()> {
        if self.stopped { Err(io::Error::other("the machine has stopped")) } else { Ok(()) }
    }

    fn id_of(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn insert(&mut self, name: &str, image: Image) -> u64 {
        let id = self.next_file;
        self.next_file += 1;
        self.files.insert(id, image);
        self.names.insert(name.to_owned(), id);
        id
    }

    /// Counts a changing operation and says whether it is the one that is cut off.
    fn begin(&mut self) -> io::Result<Course> {
        self.alive()?;
        self.operations += 1;
        Ok(if count_down(self.faults.stop_after.as_mut()) {
            Course::StopInFlight
        } else {
            Course::Succeed
        })
    }

    fn end(&mut self, course: &Course) -> io::Result<()> {
        self.stopped = matches!(course, Course::StopInFlight);
        self.alive()
    }

    /// Changes the folder; a change in flight when the machine stops can be undone by `crash`.
    fn change<T>(
        &mut self,
        name: &str,
        course: &Course,
        change: impl FnOnce(&mut Self) -> T,
    ) -> io::Result<T> {
        if matches!(course, Course::StopInFlight) {
            self.undo = Some((name.to_owned(), self.names.clone()));
        }
        let outcome = change(self);
        self.end(course)?;
        Ok(outcome)
    }

    fn allocate(&mut self, bytes: u64) -> io::Result<()> {
        if let Some(space) = &mut self.faults.space {
            *space = space.checked_sub(bytes).ok_or(io::ErrorKind::StorageFull)?;
        }
        Ok(())
    }

    fn lose_power(&mut self, fate: &mut dyn FnMut(Unsynced<'_>) -> Fate) {
        if let Some((file, before)) = self.undo.take()
            && fate(Unsynced::Folder { file: &file }) == Fate::Lost
        {
            self.names = before;
        }
        for (file, id) in &self.names {
            self.files.get_mut(id).expect("a name stands for a file").lose_power(file, fate);
        }
        self.files.retain(|id, _| self.names.values().any(|used| used == id));
    }
}

impl Image {
    fn write(&mut self, bytes: &[u8], offset: u64) {
        let start = usize::try_from(offset).expect("files in memory are small");
        let end = start + bytes.len();
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[start..end].copy_from_slice(bytes);
        for sector in start / SECTOR_LEN..end.div_ceil(SECTOR_LEN) {
            let range = sector * SECTOR_LEN..((sector + 1) * SECTOR_LEN).min(self.live.len());
            self.pending.entry(sector as u64).or_default().push(self.live[range].to_vec());
        }
    }

    fn sync(&mut self) {
        for (sector, versions) in std::mem::take(&mut self.pending) {
            self.store(sector, versions.last().expect("a pending sector has a version"));
        }
    }

    fn store(&mut self, sector: u64, bytes: &[u8]) {
        let start = usize::try_from(sector).expect("files in memory are small") * SECTOR_LEN;
        if self.durable.len() < start + bytes.len() {
            self.durable.resize(start + bytes.len(), 0);
        }
        self.durable[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn lose_power(&mut self, file: &str, fate: &mut dyn FnMut(Unsynced<'_>) -> Fate) {
        for (sector, versions) in std::mem::take(&mut self.pending) {
            let offset = sector * SECTOR_LEN as u64;
            let last = versions.len() - 1;
            match fate(Unsynced::Sector { file, offset, versions: versions.len() }) {
                Fate::Lost => {}
                Fate::Kept(version) => self.store(sector, &versions[version.min(last)]),
                Fate::Torn(len) => {
                    self.store(sector, &versions[last][..len.min(versions[last].len())]);
                }
            }
        }
        self.live.clone_from(&self.durable);
    }
}

/// Counts down and returns whether zero had been reached before.
fn count_down(counter: Option<&mut u64>) -> bool {
    match counter {
        Some(0) => true,
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}
