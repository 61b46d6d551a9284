//! The kernel alone: every gate, the paper plane, positions and results; no journal.

use crate::figures::{Figures, Stopwatch, rss_mib};
use crate::workload::Workload;
use anyhow::{Result, ensure};
use fillwright_domain::ResultStatus;
use fillwright_kernel::{Event, Kernel};

/// Inputs are made ahead in groups of this many, outside the measured time: as many as a reader hands over at once, so
/// they are as warm as freshly parsed ones are.
const BLOCK: u64 = 256;

/// Runs `intents` intents through a fresh kernel.
pub fn run(case: &'static str, mut workload: Workload, intents: u64) -> Result<Figures> {
    let mut kernel = Kernel::new("main");
    for input in workload.opening()? {
        let step = kernel.step(workload.now(), &input);
        let refused = step.events.iter().find(|event| matches!(event, Event::InputRefused { .. }));
        ensure!(refused.is_none(), "the rules of the run were refused: {refused:?}");
    }
    let before_mib = rss_mib();
    let mut closed = Closed::default();
    let mut watch = Stopwatch::paused();
    for from in (0..intents).step_by(usize::try_from(BLOCK)?) {
        let block = workload.block(BLOCK.min(intents - from));
        watch.go_on();
        for (at, input) in &block {
            closed.count(&kernel.step(*at, input).events);
        }
        watch.pause();
    }
    let mut figures = watch.figures(case, intents);
    ensure!(closed.all == intents, "{} of {intents} intents were closed", closed.all);
    ensure!(
        closed.filled * 10 > intents * 9,
        "only {} of {intents} intents were filled",
        closed.filled
    );
    ensure!(kernel.state().answered.len() == intents, "not every intent is remembered");
    figures.more.insert("filled".into(), closed.filled.into());
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let bytes = (rss_mib() - before_mib) * 1024.0 * 1024.0 / intents as f64;
    figures.more.insert("bytes_per_closed_intent".into(), bytes.round().into());
    Ok(figures)
}

#[derive(Default)]
struct Closed {
    all: u64,
    filled: u64,
}

impl Closed {
    fn count(&mut self, events: &[Event]) {
        for event in events {
            if let Event::IntentClosed { result, .. } = event {
                self.all += 1;
                self.filled += u64::from(result.status == ResultStatus::Success);
            }
        }
    }
}
