//! Halts, cooldowns and modes: one person imposes, two lift, time ends them, and what each lets through.

mod check;

use check::{check, check_each};
use expect_test::expect;

const KINDS: [&str; 5] = ["halt", "cooldown", "maintenance", "degraded", "reduce_only"];

#[test]
fn each_restraint_holds_new_risk_back_and_lets_through_what_it_may() {
    check_each(
        "1s intent I1 add 0.5
         2s impose {} by ops-1 because drill
         3s intent I2 add 0.1
         3s intent I3 trim 0.1
         3s intent I4 emergency",
        &KINDS,
        &expect![[r#"
            halt:
              3s I2 denied by Halt: trading is halted there
              3s I3 denied by Halt: trading is halted there
              3s I4 denied by Halt: trading is halted there
            cooldown:
              3s I2 denied by Cooldown: a cooldown holds new risk back
              3s I3 denied by Cooldown: a cooldown holds new risk back
              3s I4 passes Cooldown as a safety exit
              3s I4 passes DecisionTable as a safety exit
              3s I4 passes OrderQuantity as a safety exit
              3s I4 passes OrderNotional as a safety exit
              3s I4 passes PositionLimit as a safety exit
              3s I4 passes Leverage as a safety exit
              3s I4 passes AssetExposure as a safety exit
              3s I4 passes GrossExposure as a safety exit
              3s I4 passes NetExposure as a safety exit
              3s I4 passes SectorExposure as a safety exit
              3s I4 passes ClusterExposure as a safety exit
              3s I4 passes OpenOrders as a safety exit
              3s I4 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
              3s I4.1 sells 1 BTCUSDT on paper reduce-only
              3s I4.1 outcome Filled 1
              3s I4 success sold 1, reply
            maintenance:
              3s I2 denied by Maintenance: it is under maintenance
              3s I3 denied by Maintenance: it is under maintenance
              3s I4 passes Maintenance as a safety exit
              3s I4 passes DecisionTable as a safety exit
              3s I4 passes OrderQuantity as a safety exit
              3s I4 passes OrderNotional as a safety exit
              3s I4 passes PositionLimit as a safety exit
              3s I4 passes Leverage as a safety exit
              3s I4 passes AssetExposure as a safety exit
              3s I4 passes GrossExposure as a safety exit
              3s I4 passes NetExposure as a safety exit
              3s I4 passes SectorExposure as a safety exit
              3s I4 passes ClusterExposure as a safety exit
              3s I4 passes OpenOrders as a safety exit
              3s I4 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
              3s I4.1 sells 1 BTCUSDT on paper reduce-only
              3s I4.1 outcome Filled 1
              3s I4 success sold 1, reply
            degraded:
              3s I2 denied by ReduceOnlyMode: a degraded mode lets only reductions through
              3s I3 plans 0.1 at 19999, leverage 0.19999
              3s I3.1 sells 0.1 BTCUSDT on paper reduce-only
              3s I3.1 outcome Filled 0.1
              3s I3 success sold 0.1, reply
              3s I4 passes ReduceOnlyMode as a safety exit
              3s I4 passes DecisionTable as a safety exit
              3s I4 passes OrderQuantity as a safety exit
              3s I4 passes OrderNotional as a safety exit
              3s I4 passes PositionLimit as a safety exit
              3s I4 passes Leverage as a safety exit
              3s I4 passes AssetExposure as a safety exit
              3s I4 passes GrossExposure as a safety exit
              3s I4 passes NetExposure as a safety exit
              3s I4 passes SectorExposure as a safety exit
              3s I4 passes ClusterExposure as a safety exit
              3s I4 passes OpenOrders as a safety exit
              3s I4 plans 0.9 at the market, leverage 0.179991 [safety_exit, full_exit]
              3s I4.1 sells 0.9 BTCUSDT on paper reduce-only
              3s I4.1 outcome Filled 0.9
              3s I4 success sold 0.9, reply
            reduce_only:
              3s I2 denied by ReduceOnlyMode: a reduce-only mode lets only reductions through
              3s I3 plans 0.1 at 19999, leverage 0.19999
              3s I3.1 sells 0.1 BTCUSDT on paper reduce-only
              3s I3.1 outcome Filled 0.1
              3s I3 success sold 0.1, reply
              3s I4 passes ReduceOnlyMode as a safety exit
              3s I4 passes DecisionTable as a safety exit
              3s I4 passes OrderQuantity as a safety exit
              3s I4 passes OrderNotional as a safety exit
              3s I4 passes PositionLimit as a safety exit
              3s I4 passes Leverage as a safety exit
              3s I4 passes AssetExposure as a safety exit
              3s I4 passes GrossExposure as a safety exit
              3s I4 passes NetExposure as a safety exit
              3s I4 passes SectorExposure as a safety exit
              3s I4 passes ClusterExposure as a safety exit
              3s I4 passes OpenOrders as a safety exit
              3s I4 plans 0.9 at the market, leverage 0.179991 [safety_exit, full_exit]
              3s I4.1 sells 0.9 BTCUSDT on paper reduce-only
              3s I4.1 outcome Filled 0.9
              3s I4 success sold 0.9, reply
        "#]],
    );
}

#[test]
fn each_restraint_is_imposed_by_one_and_lifted_by_two() {
    check_each(
        "1s impose {} on venue:BINANCE by stranger
         1s lift {} on venue:BINANCE by stranger
         1s lift {} on venue:BINANCE by ops-1
         1s lift {} on venue:BINANCE by ops-1
         1s lift {} on venue:BINANCE by ops-2
         1s lift {} on venue:NASDAQ by risk-1
         1s lift {} on venue:BINANCE by risk-1
         1s lift {} on venue:BINANCE by risk-1",
        &KINDS,
        &expect![[r"
            halt:
              1s halt on venue:BINANCE imposed by stranger
              1s refused stranger: no such person stands in the rules
              1s halt on venue:BINANCE: lift requested by ops-1
              1s refused ops-1: releasing takes a second, different person
              1s refused ops-2: it takes a role that the person does not hold
              1s refused risk-1: nothing of the kind stands there
              1s halt on venue:BINANCE lifted by ops-1 and risk-1
              1s refused risk-1: nothing of the kind stands there
            cooldown:
              1s cooldown on venue:BINANCE imposed by stranger
              1s refused stranger: no such person stands in the rules
              1s cooldown on venue:BINANCE: lift requested by ops-1
              1s refused ops-1: releasing takes a second, different person
              1s refused ops-2: it takes a role that the person does not hold
              1s refused risk-1: nothing of the kind stands there
              1s cooldown on venue:BINANCE lifted by ops-1 and risk-1
              1s refused risk-1: nothing of the kind stands there
            maintenance:
              1s maintenance on venue:BINANCE imposed by stranger
              1s refused stranger: no such person stands in the rules
              1s maintenance on venue:BINANCE: lift requested by ops-1
              1s refused ops-1: releasing takes a second, different person
              1s refused ops-2: it takes a role that the person does not hold
              1s refused risk-1: nothing of the kind stands there
              1s maintenance on venue:BINANCE lifted by ops-1 and risk-1
              1s refused risk-1: nothing of the kind stands there
            degraded:
              1s degraded on venue:BINANCE imposed by stranger
              1s refused stranger: no such person stands in the rules
              1s degraded on venue:BINANCE: lift requested by ops-1
              1s refused ops-1: releasing takes a second, different person
              1s refused ops-2: it takes a role that the person does not hold
              1s refused risk-1: nothing of the kind stands there
              1s degraded on venue:BINANCE lifted by ops-1 and risk-1
              1s refused risk-1: nothing of the kind stands there
            reduce_only:
              1s reduce_only on venue:BINANCE imposed by stranger
              1s refused stranger: no such person stands in the rules
              1s reduce_only on venue:BINANCE: lift requested by ops-1
              1s refused ops-1: releasing takes a second, different person
              1s refused ops-2: it takes a role that the person does not hold
              1s refused risk-1: nothing of the kind stands there
              1s reduce_only on venue:BINANCE lifted by ops-1 and risk-1
              1s refused risk-1: nothing of the kind stands there
        "]],
    );
}

#[test]
fn a_cooldown_ends_at_its_moment_whether_a_tick_came_or_not() {
    check(
        "1s impose cooldown on strategy:trend until 5s by ops-1
         4999ms intent I1 add 0.1
         5s intent I2 add 0.1
         6s lift cooldown on strategy:trend by risk-1
         7s tick
         8s tick",
        &expect![[r"
            1s cooldown on strategy:trend imposed until 5s by ops-1
            4999ms I1 denied by Cooldown: a cooldown holds new risk back
            5s I2 plans 0.2 at 20001, leverage 0.040002
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s refused risk-1: nothing of the kind stands there
            7s cooldown on strategy:trend is over
        "]],
    );
}

#[test]
fn a_cooldown_that_is_started_again_only_grows() {
    check(
        "1s impose cooldown until 5s by ops-1
         2s impose cooldown until 4s by ops-1
         3s impose cooldown until 9s by ops-1
         4s impose cooldown until 4s by ops-1
         5s impose cooldown by ops-1
         6s impose cooldown until 99s by ops-1
         7s lift cooldown by risk-1
         8s impose cooldown until 99s by ops-1",
        &expect![[r"
            1s cooldown on global imposed until 5s by ops-1
            2s refused ops-1: it stands already
            3s cooldown on global imposed until 9s by ops-1
            4s refused ops-1: it would end before it begins
            5s cooldown on global imposed by ops-1
            6s refused ops-1: it stands already
            7s cooldown on global: lift requested by risk-1
            8s cooldown on global imposed by ops-1
        "]],
    );
}

#[test]
fn a_cooldown_that_is_over_begins_as_a_new_one() {
    check(
        "1s impose cooldown until 3s by ops-1
         2s lift cooldown by risk-1
         4s impose cooldown until 5s by ops-1
         4s lift cooldown by risk-2",
        &expect![[r"
            1s cooldown on global imposed until 3s by ops-1
            2s cooldown on global: lift requested by risk-1
            4s cooldown on global imposed until 5s by ops-1
            4s cooldown on global: lift requested by risk-2
        "]],
    );
}

#[test]
fn nobody_imposes_without_a_name() {
    check(
        "1s impose cooldown",
        &expect![[r"
        1s refused : nobody is named as asking for it
    "]],
    );
}

#[test]
fn a_reduce_only_mode_sends_no_more_than_is_left_to_close() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 1@20001
         3s impose reduce_only on account:main by risk-1
         4s intent I2 trim 0.6 book desk
         5s target I3 -0.1 to 0.1 book desk
         6s target I4 -0.1 to 0.1 book desk
         7s target I5 +0.1 to 0.1 book desk
         8s target I6 -0.1 to 0 book desk",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 1 at 20001, 1 in all, is filled
            2s I1.1 outcome Filled 1
            2s I1 success bought 1 at 20001, slippage 0 bps, reply
            3s reduce_only on account:main imposed by risk-1
            4s I2 plans 0.6 at 19999, leverage 0.19999
            4s I2.1 sells 0.6 BTCUSDT on live-stub reduce-only, place
            5s I3 reduced to 0.4 by Sizing (10000 against 100000)
            5s I3 plans 0.4 at 19999, leverage 0.19999 [reduce_only]
            5s I3.1 sells 0.4 BTCUSDT on live-stub reduce-only, place
            6s I4 skipped by Sizing: working orders already close the position (10000 against 100000)
            7s I5 denied by ReduceOnlyMode: a reduce-only mode lets only reductions through
            8s I6 skipped by Mapping: working orders already close the position (1 against 0)
        "]],
    );
}

#[test]
fn a_flat_book_has_nothing_to_reduce() {
    check(
        "1s impose degraded by risk-1
         2s target I1 -0.1 to -0.1
         3s intent I2 reclaim 0.1
         4s intent I3 exit",
        &expect![[r"
            1s degraded on global imposed by risk-1
            2s I1 denied by ReduceOnlyMode: a degraded mode lets only reductions through
            3s I2 denied by ReduceOnlyMode: a degraded mode lets only reductions through
            4s I3 skipped by Mapping: there is no position to reduce
        "]],
    );
}

#[test]
fn restraints_of_several_kinds_hold_on_their_own() {
    check(
        "1s impose maintenance by ops-1
         1s impose cooldown by ops-1
         2s intent I1 add 0.1
         3s lift maintenance by ops-1
         3s lift maintenance by risk-1
         4s intent I2 add 0.1",
        &expect![[r"
            1s maintenance on global imposed by ops-1
            1s cooldown on global imposed by ops-1
            2s I1 denied by Maintenance: it is under maintenance
            3s maintenance on global: lift requested by ops-1
            3s maintenance on global lifted by ops-1 and risk-1
            4s I2 denied by Cooldown: a cooldown holds new risk back
        "]],
    );
}

#[test]
fn a_restraint_stands_after_a_restart() {
    check(
        "1s impose cooldown until 9s by ops-1
         2s resume
         3s intent I1 add 0.1",
        &expect![[r"
            1s cooldown on global imposed until 9s by ops-1
            3s I1 denied by Cooldown: a cooldown holds new risk back
        "]],
    );
}
