//! Planted bugs, each of which must be found: a suite that cannot fail proves nothing.

use fillwright_sim::canary::{ALL, Canary};
use fillwright_sim::crash::{Plan, SHELL_CANARIES, ShellCanary};
use fillwright_sim::{crash, lockstep};

const SEEDS_MAX: u64 = 2_000;

#[test]
fn every_bug_planted_in_the_kernel_is_found_by_the_oracle_alone() {
    for canary in ALL {
        let found = (0..SEEDS_MAX).find_map(|seed| lockstep::run(seed, Some(canary)).err());
        let failure =
            found.unwrap_or_else(|| panic!("{canary:?} was not found in {SEEDS_MAX} seeds"));
        println!(
            "{canary:?}: seed {}: {}",
            failure.seed,
            failure.what.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn every_bug_planted_in_the_shell_is_found() {
    for canary in SHELL_CANARIES {
        let run = |seed| crash::run(Plan { canary: Some(canary), ..Plan::of(seed) });
        let found = (0..SEEDS_MAX).find_map(|seed| run(seed).err());
        let failure =
            found.unwrap_or_else(|| panic!("{canary:?} was not found in {SEEDS_MAX} seeds"));
        println!(
            "{canary:?}: seed {}: {}",
            failure.seed,
            failure.what.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn a_bug_is_found_for_what_it_is() {
    let table = [
        (Canary::OutcomeRepeated, "[I1]"),
        (Canary::FillBookedTwice, "[I3]"),
        (Canary::PositionAppliedTwice, "[I3]"),
        (Canary::HaltIgnored, "[I6]"),
        (Canary::LimitsIgnored, "[I8]"),
        (Canary::OrderSentTwice, "[I2]"),
        (Canary::BreakOverlooked, "[R15]"),
        (Canary::MoreThanPlanned, "[K3]"),
        (Canary::PlanSentAgain, "[K3]"),
    ];
    for (canary, invariant) in table {
        let found = (0..SEEDS_MAX).find_map(|seed| lockstep::run(seed, Some(canary)).err());
        assert!(
            found.is_some_and(|failure| failure.what.starts_with(invariant)),
            "{canary:?} is not {invariant}"
        );
    }
    let early = ShellCanary::EffectsBeforeReceipt;
    // What is released too early may first be missed elsewhere: that it is found for what it is takes one seed of many.
    let is_found = (0..SEEDS_MAX).any(|seed| {
        let ran = crash::run(Plan { canary: Some(early), ..Plan::of(seed) });
        ran.is_err_and(|failure| failure.what.starts_with("[I2]"))
    });
    assert!(is_found, "{early:?} is never [I2]");
}
