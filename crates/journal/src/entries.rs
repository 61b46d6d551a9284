//! Entries one after the other, verified on the way, in bounded memory.

use std::sync::Arc;

use crate::checkpoint::Checkpoints;
use crate::chunk::Chunk;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::options::JournalOptions;
use crate::reader::plan;
use crate::scan::{Plan, Scan};
use crate::storage::Storage;

/// Goes through a journal that nobody is writing, from a sequence number to the end.
///
/// It needs no lock and changes nothing. A torn tail ends it; any other damage is an error.
pub struct Entries {
    scan: Scan,
    chunk: Chunk,
    position: usize,
}

impl Entries {
    /// Starts before the entry with this sequence number. Segments that end before it are stepped over.
    ///
    /// # Errors
    ///
    /// As `Journal::recover`.
    pub fn from_seq(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        seq: u64,
    ) -> Result<Self, JournalError> {
        let checkpoints = Checkpoints::read(&*storage, options)?;
        let plan = Plan { after: seq.saturating_sub(1), ..plan(&*storage, options, &checkpoints)? };
        Ok(Self { scan: Scan::new(storage, plan)?, chunk: Chunk::default(), position: 0 })
    }

    /// Returns the next entry, or `None` behind the last.
    ///
    /// # Errors
    ///
    /// `Damaged` or `Read`.
    #[allow(clippy::should_implement_trait)] // The entry borrows from the reader, which `Iterator` cannot say.
    pub fn next(&mut self) -> Result<Option<Entry<'_>>, JournalError> {
        if self.position == self.chunk.len() {
            self.chunk = self.scan.next_chunk()?.unwrap_or_default();
            self.position = 0;
        }
        self.position += usize::from(!self.chunk.is_empty());
        Ok(self.position.checked_sub(1).and_then(|position| self.chunk.get(position)))
    }
}
