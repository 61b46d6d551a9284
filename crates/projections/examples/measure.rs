//! How many entries a second the read models take in, all together.
//!
//! `cargo run --release -p fillwright-projections --example measure -- [INTENTS] [FOLDER]`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people")]

#[path = "../tests/desk/mod.rs"]
mod desk;

use desk::{BTC, Desk, ETH, TREND, execute};
use fillwright_domain::{ActionType, Quote, Timestamp};
use fillwright_journal::{Follower, Journal, JournalOptions, MemoryStorage, Preparation, codec};
use fillwright_kernel::{Input, Kernel};
use fillwright_projections::{Paths, Projections};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

const START_NS: i64 = 1_767_711_600_000_000_000;

fn main() {
    let mut args = std::env::args().skip(1);
    let count: u64 = args.next().map_or(200_000, |n| n.parse().unwrap());
    let kept = tempfile::tempdir().unwrap();
    let folder = args.next().map_or_else(|| kept.path().to_owned(), PathBuf::from);
    let journal = journal(count);
    let mut follower = Follower::across(journal, &options(), 0).unwrap();
    let mut projections = Projections::open(&Paths::new(&folder), "measure").unwrap();
    let (started, process, thread) = (Instant::now(), process_seconds(), thread_seconds());
    projections.follow(&mut follower).unwrap();
    let (wall, process, thread) =
        (started.elapsed().as_secs_f64(), process_seconds() - process, thread_seconds() - thread);
    assert!(projections.failures().is_empty());
    let entries = projections.resume_after();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = |seconds: f64| (entries as f64 / seconds).round();
    println!(
        "{{\"entries\":{entries},\"per_wall_s\":{},\"per_cpu_s\":{},\"per_busiest_thread_cpu_s\":{}}}",
        rate(wall),
        rate(process),
        rate(thread),
    );
}

/// Processor time of this process: what the scheduler gave it, in hundredths of a second.
fn process_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Processor time of this thread, which has the larger half: alone on two cores it sets the pace.
fn thread_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn options() -> JournalOptions {
    let mut options = JournalOptions::new("main");
    options.preparation = Preparation::Inline;
    options
}

/// Intents that are nearly all executed on paper, the dearest kind.
fn journal(count: u64) -> Arc<MemoryStorage> {
    let storage = Arc::new(MemoryStorage::new());
    let (mut journal, _) = Journal::open(storage.clone(), &options(), START_NS).unwrap();
    let mut kernel = Kernel::new("main");
    for entry in Desk::opened().close().entries(0, 5) {
        take(&mut kernel, &mut journal, &entry.input);
    }
    for n in 0..count {
        take(&mut kernel, &mut journal, &intent(n));
        if n % 4_096 == 0 {
            journal.commit().unwrap();
        }
    }
    journal.close(START_NS).unwrap();
    storage
}

fn intent(n: u64) -> Input {
    let instrument = if n.is_multiple_of(2) { BTC } else { ETH };
    let action = match n / 2 % 4 {
        0 | 1 => ActionType::Add,
        2 => ActionType::Trim,
        _ => ActionType::Exit,
    };
    let mut intent = execute(&format!("intent-{n:012}"), TREND, instrument, action, "0.25");
    intent.origin.line = n;
    let (bid, ask) = if n.is_multiple_of(2) { ("99990", "100010") } else { ("3999", "4001") };
    let quote = Quote {
        bid_px: bid.parse().unwrap(),
        ask_px: ask.parse().unwrap(),
        bid_qty: None,
        ask_qty: None,
        last_px: None,
        interval_qty: None,
        as_of: Timestamp::from_ns(START_NS),
    };
    Input::submit(intent, Some(quote))
}

fn take(kernel: &mut Kernel, journal: &mut Journal, input: &Input) {
    let at = START_NS + i64::try_from(kernel.state().seq).unwrap();
    let step = kernel.step(Timestamp::from_ns(at), input);
    let encode = |buffer: &mut Vec<u8>| codec::encode_step(input, &step.events, buffer);
    journal.append_with(at, encode).unwrap();
}
