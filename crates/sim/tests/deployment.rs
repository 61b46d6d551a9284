//! Promotion and demotion: by figures and somebody else's approval upwards, by one person downwards.

mod check;

use check::{check, check_each};
use expect_test::expect;

const RUN: &str = "1s adopt standard by risk-1, lanes
         2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s intent I1 add 0.1
         5s intent I2 add 0.1";

fn check_run(script: &str, expected: &expect_test::Expect) {
    check(&format!("{RUN}\n{script}"), expected);
}

#[test]
fn a_strategy_is_promoted_on_figures_and_with_an_approval() {
    check_run(
        "12s request R1 promote trend canary main by ops-1
         12s approve R1 by risk-1
         12s promote trend canary main by ops-1 with R1
         13s promote trend canary main by ops-1
         13s promote trend canary main by ops-1 with R1
         14s intent I3 add 0.1
         15s promote trend canary main by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            12s ops-1 requests to promote trend from canary to main (environment)
            12s risk-1 approves as risk, 0 missing
            12s trend assessed: RanS 9 against 10 not met, Orders 2 against 2 met, FailedPerMille 0 against 0 met
            12s refused ops-1: the strategy has not shown what the rules ask of it
            13s trend assessed: RanS 10 against 10 met, Orders 2 against 2 met, FailedPerMille 0 against 0 met
            13s refused ops-1: it takes an approval; request one of exactly this change
            13s trend assessed: RanS 10 against 10 met, Orders 2 against 2 met, FailedPerMille 0 against 0 met
            13s the approval is used
            13s trend promoted by ops-1 from canary to main
            14s I3 denied by Lane: the lane does not admit the strategy
            15s refused ops-1: no such strategy stands in that lane, or it stands in the other already
        "#]],
    );
}

