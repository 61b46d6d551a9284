//! Many seeds on a few threads, and what to print when one fails.

use crate::lockstep::{Failure, Pair, fails};
use crate::story::tell;
use fillwright_domain::Timestamp;
use fillwright_kernel::Input;
use std::fmt::Write as _;
use std::ops::Range;
use std::thread;

/// Threads that run seeds side by side; each seed runs on one.
const THREADS: u8 = 2;

/// Runs every seed and adds up what each did; the failure of the smallest seed that failed ends it.
///
/// # Errors
///
/// The failure of the smallest seed that fails.
///
/// # Panics
///
/// When a run itself panics, rather than the kernel in it.
pub fn run_all<T: Default + Send, F>(
    seeds: Range<u64>,
    run: impl Fn(u64) -> Result<T, F> + Sync,
    add: impl Fn(&mut T, T) + Sync,
) -> Result<T, F>
where
    F: Send,
{
    let share = |thread: u8| {
        let mut total = T::default();
        for seed in (seeds.start + u64::from(thread)..seeds.end).step_by(usize::from(THREADS)) {
            match run(seed) {
                Ok(did) => add(&mut total, did),
                Err(failure) => return Err((seed, failure)),
            }
        }
        Ok(total)
    };
    let shares: Vec<Result<T, (u64, F)>> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    let mut total = T::default();
    let mut first: Option<(u64, F)> = None;
    for share in shares {
        match share {
            Ok(did) => add(&mut total, did),
            Err(failed) if first.as_ref().is_none_or(|(seed, _)| failed.0 < *seed) => {
                first = Some(failed);
            }
            Err(_) => {}
        }
    }
    first.map_or(Ok(total), |(_, failure)| Err(failure))
}

/// A failure as a person needs it: what, where, and how to see it again.
pub fn report(failure: &Failure) -> String {
    let mut text =
        format!("seed {} failed at step {}: {}\n", failure.seed, failure.step, failure.what);
    let _ = writeln!(text, "replay: cargo run -p fillwright-sim -- replay --seed {}", failure.seed);
    if !failure.told.is_empty() {
        text.push_str(&failure.told);
        return text;
    }
    let shrunk = shrink(&failure.trace);
    if !shrunk.is_empty() {
        let _ = writeln!(text, "{} of {} inputs suffice:", shrunk.len(), failure.trace.len());
        text.push_str(&story_of(&shrunk));
    }
    text
}

/// What comes of a stream of inputs, and each input that is not plain from it.
fn story_of(trace: &[(Timestamp, Input)]) -> String {
    let mut pair = Pair::new(None);
    let mut told = String::new();
    for (at, input) in trace {
        if !matches!(input, Input::AdoptRulebook { .. }) {
            let _ = writeln!(told, "{at} {input:?}");
        }
        match pair.step(*at, input) {
            Ok(effects) => tell(&mut told, &at.to_string(), pair.last_events(), &effects),
            Err(what) => {
                let _ = writeln!(told, "{at} {what}");
                break;
            }
        }
    }
    told
}

/// Leaves out whatever can be left out; empty where the failure needs more than its inputs.
fn shrink(trace: &[(Timestamp, Input)]) -> Vec<(Timestamp, Input)> {
    let mut shrunk = trace.to_vec();
    if fails(&shrunk, None).is_none() {
        return Vec::new();
    }
    let mut size = shrunk.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < shrunk.len() {
            let without: Vec<_> = shrunk
                .iter()
                .enumerate()
                .filter(|(i, _)| *i < at || *i >= at + size)
                .map(|(_, one)| one.clone())
                .collect();
            if fails(&without, None).is_some() { shrunk = without } else { at += size }
        }
        size /= 2;
    }
    shrunk
}

/// The first seed of a suite: a fixed one, unless `FILLWRIGHT_SEED_START` says otherwise, as nightly runs do.
pub fn seed_start(fixed: u64) -> u64 {
    let told = std::env::var("FILLWRIGHT_SEED_START").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(fixed)
}

/// The seeds of a committed list: a number and what it found, a line each; `#` begins a remark.
pub fn past_seeds(list: &str) -> Vec<u64> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}
