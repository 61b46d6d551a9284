//! The kill switch: one person stops, two release.

mod check;

use check::check;
use expect_test::expect;

#[test]
fn kill_switch_cancels_open_orders_and_denies_new_intents() {
    check(
        "1s intent I1 add 0.1 book desk
         2s kill by ops-1 because drill
         3s intent I2 add 0.1
         4s report I1.1 canceled 0",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s kill switch engaged by ops-1
            2s I1.1 cancel requested, cancel
            3s I2 denied by KillSwitch: trading is halted by the kill switch
            4s I1.1 is canceled
            4s I1.1 outcome Failed 0 ExecutionNotAvailable
            4s I1 error: EXECUTION_NOT_AVAILABLE, reply
        "]],
    );
}

#[test]
fn an_emergency_exit_passes_the_kill_switch_and_an_exit_does_not() {
    check(
        "1s intent I1 add 0.5
         2s kill by ops-1
         3s intent I2 exit
         4s intent I3 emergency
         5s intent I4 emergency",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s kill switch engaged by ops-1
            3s I2 denied by KillSwitch: trading is halted by the kill switch
            4s I3 passes KillSwitch as a safety exit
            4s I3 passes OrderNotional as a safety exit
            4s I3 passes Leverage as a safety exit
            4s I3 passes AssetExposure as a safety exit
            4s I3 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
            4s I3.1 sells 1 BTCUSDT on paper reduce-only
            4s I3.1 outcome Filled 1
            4s I3 success sold 1, reply
            5s I4 passes KillSwitch as a safety exit
            5s I4 skipped by Mapping: there is no position to reduce
        "]],
    );
}

#[test]
fn releasing_takes_two_different_people() {
    check(
        "1s kill by ops-1
         2s release by ops-1
         3s release by ops-1
         4s release by risk-1
         5s intent I1 add 0.1",
        &expect![[r"
            1s kill switch engaged by ops-1
            2s kill switch release requested by ops-1
            3s refused ops-1: releasing takes a second, different person
            4s kill switch released by ops-1 and risk-1
            5s I1 plans 0.2 at 20001, leverage 0.040002
            5s I1.1 buys 0.2 BTCUSDT on paper
            5s I1.1 outcome Filled 0.2
            5s I1 success bought 0.2, reply
        "]],
    );
}

#[test]
fn a_halt_cannot_be_engaged_twice_or_released_when_off() {
    check(
        "1s release by ops-1
         2s kill by ops-1
         3s kill by ops-2",
        &expect![[r"
            1s refused ops-1: the kill switch is not engaged
            2s kill switch engaged by ops-1
            3s refused ops-2: the kill switch is engaged already
        "]],
    );
}

#[test]
fn somebody_must_be_named() {
    check(
        "1s kill
         2s kill by ops-1
         3s release",
        &expect![[r"
            1s refused : nobody is named as asking for it
            2s kill switch engaged by ops-1
            3s refused : nobody is named as asking for it
        "]],
    );
}

#[test]
fn a_stop_while_a_release_is_half_given_begins_the_halt_anew() {
    check(
        "1s intent I1 add 0.1 book desk
         2s kill by ops-1
         3s release by ops-1
         4s report I1.1 cancel-rejected
         5s kill by risk-1
         6s release by ops-2
         7s release by ops-2
         8s release by risk-1",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s kill switch engaged by ops-1
            2s I1.1 cancel requested, cancel
            3s kill switch release requested by ops-1
            4s I1.1 is pending new
            5s kill switch engaged by risk-1
            5s I1.1 cancel requested, cancel
            6s kill switch release requested by ops-2
            7s refused ops-2: releasing takes a second, different person
            8s kill switch released by ops-2 and risk-1
        "]],
    );
}

#[test]
fn after_a_restart_the_halt_stands_and_cancels_are_asked_for_again() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s resume
         5s intent I2 add 0.1
         6s report I1.1 canceled 0.05",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 is unknown, query
            4s I1.1 cancel requested, cancel
            5s I2 denied by KillSwitch: trading is halted by the kill switch
            6s I1.1 is canceled
            6s I1.1 outcome PartiallyFilled 0.05
            6s I1 partial bought 0.05, reply
        "]],
    );
}

#[test]
fn an_order_being_cancelled_still_counts_as_closing() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 1@20001
         3s intent I2 exit book desk
         4s kill by ops-1
         5s intent I3 emergency book desk
         6s report I2.1 canceled 0.25
         7s intent I4 emergency book desk",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 1 at 20001, 1 in all, is filled
            2s I1.1 outcome Filled 1
            2s I1 success bought 1 at 20001, slippage 0 bps, reply
            3s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
            3s I2.1 sells 1 BTCUSDT on live-stub, place
            4s kill switch engaged by ops-1
            4s I2.1 cancel requested, cancel
            5s I3 passes KillSwitch as a safety exit
            5s I3 skipped by Mapping: working orders already close the position (1 against 0)
            6s I2.1 is canceled
            6s I2.1 outcome PartiallyFilled 0.25
            6s I2 partial sold 0.25, reply
            7s I4 passes KillSwitch as a safety exit
            7s I4 passes OrderNotional as a safety exit
            7s I4 passes Leverage as a safety exit
            7s I4 passes AssetExposure as a safety exit
            7s I4 plans 0.75 at the market, leverage 0.1499925 [safety_exit, full_exit]
            7s I4.1 sells 0.75 BTCUSDT on live-stub reduce-only, place
        "]],
    );
}
