//! Exactly one outcome per order and one result per intent, with crashes, torn writes, full disks and repeated intents.

use fillwright_sim::crash::{Plan, Tally, run};
use fillwright_sim::fleet::{past_seeds, report, run_all, seed_start};

const SEEDS: u64 = 10_000;

#[test]
fn whatever_crashes_every_acknowledged_intent_ends_exactly_once() {
    let start = seed_start(0);
    let done = run_all(start..start + SEEDS, |seed| run(Plan::of(seed)), Tally::add);
    let tally = done.unwrap_or_else(|failure| panic!("{}", report(&failure)));
    println!("crashes: {tally:#?}");
    assert!(tally.runs == SEEDS && tally.seen.intents > 300_000, "too few intents");
    assert!(tally.seen.orders > 20_000 && tally.seen.fills > 10_000, "too few orders and fills");
    assert!(tally.crashes > 20_000 && tally.in_recovery > 500, "too few crashes");
    assert!(
        tally.torn > 3_000 && tally.failed_commits > 5_000,
        "too few torn writes and failed commits"
    );
    assert!(tally.too_large > 500, "too few inputs that no entry could hold");
    assert!(
        tally.full_disks > 200 && tally.from_snapshot > 5_000,
        "too few full disks and snapshots"
    );
    assert!(tally.resubmitted > 40_000 && tally.seen.duplicates > 40_000, "too few duplicates");
    assert!(tally.redecided == tally.seen.steps, "not every entry was decided again");
}

#[test]
fn seeds_that_once_failed_recover() {
    for seed in past_seeds(include_str!("past_seeds.txt")) {
        run(Plan::of(seed)).unwrap_or_else(|failure| panic!("{}", report(&failure)));
    }
}

#[test]
fn one_seed_crashes_in_the_same_places_every_time() {
    for seed in 0..50 {
        assert_eq!(run(Plan::of(seed)), run(Plan::of(seed)));
    }
}
