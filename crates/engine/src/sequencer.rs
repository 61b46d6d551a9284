//! Durable before visible: step, append, sync once for the whole batch, and only then release.

use fillwright_domain::Timestamp;
use fillwright_journal::{Journal, JournalError, Receipt, Room, codec};
use fillwright_kernel::{Effect, Input, Kernel, Pending};

/// One partition's single writer: the kernel, its journal, and the steps that are not durable yet.
pub struct Sequencer {
    kernel: Kernel,
    journal: Journal,
    last_at: Timestamp,
    /// Stepped and appended, not handed to the disk.
    taken: Vec<Pending>,
    /// Handed to the disk, not known durable.
    in_flight: Vec<Pending>,
    /// The bytes of the input being taken.
    encoded: Vec<u8>,
}

/// Why an input was not taken, or why the process must stop.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The journal failed. Memory may be ahead of the disk, so nothing more may be released.
    #[error("the journal failed; the process must stop and recover from what is on disk")]
    Journal(#[from] JournalError),
    /// An input that no entry could hold. Nothing was decided on it.
    #[error("an input of {len} bytes is larger than the {max} an entry can hold; split it")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
        /// The most that is taken.
        max: usize,
    },
    /// Only the reserve is left, which belongs to inputs that end risk.
    #[error(
        "the disk is nearly full: only the journal's reserve is left, which is kept for halts, cancels and reports; \
         free space and start again. Nothing was lost: what was acknowledged is on disk"
    )]
    SpaceLow,
    /// The journal and the kernel count differently.
    #[error(
        "the journal would number this entry {journal}, the kernel {kernel}; restore the journal from a copy"
    )]
    OutOfStep {
        /// The journal's next number.
        journal: u64,
        /// The kernel's.
        kernel: u64,
    },
}

impl Sequencer {
    /// Joins a kernel with the journal it was recovered from. `last_at` is the time of the last entry.
    ///
    /// # Errors
    ///
    /// `OutOfStep` where the two do not belong together.
    pub fn new(
        kernel: Kernel,
        journal: Journal,
        last_at: Timestamp,
    ) -> Result<Self, SequencerError> {
        let (next, stepped) = (journal.next_seq(), kernel.state().seq);
        if next != stepped + 1 {
            return Err(SequencerError::OutOfStep { journal: next, kernel: stepped + 1 });
        }
        Ok(Self {
            kernel,
            journal,
            last_at,
            taken: Vec::new(),
            in_flight: Vec::new(),
            encoded: Vec::new(),
        })
    }

    /// The kernel, to read. Its state is ahead of the disk by what was taken and not settled.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The time of the last step.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// The journal, to read.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Steps the kernel through an input and appends the entry. Nothing of it is visible yet.
    ///
    /// # Errors
    ///
    /// `TooLarge` and `SpaceLow` where the input was not taken and the others may go on; otherwise the process must
    /// stop.
    pub fn take(&mut self, at: Timestamp, input: &Input) -> Result<u64, SequencerError> {
        if matches!(input, Input::SubmitIntent { .. }) && self.journal.room() == Room::Reserve {
            return Err(SequencerError::SpaceLow);
        }
        self.encode(input)?;
        self.last_at = self.last_at.max(at);
        let step = self.kernel.step(self.last_at, input);
        let encoded = &self.encoded;
        let seq = self.journal.append_with(self.last_at.as_ns(), |payload| {
            codec::encode_entry(encoded, &step.events, payload);
        })?;
        self.taken.push(step.pending());
        Ok(seq)
    }

    /// Encodes an input before it is decided on, so that none is decided that no entry could hold: what is decided
    /// repeats an input once at most and adds little to it. A halt or a restart adds about a hundred bytes for every
    /// working order; an entry of the default segment holds those of more than a hundred thousand.
    fn encode(&mut self, input: &Input) -> Result<(), SequencerError> {
        const SHARE: u64 = 4;
        self.encoded.clear();
        codec::encode_input(input, &mut self.encoded);
        let max = usize::try_from(self.journal.max_payload() / SHARE).unwrap_or(usize::MAX);
        match self.encoded.len() {
            len if len > max => Err(SequencerError::TooLarge { len, max }),
            _ => Ok(()),
        }
    }

    /// Makes everything taken durable and gives up its effects, in the order of the entries.
    ///
    /// # Errors
    ///
    /// A journal error: the process must stop.
    pub fn settle(&mut self) -> Result<Vec<Effect>, SequencerError> {
        let mut effects = self.land()?;
        if !self.taken.is_empty() {
            let receipt = self.journal.commit()?;
            release(&mut self.taken, &receipt, &mut effects);
        }
        Ok(effects)
    }

    /// Hands everything taken to the disk without waiting for it, so that further inputs can be stepped meanwhile.
    ///
    /// # Errors
    ///
    /// A journal error: the process must stop.
    pub fn take_off(&mut self) -> Result<(), SequencerError> {
        debug_assert!(self.in_flight.is_empty(), "one batch is in flight at a time");
        self.journal.commit_start()?;
        std::mem::swap(&mut self.taken, &mut self.in_flight);
        Ok(())
    }

    /// Waits for the batch in flight, where there is one, and gives up its effects.
    ///
    /// # Errors
    ///
    /// A journal error: the process must stop.
    pub fn land(&mut self) -> Result<Vec<Effect>, SequencerError> {
        let mut effects = Vec::new();
        if !self.in_flight.is_empty() {
            let receipt = self.journal.commit_wait()?;
            release(&mut self.in_flight, &receipt, &mut effects);
        }
        Ok(effects)
    }

    /// Whether a batch is on its way to the disk.
    pub fn is_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether something was taken that is not on its way to the disk.
    pub fn has_taken(&self) -> bool {
        !self.taken.is_empty()
    }

    /// Settles what is left, signs a checkpoint, and gives the journal back closed and the kernel as it is.
    ///
    /// # Errors
    ///
    /// A journal error.
    pub fn close(mut self) -> Result<(Kernel, Receipt, Vec<Effect>), SequencerError> {
        let effects = self.settle()?;
        let receipt = self.journal.close(self.last_at.as_ns())?;
        Ok((self.kernel, receipt, effects))
    }
}

fn release(pending: &mut Vec<Pending>, receipt: &Receipt, effects: &mut Vec<Effect>) {
    for step in pending.drain(..) {
        effects.extend(step.release(receipt));
    }
}
