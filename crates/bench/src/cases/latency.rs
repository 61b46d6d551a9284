//! A lone intent, from being sent to its answer, beside a bare `fdatasync` after a write of the same size. The two take
//! turns, so both see the same disk.

use super::{fresh_sequencer, scratch};
use crate::figures::{Figures, Stopwatch, percentile_us};
use crate::workload::Workload;
use anyhow::{Context, Result, ensure};
use crossbeam_channel::bounded;
use fillwright_engine::ScriptedClock;
use fillwright_engine::serve::serve;
use fillwright_kernel::{Effect, Input};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// About the size of an intent's entry, in bytes.
const ENTRY_BYTES: usize = 1024;

/// Sends `intents` intents one at a time, each after the answer to the one before.
pub fn run(intents: u64, under: Option<&Path>) -> Result<Figures> {
    let folder = scratch(under)?;
    let mut workload = Workload::new();
    let sequencer = fresh_sequencer(&folder.path().join("journal"), &workload)?;
    let mut clock = ScriptedClock::new(workload.now(), 1_000);
    let mut bare = BareFile::new(&folder.path().join("bare"), intents)?;
    let (sender, inbox) = bounded::<Vec<Input>>(1);
    let (answer, answers) = bounded::<()>(1);
    let server = std::thread::spawn(move || {
        serve(sequencer, &inbox, &mut clock, |effects| {
            if effects.iter().any(|effect| matches!(effect, Effect::Reply { .. })) {
                let _ = answer.send(());
            }
        })
        .map(|_| ())
    });
    let (mut lone, mut synced) = (Vec::new(), Vec::new());
    let mut watch = Stopwatch::paused();
    for _ in 0..intents {
        let mut block = workload.block(1);
        let (_, intent) = block.pop().context("a block holds an intent")?;
        watch.go_on();
        let start = Instant::now();
        sender.send(vec![intent])?;
        answers.recv()?;
        lone.push(start.elapsed());
        watch.pause();
        synced.push(bare.write_and_sync()?);
    }
    drop(sender);
    ensure!(server.join().is_ok_and(|served| served.is_ok()), "the sequencer failed");
    let mut figures = watch.figures("latency", intents);
    figures.p50_us = percentile_us(&mut lone, 0.50);
    figures.p99_us = percentile_us(&mut lone, 0.99);
    figures.sync_p50_us = percentile_us(&mut synced, 0.50);
    let ratio = figures.p50_us.zip(figures.sync_p50_us).map(|(lone, bare)| lone / bare);
    figures.more.insert("lone_over_sync".into(), ratio.into());
    Ok(figures)
}

/// A preallocated file, as the journal's segments are.
struct BareFile {
    file: File,
    offset: u64,
}

impl BareFile {
    fn new(path: &Path, writes: u64) -> Result<Self> {
        let file = File::create(path)?;
        fallocate(&file, FallocateFlags::empty(), 0, writes * ENTRY_BYTES as u64)?;
        file.sync_all()?;
        Ok(Self { file, offset: 0 })
    }

    fn write_and_sync(&mut self) -> Result<Duration> {
        let start = Instant::now();
        self.file.write_all_at(&[1; ENTRY_BYTES], self.offset)?;
        self.file.sync_data()?;
        self.offset += ENTRY_BYTES as u64;
        Ok(start.elapsed())
    }
}
