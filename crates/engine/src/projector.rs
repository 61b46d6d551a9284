//! The read models beside a desk at work: fed from the journal and nothing else, as far as it is durable.

use crate::Desk;
use fillwright_journal::{Follower, JournalError, Storage};
use fillwright_projections::{Paths, ProjectionError, Projections};
use std::sync::Arc;

/// Why the read models could not go on. The journal stands; opening them again goes on where they stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// The journal could not be followed.
    #[error("the journal could not be followed for the read models; the journal itself goes on")]
    Journal(#[from] JournalError),
    /// A read model stopped.
    #[error("a read model stopped; once the cause is gone, the next start goes on from there")]
    Projection(#[from] ProjectionError),
}

/// The read models of a home, and how far they have come.
pub struct Projector {
    projections: Projections,
    follower: Follower,
}

impl Projector {
    /// Opens the read models of a desk's home, behind what they have taken in already. `build` names the program in the
    /// audit ledger.
    ///
    /// # Errors
    ///
    /// `ProjectorError` names the file that stands in the way.
    pub fn beside(desk: &Desk, build: &str) -> Result<Self, ProjectorError> {
        let projections = Projections::open(&Paths::new(desk.home().data()), build)?;
        let storage: Arc<dyn Storage> = desk.storage();
        let durable = desk.sequencer().journal().durable();
        let after = projections.resume_after();
        let follower = Follower::beside(storage, desk.options(), durable, after)?;
        Ok(Self { projections, follower })
    }

    /// Takes in every entry that is durable by now. `progress` is told the sequence number reached.
    ///
    /// # Errors
    ///
    /// `ProjectorError`. A read model that stops does not stop the others; see [`failures`](Self::failures).
    pub fn catch_up(&mut self, mut progress: impl FnMut(u64)) -> Result<(), ProjectorError> {
        while let Some(chunk) = self.follower.next_chunk()? {
            self.projections.catch_up_chunk(&chunk)?;
            progress(self.follower.seq());
        }
        Ok(())
    }

    /// The read models that have stopped, and why.
    pub fn failures(&self) -> &[(&'static str, ProjectionError)] {
        self.projections.failures()
    }

    /// Every read model with the last entry it has taken in.
    pub fn cursors(&self) -> Vec<(&'static str, u64)> {
        self.projections.cursors()
    }
}
