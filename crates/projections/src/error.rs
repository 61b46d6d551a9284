//! Why a read model stops. The journal stands; once the cause is gone, opening again goes on where it stopped.

use std::path::{Path, PathBuf};

/// What stopped a projection. It names the file and, where one was being read, the entry.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// A file could not be read or written.
    #[error("could not {doing} {} after entry {seq}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The last entry that was taken in.
        seq: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// A database could not be read or written.
    #[error("could not {doing} {} after entry {seq}", path.display())]
    Database {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The last entry that was taken in.
        seq: u64,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// The entries do not follow each other.
    #[error("entry {found} came where entry {expected} was expected; feed entries without a gap")]
    Gap {
        /// The entry that was due.
        expected: u64,
        /// The entry that came.
        found: u64,
    },
    /// The journal cannot be read.
    #[error("the journal cannot be followed")]
    Journal(#[from] fillwright_journal::JournalError),
    /// An entry that is sound but cannot be read.
    #[error(
        "entry {seq} cannot be read by this version; start the version that wrote it, or a newer one"
    )]
    Entry {
        /// The entry.
        seq: u64,
        /// What the decoder met.
        source: fillwright_journal::codec::CodecError,
    },
    /// What was kept of open orders cannot be read.
    #[error("{} cannot be read by this version; remove it, and it is built again from the journal", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What the decoder met.
        source: minicbor::decode::Error,
    },
    /// The last line of the audit ledger is not a record of the chain.
    #[error("the last line of {} has no `hash` of 64 hexadecimal digits, so the chain cannot go on; repair it by hand", path.display())]
    Chain {
        /// The file.
        path: PathBuf,
    },
    /// The portfolio file is not what it should be.
    #[error("{} cannot be read at entry {seq}: {what}; repair it or move it away", path.display())]
    Portfolio {
        /// The file.
        path: PathBuf,
        /// The entry whose fills were to be written.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A figure left the range of exact arithmetic.
    #[error("a figure for {} is out of range at entry {seq}", path.display())]
    Figure {
        /// The file.
        path: PathBuf,
        /// The entry.
        seq: u64,
        /// What was wrong with it.
        source: fillwright_domain::NumberError,
    },
}

/// Makes an I/O error a projection's.
pub(crate) fn file(
    doing: &'static str,
    path: &Path,
    seq: u64,
) -> impl FnOnce(std::io::Error) -> ProjectionError {
    move |source| ProjectionError::File { doing, path: path.to_owned(), seq, source }
}

/// Makes a database error a projection's.
pub(crate) fn database(
    doing: &'static str,
    path: &Path,
    seq: u64,
) -> impl FnOnce(rusqlite::Error) -> ProjectionError {
    move |source| ProjectionError::Database { doing, path: path.to_owned(), seq, source }
}
