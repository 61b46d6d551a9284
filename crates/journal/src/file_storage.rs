//! A folder on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::{Errno, retry_on_intr};

use crate::direct_file::DirectFile;
use crate::lock;
use crate::storage::{LockAnswer, Storage, StorageFile};

/// Zeros are written in pieces of this many bytes, each synced, so that a commit never queues behind a whole segment.
const ZEROS_LEN: usize = 1 << 20;

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct FileStorage {
    folder: PathBuf,
}

impl FileStorage {
    /// Uses a folder, creating it if it does not exist.
    ///
    /// # Errors
    ///
    /// Whatever creating the folder reports.
    pub fn new(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Returns the folder's path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Storage for FileStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for item in fs::read_dir(&self.folder)? {
            if let Ok(name) = item?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Box<dyn StorageFile>> {
        let path = self.path(name);
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        if let Err(error) = preallocate(&file, size).and_then(|()| self.sync_folder()) {
            drop(file);
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Box::new(DirectFile::over(file, &path)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let path = self.path(name);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Box::new(DirectFile::over(file, &path)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        self.sync_folder()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))?;
        self.sync_folder()
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path(&format!("{name}.tmp"));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        fs::rename(&temporary, self.path(name))?;
        self.sync_folder()
    }

    fn lock(&self) -> io::Result<LockAnswer> {
        lock::try_lock(&self.folder)
    }
}

/// Reserves the file's blocks, which then read as zeros, and makes that durable. Where the file system cannot reserve,
/// zeros are written: as fast to sync into later, but every byte of the journal is then written twice
/// (`docs/performance.md` has the figures).
fn preallocate(file: &File, size: u64) -> io::Result<()> {
    match retry_on_intr(|| fallocate(file, FallocateFlags::empty(), 0, size)) {
        Ok(()) => file.sync_all(),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => write_zeros(file, size),
        Err(error) => Err(error.into()),
    }
}

fn write_zeros(file: &File, size: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS_LEN];
    let mut offset = 0;
    while offset < size {
        let len =
            usize::try_from((size - offset).min(ZEROS_LEN as u64)).expect("at most one piece");
        file.write_all_at(&zeros[..len], offset)?;
        file.sync_data()?;
        offset += len as u64;
    }
    file.sync_all()
}
