//! Opening a journal: verify and replay from the first entry, then from a snapshot.

use super::{fresh_sequencer, options, scratch};
use crate::figures::{Figures, Stopwatch};
use crate::workload::Workload;
use anyhow::{Result, ensure};
use fillwright_engine::recover;
use fillwright_journal::{FileStorage, codec, snapshot};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const BLOCK: u64 = 10_000;

/// Writes a journal of `intents` intents, then opens it both ways.
pub fn run(intents: u64, under: Option<&Path>) -> Result<Figures> {
    let folder = scratch(under)?;
    let written = write(folder.path(), intents)?;
    let storage = Arc::new(FileStorage::new(folder.path())?);

    let mut watch = Stopwatch::paused();
    watch.go_on();
    let (sequencer, recovered) = recover(storage.clone(), &options(), written.at)?;
    watch.pause();
    ensure!(
        recovered.replayed == written.entries,
        "{} of {} entries were replayed",
        recovered.replayed,
        written.entries
    );
    ensure!(
        codec::state_hash(sequencer.kernel().state()) == written.state_hash,
        "the replayed state differs"
    );
    let mut figures = watch.figures("recovery", recovered.replayed);

    let started = Instant::now();
    let state = codec::encode_state(sequencer.kernel().state());
    snapshot::store(&*storage, &sequencer.journal().receipt()?, written.at.as_ns(), &state)?;
    let stored_s = started.elapsed().as_secs_f64();
    drop(sequencer);

    let started = Instant::now();
    let (sequencer, recovered) = recover(storage, &options(), written.at)?;
    let opened_s = started.elapsed().as_secs_f64();
    ensure!(recovered.snapshot_seq == Some(written.entries), "the snapshot was not used");
    ensure!(
        codec::state_hash(sequencer.kernel().state()) == written.state_hash,
        "the restored state differs"
    );
    figures.more.insert("snapshot_mib".into(), (state.len() >> 20).into());
    figures.more.insert("snapshot_store_s".into(), stored_s.into());
    figures.more.insert("snapshot_open_s".into(), opened_s.into());
    figures.more.insert("bytes_per_entry".into(), (written.bytes / written.entries).into());
    Ok(figures)
}

struct Written {
    entries: u64,
    bytes: u64,
    at: fillwright_domain::Timestamp,
    state_hash: [u8; 32],
}

fn write(folder: &Path, intents: u64) -> Result<Written> {
    let mut workload = Workload::new();
    let mut sequencer = fresh_sequencer(folder, &workload)?;
    let mut bytes = 0;
    for from in (0..intents).step_by(usize::try_from(BLOCK)?) {
        for (at, input) in workload.block(BLOCK.min(intents - from)) {
            sequencer.take(at, &input)?;
        }
        bytes += sequencer.journal().pending_bytes() as u64;
        sequencer.settle()?;
    }
    let (kernel, receipt, _) = sequencer.close()?;
    let state_hash = codec::state_hash(kernel.state());
    Ok(Written { entries: receipt.last_seq(), bytes, at: workload.now(), state_hash })
}
