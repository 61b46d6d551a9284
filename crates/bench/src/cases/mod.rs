//! One case a file.

pub mod codec;
pub mod durable;
pub mod kernel;
pub mod latency;
pub mod quotes;
pub mod recovery;

use anyhow::Result;
use fillwright_engine::{Sequencer, recover};
use fillwright_journal::{FileStorage, JournalOptions};
use std::path::Path;
use std::sync::Arc;

use crate::workload::Workload;

/// A sequencer over a new journal in `folder`, with the workload's rules adopted.
fn fresh_sequencer(folder: &Path, workload: &Workload) -> Result<Sequencer> {
    let storage = Arc::new(FileStorage::new(folder)?);
    let (mut sequencer, _) = recover(storage, &options(), workload.now())?;
    for input in workload.opening()? {
        sequencer.take(workload.now(), &input)?;
    }
    sequencer.settle()?;
    Ok(sequencer)
}

fn options() -> JournalOptions {
    JournalOptions { signing_seed: Some([7; 32]), ..JournalOptions::new("main") }
}

/// A folder on the disk that is to be measured, removed when dropped.
fn scratch(under: Option<&Path>) -> Result<tempfile::TempDir> {
    let builder = &mut tempfile::Builder::new();
    let builder = builder.prefix("fillwright-bench-");
    Ok(match under {
        Some(folder) => builder.tempdir_in(folder)?,
        None => builder.tempdir()?,
    })
}
