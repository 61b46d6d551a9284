//! The kill switch: one person stops, two release.

mod check;

use check::{check, check_each};
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
        &expect![[r#"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s kill switch engaged by ops-1
            3s I2 denied by KillSwitch: trading is halted by the kill switch
            4s I3 passes KillSwitch as a safety exit
            4s I3 passes DecisionTable as a safety exit
            4s I3 passes OrderQuantity as a safety exit
            4s I3 passes OrderNotional as a safety exit
            4s I3 passes PositionLimit as a safety exit
            4s I3 passes Leverage as a safety exit
            4s I3 passes AssetExposure as a safety exit
            4s I3 passes GrossExposure as a safety exit
            4s I3 passes NetExposure as a safety exit
            4s I3 passes SectorExposure as a safety exit
            4s I3 passes ClusterExposure as a safety exit
            4s I3 passes OpenOrders as a safety exit
            4s I3 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
            4s I3.1 sells 1 BTCUSDT on paper reduce-only
            4s I3.1 outcome Filled 1
            4s I3 success sold 1, reply
            5s I4 passes KillSwitch as a safety exit
            5s I4 skipped by Mapping: there is no position to reduce
        "#]],
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
            1s refused ops-1: nothing of the kind stands there
            2s kill switch engaged by ops-1
            3s refused ops-2: it stands already
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
        &expect![[r#"
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
            7s I4 passes DecisionTable as a safety exit
            7s I4 passes OrderQuantity as a safety exit
            7s I4 passes OrderNotional as a safety exit
            7s I4 passes PositionLimit as a safety exit
            7s I4 passes Leverage as a safety exit
            7s I4 passes AssetExposure as a safety exit
            7s I4 passes GrossExposure as a safety exit
            7s I4 passes NetExposure as a safety exit
            7s I4 passes SectorExposure as a safety exit
            7s I4 passes ClusterExposure as a safety exit
            7s I4 passes OpenOrders as a safety exit
            7s I4 plans 0.75 at the market, leverage 0.1499925 [safety_exit, full_exit]
            7s I4.1 sells 0.75 BTCUSDT on live-stub reduce-only, place
        "#]],
    );
}

#[test]
fn a_kill_switch_holds_in_its_scope_and_nowhere_else() {
    check_each(
        "1s intent I1 add 0.1 book desk
         2s mark BTCUSDT 20000
         2s kill on {} by ops-1
         3s intent I2 add 0.1
         3s intent I3 add 0.1 ETHUSDT",
        &[
            "environment",
            "account:main",
            "account:other",
            "lane:canary",
            "strategy:trend",
            "strategy:other",
            "venue:BINANCE",
            "venue:NASDAQ",
            "instrument:BINANCE:BTCUSDT",
        ],
        &expect![[r"
            environment:
              3s I2 denied by KillSwitch: trading is halted by the kill switch
              3s I3 denied by KillSwitch: trading is halted by the kill switch
            account:main:
              3s I2 denied by KillSwitch: trading is halted by the kill switch
              3s I3 denied by KillSwitch: trading is halted by the kill switch
            account:other:
              3s I2 plans 0.2 at 20001, leverage 0.040002
              3s I2.1 buys 0.2 BTCUSDT on paper
              3s I2.1 outcome Filled 0.2
              3s I2 success bought 0.2, reply
              3s I3 plans 0.2 at 20001, leverage 0.080002
              3s I3.1 buys 0.2 ETHUSDT on paper
              3s I3.1 outcome Filled 0.2
              3s I3 success bought 0.2, reply
            lane:canary:
              3s I2 plans 0.2 at 20001, leverage 0.040002
              3s I2.1 buys 0.2 BTCUSDT on paper
              3s I2.1 outcome Filled 0.2
              3s I2 success bought 0.2, reply
              3s I3 plans 0.2 at 20001, leverage 0.080002
              3s I3.1 buys 0.2 ETHUSDT on paper
              3s I3.1 outcome Filled 0.2
              3s I3 success bought 0.2, reply
            strategy:trend:
              3s I2 denied by KillSwitch: trading is halted by the kill switch
              3s I3 denied by KillSwitch: trading is halted by the kill switch
            strategy:other:
              3s I2 plans 0.2 at 20001, leverage 0.040002
              3s I2.1 buys 0.2 BTCUSDT on paper
              3s I2.1 outcome Filled 0.2
              3s I2 success bought 0.2, reply
              3s I3 plans 0.2 at 20001, leverage 0.080002
              3s I3.1 buys 0.2 ETHUSDT on paper
              3s I3.1 outcome Filled 0.2
              3s I3 success bought 0.2, reply
            venue:BINANCE:
              3s I2 denied by KillSwitch: trading is halted by the kill switch
              3s I3 denied by KillSwitch: trading is halted by the kill switch
            venue:NASDAQ:
              3s I2 plans 0.2 at 20001, leverage 0.040002
              3s I2.1 buys 0.2 BTCUSDT on paper
              3s I2.1 outcome Filled 0.2
              3s I2 success bought 0.2, reply
              3s I3 plans 0.2 at 20001, leverage 0.080002
              3s I3.1 buys 0.2 ETHUSDT on paper
              3s I3.1 outcome Filled 0.2
              3s I3 success bought 0.2, reply
            instrument:BINANCE:BTCUSDT:
              3s I2 denied by KillSwitch: trading is halted by the kill switch
              3s I3 plans 0.2 at 20001, leverage 0.040002
              3s I3.1 buys 0.2 ETHUSDT on paper
              3s I3.1 outcome Filled 0.2
              3s I3 success bought 0.2, reply
        "]],
    );
}

#[test]
fn a_kill_switch_cancels_what_its_scope_covers_and_leaves_the_rest() {
    check(
        "0s adopt standard by risk-1, book desk lane canary
         1s mark BTCUSDT 20000
         1s intent I1 add 0.1 book desk
         1s intent I2 add 0.1 book desk ETHUSDT
         2s kill on instrument:BINANCE:ETHUSDT by ops-1
         3s kill on lane:canary to block by ops-1
         4s kill on lane:canary to cancel by ops-1
         5s kill on lane:live by ops-1",
        &expect![[r"
            0s rulebook 1 adopted by risk-1
            1s BINANCE:BTCUSDT marked at 20000
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            1s I2 plans 0.2 at 20001, leverage 0.080002
            1s I2.1 buys 0.2 ETHUSDT on live-stub, place
            2s kill switch on instrument:BINANCE:ETHUSDT engaged by ops-1
            2s I2.1 cancel requested, cancel
            3s kill switch on lane:canary to block engaged by ops-1
            4s kill switch on lane:canary engaged by ops-1
            4s I1.1 cancel requested, cancel
            5s kill switch on lane:live engaged by ops-1
        "]],
    );
}

#[test]
fn releasing_one_scope_leaves_those_that_overlap() {
    check(
        "1s kill by ops-1
         2s kill on venue:BINANCE by ops-1
         3s release by ops-1
         4s release by risk-1
         5s intent I1 add 0.1
         6s release on venue:BINANCE by ops-1
         7s release on venue:BINANCE by risk-1
         8s intent I2 add 0.1",
        &expect![[r"
            1s kill switch engaged by ops-1
            2s kill switch on venue:BINANCE engaged by ops-1
            3s kill switch release requested by ops-1
            4s kill switch released by ops-1 and risk-1
            5s I1 denied by KillSwitch: trading is halted by the kill switch
            6s kill switch on venue:BINANCE release requested by ops-1
            7s kill switch on venue:BINANCE released by ops-1 and risk-1
            8s I2 plans 0.2 at 20001, leverage 0.040002
            8s I2.1 buys 0.2 BTCUSDT on paper
            8s I2.1 outcome Filled 0.2
            8s I2 success bought 0.2, reply
        "]],
    );
}

#[test]
fn a_stop_while_one_scopes_release_is_half_given_begins_that_one_anew() {
    check(
        "1s kill by ops-1
         1s kill on venue:BINANCE by ops-1
         2s release by ops-1
         2s release on venue:BINANCE by ops-1
         3s kill on venue:BINANCE by ops-2
         4s release on venue:BINANCE by risk-1
         5s release by risk-1",
        &expect![[r"
            1s kill switch engaged by ops-1
            1s kill switch on venue:BINANCE engaged by ops-1
            2s kill switch release requested by ops-1
            2s kill switch on venue:BINANCE release requested by ops-1
            3s kill switch on venue:BINANCE engaged by ops-2
            4s kill switch on venue:BINANCE release requested by risk-1
            5s kill switch released by ops-1 and risk-1
        "]],
    );
}

#[test]
fn a_kill_that_is_made_stronger_is_never_made_weaker() {
    check(
        "1s kill to block by ops-1
         2s kill to flatten by ops-1
         3s kill to block by ops-1
         4s release by ops-1
         5s kill to block by ops-2",
        &expect![[r"
            1s kill switch to block engaged by ops-1
            2s kill switch to flatten engaged by ops-1
            3s refused ops-1: it stands already
            4s kill switch release requested by ops-1
            5s kill switch to flatten engaged by ops-2
        "]],
    );
}

#[test]
fn a_kill_that_flattens_closes_what_its_scope_holds() {
    check(
        "1s mark BTCUSDT 20000
         1s mark ETHUSDT 20000
         1s intent I1 add 0.1
         1s intent I2 add 0.1 ETHUSDT
         2s kill on instrument:BINANCE:BTCUSDT to flatten by risk-1
         3s kill to flatten by risk-1",
        &expect![[r#"
            1s BINANCE:BTCUSDT marked at 20000
            1s BINANCE:ETHUSDT marked at 20000
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            1s I2 plans 0.2 at 20001, leverage 0.080002
            1s I2.1 buys 0.2 ETHUSDT on paper
            1s I2.1 outcome Filled 0.2
            1s I2 success bought 0.2, reply
            2s kill switch on instrument:BINANCE:BTCUSDT to flatten engaged by risk-1
            2s flatten-7-1 is to close BINANCE:BTCUSDT in core, submit
            2s flatten-7-1 passes KillSwitch as a safety exit
            2s flatten-7-1 passes DecisionTable as a safety exit
            2s flatten-7-1 passes OrderQuantity as a safety exit
            2s flatten-7-1 passes OrderNotional as a safety exit
            2s flatten-7-1 passes PositionLimit as a safety exit
            2s flatten-7-1 passes Leverage as a safety exit
            2s flatten-7-1 passes AssetExposure as a safety exit
            2s flatten-7-1 passes GrossExposure as a safety exit
            2s flatten-7-1 passes NetExposure as a safety exit
            2s flatten-7-1 passes SectorExposure as a safety exit
            2s flatten-7-1 passes ClusterExposure as a safety exit
            2s flatten-7-1 passes OpenOrders as a safety exit
            2s flatten-7-1 plans 0.2 at the market, leverage 0.079998 [safety_exit, full_exit]
            2s f885e43c-967e-8c20-82b1-448b8621aa54 sells 0.2 BTCUSDT on paper reduce-only
            2s f885e43c-967e-8c20-82b1-448b8621aa54 outcome Filled 0.2
            2s flatten-7-1 success sold 0.2, reply
            3s kill switch to flatten engaged by risk-1
            3s flatten-9-1 is to close BINANCE:ETHUSDT in core, submit
            3s flatten-9-1 passes KillSwitch as a safety exit
            3s flatten-9-1 passes DecisionTable as a safety exit
            3s flatten-9-1 passes OrderQuantity as a safety exit
            3s flatten-9-1 passes OrderNotional as a safety exit
            3s flatten-9-1 passes PositionLimit as a safety exit
            3s flatten-9-1 passes Leverage as a safety exit
            3s flatten-9-1 passes AssetExposure as a safety exit
            3s flatten-9-1 passes GrossExposure as a safety exit
            3s flatten-9-1 passes NetExposure as a safety exit
            3s flatten-9-1 passes SectorExposure as a safety exit
            3s flatten-9-1 passes ClusterExposure as a safety exit
            3s flatten-9-1 passes OpenOrders as a safety exit
            3s flatten-9-1 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            3s 95363133-2bde-8d6a-91b3-5fe503af7d7f sells 0.2 ETHUSDT on paper reduce-only
            3s 95363133-2bde-8d6a-91b3-5fe503af7d7f outcome Filled 0.2
            3s flatten-9-1 success sold 0.2, reply
        "#]],
    );
}

#[test]
fn what_is_filled_while_it_is_cancelled_is_closed_half_a_minute_later() {
    check(
        "1s intent I1 add 0.1 book desk
         2s kill to flatten by risk-1
         3s report I1.1 fill 0.05@20001
         4s report I1.1 canceled 0.05
         31s tick
         32s tick
         33s tick",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s kill switch to flatten engaged by risk-1
            2s I1.1 cancel requested, cancel
            3s I1.1 fills 0.05 at 20001, 0.05 in all, is pending cancel
            4s I1.1 is canceled
            4s I1.1 outcome PartiallyFilled 0.05
            4s I1 partial bought 0.05 at 20001, slippage 0 bps, reply
            32s flatten-8-1 is to close BINANCE:BTCUSDT in desk, submit
            32s flatten-8-1 passes KillSwitch as a safety exit
            32s flatten-8-1 passes DecisionTable as a safety exit
            32s flatten-8-1 passes OrderQuantity as a safety exit
            32s flatten-8-1 passes OrderNotional as a safety exit
            32s flatten-8-1 passes PositionLimit as a safety exit
            32s flatten-8-1 passes Leverage as a safety exit
            32s flatten-8-1 passes AssetExposure as a safety exit
            32s flatten-8-1 passes GrossExposure as a safety exit
            32s flatten-8-1 passes NetExposure as a safety exit
            32s flatten-8-1 passes SectorExposure as a safety exit
            32s flatten-8-1 passes ClusterExposure as a safety exit
            32s flatten-8-1 passes OpenOrders as a safety exit
            32s flatten-8-1 plans 0.05 at the market, leverage 0.0099995 [safety_exit, full_exit]
            32s ef4afec7-9b36-8151-bb5d-547f146e915f sells 0.05 BTCUSDT on live-stub reduce-only, place
        "#]],
    );
}

#[test]
fn an_exit_that_was_lost_with_the_process_is_asked_for_again() {
    check(
        "1s intent I1 add 0.1
         2s exits are lost
         2s kill to flatten by risk-1
         3s exits are taken
         4s resume
         5s resume",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s kill switch to flatten engaged by risk-1
            2s flatten-4-1 is to close BINANCE:BTCUSDT in core, submit
            4s flatten-4-1 is to close BINANCE:BTCUSDT in core, submit
            4s flatten-4-1 passes KillSwitch as a safety exit
            4s flatten-4-1 passes DecisionTable as a safety exit
            4s flatten-4-1 passes OrderQuantity as a safety exit
            4s flatten-4-1 passes OrderNotional as a safety exit
            4s flatten-4-1 passes PositionLimit as a safety exit
            4s flatten-4-1 passes Leverage as a safety exit
            4s flatten-4-1 passes AssetExposure as a safety exit
            4s flatten-4-1 passes GrossExposure as a safety exit
            4s flatten-4-1 passes NetExposure as a safety exit
            4s flatten-4-1 passes SectorExposure as a safety exit
            4s flatten-4-1 passes ClusterExposure as a safety exit
            4s flatten-4-1 passes OpenOrders as a safety exit
            4s flatten-4-1 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            4s 429ac404-5ca8-83de-863f-55622b226cb1 sells 0.2 BTCUSDT on paper reduce-only
            4s 429ac404-5ca8-83de-863f-55622b226cb1 outcome Filled 0.2
            4s flatten-4-1 success sold 0.2, reply
        "#]],
    );
}

#[test]
fn after_a_restart_only_what_a_kill_wants_cancelled_is_cancelled() {
    check(
        "1s mark BTCUSDT 20000
         1s intent I1 add 0.1 book desk
         1s intent I2 add 0.1 book desk ETHUSDT
         2s kill on instrument:BINANCE:ETHUSDT by ops-1
         3s kill on instrument:BINANCE:BTCUSDT to block by ops-1
         4s resume",
        &expect![[r"
            1s BINANCE:BTCUSDT marked at 20000
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            1s I2 plans 0.2 at 20001, leverage 0.080002
            1s I2.1 buys 0.2 ETHUSDT on live-stub, place
            2s kill switch on instrument:BINANCE:ETHUSDT engaged by ops-1
            2s I2.1 cancel requested, cancel
            3s kill switch on instrument:BINANCE:BTCUSDT to block engaged by ops-1
            4s I2.1 is unknown, query
            4s I2.1 cancel requested, cancel
            4s I1.1 is unknown, query
        "]],
    );
}
