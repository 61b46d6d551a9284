//! The table of decisions: the first row that matches decides, and what nothing decides is denied.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn the_first_row_that_matches_decides_and_is_named() {
    check_each(
        "1s adopt standard, version 2, {}
         2s intent I1 add 0.1",
        &[
            "row R1 side buy then deny, row R2 then allow",
            "row R1 side sell then deny, row R2 then allow",
            "row R1 side buy|sell then reduce 0.5, row R2 then deny",
            "row R1 side buy urgency low then deny, row R2 book core|desk action add then allow",
        ],
        &expect![[r#"
            row R1 side buy then deny, row R2 then allow:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it
            row R1 side sell then deny, row R2 then allow:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            row R1 side buy|sell then reduce 0.5, row R2 then deny:
              2s I1 reduced to 0.1 by DecisionTable at R1 (0.2 against 0.1)
              2s I1 plans 0.1 at 20001, leverage 0.020001
              2s I1.1 buys 0.1 BTCUSDT on paper
              2s I1.1 outcome Filled 0.1
              2s I1 success bought 0.1, reply
            row R1 side buy urgency low then deny, row R2 book core|desk action add then allow:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn what_no_row_decides_is_denied() {
    check_each(
        "1s adopt standard, version 2, {}
         2s intent I1 add 0.1",
        &["row R1 side sell then allow", "row R1 order_qty above 100 then allow"],
        &expect![[r#"
            row R1 side sell then allow:
              2s I1 denied by DecisionTable: no row of the table of decisions matches
            row R1 order_qty above 100 then allow:
              2s I1 denied by DecisionTable: no row of the table of decisions matches
        "#]],
    );
}

#[test]
fn a_fact_that_is_not_there_denies() {
    check(
        "1s adopt standard, version 2, row R1 side sell market_regime quiet then deny, row R2 market_regime crisis then deny, row R3 then allow
         2s intent I1 add 0.1",
        &expect![[r#"
            1s rulebook 2 adopted by risk-1
            2s I1 denied by DecisionTable at R2: a fact that the table of decisions asks for is missing
        "#]],
    );
}

#[test]
fn a_number_matches_above_one_limit_and_at_most_at_the_other() {
    // The order is for 0.2: 4000.2 at the touch.
    check_each(
        "1s adopt standard, version 2, row R1 {} then deny, row R2 then allow
         2s intent I1 add 0.1",
        &[
            "order_qty above 0.199999999999999999",
            "order_qty above 0.2",
            "order_qty at_most 0.199999999999999999",
            "order_qty at_most 0.2",
            "order_notional above 4000.199999999999999999",
            "order_notional above 4000.2",
            "quote_age_ms at_most 0",
            "position_qty above 0",
        ],
        &expect![[r#"
            order_qty above 0.199999999999999999:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it
            order_qty above 0.2:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            order_qty at_most 0.199999999999999999:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            order_qty at_most 0.2:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it
            order_notional above 4000.199999999999999999:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it
            order_notional above 4000.2:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            quote_age_ms at_most 0:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it
            position_qty above 0:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn a_row_reduces_rounded_down_and_never_to_nothing() {
    check_each(
        "1s adopt standard, version 2, row R1 then reduce {}
         2s intent I1 add 0.1",
        &["0.5", "0.333333333333333333", "0.000000000000000001"],
        &expect![[r#"
            0.5:
              2s I1 reduced to 0.1 by DecisionTable at R1 (0.2 against 0.1)
              2s I1 plans 0.1 at 20001, leverage 0.020001
              2s I1.1 buys 0.1 BTCUSDT on paper
              2s I1.1 outcome Filled 0.1
              2s I1 success bought 0.1, reply
            0.333333333333333333:
              2s I1 reduced to 0.066666666666666666 by DecisionTable at R1 (0.2 against 0.066666666666666666)
              2s I1 reduced to 0.066 by Precision (1320.066 against 10)
              2s I1 plans 0.066 at 20001, leverage 0.01320066 [lot_rounding]
              2s I1.1 buys 0.066 BTCUSDT on paper
              2s I1.1 outcome Filled 0.066
              2s I1 success bought 0.066, reply
            0.000000000000000001:
              2s I1 denied by DecisionTable at R1: the table of decisions denies it (0.2 against 0)
        "#]],
    );
}

#[test]
fn live_trades_nothing_without_a_table_and_a_safety_exit_passes() {
    check(
        "0s from scratch
         1s adopt standard by risk-1, lanes, environment live, row all then allow
         1s run R1
         1s schedule S1 env live by ops-1
         1s request R1 start S1 by ops-1
         1s approve R1 by risk-1
         1s session start S1 by ops-1 with R1
         1s intent I1 add 0.1
         2s propose standard, lanes, version 2, environment live
         3s approve by risk-2
         4s intent I2 add 0.1
         5s intent I3 emergency 1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            1s ops-1 requests to start S1 (environment)
            1s risk-1 approves as risk, 0 missing
            1s the approval is used
            1s S1 moved by ops-1 from scheduled to running
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s rulebook 2 proposed by risk-1, a second person must approve
            3s proposed rulebook approved by risk-2
            3s proposed rulebook comes into force
            3s rulebook 2 adopted by risk-1
            4s I2 denied by DecisionTable: live has no table of decisions
            5s I3 passes DecisionTable as a safety exit
            5s I3 passes OrderQuantity as a safety exit
            5s I3 passes OrderNotional as a safety exit
            5s I3 passes PositionLimit as a safety exit
            5s I3 passes Leverage as a safety exit
            5s I3 passes AssetExposure as a safety exit
            5s I3 passes GrossExposure as a safety exit
            5s I3 passes NetExposure as a safety exit
            5s I3 passes SectorExposure as a safety exit
            5s I3 passes ClusterExposure as a safety exit
            5s I3 passes OpenOrders as a safety exit
            5s I3 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            5s I3.1 sells 0.2 BTCUSDT on paper reduce-only
            5s I3.1 outcome Filled 0.2
            5s I3 success sold 0.2, reply
        "#]],
    );
}
