//! Long soaks, and the replay of one seed.
//!
//! ```text
//! cargo run --release -p fillwright-sim -- soak --seeds 1000000 --from 0
//! cargo run -p fillwright-sim -- replay --seed 42
//! ```

use fillwright_sim::crash::{self, Plan};
use fillwright_sim::lockstep::{self, Failure};
use fillwright_sim::{fleet, oracle};
use std::ops::Range;
use std::process::ExitCode;

const USAGE: &str = "usage: fillwright-sim soak --seeds N [--from S] | replay --seed S";
/// Seeds between two lines of progress.
const PROGRESS_SEEDS: u64 = 10_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1)?.parse::<u64>().ok()
    };
    match (words.first().map(String::as_str), number("--seeds"), number("--seed")) {
        (Some("soak"), Some(seeds), _) => soak(number("--from").unwrap_or(0), seeds),
        (Some("replay"), _, Some(seed)) => soak(seed, 1),
        _ => {
            say(USAGE);
            ExitCode::from(2)
        }
    }
}

fn soak(from: u64, seeds: u64) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let mut lockstep = oracle::Tally::default();
    let mut crashes = crash::Tally::default();
    let end = from.saturating_add(seeds);
    let mut at = from;
    while at < end {
        let part = at..end.min(at + PROGRESS_SEEDS);
        match both(part.clone()) {
            Ok(did) => {
                lockstep.add(did.0);
                crashes.add(did.1);
            }
            Err(failure) => {
                let told = crash::run(Plan { tells: true, ..Plan::of(failure.seed) });
                let failure =
                    told.err().filter(|told| told.what == failure.what).unwrap_or(failure);
                say(&fleet::report(&failure));
                return ExitCode::FAILURE;
            }
        }
        at = part.end;
        say(&format!(
            "{} of {seeds} seeds: lockstep {lockstep:?}\n  crashes {crashes:?}",
            at - from
        ));
    }
    ExitCode::SUCCESS
}

fn both(seeds: Range<u64>) -> Result<(oracle::Tally, crash::Tally), Box<Failure>> {
    let agreed =
        fleet::run_all(seeds.clone(), |seed| lockstep::run(seed, None), oracle::Tally::add)?;
    let crashed = fleet::run_all(seeds, |seed| crash::run(Plan::of(seed)), crash::Tally::add)?;
    Ok((agreed, crashed))
}

#[expect(clippy::print_stdout, reason = "this is the program's answer")]
fn say(text: &str) {
    println!("{text}");
}
