//! The shell around the kernel: everything that waits, reads a clock or touches the outside.
//!
//! Inputs are sequenced, stepped through the kernel, journaled, and only then do their effects leave the process.

pub mod clock;
pub mod config_folder;
pub mod desk;
pub mod drill;
pub mod home;
pub mod intake;
pub mod market;
pub mod planes;
pub mod projector;
pub mod recovery;
pub mod redecision;
pub mod sequencer;
pub mod serve;
pub mod simulate;
pub mod verify;

pub use clock::{Clock, ScriptedClock, SystemClock};
pub use config_folder::ConfigFolder;
pub use desk::{Desk, DeskError, Reply};
pub use home::{Home, HomeError};
pub use market::Quotes;
pub use planes::{LiveStub, LiveStubRules};
pub use projector::{Projector, ProjectorError};
pub use recovery::{Recovered, recover, recover_with};
pub use sequencer::{Sequencer, SequencerError};