#[test]
fn a_promotion_asks_for_so_long_and_no_less() {
    check_each(
        "1s adopt standard by risk-1, lanes, lane main asks 10 0 0
         2s schedule S1 by ops-1
         3s session start S1 by ops-1
         3s request R1 promote trend canary main by ops-1
         3s approve R1 by risk-1
         {} promote trend canary main by ops-1 with R1",
        &["12999ms", "13s", "13001ms"],
        &expect![[r#"
            12999ms:
              12999ms trend assessed: RanS 9 against 10 not met, Orders 0 against 0 met, FailedPerMille 0 against 0 met
              12999ms refused ops-1: the strategy has not shown what the rules ask of it
            13s:
              13s trend assessed: RanS 10 against 10 met, Orders 0 against 0 met, FailedPerMille 0 against 0 met
              13s the approval is used
              13s trend promoted by ops-1 from canary to main
            13001ms:
              13001ms trend assessed: RanS 10 against 10 met, Orders 0 against 0 met, FailedPerMille 0 against 0 met
              13001ms the approval is used
              13001ms trend promoted by ops-1 from canary to main
        "#]],
    );
}

#[test]
fn a_promotion_asks_for_so_many_orders_and_no_less() {
    check_each(
        "1s adopt standard by risk-1, lanes, lane main asks 0 {} 0
         2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s intent I1 add 0.1
         4s intent I2 add 0.1
         5s request R1 promote trend canary main by ops-1
         5s approve R1 by risk-1
         6s promote trend canary main by ops-1 with R1",
        &["1", "2", "3"],
        &expect![[r#"
            1:
              6s trend assessed: RanS 3 against 0 met, Orders 2 against 1 met, FailedPerMille 0 against 0 met
              6s the approval is used
              6s trend promoted by ops-1 from canary to main
            2:
              6s trend assessed: RanS 3 against 0 met, Orders 2 against 2 met, FailedPerMille 0 against 0 met
              6s the approval is used
              6s trend promoted by ops-1 from canary to main
            3:
              6s trend assessed: RanS 3 against 0 met, Orders 2 against 3 not met, FailedPerMille 0 against 0 met
              6s refused ops-1: the strategy has not shown what the rules ask of it
        "#]],
    );
}

#[test]
fn a_promotion_bears_so_many_failures_and_no_more() {
    check_each(
        "1s adopt standard by risk-1, lanes, lane main asks 0 0 {}
         2s schedule S1 books core,desk by ops-1
         3s session start S1 by ops-1
         4s intent I1 add 0.1
         4s intent I2 add 0.1
         4s mark BTCUSDT 20000
         5s intent I3 add 0.1 book desk
         6s report I3.1 reject
         7s request R1 promote trend canary main by ops-1
         7s approve R1 by risk-1
         8s promote trend canary main by ops-1 with R1",
        &["333", "334", "335"],
        &expect![[r#"
            333:
              8s trend assessed: RanS 5 against 0 met, Orders 3 against 0 met, FailedPerMille 334 against 333 not met
              8s refused ops-1: the strategy has not shown what the rules ask of it
            334:
              8s trend assessed: RanS 5 against 0 met, Orders 3 against 0 met, FailedPerMille 334 against 334 met
              8s the approval is used
              8s trend promoted by ops-1 from canary to main
            335:
              8s trend assessed: RanS 5 against 0 met, Orders 3 against 0 met, FailedPerMille 334 against 335 met
              8s the approval is used
              8s trend promoted by ops-1 from canary to main
        "#]],
    );
}

#[test]
fn a_demoted_strategy_trades_no_more_where_it_was() {
    check_run(
        "6s demote trend canary nowhere by audit-1
         7s demote trend canary nowhere by risk-1
         8s intent I3 add 0.1
         9s intent I4 emergency
         10s demote trend canary nowhere by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s refused audit-1: it takes a role that the person does not hold
            7s trend demoted by risk-1 from canary to nowhere
            8s I3 denied by Lane: the lane does not admit the strategy
            9s I4 passes Lane as a safety exit
            9s I4 passes DecisionTable as a safety exit
            9s I4 passes OrderQuantity as a safety exit
            9s I4 passes OrderNotional as a safety exit
            9s I4 passes PositionLimit as a safety exit
            9s I4 passes Leverage as a safety exit
            9s I4 passes AssetExposure as a safety exit
            9s I4 passes GrossExposure as a safety exit
            9s I4 passes NetExposure as a safety exit
            9s I4 passes SectorExposure as a safety exit
            9s I4 passes ClusterExposure as a safety exit
            9s I4 passes OpenOrders as a safety exit
            9s I4 plans 0.4 at the market, leverage 0.079996 [safety_exit, full_exit]
            9s I4.1 sells 0.4 BTCUSDT on paper reduce-only
            9s I4.1 outcome Filled 0.4
            9s I4 success sold 0.4, reply
            10s refused risk-1: no such strategy stands in that lane, or it stands in the other already
        "#]],
    );
}

#[test]
fn a_demotion_goes_down() {
    check_run(
        "6s demote trend canary main by risk-1
         7s demote trend main canary by risk-1
         8s demote trend none canary by risk-1
         9s demote none canary nowhere by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s refused risk-1: the lane it is to go to has more capital, or is in another environment
            7s refused risk-1: no such strategy stands in that lane, or it stands in the other already
            8s refused risk-1: no such strategy stands in that lane, or it stands in the other already
            9s refused risk-1: no such strategy stands in that lane, or it stands in the other already
        "#]],
    );
}

#[test]
fn a_promotion_goes_where_the_rules_say() {
    check_run(
        "6s promote trend main canary by ops-1
         7s promote other canary main by ops-1
         8s promote trend canary none by ops-1
         9s promote trend canary main by risk-1
         10s adopt standard by risk-1, lanes, lane main without promotion
         11s promote trend canary main by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s refused ops-1: the rules do not say what such a change takes
            7s refused ops-1: no such strategy stands in that lane, or it stands in the other already
            8s refused ops-1: no such strategy stands in that lane, or it stands in the other already
            9s refused risk-1: it takes a role that the person does not hold
            10s rulebook 1 adopted by risk-1
            11s refused ops-1: the rules do not say what such a change takes
        "#]],
    );
}

#[test]
fn a_model_is_lowered_by_one_and_raised_by_two() {
    check_run(
        "6s model trend degraded by risk-1
         7s intent I3 add 0.1
         8s model trend candidate by risk-1
         9s request R1 model trend candidate by risk-1
         9s approve R1 by risk-1
         9s approve R1 by risk-2
         10s model trend approved by risk-1 with R1
         11s model trend candidate by risk-1 with R1
         12s model trend candidate by risk-1
         13s intent I4 add 0.1
         14s model trend degraded by ops-1
         15s model none degraded by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s the model of trend is degraded by risk-1
            7s I3 denied by ModelStatus: the model is trusted less than the lane asks
            8s refused risk-1: it takes an approval; request one of exactly this change
            9s risk-1 requests to raise the model of trend to candidate (environment)
            9s refused risk-1: nobody approves what they proposed
            9s risk-2 approves as risk, 0 missing
            10s refused risk-1: another change was approved than this
            11s the approval is used
            11s the model of trend is candidate by risk-1
            12s refused risk-1: it stands so already
            13s I4 plans 0.2 at 20001, leverage 0.120006
            13s I4.1 buys 0.2 BTCUSDT on paper
            13s I4.1 outcome Filled 0.2
            13s I4 success bought 0.2, reply
            14s refused ops-1: it takes a role that the person does not hold
            15s refused risk-1: no such strategy stands in that lane, or it stands in the other already
        "#]],
    );
}

#[test]
fn what_was_moved_is_forgotten_with_the_rules_that_knew_it() {
    check_run(
        "6s demote trend canary nowhere by risk-1
         7s adopt standard by risk-1, lanes, version 2
         8s intent I3 add 0.1
         9s adopt standard by risk-1, lanes, no lane canary
         10s adopt standard by risk-1, lanes, version 3
         11s intent I4 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            6s trend demoted by risk-1 from canary to nowhere
            7s rulebook 2 adopted by risk-1
            8s I3 denied by Lane: the lane does not admit the strategy
            9s rulebook 1 adopted by risk-1
            10s rulebook 3 adopted by risk-1
            11s I4 plans 0.2 at 20001, leverage 0.120006
            11s I4.1 buys 0.2 BTCUSDT on paper
            11s I4.1 outcome Filled 0.2
            11s I4 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn promotions_survive_a_restart() {
    check_run(
        "14s request R1 promote trend canary main by ops-1
         14s approve R1 by risk-1
         15s promote trend canary main by ops-1 with R1
         16s resume
         17s intent I3 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s I2 plans 0.2 at 20001, leverage 0.080004
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
            14s ops-1 requests to promote trend from canary to main (environment)
            14s risk-1 approves as risk, 0 missing
            15s trend assessed: RanS 12 against 10 met, Orders 2 against 2 met, FailedPerMille 0 against 0 met
            15s the approval is used
            15s trend promoted by ops-1 from canary to main
            17s I3 denied by Lane: the lane does not admit the strategy
        "#]],
    );
}
