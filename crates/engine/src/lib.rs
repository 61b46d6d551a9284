//! The shell around the kernel: everything that waits, reads a clock or touches the outside.
//!
//! Inputs are sequenced, stepped through the kernel, journaled, and only then do their effects leave the process.

pub mod clock;
pub mod market;
pub mod planes;
pub mod recovery;
pub mod sequencer;
pub mod serve;

pub use clock::{Clock, ScriptedClock, SystemClock};
pub use market::Quotes;
pub use planes::{LiveStub, LiveStubRules};
pub use recovery::{Recovered, recover, recover_with};
pub use sequencer::{Sequencer, SequencerError};
