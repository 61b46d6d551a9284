//! Limits at their last unit: below, at, and above, where they deny and where they reduce.

mod check;

use check::{check, check_each};
use expect_test::expect;

/// The order is worth 20001 at the ask.
#[test]
fn an_order_may_be_worth_as_much_as_the_limit_says() {
    check_each(
        "1s adopt standard, max_order_notional {}
         2s intent I1 add 0.5",
        &["20000.999999999999999999", "20001", "20001.000000000000000001"],
        &expect![[r"
            20000.999999999999999999:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            20001.000000000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn an_order_above_the_limit_is_cut_to_what_fits_where_the_rules_say_so() {
    check_each(
        "1s adopt standard, max_order_notional {} reduce
         2s intent I1 add 0.5",
        &[
            "20000.999999999999999999",
            "20001",
            "20001.000000000000000001",
            "0.000000000000000001",
            "0",
        ],
        &expect![[r"
            20000.999999999999999999:
              2s I1 reduced to 0.999999999999999999 by OrderNotional (20001 against 20000.999999999999999999)
              2s I1 reduced to 0.999 by Precision (19980.999 against 10)
              2s I1 plans 0.999 at 20001, leverage 0.19980999 [order_notional, lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            20001.000000000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            0.000000000000000001:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 0.000000000000000001)
            0:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 0)
        "]],
    );
}

#[test]
fn leverage_counts_the_order_at_the_touch() {
    check_each(
        "1s adopt standard, max_leverage {}
         2s intent I1 add 0.5",
        &["0.200009999999999999", "0.20001", "0.200010000000000001"],
        &expect![[r"
            0.200009999999999999:
              2s I1 denied by Leverage: the book would be leveraged beyond its cap (20001 against 20000.9999999999999)
            0.20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            0.200010000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn leverage_above_the_cap_is_cut_to_what_fits_where_the_rules_say_so() {
    check_each(
        "1s adopt standard, max_leverage {} reduce
         2s intent I1 add 0.5",
        &["0.200009999999999999", "0.20001", "0.1", "0.000000000000000001"],
        &expect![[r"
            0.200009999999999999:
              2s I1 reduced to 0.999999999999999995 by Leverage (20001 against 20000.9999999999999)
              2s I1 reduced to 0.999 by Precision (19980.999 against 10)
              2s I1 plans 0.999 at 20001, leverage 0.19980999 [leverage_cap, lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            0.20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            0.1:
              2s I1 reduced to 0.499975001249937503 by Leverage (20001 against 10000)
              2s I1 reduced to 0.499 by Precision (9980.499 against 10)
              2s I1 plans 0.499 at 20001, leverage 0.09980499 [leverage_cap, lot_rounding]
              2s I1.1 buys 0.499 BTCUSDT on paper
              2s I1.1 outcome Filled 0.499
              2s I1 success bought 0.499, reply
            0.000000000000000001:
              2s I1 reduced to 0.000000000000000004 by Leverage (20001 against 0.0000000000001)
              2s I1 skipped by Precision: Below Floor (0 against 10)
        "]],
    );
}

#[test]
fn the_intents_own_leverage_cap_holds_where_it_is_lower() {
    check_each(
        "1s intent I1 add 0.5 leverage {}",
        &["0.2", "0.20001", "4", "0"],
        &expect![[r"
            0.2:
              1s I1 denied by Leverage: the book would be leveraged beyond its cap (20001 against 20000)
            0.20001:
              1s I1 plans 1 at 20001, leverage 0.20001
              1s I1.1 buys 1 BTCUSDT on paper
              1s I1.1 outcome Filled 1
              1s I1 success bought 1, reply
            4:
              1s I1 plans 1 at 20001, leverage 0.20001
              1s I1.1 buys 1 BTCUSDT on paper
              1s I1.1 outcome Filled 1
              1s I1 success bought 1, reply
            0:
              1s I1 denied by Leverage: the book would be leveraged beyond its cap (20001 against 0)
        "]],
    );
}

/// 20 ETH at the mark of 1000 are 20000, the order adds 20001.
#[test]
fn leverage_counts_other_holdings_at_their_marks_and_working_orders_in_full() {
    check_each(
        "1s mark ETHUSDT 1000
         1s adopt standard, max_leverage {}
         2s intent I1 add 0.5 ETHUSDT book desk quote 999/1000.05
         3s intent I2 add 0.5 book desk",
        &["0.400009", "0.40001", "0.400011"],
        &expect![[r"
            0.400009:
              3s I2 denied by Leverage: the book would be leveraged beyond its cap (40001 against 40000.9)
            0.40001:
              3s I2 plans 1 at 20001, leverage 0.40001
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            0.400011:
              3s I2 plans 1 at 20001, leverage 0.40001
              3s I2.1 buys 1 BTCUSDT on live-stub, place
        "]],
    );
}

#[test]
fn a_holding_without_a_mark_denies_new_risk_elsewhere_but_not_in_itself() {
    check(
        "1s intent I1 add 0.1 ETHUSDT quote 999/1000
         2s intent I2 add 0.1
         3s intent I3 add 0.1 ETHUSDT quote 999/1000
         4s intent I4 exit ETHUSDT quote 999/1000
         5s intent I5 add 0.1",
        &expect![[r"
            1s I1 reduced to 4 by Precision (4000 against 10)
            1s I1 plans 4 at 1000, leverage 0.04 [lot_rounding]
            1s I1.1 buys 4 ETHUSDT on paper
            1s I1.1 outcome Filled 4
            1s I1 success bought 4, reply
            2s I2 denied by Leverage: a holding of the book has no mark
            3s I3 reduced to 4 by Precision (4000 against 10)
            3s I3 plans 4 at 1000, leverage 0.08 [lot_rounding]
            3s I3.1 buys 4 ETHUSDT on paper
            3s I3.1 outcome Filled 4
            3s I3 success bought 4, reply
            4s I4 plans 8 at 999, leverage 0.07992 [full_exit]
            4s I4.1 sells 8 ETHUSDT on paper
            4s I4.1 outcome Filled 8
            4s I4 success sold 8, reply
            5s I5 plans 0.2 at 20001, leverage 0.040002
            5s I5.1 buys 0.2 BTCUSDT on paper
            5s I5.1 outcome Filled 0.2
            5s I5 success bought 0.2, reply
        "]],
    );
}

#[test]
fn a_mark_counts_as_long_as_it_is_fresh() {
    check_each(
        "1s mark ETHUSDT 1000
         2s intent I1 add 0.1 ETHUSDT quote 999/1000
         {} intent I2 add 0.1",
        &["61s", "61000000001ns"],
        &expect![[r"
            61s:
              61s I2 plans 0.2 at 20001, leverage 0.080002
              61s I2.1 buys 0.2 BTCUSDT on paper
              61s I2.1 outcome Filled 0.2
              61s I2 success bought 0.2, reply
            61000000001ns:
              61000000001ns I2 denied by Leverage: a holding of the book has a mark that is too old
        "]],
    );
}

#[test]
fn an_asset_may_be_so_much_of_the_equity() {
    check_each(
        "1s adopt standard, max_asset_exposure {}
         2s intent I1 add 0.5",
        &["0.200009999999999999", "0.20001", "0.200010000000000001"],
        &expect![[r"
            0.200009999999999999:
              2s I1 denied by AssetExposure: the book would hold too much of one instrument (20001 against 20000.9999999999999)
            0.20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            0.200010000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn asset_exposure_above_the_cap_is_cut_to_what_fits_where_the_rules_say_so() {
    check_each(
        "1s adopt standard, max_asset_exposure {} reduce
         2s intent I1 add 0.5",
        &["0.200009999999999999", "0.20001", "0.1"],
        &expect![[r"
            0.200009999999999999:
              2s I1 reduced to 0.999999999999999995 by AssetExposure (20001 against 20000.9999999999999)
              2s I1 reduced to 0.999 by Precision (19980.999 against 10)
              2s I1 plans 0.999 at 20001, leverage 0.19980999 [asset_exposure, lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            0.20001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            0.1:
              2s I1 reduced to 0.499975001249937503 by AssetExposure (20001 against 10000)
              2s I1 reduced to 0.499 by Precision (9980.499 against 10)
              2s I1 plans 0.499 at 20001, leverage 0.09980499 [asset_exposure, lot_rounding]
              2s I1.1 buys 0.499 BTCUSDT on paper
              2s I1.1 outcome Filled 0.499
              2s I1 success bought 0.499, reply
        "]],
    );
}

#[test]
fn working_orders_count_in_full_against_the_asset() {
    check(
        "1s adopt standard, max_asset_exposure 0.3
         2s intent I1 add 0.5 book desk
         3s intent I2 add 0.5 book desk
         4s report I1.1 canceled 0
         5s intent I3 add 0.5 book desk",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on live-stub, place
            3s I2 denied by AssetExposure: the book would hold too much of one instrument (40002 against 30000)
            4s I1.1 is canceled
            4s I1.1 outcome Failed 0 ExecutionNotAvailable
            4s I1 error: EXECUTION_NOT_AVAILABLE, reply
            5s I3 plans 1 at 20001, leverage 0.20001
            5s I3.1 buys 1 BTCUSDT on live-stub, place
        "]],
    );
}

#[test]
fn a_limit_the_rules_do_not_state_denies() {
    check_each(
        "1s adopt standard, no {}
         2s intent I1 add 0.5",
        &["max_order_notional", "max_leverage", "max_asset_exposure"],
        &expect![[r"
            max_order_notional:
              2s I1 denied by OrderNotional: the rulebook states no limit here
            max_leverage:
              2s I1 denied by Leverage: the rulebook states no limit here
            max_asset_exposure:
              2s I1 denied by AssetExposure: the rulebook states no limit here
        "]],
    );
}

#[test]
fn what_adds_no_risk_passes_leverage_and_asset_exposure() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, max_leverage 0, max_asset_exposure 0
         3s intent I2 trim 0.5
         4s intent I3 add 0.1
         5s intent I4 exit",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 plans 0.5 at 19999, leverage 0.19999
            3s I2.1 sells 0.5 BTCUSDT on paper
            3s I2.1 outcome Filled 0.5
            3s I2 success sold 0.5, reply
            4s I3 denied by Leverage: the book would be leveraged beyond its cap (14000.7 against 0)
            5s I4 plans 0.5 at 19999, leverage 0.099995 [full_exit]
            5s I4.1 sells 0.5 BTCUSDT on paper
            5s I4.1 outcome Filled 0.5
            5s I4 success sold 0.5, reply
        "]],
    );
}

#[test]
fn a_book_without_capital_can_still_leave_its_positions() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, book core equity 0
         3s intent I2 add 0.1
         4s intent I3 exit",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by Leverage: the book would be leveraged beyond its cap (24001.2 against 0)
            4s I3 plans 1 at 19999, leverage 0 [full_exit]
            4s I3.1 sells 1 BTCUSDT on paper
            4s I3.1 outcome Filled 1
            4s I3 success sold 1, reply
        "]],
    );
}

/// 0.2 units are asked for.
#[test]
fn quantity_is_rounded_down_to_the_lot() {
    check_each(
        "1s adopt standard, BTCUSDT lot {}
         2s intent I1 add 0.1",
        &["0.001", "0.03", "0.2", "0.3"],
        &expect![[r"
            0.001:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            0.03:
              2s I1 reduced to 0.18 by Precision (3600.18 against 10)
              2s I1 plans 0.18 at 20001, leverage 0.0360018 [lot_rounding]
              2s I1.1 buys 0.18 BTCUSDT on paper
              2s I1.1 outcome Filled 0.18
              2s I1 success bought 0.18, reply
            0.2:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            0.3:
              2s I1 skipped by Precision: Below Floor (0 against 10)
        "]],
    );
}

#[test]
fn the_coarser_of_lot_and_step_holds() {
    check_each(
        "1s adopt standard, BTCUSDT step {}
         2s intent I1 add 0.107",
        &["0.001", "0.005", "0.05"],
        &expect![[r"
            0.001:
              2s I1 plans 0.214 at 20001, leverage 0.04280214
              2s I1.1 buys 0.214 BTCUSDT on paper
              2s I1.1 outcome Filled 0.214
              2s I1 success bought 0.214, reply
            0.005:
              2s I1 reduced to 0.21 by Precision (4200.21 against 10)
              2s I1 plans 0.21 at 20001, leverage 0.0420021 [lot_rounding]
              2s I1.1 buys 0.21 BTCUSDT on paper
              2s I1.1 outcome Filled 0.21
              2s I1 success bought 0.21, reply
            0.05:
              2s I1 reduced to 0.2 by Precision (4000.2 against 10)
              2s I1 plans 0.2 at 20001, leverage 0.040002 [lot_rounding]
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
        "]],
    );
}

#[test]
fn worth_less_than_the_venues_minimum_is_below_floor() {
    check_each(
        "1s adopt standard, BTCUSDT min_notional {}
         2s intent I1 add 0.1",
        &["4000.199999999999999999", "4000.2", "4000.200000000000000001"],
        &expect![[r"
            4000.199999999999999999:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            4000.2:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            4000.200000000000000001:
              2s I1 skipped by Precision: Below Floor (4000.2 against 4000.200000000000000001)
        "]],
    );
}

#[test]
fn the_venues_largest_order_caps_the_quantity() {
    check_each(
        "1s adopt standard, BTCUSDT max_qty {}
         2s intent I1 add 0.1",
        &["0.2", "0.1", "0.0015", "0.0001"],
        &expect![[r"
            0.2:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            0.1:
              2s I1 reduced to 0.1 by Precision (2000.1 against 10)
              2s I1 plans 0.1 at 20001, leverage 0.020001 [max_quantity]
              2s I1.1 buys 0.1 BTCUSDT on paper
              2s I1.1 outcome Filled 0.1
              2s I1 success bought 0.1, reply
            0.0015:
              2s I1 reduced to 0.001 by Precision (20.001 against 10)
              2s I1 plans 0.001 at 20001, leverage 0.00020001 [lot_rounding, max_quantity]
              2s I1.1 buys 0.001 BTCUSDT on paper
              2s I1.1 outcome Filled 0.001
              2s I1 success bought 0.001, reply
            0.0001:
              2s I1 skipped by Precision: Below Floor (0 against 10)
        "]],
    );
}

#[test]
fn the_limit_price_is_on_the_tick_and_never_worse() {
    check_each(
        "1s adopt standard, BTCUSDT tick {}
         2s intent I1 add 0.1",
        &["0.01", "0.3", "7", "20001", "30000"],
        &expect![[r"
            0.01:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            0.3:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            7:
              2s I1 plans 0.2 at 19999, leverage 0.040002 [tick_rounding]
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            20001:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            30000:
              2s I1 denied by Precision: no limit price on the tick grid keeps to the limits
        "]],
    );
}

#[test]
fn a_sale_rounds_its_limit_price_up() {
    check_each(
        "1s intent I1 add 0.5
         2s adopt standard, BTCUSDT tick {}
         3s intent I2 exit",
        &["0.01", "7", "30000"],
        &expect![[r"
            0.01:
              3s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
              3s I2.1 sells 1 BTCUSDT on paper
              3s I2.1 outcome Filled 1
              3s I2 success sold 1, reply
            7:
              3s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
              3s I2.1 sells 1 BTCUSDT on paper
              3s I2.1 outcome Filled 1
              3s I2 success sold 1, reply
            30000:
              3s I2 plans 1 at 30000, leverage 0.19999 [tick_rounding, full_exit]
              3s I2.1 sells 1 BTCUSDT on paper
              3s I2.1 outcome Filled 1
              3s I2 success sold 1, reply
        "]],
    );
}

#[test]
fn slippage_bounds_the_limit_price_from_the_mid() {
    check_each(
        "1s intent I1 add 0.1 slippage {}",
        &["0", "1", "2", "20000", "4294967295"],
        &expect![[r"
            0:
              1s I1 plans 0.2 at 20000, leverage 0.040002 [slippage_limit]
              1s I1.1 buys 0.2 BTCUSDT on paper
              1s I1.1 outcome Filled 0.2
              1s I1 success bought 0.2, reply
            1:
              1s I1 plans 0.2 at 20001, leverage 0.040002
              1s I1.1 buys 0.2 BTCUSDT on paper
              1s I1.1 outcome Filled 0.2
              1s I1 success bought 0.2, reply
            2:
              1s I1 plans 0.2 at 20001, leverage 0.040002
              1s I1.1 buys 0.2 BTCUSDT on paper
              1s I1.1 outcome Filled 0.2
              1s I1 success bought 0.2, reply
            20000:
              1s I1 plans 0.2 at 20001, leverage 0.040002
              1s I1.1 buys 0.2 BTCUSDT on paper
              1s I1.1 outcome Filled 0.2
              1s I1 success bought 0.2, reply
            4294967295:
              1s I1 plans 0.2 at 20001, leverage 0.040002
              1s I1.1 buys 0.2 BTCUSDT on paper
              1s I1.1 outcome Filled 0.2
              1s I1 success bought 0.2, reply
        "]],
    );
}

#[test]
fn slippage_bounds_a_sale_from_below() {
    check_each(
        "1s intent I1 add 0.5
         2s intent I2 exit slippage {}",
        &["0", "1", "10000", "4294967295"],
        &expect![[r"
            0:
              2s I2 plans 1 at 20000, leverage 0.19999 [slippage_limit, full_exit]
              2s I2.1 sells 1 BTCUSDT on paper
              2s I2.1 outcome Filled 1
              2s I2 success sold 1, reply
            1:
              2s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
              2s I2.1 sells 1 BTCUSDT on paper
              2s I2.1 outcome Filled 1
              2s I2 success sold 1, reply
            10000:
              2s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
              2s I2.1 sells 1 BTCUSDT on paper
              2s I2.1 outcome Filled 1
              2s I2 success sold 1, reply
            4294967295:
              2s I2 plans 1 at 19999, leverage 0.19999 [full_exit]
              2s I2.1 sells 1 BTCUSDT on paper
              2s I2.1 outcome Filled 1
              2s I2 success sold 1, reply
        "]],
    );
}

#[test]
fn a_passive_order_rests_at_the_near_touch() {
    check(
        "1s intent I1 add 0.1 post-only
         2s intent I2 exit post-only",
        &expect![[r"
            1s I1 plans 0.2 at 19999, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper post-only
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.039998 [full_exit]
            2s I2.1 sells 0.2 BTCUSDT on paper post-only
            2s I2.1 outcome Filled 0.2
            2s I2 success sold 0.2, reply
        "]],
    );
}

#[test]
fn critical_goes_at_the_market_unless_it_may_only_make() {
    check(
        "1s intent I1 add 0.1 critical
         2s intent I2 add 0.1 critical post-only",
        &expect![[r"
            1s I1 plans 0.2 at the market, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 19999, leverage 0.080004
            2s I2.1 buys 0.2 BTCUSDT on paper post-only
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
        "]],
    );
}

#[test]
fn tokens_with_18_decimals_and_quantities_of_1e12_are_exact() {
    check(
        "1s adopt standard, book core allocation 30000
         2s intent I1 add 0.333333333333333333 PEPEUSDT quote 0.000000009/0.00000001
         3s intent I2 trim 0.333333333333333333 PEPEUSDT quote 0.000000009/0.00000001",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 999999999999.999999 at 0.00000001, leverage 0.1
            2s I1.1 buys 999999999999.999999 PEPEUSDT on paper
            2s I1.1 outcome Filled 999999999999.999999
            2s I1 success bought 999999999999.999999, reply
            3s I2 plans 333333333333.333332666666666666 at 0.000000009, leverage 0.09
            3s I2.1 sells 333333333333.333332666666666666 PEPEUSDT on paper
            3s I2.1 outcome Filled 333333333333.333332666666666666
            3s I2 success sold 333333333333.333332666666666666, reply
        "]],
    );
}

#[test]
fn a_worth_that_cannot_be_held_is_refused_and_nothing_panics() {
    check(
        "1s mark BTCUSDT 1000000000000
         2s adopt standard, max_order_notional 100000000000000000000, max_leverage 1000, max_asset_exposure 1000, book core equity 10000000000000000, book core allocation 1000000000
         3s intent I1 add 1 quote 0.9/1
         4s mark BTCUSDT 1
         5s intent I2 add 1 quote 0.9/1
         6s mark BTCUSDT 100000000000000000000",
        &expect![[r"
            1s BINANCE:BTCUSDT marked at 1000000000000
            2s rulebook 1 adopted by risk-1
            3s I1 denied by Leverage: a figure is too large to be computed exactly
            4s BINANCE:BTCUSDT marked at 1
            5s I2 plans 1000000000 at 1, leverage 0.0000001
            5s I2.1 buys 1000000000 BTCUSDT on paper
            5s I2.1 outcome Filled 1000000000
            5s I2 success bought 1000000000, reply
            6s refused: a figure is too large to be computed exactly
        "]],
    );
}

#[test]
fn a_number_that_was_cut_on_the_way_in_is_noted() {
    check(
        "1s intent I1 add 0.1 truncated",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002 [input_truncated]
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
        "]],
    );
}

#[test]
fn contracts_count_by_their_size() {
    check(
        "1s adopt standard, BTCUSDT contract_size 0.1
         2s intent I1 add 0.1",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 2 at 20001, leverage 0.040002
            2s I1.1 buys 2 BTCUSDT on paper
            2s I1.1 outcome Filled 2
            2s I1 success bought 2, reply
        "]],
    );
}
