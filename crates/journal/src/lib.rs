//! Fillwright's journal: durable, hash-chained entries of opaque payloads, one entry a step.
//!
//! What is on disk is described byte by byte in `docs/journal-format.md`. The crate reads no clock and draws no random
//! numbers: every time is given by the caller, in nanoseconds UTC.

mod batch;
mod buffers;
mod chain;
pub mod checkpoint;
mod chunk;
pub mod codec;
mod direct_file;
mod entries;
pub mod entry;
mod error;
mod file_storage;
mod flusher;
mod follow;
mod header;
mod lane;
mod lock;
mod mark;
mod memory_storage;
mod options;
mod read_ahead;
mod reader;
mod receipt;
mod scan;
mod segment;
pub mod signature;
pub mod snapshot;
mod spare;
mod storage;
mod tail;
mod writer;

pub use checkpoint::Checkpoint;
pub use chunk::{Chunk, ChunkFacts};
pub use entries::Entries;
pub use entry::{Entry, Hash};
pub use error::{Damage, JournalError};
pub use file_storage::FileStorage;
pub use follow::Follower;
pub use header::{FORMAT_VERSION, HEADER_LEN, Header, genesis};
pub use lock::LOCK_FILE;
pub use memory_storage::{Fate, Faults, MemoryStorage, SECTOR_LEN, Unsynced};
pub use options::{JournalOptions, Preparation};
pub use reader::{Opened, Recovery, Verification, scrub, verify};
pub use receipt::Receipt;
pub use segment::{first_seq_of, segment_name};
pub use snapshot::{SkippedSnapshot, Snapshot};
pub use spare::Room;
pub use storage::{LockAnswer, Storage, StorageFile};
pub use tail::TornTail;
pub use writer::Journal;
