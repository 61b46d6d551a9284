//! A home's journal as a reader sees it: no lock, no change, every entry verified on the way.

use crate::exit::Stop;
use anyhow::{Context, Result};
use fillwright_domain::Timestamp;
use fillwright_engine::Home;
use fillwright_engine::recovery::RecoveryError;
use fillwright_journal::{
    Entries, Entry, FileStorage, JournalOptions, LOCK_FILE, SkippedSnapshot, Storage, codec,
    snapshot,
};
use fillwright_kernel::{Event, Input, Kernel};
use fillwright_policy::documents::HomeDocument;
use serde::de::DeserializeOwned;
use std::fs::{self, File, TryLockError};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// A journal to be read.
pub(crate) struct JournalReader {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) options: JournalOptions,
}

impl JournalReader {
    /// The journal of a home. Makes nothing: neither a folder nor a key.
    pub(crate) fn of(home: &Home) -> Result<Self> {
        let options = options(home)?;
        if !home.journal().is_dir() {
            return Err(Stop::configuration(format!(
                "there is no journal under {}; `fillwright run --home {}` starts one",
                home.journal().display(),
                home.root().display()
            ))
            .into());
        }
        let storage = FileStorage::new(home.journal())
            .with_context(|| format!("{} cannot be read", home.journal().display()))?;
        Ok(Self { storage: Arc::new(storage), options })
    }

    /// Visits every entry from a sequence number on, until told to stop.
    pub(crate) fn each(
        &self,
        from_seq: u64,
        mut visit: impl FnMut(&Entry) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut entries = Entries::from_seq(Arc::clone(&self.storage), &self.options, from_seq)?;
        while let Some(entry) = entries.next()? {
            if entry.seq >= from_seq && visit(&entry)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// One entry, where the journal has it.
    pub(crate) fn one(&self, seq: u64, mut visit: impl FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.each(seq, |entry| {
            if entry.seq == seq {
                visit(entry)?;
            }
            Ok(ControlFlow::Break(()))
        })
    }

    /// The kernel as the journal leaves it: its newest sound snapshot, and what follows.
    pub(crate) fn kernel(&self) -> Result<(Kernel, Option<i64>, Vec<SkippedSnapshot>)> {
        self.kernel_up_to(u64::MAX, |_| {})
    }

    /// The kernel as it stood behind an entry: the nearest sound snapshot before it, and what follows.
    pub(crate) fn kernel_at(&self, seq: u64, progress: impl FnMut(u64)) -> Result<Kernel> {
        let (kernel, ..) = self.kernel_up_to(seq, progress)?;
        if kernel.state().seq == seq {
            return Ok(kernel);
        }
        let message =
            format!("there is no entry {seq}; the journal ends at entry {}", kernel.state().seq);
        Err(Stop::found(message).into())
    }

    fn kernel_up_to(
        &self,
        seq: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<(Kernel, Option<i64>, Vec<SkippedSnapshot>)> {
        let (newest, skipped) = snapshot::latest_valid_up_to(&*self.storage, seq)?;
        let mut last_at = newest.as_ref().map(|snapshot| snapshot.at);
        let mut kernel = match newest {
            None => Kernel::new(&self.options.partition),
            Some(snapshot) => Kernel::restored(
                codec::decode_state(&snapshot.state)
                    .map_err(|source| RecoveryError::Snapshot { seq: snapshot.seq, source })?,
            ),
        };
        self.each(kernel.state().seq + 1, |entry| {
            if entry.seq > seq {
                return Ok(ControlFlow::Break(()));
            }
            kernel.replay(Timestamp::from_ns(entry.at), &events_of(entry)?);
            last_at = Some(entry.at);
            progress(entry.seq);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((kernel, last_at, skipped))
    }
}

/// The environment a home is for, by its own document.
pub(crate) fn environment(home: &Home) -> Result<String> {
    Ok(document(home)?.environment.to_string())
}

fn document(home: &Home) -> Result<HomeDocument> {
    let (file, bytes) = home.document("config/fillwright.json")?;
    Ok(serde_json::from_slice(&bytes)
        .map_err(|error| Stop::configuration(format!("{file}: {error}")))?)
}

/// How the journal is kept: with the home's key where it has one.
fn options(home: &Home) -> Result<JournalOptions> {
    let document = document(home)?;
    if home.path("data/keys/journal.key").exists() {
        return Ok(home.journal_options(&document.partition)?);
    }
    Ok(JournalOptions::new(document.partition.as_str()))
}

/// What happened in an entry.
pub(crate) fn events_of(entry: &Entry) -> Result<Vec<Event>, RecoveryError> {
    codec::decode_events(entry.payload)
        .map_err(|source| RecoveryError::Entry { seq: entry.seq, source })
}

/// What came in with an entry.
pub(crate) fn input_of(entry: &Entry) -> Result<Input, RecoveryError> {
    codec::decode_input(entry.payload)
        .map_err(|source| RecoveryError::Entry { seq: entry.seq, source })
}

/// The process that is at work on a home, where one is.
pub(crate) fn holder(home: &Home) -> Option<String> {
    let path = home.journal().join(LOCK_FILE);
    let file = File::open(&path).ok()?;
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    is_held.then(|| fs::read_to_string(path).unwrap_or_default().trim().to_owned())
}

/// Thresholds of a home, which say from where on something is so.
pub(crate) fn thresholds<T: DeserializeOwned>(home: &Home, file: &str, what: &str) -> Result<T> {
    let Some((file, bytes)) = home.optional_document(file)? else {
        let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
        return Err(Stop::configuration(format!(
            "there is no {file}; it says from where on {what} (`fillwright policy schema {name}`)"
        ))
        .into());
    };
    let read = serde_json::from_slice(&bytes);
    Ok(read.map_err(|error| Stop::configuration(format!("{file}: {error}")))?)
}
