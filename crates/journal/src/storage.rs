//! What a journal needs of a folder of files.

use std::any::Any;
use std::io;

/// A folder of named files.
///
/// Every operation that changes the folder is durable when it returns `Ok`: implementations sync the folder.
pub trait Storage: Send + Sync {
    /// Names the files in the folder, in any order.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Creates a file of `size` bytes that read as zeros, replacing any of that name.
    ///
    /// Its place on the disk is taken and synced, so that writing into it later cannot find the disk full and a later
    /// `sync_data` has no size to write. If there is no room the file is removed again.
    ///
    /// # Errors
    ///
    /// `StorageFull` if there is no room, or whatever the storage reports.
    fn create(&self, name: &str, size: u64) -> io::Result<Box<dyn StorageFile>>;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    ///
    /// `NotFound`, or whatever the storage reports.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// Gives a file another name, replacing any of that name, as one step.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Puts a small file in place as one step: a reader sees the old content or the new, also after a crash.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Tries to become the folder's only writer. The lock ends with the returned guard or with the process.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports; that another writer holds it is an answer and not an error.
    fn lock(&self) -> io::Result<LockAnswer>;
}

/// One file of a `Storage`.
pub trait StorageFile: Send + Sync {
    /// Returns the size in bytes.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn size(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset` as far as the file goes and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, extending the file if it ends before.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports; any part of the bytes may then have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes all that was written durable. An error says nothing about which of it is, and must not be retried.
    ///
    /// # Errors
    ///
    /// Whatever the storage reports.
    fn sync_data(&self) -> io::Result<()>;
}

/// What came of trying to lock a folder.
pub enum LockAnswer {
    /// The folder is ours as long as this lives.
    Held(Box<dyn Any + Send + Sync>),
    /// Another writer holds it.
    Taken {
        /// Its process id as it wrote it down, or `unknown`.
        holder: String,
    },
}
