//! Intents through the sequencer to a chained, synced journal: one thread makes them, one steps and journals them.

use super::{fresh_sequencer, scratch};
use crate::figures::{Figures, Stopwatch};
use crate::workload::Workload;
use anyhow::{Result, ensure};
use crossbeam_channel::bounded;
use fillwright_domain::Timestamp;
use fillwright_engine::{Clock, serve::serve};
use fillwright_kernel::{Effect, Input};
use std::path::Path;

/// Intents a sender hands over at once, as a portfolio or a file reader does.
const GROUP: u64 = 256;
/// Groups that may wait between the two threads.
const QUEUE: usize = 8;

/// Sends `intents` intents and waits until every one was answered.
pub fn run(intents: u64, under: Option<&Path>) -> Result<Figures> {
    let folder = scratch(under)?;
    let mut workload = Workload::new();
    let sequencer = fresh_sequencer(folder.path(), &workload)?;
    let mut clock = QuoteClock(workload.now());
    let (sender, inbox) = bounded::<Vec<Input>>(QUEUE);
    let (mut answered, mut batches) = (0_u64, 0_u64);
    let mut watch = Stopwatch::paused();
    watch.go_on();
    let producer = std::thread::spawn(move || {
        for from in (0..intents).step_by(256) {
            let group = workload.block(GROUP.min(intents - from));
            if sender.send(group.into_iter().map(|(_, input)| input).collect()).is_err() {
                return;
            }
        }
    });
    let sequencer = serve(sequencer, &inbox, &mut clock, |effects| {
        answered +=
            effects.iter().filter(|effect| matches!(effect, Effect::Reply { .. })).count() as u64;
        batches += 1;
    })?;
    watch.pause();
    ensure!(producer.join().is_ok(), "the producer panicked");
    ensure!(answered == intents, "{answered} of {intents} intents were answered");
    let mut figures = watch.figures("durable", intents);
    figures.more.insert("batches".into(), batches.into());
    figures.more.insert("entries".into(), sequencer.kernel().state().seq.into());
    Ok(figures)
}

/// Logical time that keeps pace with the workload's own, so that quotes are as fresh as they were made.
struct QuoteClock(Timestamp);

impl Clock for QuoteClock {
    fn now(&mut self) -> Timestamp {
        self.0 = Timestamp::from_ns(self.0.as_ns() + 1_000);
        self.0
    }
}
