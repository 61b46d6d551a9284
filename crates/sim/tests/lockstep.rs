//! Kernel and reference decide the same on every event of many seeded runs, and the oracle finds nothing.

use fillwright_sim::fleet::{past_seeds, report, run_all, seed_start};
use fillwright_sim::lockstep::run;
use fillwright_sim::oracle::Tally;

const SEEDS: u64 = 4_000;

#[test]
fn kernel_and_reference_agree_on_every_event() {
    let start = seed_start(1_000_000);
    let done = run_all(start..start + SEEDS, |seed| run(seed, None), Tally::add);
    let tally = done.unwrap_or_else(|failure| panic!("{}", report(&failure)));
    println!("lockstep: {SEEDS} seeds, {tally:#?}");
    assert!(tally.intents > 200_000, "too few intents");
    assert!(tally.orders > 25_000 && tally.fills > 15_000, "too few orders and fills");
    assert!(tally.reduced > 25_000 && tally.denied > 100_000, "too few verdicts that bite");
    assert!(tally.duplicates > 20_000 && tally.conflicts > 10_000, "too few repeated ids");
    assert!(
        tally.kills > 3_000 && tally.rulebooks > 6_000,
        "too few halts and changes of the rules"
    );
}

#[test]
fn seeds_that_once_failed_agree() {
    for seed in past_seeds(include_str!("past_seeds.txt")) {
        run(seed, None).unwrap_or_else(|failure| panic!("{}", report(&failure)));
    }
}

#[test]
fn one_seed_is_the_same_run_every_time() {
    for seed in 0..50 {
        assert_eq!(run(seed, None), run(seed, None));
    }
}
