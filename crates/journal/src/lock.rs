//! The single-writer lock of a folder on disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crate::storage::LockAnswer;

/// Name of the file that is locked. It is never removed: removing it would let two writers lock two files.
pub const LOCK_FILE: &str = "lock";

/// Tries to lock `folder` (`flock`, exclusive, without waiting) and writes our process id into the lock file.
pub(crate) fn try_lock(folder: &Path) -> io::Result<LockAnswer> {
    let path = folder.join(LOCK_FILE);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            write_holder(&mut file)?;
            Ok(LockAnswer::Held(Box::new(file)))
        }
        Err(TryLockError::WouldBlock) => Ok(LockAnswer::Taken { holder: read_holder(&mut file) }),
        Err(TryLockError::Error(source)) => Err(source),
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(32).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}
