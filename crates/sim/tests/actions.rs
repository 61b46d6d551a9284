//! The six actions and the change of weight: side, quantity, and what only reduces.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn add_buys_when_flat_and_builds_on_either_side() {
    check(
        "1s intent I1 add 0.1
         2s intent I2 add 0.1
         3s target I3 -0.2 to -0.1
         4s intent I4 add 0.1",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.080004
            2s I2.1 buys 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
            3s I3 reduced to 1 by Precision (19999 against 10)
            3s I3 plans 1 at 19999, leverage 0.119994 [lot_rounding]
            3s I3.1 sells 1 BTCUSDT on paper
            3s I3.1 outcome Filled 1
            3s I3 success sold 1, reply
            4s I4 reduced to 0.2 by Precision (3999.8 against 10)
            4s I4 plans 0.2 at 19999, leverage 0.159992 [lot_rounding]
            4s I4.1 sells 0.2 BTCUSDT on paper
            4s I4.1 outcome Filled 0.2
            4s I4 success sold 0.2, reply
        "]],
    );
}

#[test]
fn reclaim_buys_whatever_is_held() {
    check(
        "1s target I1 -0.1 to -0.1
         2s intent I2 reclaim 0.1",
        &expect![[r"
            1s I1 reduced to 0.5 by Precision (9999.5 against 10)
            1s I1 plans 0.5 at 19999, leverage 0.099995 [lot_rounding]
            1s I1.1 sells 0.5 BTCUSDT on paper
            1s I1.1 outcome Filled 0.5
            1s I1 success sold 0.5, reply
            2s I2 plans 0.2 at 20001, leverage 0.100005
            2s I2.1 buys 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
        "]],
    );
}

#[test]
fn trim_takes_a_fraction_of_the_position() {
    check(
        "1s intent I1 add 0.5
         2s intent I2 trim 0.25
         3s intent I3 trim 0
         4s intent I4 trim 1
         5s intent I5 trim 0.5",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s I2 plans 0.25 at 19999, leverage 0.19999
            2s I2.1 sells 0.25 BTCUSDT on paper
            2s I2.1 outcome Filled 0.25
            2s I2 success sold 0.25, reply
            3s I3 skipped by Mapping: nothing to do (0 against 0.75)
            4s I4 plans 0.75 at 19999, leverage 0.1499925 [full_exit]
            4s I4.1 sells 0.75 BTCUSDT on paper
            4s I4.1 outcome Filled 0.75
            4s I4 success sold 0.75, reply
            5s I5 skipped by Mapping: there is no position to reduce
        "]],
    );
}

#[test]
fn exit_closes_a_long_by_selling_and_a_short_by_buying() {
    check(
        "1s intent I1 add 0.1
         2s intent I2 exit
         3s target I3 -0.1 to -0.1
         4s intent I4 exit 0.1
         5s intent I5 exit",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 19999, leverage 0.039998 [full_exit]
            2s I2.1 sells 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success sold 0.2, reply
            3s I3 reduced to 0.5 by Precision (9999.5 against 10)
            3s I3 plans 0.5 at 19999, leverage 0.099995 [lot_rounding]
            3s I3.1 sells 0.5 BTCUSDT on paper
            3s I3.1 outcome Filled 0.5
            3s I3 success sold 0.5, reply
            4s I4 plans 0.5 at 20001, leverage 0.100005 [full_exit]
            4s I4.1 buys 0.5 BTCUSDT on paper
            4s I4.1 outcome Filled 0.5
            4s I4 success bought 0.5, reply
            5s I5 skipped by Mapping: there is no position to reduce
        "]],
    );
}

#[test]
fn emergency_exit_is_reduce_only_at_the_market_and_passes_limits() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, max_order_notional 1, max_leverage 0, max_asset_exposure 0
         3s intent I2 exit
         4s intent I3 emergency post-only
         5s intent I4 emergency",
        &expect![[r#"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by OrderNotional: the order is worth more than one order may be (19999 against 1)
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
            5s I4 skipped by Mapping: there is no position to reduce
        "#]],
    );
}

#[test]
fn reduce_only_never_adds() {
    check(
        "1s intent I1 add 0.5 reduce-only
         2s intent I2 reclaim 0.5 reduce-only
         3s intent I3 add 0.5
         4s intent I4 trim 0.5 reduce-only",
        &expect![[r"
            1s I1 skipped by Mapping: reduce-only, and this would add to the position
            2s I2 skipped by Mapping: reduce-only, and this would add to the position
            3s I3 plans 1 at 20001, leverage 0.20001
            3s I3.1 buys 1 BTCUSDT on paper
            3s I3.1 outcome Filled 1
            3s I3 success bought 1, reply
            4s I4 plans 0.5 at 19999, leverage 0.19999
            4s I4.1 sells 0.5 BTCUSDT on paper reduce-only
            4s I4.1 outcome Filled 0.5
            4s I4 success sold 0.5, reply
        "]],
    );
}

#[test]
fn what_working_orders_already_close_is_not_closed_twice() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 1@20001
         3s intent I2 trim 0.75 book desk
         4s intent I3 exit book desk
         5s intent I4 exit book desk
         6s intent I5 emergency book desk",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 1 at 20001, 1 in all, is filled
            2s I1.1 outcome Filled 1
            2s I1 success bought 1 at 20001, slippage 0 bps, reply
            3s I2 plans 0.75 at 19999, leverage 0.19999
            3s I2.1 sells 0.75 BTCUSDT on live-stub, place
            4s I3 reduced to 0.25 by Mapping (1 against 0.25)
            4s I3 plans 0.25 at 19999, leverage 0.19999 [reduce_only]
            4s I3.1 sells 0.25 BTCUSDT on live-stub, place
            5s I4 skipped by Mapping: working orders already close the position (1 against 0)
            6s I5 skipped by Mapping: working orders already close the position (1 against 0)
        "]],
    );
}

#[test]
fn a_weight_changes_by_a_fraction_of_the_equity() {
    check_each(
        "1s target I1 {} to 0.3",
        &["+0.1", "-0.1", "0", "0.000999999999999999", "0.001", "0.6"],
        &expect![[r"
            +0.1:
              1s I1 reduced to 0.499 by Precision (9980.499 against 10)
              1s I1 plans 0.499 at 20001, leverage 0.09980499 [lot_rounding]
              1s I1.1 buys 0.499 BTCUSDT on paper
              1s I1.1 outcome Filled 0.499
              1s I1 success bought 0.499, reply
            -0.1:
              1s I1 reduced to 0.5 by Precision (9999.5 against 10)
              1s I1 plans 0.5 at 19999, leverage 0.099995 [lot_rounding]
              1s I1.1 sells 0.5 BTCUSDT on paper
              1s I1.1 outcome Filled 0.5
              1s I1 success sold 0.5, reply
            0:
              1s I1 skipped by Mapping: nothing to do (0 against 0.001)
            0.000999999999999999:
              1s I1 skipped by Mapping: the change is below the minimum trade (0.000999999999999999 against 0.001)
            0.001:
              1s I1 reduced to 0.004 by Precision (80.004 against 10)
              1s I1 plans 0.004 at 20001, leverage 0.00080004 [lot_rounding]
              1s I1.1 buys 0.004 BTCUSDT on paper
              1s I1.1 outcome Filled 0.004
              1s I1 success bought 0.004, reply
            0.6:
              1s I1 denied by OrderNotional: the order is worth more than one order may be (59999.999999999999985018 against 50000)
        "]],
    );
}

#[test]
fn to_a_zero_weight_all_is_closed_and_nothing_is_turned_round() {
    check(
        "1s intent I1 add 0.5
         2s target I2 +0.1 to 0
         3s target I3 -0.01 to 0
         4s target I4 -0.1 to 0",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s I2 skipped by Mapping: reduce-only, and this would add to the position (0.1 against 0.001)
            3s I3 plans 1 at 19999, leverage 0.19999 [full_exit]
            3s I3.1 sells 1 BTCUSDT on paper
            3s I3.1 outcome Filled 1
            3s I3 success sold 1, reply
            4s I4 skipped by Mapping: there is no position to reduce (0.1 against 0.001)
        "]],
    );
}

#[test]
fn a_weight_may_turn_a_position_round_when_the_target_is_not_zero() {
    check(
        "1s intent I1 add 0.1
         2s target I2 -0.1 to -0.06",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I2 reduced to 0.5 by Precision (9999.5 against 10)
            2s I2 plans 0.5 at 19999, leverage 0.059997 [lot_rounding]
            2s I2.1 sells 0.5 BTCUSDT on paper
            2s I2.1 outcome Filled 0.5
            2s I2 success sold 0.5, reply
        "]],
    );
}
