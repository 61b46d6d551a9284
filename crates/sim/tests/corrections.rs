//! Busts and corrections: an executor says that a fill was another, or none.

mod check;

use check::check;
use expect_test::expect;

#[test]
fn a_bust_or_correction_restores_the_position_exactly() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.15@20000 as E1
         3s report I1.1 fill 0.05@20010 as E2
         4s ledger ended I1.1 0.2 cum 0.2, fill I1.1 E1 0.15@20000 at 2s, fill I1.1 E2 0.05@20010 at 3s, position main BTCUSDT 0.2
         5s report I1.1 bust E2
         6s ledger ended I1.1 0.2 cum 0.2, fill I1.1 E1 0.15@20000 at 2s, fill I1.1 E2 0@20010 at 3s, position main BTCUSDT 0.15
         7s report I1.1 correct E1 0.1@20005
         8s ledger ended I1.1 0.2 cum 0.2, fill I1.1 E1 0.1@20005 at 2s, fill I1.1 E2 0@20010 at 3s, position main BTCUSDT 0.1
         9s report I1.1 correct E1 0.15@20000
         10s ledger ended I1.1 0.2 cum 0.2, fill I1.1 E1 0.15@20000 at 2s, fill I1.1 E2 0@20010 at 3s, position main BTCUSDT 0.15
         11s intent I2 exit book desk",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.15 at 20000, 0.15 in all, is partially filled
            3s I1.1 fills 0.05 at 20010, 0.2 in all, is filled
            3s I1.1 outcome Filled 0.2
            3s I1 success bought 0.2 at 20002.5, slippage 1 bps, reply
            4s live-stub compared: 1 orders, 2 fills, 1 positions, 0 differ
            5s I1.1 fill E2 of 0.05 at 20010 is busted
            5s INC-7-1 opened: execution high venue:BINANCE (an executor busted a fill)
            6s live-stub compared: 1 orders, 2 fills, 1 positions, 0 differ
            7s I1.1 fill E1 of 0.15 at 20000 is 0.1 at 20005
            8s live-stub compared: 1 orders, 2 fills, 1 positions, 0 differ
            9s I1.1 fill E1 of 0.1 at 20005 is 0.15 at 20000
            10s live-stub compared: 1 orders, 2 fills, 1 positions, 0 differ
            11s I2 plans 0.15 at 19999, leverage 0.0299985 [full_exit]
            11s I2.1 sells 0.15 BTCUSDT on live-stub, place
        "#]],
    );
}

#[test]
fn an_order_at_work_goes_on_with_what_its_fills_now_are() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         3s report I1.1 fill 0.05@20010 as E2
         4s report I1.1 bust E1
         5s report I1.1 correct E2 0.04@20020 fee 0.1
         6s report I1.1 canceled 0.1",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            3s I1.1 fills 0.05 at 20010, 0.1 in all, is partially filled
            4s I1.1 fill E1 of 0.05 at 20000 is busted
            4s INC-6-1 opened: execution high venue:BINANCE (an executor busted a fill)
            5s I1.1 fill E2 of 0.05 at 20010 is 0.04 at 20020
            6s I1.1 is canceled
            6s I1.1 outcome PartiallyFilled 0.04
            6s I1 partial bought 0.04 at 20020, slippage 10 bps, fees 0.1, reply
        "#]],
    );
}

#[test]
fn an_order_whose_fate_is_unknown_is_corrected_like_any_other() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         2500ms kill by ops-1 because drill
         3s resume
         4s report I1.1 bust E1
         5s report I1.1 fill 0.15@20000 cum 0.2 as E2",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            2500ms kill switch engaged by ops-1
            2500ms I1.1 cancel requested, cancel
            3s I1.1 is unknown, query
            3s I1.1 cancel requested, cancel
            4s I1.1 fill E1 of 0.05 at 20000 is busted
            4s INC-7-1 opened: execution high venue:BINANCE (an executor busted a fill)
            5s I1.1 fills 0.15 at 20000, 0.2 in all, is filled
            5s I1.1 outcome PartiallyFilled 0.15
            5s I1 partial bought 0.15 at 20000, slippage 0 bps, reply
        "#]],
    );
}

#[test]
fn everything_busted_is_an_order_that_failed() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         3s report I1.1 bust E1
         4s report I1.1 expired 0.05",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            3s I1.1 fill E1 of 0.05 at 20000 is busted
            3s INC-5-1 opened: execution high venue:BINANCE (an executor busted a fill)
            4s I1.1 is expired
            4s I1.1 outcome Failed 0 ExecutionNotAvailable
            4s I1 error: EXECUTION_NOT_AVAILABLE, reply
        "#]],
    );
}

#[test]
fn what_is_said_again_or_late_or_of_no_fill_changes_nothing() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         3s report I1.1 bust E9
         4s report I1.1 correct E1 0.04@20000 as C1
         5s report I1.1 correct E1 0.04@20000 as C2
         6s report I1.1 correct E1 0.21@20000 as C3
         7s report I1.1 correct E1 0@20000 as C4
         8s report I1.1 bust E1 as C5
         9s report I1.1 bust E1 as C6
         10s report I1.1 correct E1 0.05@20000 as C7",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            3s I1.1 report ignored: it corrects a fill that is not known
            4s I1.1 fill E1 of 0.05 at 20000 is 0.04 at 20000
            4s INC-6-1 opened: execution high venue:BINANCE (an executor corrected a fill)
            5s I1.1 report ignored: it says nothing new
            6s I1.1 report ignored: it would fill more than was ordered
            7s I1.1 report ignored: it contradicts what is known of the order
            8s I1.1 fill E1 of 0.04 at 20000 is busted
            9s I1.1 report ignored: it says nothing new
            10s I1.1 report ignored: it contradicts what is known of the order
        "#]],
    );
}

#[test]
fn a_correction_of_what_the_rules_do_not_know_any_more_waits_for_a_person() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.2@20000 as E1
         3s intent I2 exit book desk
         4s report I2.1 fill 0.2@20000 as E2
         5s adopt standard, no book desk
         6s report I1.1 bust E1",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.2 at 20000, 0.2 in all, is filled
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2 at 20000, slippage 0 bps, reply
            3s I2 plans 0.2 at 19999, leverage 0.039998 [full_exit]
            3s I2.1 sells 0.2 BTCUSDT on live-stub, place
            4s I2.1 fills 0.2 at 20000, 0.2 in all, is filled
            4s I2.1 outcome Filled 0.2
            4s I2 success sold 0.2 at 20000, slippage 0 bps, reply
            5s rulebook 1 adopted by risk-1
            6s I1.1 report ignored: it corrects a fill whose book or instrument the rules do not know any more
        "#]],
    );
}
