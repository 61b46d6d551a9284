//! How the process ends: the exit codes, and what a person is told when it cannot go on.

use fillwright_engine::desk::DeskError;
use fillwright_engine::planes::LedgerError;
use fillwright_engine::recovery::RecoveryError;
use fillwright_engine::{HomeError, SequencerError};
use fillwright_journal::JournalError;
use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes, as every `--help` lists them.
pub(crate) const HELP: &str = "\
Exit codes:
  0   done
  1   done, and something is wrong: verification failed, a policy is incomplete, nothing was found,
      or `run --strict` met a line it had to refuse
  2   the command line makes no sense
  3   the home's configuration cannot be used
  4   the journal is damaged or cannot be read; nothing was changed
  5   the disk is full or nearly so; what was acknowledged is safe
  6   another process holds the journal
  70  anything else";

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Done, and something is wrong.
    Found = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The home's configuration cannot be used.
    Configuration = 3,
    /// The journal is damaged or cannot be read.
    Journal = 4,
    /// The disk is full or nearly so.
    Space = 5,
    /// Another process holds the journal.
    Locked = 6,
    /// Anything else.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A reason to stop that is known where it arises, with the code it ends in.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    message: String,
}

impl Stop {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { exit: Exit::Configuration, message: message.into() }
    }

    pub(crate) fn found(message: impl Into<String>) -> Self {
        Self { exit: Exit::Found, message: message.into() }
    }

    pub(crate) fn locked(message: impl Into<String>) -> Self {
        Self { exit: Exit::Locked, message: message.into() }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Stop {}

/// What `SQLite` says of a full disk; its error type stays inside the read models.
const SQLITE_FULL: &str = "database or disk is full";

/// The code an error ends in: that of the first cause that has one.
pub(crate) fn code_of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(code_of_cause).unwrap_or(Exit::Internal)
}

fn code_of_cause(cause: &(dyn Error + 'static)) -> Option<Exit> {
    let known = cause.downcast_ref().map(|stop: &Stop| stop.exit);
    let known = known.or_else(|| cause.downcast_ref().and_then(code_of_desk));
    let known = known.or_else(|| cause.downcast_ref().map(code_of_home));
    let known = known.or_else(|| cause.downcast_ref().and_then(code_of_recovery));
    let known = known.or_else(|| cause.downcast_ref().and_then(code_of_sequencer));
    let known = known.or_else(|| cause.downcast_ref().and_then(code_of_journal));
    let known = known.or_else(|| cause.downcast_ref().and_then(code_of_io));
    known.or_else(|| cause.to_string().contains(SQLITE_FULL).then_some(Exit::Space))
}

fn code_of_desk(error: &DeskError) -> Option<Exit> {
    match error {
        DeskError::Home(error) => Some(code_of_home(error)),
        DeskError::Recovery(error) => code_of_recovery(error),
        DeskError::Sequencer(error) => code_of_sequencer(error),
        DeskError::Ledger(LedgerError::Line { .. }) => Some(Exit::Journal),
        DeskError::Ledger(LedgerError::Io(error)) | DeskError::Folder(error) => code_of_io(error),
        DeskError::Snapshot(error) => code_of_journal(error),
        DeskError::BuildNotAllowed { .. } => Some(Exit::Configuration),
    }
}

fn code_of_home(error: &HomeError) -> Exit {
    match error {
        HomeError::Write { source, .. } => code_of_io(source).unwrap_or(Exit::Configuration),
        _ => Exit::Configuration,
    }
}

fn code_of_recovery(error: &RecoveryError) -> Option<Exit> {
    match error {
        RecoveryError::Journal(error) => code_of_journal(error),
        RecoveryError::Sequencer(error) => code_of_sequencer(error),
        RecoveryError::Entry { .. } | RecoveryError::Snapshot { .. } => Some(Exit::Journal),
    }
}

fn code_of_sequencer(error: &SequencerError) -> Option<Exit> {
    match error {
        SequencerError::SpaceLow => Some(Exit::Space),
        SequencerError::OutOfStep { .. } => Some(Exit::Journal),
        SequencerError::TooLarge { .. } => None,
        SequencerError::Journal(error) => code_of_journal(error),
    }
}

fn code_of_journal(error: &JournalError) -> Option<Exit> {
    match error {
        JournalError::Locked { .. } => Some(Exit::Locked),
        JournalError::Damaged { .. } | JournalError::BadCheckpoint { .. } => Some(Exit::Journal),
        JournalError::DiskFull { .. } => Some(Exit::Space),
        other => other.source()?.downcast_ref().and_then(code_of_io),
    }
}

fn code_of_io(error: &io::Error) -> Option<Exit> {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        .then_some(Exit::Space)
}

/// Whether the reader of standard output went away, which is its right.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let gone = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(gone))
}
