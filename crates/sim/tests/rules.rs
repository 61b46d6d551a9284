//! Rules, runs and marks: inputs like any other, refused where they make no sense.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn a_rulebook_for_another_partition_is_refused() {
    check(
        "1s adopt standard, partition other",
        &expect![[r"
            1s refused risk-1: the rulebook is for another partition
        "]],
    );
}

#[test]
fn the_same_rulebook_again_is_nothing_new() {
    check(
        "1s adopt standard
         2s adopt standard, version 2",
        &expect![[r"
            1s refused risk-1: it stands so already
            2s rulebook 2 adopted by risk-1
        "]],
    );
}

#[test]
fn a_rulebook_needs_somebody_who_adopts_it() {
    check(
        "1s adopt standard by , version 2",
        &expect![[r"
            1s refused : nobody is named as asking for it
        "]],
    );
}

#[test]
fn rules_that_would_leave_a_holding_without_them_are_refused() {
    check_each(
        "1s intent I1 add 0.1
         2s adopt standard, {}",
        &[
            "no instrument BTCUSDT",
            "no book core",
            "book core without BINANCE",
            "BTCUSDT contract_size 2",
            "BTCUSDT off",
            "no instrument ETHUSDT",
        ],
        &expect![[r"
            no instrument BTCUSDT:
              2s refused risk-1: a holding or working order would be left without its rules
            no book core:
              2s refused risk-1: a holding or working order would be left without its rules
            book core without BINANCE:
              2s refused risk-1: a holding or working order would be left without its rules
            BTCUSDT contract_size 2:
              2s refused risk-1: a holding or working order would be left without its rules
            BTCUSDT off:
              2s rulebook 1 adopted by risk-1
            no instrument ETHUSDT:
              2s rulebook 1 adopted by risk-1
        "]],
    );
}

#[test]
fn rules_that_would_leave_a_working_order_without_them_are_refused() {
    check(
        "1s intent I1 add 0.1 book desk
         2s adopt standard, no book desk
         3s report I1.1 canceled 0
         4s adopt standard, no book desk",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s refused risk-1: a holding or working order would be left without its rules
            3s I1.1 is canceled
            3s I1.1 outcome Failed 0 ExecutionNotAvailable
            3s I1 error: EXECUTION_NOT_AVAILABLE, reply
            4s rulebook 1 adopted by risk-1
        "]],
    );
}

#[test]
fn a_run_registers_once_a_manifest() {
    check(
        "1s run R2
         2s run R2
         3s run R2 60303ae2",
        &expect![[r"
            1s run R2 registered
            2s refused research-1: it stands so already
            3s run R2 registered
        "]],
    );
}

#[test]
fn a_mark_needs_a_price_a_known_instrument_and_its_turn() {
    check(
        "1s mark BTCUSDT 0
         2s mark BTCUSDT -1
         3s mark NONE 5
         4s mark BTCUSDT 5
         5s mark BTCUSDT 6 as of 3s
         6s mark BTCUSDT 7 as of 4s
         7s mark BTCUSDT 8 as of 8s",
        &expect![[r"
            1s refused: the mark has no price above zero, or its instrument is unknown
            2s refused: the mark has no price above zero, or its instrument is unknown
            3s refused: the mark has no price above zero, or its instrument is unknown
            4s BINANCE:BTCUSDT marked at 5
            5s refused: the mark is older than the one in force
            6s BINANCE:BTCUSDT marked at 7
            7s refused: the mark is from the future
        "]],
    );
}

#[test]
fn a_mark_that_would_make_exposure_uncountable_is_refused() {
    check(
        "1s intent I1 add 1
         2s mark BTCUSDT 170000000000000000000
         3s mark ETHUSDT 170000000000000000000",
        &expect![[r"
            1s I1 plans 2 at 20001, leverage 0.40002
            1s I1.1 buys 2 BTCUSDT on paper
            1s I1.1 outcome Filled 2
            1s I1 success bought 2, reply
            2s refused: a figure is too large to be computed exactly
            3s BINANCE:ETHUSDT marked at 170000000000000000000
        "]],
    );
}
