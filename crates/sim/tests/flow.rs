//! The flow of orders at its boundaries: price, twins, pace, permissions, order types, cost, volume, venue, own orders.

mod check;

use check::{check, check_each};
use expect_test::expect;

/// The limit is the ask of 20001 and the mid 20000: half a basis point.
#[test]
fn a_price_may_lie_as_far_from_the_mid_as_the_collar_says() {
    check_each(
        "1s adopt standard, flow collar {}
         2s intent I1 add 0.5 quote 19990/20010",
        &["4", "5", "6"],
        &expect![[r"
            4:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 denied by PriceCollar: the price is too far from its reference (5 against 4)
            5:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at 20010, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            6:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at 20010, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
        "]],
    );
}

#[test]
fn the_collar_holds_on_both_sides_of_the_reference() {
    check_each(
        "1s adopt standard, flow collar 50 of mark 1000
         2s mark BTCUSDT {}
         3s intent I1 add 0.5",
        &[
            "20101.507537688442211055",
            "20101.507537688442211056",
            "19901.492537313432835820",
            "19901.492537313432835821",
        ],
        &expect![[r"
            20101.507537688442211055:
              3s I1 plans 1 at 20001, leverage 0.20001
              3s I1.1 buys 1 BTCUSDT on paper
              3s I1.1 outcome Filled 1
              3s I1 success bought 1, reply
            20101.507537688442211056:
              3s I1 denied by PriceCollar: the price is too far from its reference (50.000000000000000001 against 50)
            19901.492537313432835820:
              3s I1 denied by PriceCollar: the price is too far from its reference (50.000000000000000001 against 50)
            19901.492537313432835821:
              3s I1 plans 1 at 20001, leverage 0.20001
              3s I1.1 buys 1 BTCUSDT on paper
              3s I1.1 outcome Filled 1
              3s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn a_reference_that_is_missing_or_too_old_refuses() {
    check_each(
        "1s adopt standard, flow collar 100 of mark 1000
         1s mark {} 20000
         2s intent I1 add 0.5
         2000000001ns intent I2 add 0.5",
        &["ETHUSDT", "BTCUSDT"],
        &expect![[r"
            ETHUSDT:
              2000000001ns I2 denied by PriceCollar: there is no price to hold the order's price against
            BTCUSDT:
              2000000001ns I2 denied by PriceCollar: the price to hold the order's price against is too old
        "]],
    );
    check(
        "1s adopt standard, flow collar 100 of mark 1000
         1s mark BTCUSDT 20000
         2s intent I1 add 0.5
         2000000001ns intent I2 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            1s BINANCE:BTCUSDT marked at 20000
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on paper
            2s I1.1 outcome Filled 1
            2s I1 success bought 1, reply
            2000000001ns I2 denied by PriceCollar: the price to hold the order's price against is too old
        "]],
    );
}

/// Each order lies near its own mid; the third has moved 100 bps from the first mid of the window.
#[test]
fn prices_may_move_as_far_within_a_window_as_the_policy_says() {
    check(
        "1s adopt standard, flow movement 100 in 1000
         2s intent I1 add 0.1 quote 20000/20000
         2500ms intent I2 add 0.1 quote 20200/20200
         2600ms intent I3 add 0.1 quote 20200.01/20200.01
         2700ms intent I4 reclaim 0.1 quote 19800/19800
         2800ms intent I5 reclaim 0.1 quote 19799.99/19799.99
         2999999999ns intent I6 add 0.1 quote 20200.01/20200.01
         3s intent I7 add 0.1 quote 20300/20300",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 reduced to 0.2 by Precision (4000 against 10)
            2s I1 plans 0.2 at 20000, leverage 0.04 [lot_rounding]
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2500ms I2 reduced to 0.198 by Precision (3999.6 against 10)
            2500ms I2 plans 0.198 at 20200, leverage 0.080396 [lot_rounding]
            2500ms I2.1 buys 0.198 BTCUSDT on paper
            2500ms I2.1 outcome Filled 0.198
            2500ms I2 success bought 0.198, reply
            2600ms I3 reduced to 0.198 by Precision (3999.60198 against 10)
            2600ms I3 denied by PriceCollar: the price is too far from the first one of the window (100.005 against 100)
            2700ms I4 reduced to 0.202 by Precision (3999.6 against 10)
            2700ms I4 plans 0.202 at 19800, leverage 0.1188 [lot_rounding]
            2700ms I4.1 buys 0.202 BTCUSDT on paper
            2700ms I4.1 outcome Filled 0.202
            2700ms I4 success bought 0.202, reply
            2800ms I5 reduced to 0.202 by Precision (3999.59798 against 10)
            2800ms I5 denied by PriceCollar: the price is too far from the first one of the window (100.005 against 100)
            2999999999ns I6 reduced to 0.198 by Precision (3999.60198 against 10)
            2999999999ns I6 denied by PriceCollar: the price is too far from the first one of the window (100.005 against 100)
            3s I7 reduced to 0.197 by Precision (3999.1 against 10)
            3s I7 plans 0.197 at 20300, leverage 0.161791 [lot_rounding]
            3s I7.1 buys 0.197 BTCUSDT on paper
            3s I7.1 outcome Filled 0.197
            3s I7 success bought 0.197, reply
        "]],
    );
}

#[test]
fn a_twin_is_refused_until_the_window_has_passed() {
    check(
        "1s adopt standard, flow twins 1000
         2s intent I1 add 0.5
         2999999999ns intent I2 add 0.5
         3s intent I3 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on paper
            2s I1.1 outcome Filled 1
            2s I1 success bought 1, reply
            2999999999ns I2 denied by DuplicateWindow: an order just like it was released a moment ago (999 against 1000)
            3s I3 plans 1 at 20001, leverage 0.40002
            3s I3.1 buys 1 BTCUSDT on paper
            3s I3.1 outcome Filled 1
            3s I3 success bought 1, reply
        "]],
    );
}

#[test]
fn a_twin_differs_in_nothing_but_its_name() {
    check_each(
        "1s adopt standard, flow twins 1000, book desk run R1
         2s intent I1 add 0.5
         3s intent {}",
        &[
            "I2 add 0.5 book desk",
            "I2 add 0.4",
            "I2 add 0.5 quote 20000/20002",
            "I2 add 0.5 critical",
        ],
        &expect![[r"
            I2 add 0.5 book desk:
              3s I2 plans 1 at 20001, leverage 0.20001
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            I2 add 0.4:
              3s I2 plans 0.8 at 20001, leverage 0.360018
              3s I2.1 buys 0.8 BTCUSDT on paper
              3s I2.1 outcome Filled 0.8
              3s I2 success bought 0.8, reply
            I2 add 0.5 quote 20000/20002:
              3s I2 reduced to 0.999 by Precision (19981.998 against 10)
              3s I2 plans 0.999 at 20002, leverage 0.39983998 [lot_rounding]
              3s I2.1 buys 0.999 BTCUSDT on paper
              3s I2.1 outcome Filled 0.999
              3s I2 success bought 0.999, reply
            I2 add 0.5 critical:
              3s I2 plans 1 at the market, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on paper
              3s I2.1 outcome Filled 1
              3s I2 success bought 1, reply
        "]],
    );
}

#[test]
fn where_policy_only_marks_a_twin_passes_and_its_plan_says_so() {
    check(
        "1s adopt standard, flow twins 1000 mark
         2s intent I1 add 0.5
         2500ms intent I2 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on paper
            2s I1.1 outcome Filled 1
            2s I1 success bought 1, reply
            2500ms I2 plans 1 at 20001, leverage 0.40002 [duplicate_suspected]
            2500ms I2.1 buys 1 BTCUSDT on paper
            2500ms I2.1 outcome Filled 1
            2500ms I2 success bought 1, reply
        "]],
    );
}

#[test]
fn a_restricted_instrument_takes_safety_exits_only() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, flow restricted BTCUSDT
         3s intent I2 add 0.5
         3s intent I3 exit
         4s intent I4 emergency
         5s intent I5 add 0.5 ETHUSDT quote 1999/2001",
        &expect![[r#"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by RestrictedList: the instrument is on the restricted list
            3s I3 denied by RestrictedList: the instrument is on the restricted list
            4s I4 passes RestrictedList as a safety exit
            4s I4 passes DecisionTable as a safety exit
            4s I4 passes OrderQuantity as a safety exit
            4s I4 passes OrderNotional as a safety exit
            4s I4 passes PositionLimit as a safety exit
            4s I4 passes Leverage as a safety exit
            4s I4 passes AssetExposure as a safety exit
            4s I4 passes GrossExposure as a safety exit
            4s I4 passes NetExposure as a safety exit
            4s I4 passes SectorExposure as a safety exit
            4s I4 passes ClusterExposure as a safety exit
            4s I4 passes OpenOrders as a safety exit
            4s I4 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
            4s I4.1 sells 1 BTCUSDT on paper reduce-only
            4s I4.1 outcome Filled 1
            4s I4 success sold 1, reply
            5s I5 reduced to 9.99 by Precision (19989.99 against 10)
            5s I5 plans 9.99 at 2001, leverage 0.1998999 [lot_rounding]
            5s I5.1 buys 9.99 ETHUSDT on paper
            5s I5.1 outcome Filled 9.99
            5s I5 success bought 9.99, reply
        "#]],
    );
}

#[test]
fn nothing_is_permitted_that_no_permission_covers() {
    check_each(
        "1s adopt standard, flow only {}
         2s intent I1 add 0.5",
        &[
            "trend BINANCE BINANCE:BTCUSDT",
            "* BINANCE BINANCE:BTCUSDT",
            "trend * BINANCE:BTCUSDT",
            "trend BINANCE *",
            "other BINANCE BINANCE:BTCUSDT",
            "trend NASDAQ BINANCE:BTCUSDT",
            "trend BINANCE BINANCE:ETHUSDT",
        ],
        &expect![[r"
            trend BINANCE BINANCE:BTCUSDT:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            * BINANCE BINANCE:BTCUSDT:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            trend * BINANCE:BTCUSDT:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            trend BINANCE *:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            other BINANCE BINANCE:BTCUSDT:
              2s I1 denied by Permission: the strategy may not trade this instrument at this venue
            trend NASDAQ BINANCE:BTCUSDT:
              2s I1 denied by Permission: the strategy may not trade this instrument at this venue
            trend BINANCE BINANCE:ETHUSDT:
              2s I1 denied by Permission: the strategy may not trade this instrument at this venue
        "]],
    );
}

#[test]
fn a_safety_exit_needs_a_permission_as_well() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, flow only trend NASDAQ *
         3s intent I2 emergency",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by Permission: the strategy may not trade this instrument at this venue
        "]],
    );
}

#[test]
fn a_bucket_lets_through_its_burst_and_fills_up_again() {
    check(
        "1s adopt standard, flow rate strategy 2 1 0
         2s intent I1 add 0.1
         2s intent I2 add 0.1
         2s intent I3 add 0.1
         2999999999ns intent I4 add 0.1
         3s intent I5 add 0.1
         3s intent I6 add 0.1",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.080004
            2s I2.1 buys 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
            2s I3 denied by MessageRate: too many messages were sent of late (1 against 0)
            2999999999ns I4 denied by MessageRate: too many messages were sent of late (1 against 0)
            3s I5 plans 0.2 at 20001, leverage 0.120006
            3s I5.1 buys 0.2 BTCUSDT on paper
            3s I5.1 outcome Filled 0.2
            3s I5 success bought 0.2, reply
            3s I6 denied by MessageRate: too many messages were sent of late (1 against 0)
        "]],
    );
}

#[test]
fn venue_account_and_strategy_each_have_a_bucket() {
    check_each(
        "1s adopt standard, flow rate {} 1 0 0, book desk account second
         2s intent I1 add 0.1
         3s intent I2 add 0.1 book desk",
        &["venue", "account", "strategy"],
        &expect![[r"
            venue:
              3s I2 denied by MessageRate: too many messages were sent of late (1 against 0)
            account:
              3s I2 plans 0.2 at 20001, leverage 0.040002
              3s I2.1 buys 0.2 BTCUSDT on live-stub, place
            strategy:
              3s I2 denied by MessageRate: too many messages were sent of late (1 against 0)
        "]],
    );
}

#[test]
fn cancels_and_safety_exits_pass_while_new_orders_are_throttled() {
    check(
        "1s adopt standard, flow rate account 3 0 1
         2s intent I1 add 0.1
         2s intent I2 add 0.1 book desk
         2s intent I3 add 0.1
         3s intent I4 emergency
         4s kill by ops-1 because drill
         5s intent I5 emergency",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.040002
            2s I2.1 buys 0.2 BTCUSDT on live-stub, place
            2s I3 denied by MessageRate: too many messages were sent of late (2 against 1)
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
            3s I4 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            3s I4.1 sells 0.2 BTCUSDT on paper reduce-only
            3s I4.1 outcome Filled 0.2
            3s I4 success sold 0.2, reply
            4s kill switch engaged by ops-1
            4s I2.1 cancel requested, cancel
            5s I5 passes KillSwitch as a safety exit
            5s I5 skipped by Mapping: there is no position to reduce
        "#]],
    );
}

#[test]
fn a_cancel_takes_a_message_when_it_is_asked_for() {
    check(
        "1s adopt standard, flow rate venue 3 0 0
         2s intent I1 add 0.1 book desk
         3s kill by ops-1 because drill
         4s release by ops-1
         5s release by risk-1
         6s intent I2 add 0.1
         7s intent I3 add 0.1",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on live-stub, place
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s kill switch release requested by ops-1
            5s kill switch released by ops-1 and risk-1
            6s I2 plans 0.2 at 20001, leverage 0.040002
            6s I2.1 buys 0.2 BTCUSDT on paper
            6s I2.1 outcome Filled 0.2
            6s I2 success bought 0.2, reply
            7s I3 denied by MessageRate: too many messages were sent of late (1 against 0)
        "]],
    );
}

#[test]
fn one_execution_too_many_disables_the_strategy_until_two_people_enable_it() {
    check(
        "1s adopt standard, flow repeats 2 in 1000, strategy trend owner risk-2
         2s intent I1 add 0.1
         2s intent I2 add 0.1
         2999999999ns intent I3 add 0.1
         9s intent I4 add 0.1
         9s intent I5 emergency
         10s resume
         11s intent I6 add 0.1
         12s reenable trend by audit-1
         12s reenable trend by risk-2
         13s reenable trend by ops-1
         14s reenable trend by ops-1
         15s reenable trend by ops-2
         16s reenable trend by risk-1 because reviewed
         17s intent I7 add 0.1
         18s reenable trend by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.080004
            2s I2.1 buys 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
            2999999999ns I3 denied by RepeatThrottle: the strategy has executed as often as it may, until people enable it again (3 against 2)
            2999999999ns trend is disabled after 2 executions
            9s I4 denied by RepeatThrottle: the strategy has executed as often as it may, until people enable it again
            9s I5 passes RepeatThrottle as a safety exit
            9s I5 passes DecisionTable as a safety exit
            9s I5 passes OrderQuantity as a safety exit
            9s I5 passes OrderNotional as a safety exit
            9s I5 passes PositionLimit as a safety exit
            9s I5 passes Leverage as a safety exit
            9s I5 passes AssetExposure as a safety exit
            9s I5 passes GrossExposure as a safety exit
            9s I5 passes NetExposure as a safety exit
            9s I5 passes SectorExposure as a safety exit
            9s I5 passes ClusterExposure as a safety exit
            9s I5 passes OpenOrders as a safety exit
            9s I5 plans 0.4 at the market, leverage 0.079996 [safety_exit, full_exit]
            9s I5.1 sells 0.4 BTCUSDT on paper reduce-only
            9s I5.1 outcome Filled 0.4
            9s I5 success sold 0.4, reply
            11s I6 denied by RepeatThrottle: the strategy has executed as often as it may, until people enable it again
            12s refused audit-1: it takes a role that the person does not hold
            12s refused risk-2: the strategy's owner may not enable it again
            13s ops-1 asks to enable trend again
            14s refused ops-1: releasing takes a second, different person
            15s refused ops-2: it takes a role that the person does not hold
            16s trend enabled again by ops-1 and risk-1
            17s I7 plans 0.2 at 20001, leverage 0.040002
            17s I7.1 buys 0.2 BTCUSDT on paper
            17s I7.1 outcome Filled 0.2
            17s I7 success bought 0.2, reply
            18s refused risk-1: the throttle has not disabled this strategy
        "#]],
    );
}

#[test]
fn executions_outside_the_window_do_not_count() {
    check(
        "1s adopt standard, flow repeats 2 in 1000
         2s intent I1 add 0.1
         2s intent I2 add 0.1
         3s intent I3 add 0.1",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2s I2 plans 0.2 at 20001, leverage 0.080004
            2s I2.1 buys 0.2 BTCUSDT on paper
            2s I2.1 outcome Filled 0.2
            2s I2 success bought 0.2, reply
            3s I3 plans 0.2 at 20001, leverage 0.120006
            3s I3.1 buys 0.2 BTCUSDT on paper
            3s I3.1 outcome Filled 0.2
            3s I3 success bought 0.2, reply
        "]],
    );
}

#[test]
fn an_order_type_needs_a_row_that_allows_it_here() {
    check_each(
        "1s adopt standard, flow types {}
         2s intent I1 add 0.5",
        &[
            "limit",
            "market",
            "limit in offline at BINANCE for trend",
            "limit in live",
            "limit at NASDAQ",
            "limit for other",
        ],
        &expect![[r"
            limit:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            market:
              2s I1 denied by OrderTypePolicy: this type of order is not allowed here
            limit in offline at BINANCE for trend:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            limit in live:
              2s I1 denied by OrderTypePolicy: this type of order is not allowed here
            limit at NASDAQ:
              2s I1 denied by OrderTypePolicy: this type of order is not allowed here
            limit for other:
              2s I1 denied by OrderTypePolicy: this type of order is not allowed here
        "]],
    );
    check(
        "1s adopt standard, flow types limit
         2s intent I1 add 0.5 critical
         3s intent I2 add 0.5
         4s intent I3 emergency",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by OrderTypePolicy: this type of order is not allowed here
            3s I2 plans 1 at 20001, leverage 0.20001
            3s I2.1 buys 1 BTCUSDT on paper
            3s I2.1 outcome Filled 1
            3s I2 success bought 1, reply
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
            4s I3 passes OrderTypePolicy as a safety exit
            4s I3 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
            4s I3.1 sells 1 BTCUSDT on paper reduce-only
            4s I3.1 outcome Filled 1
            4s I3 success sold 1, reply
        "#]],
    );
}

/// At the market the order costs half the spread: 5 bps.
#[test]
fn an_order_may_cost_as_much_as_the_budget_says() {
    check_each(
        "1s adopt standard, flow slippage {}
         2s intent I1 add 0.5 critical quote 19990/20010",
        &["4", "5", "6"],
        &expect![[r"
            4:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 denied by SlippageBudget: the order would cost more against the mid than it may (5 against 4)
            5:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at the market, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            6:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at the market, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
        "]],
    );
    check_each(
        "1s adopt standard, flow slippage 5
         2s intent I1 add 0.5 critical slippage {} quote 19990/20010",
        &["4", "5", "6"],
        &expect![[r"
            4:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 denied by SlippageBudget: the order would cost more against the mid than it may (5 against 4)
            5:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at the market, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
            6:
              2s I1 reduced to 0.999 by Precision (19989.99 against 10)
              2s I1 plans 0.999 at the market, leverage 0.1998999 [lot_rounding]
              2s I1.1 buys 0.999 BTCUSDT on paper
              2s I1.1 outcome Filled 0.999
              2s I1 success bought 0.999, reply
        "]],
    );
}

/// The order is 1 BTC.
#[test]
fn an_order_may_be_as_much_of_the_volume_as_the_rate_says() {
    check_each(
        "1s adopt standard, flow participation 0.1
         2s intent I1 add 0.5 {}",
        &["volume 9.999999999999999999", "volume 10", "volume 10.000000000000000001", "truncated"],
        &expect![[r"
            volume 9.999999999999999999:
              2s I1 denied by Participation: the order is too much of the market's volume (1 against 0.999999999999999999)
            volume 10:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            volume 10.000000000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            truncated:
              2s I1 denied by Participation: the quote states no volume to hold the order against
        "]],
    );
}

#[test]
fn without_a_rate_volume_is_not_looked_at() {
    check(
        "1s intent I1 add 0.5",
        &expect![[r"
        1s I1 plans 1 at 20001, leverage 0.20001
        1s I1.1 buys 1 BTCUSDT on paper
        1s I1.1 outcome Filled 1
        1s I1 success bought 1, reply
    "]],
    );
}

#[test]
fn a_venue_that_is_down_trades_nothing_and_a_degraded_one_only_reduces() {
    check_each(
        "1s intent I1 add 0.5
         2s venue BINANCE {}
         3s intent I2 add 0.5
         3s intent I3 trim 0.1 reduce-only
         3s intent I4 emergency",
        &["up", "degraded", "down"],
        &expect![[r#"
            up:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on paper
              3s I2.1 outcome Filled 1
              3s I2 success bought 1, reply
              3s I3 plans 0.2 at 19999, leverage 0.39998
              3s I3.1 sells 0.2 BTCUSDT on paper reduce-only
              3s I3.1 outcome Filled 0.2
              3s I3 success sold 0.2, reply
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
              3s I4 plans 1.8 at the market, leverage 0.359982 [safety_exit, full_exit]
              3s I4.1 sells 1.8 BTCUSDT on paper reduce-only
              3s I4.1 outcome Filled 1.8
              3s I4 success sold 1.8, reply
            degraded:
              3s I2 denied by VenueHealth: the venue is not in a state to trade
              3s I3 plans 0.1 at 19999, leverage 0.19999
              3s I3.1 sells 0.1 BTCUSDT on paper reduce-only
              3s I3.1 outcome Filled 0.1
              3s I3 success sold 0.1, reply
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
            down:
              3s I2 denied by VenueHealth: the venue is not in a state to trade
              3s I3 denied by VenueHealth: the venue is not in a state to trade
              3s I4 denied by VenueHealth: the venue is not in a state to trade
        "#]],
    );
}

#[test]
fn a_venue_nobody_told_of_is_healthy_only_where_the_policy_says_so() {
    check(
        "1s adopt standard, flow health told
         2s intent I1 add 0.5
         3s venue BINANCE up
         4s intent I2 add 0.5
         5s venue BINANCE up
         6s venue XNONE down",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by VenueHealth: nobody has told whether the venue is well
            3s BINANCE is Up
            4s I2 plans 1 at 20001, leverage 0.20001
            4s I2.1 buys 1 BTCUSDT on paper
            4s I2.1 outcome Filled 1
            4s I2 success bought 1, reply
            5s refused: it stands so already
            6s refused: the venue is not in the rulebook
        "]],
    );
}

#[test]
fn a_person_says_a_venue_is_down_with_a_name_and_up_with_a_role() {
    check(
        "1s adopt standard, flow health told
         2s venue BINANCE up by audit-1 because it looks well
         3s venue BINANCE up by ops-1 because it looks well
         4s venue BINANCE down by audit-1 because no fills
         5s venue BINANCE down by ops-1 because no fills
         6s intent I1 add 0.5
         7s venue BINANCE degraded by audit-1 because some fills
         8s venue BINANCE degraded by risk-1 because some fills
         9s venue BINANCE down by because
         10s venue BINANCE up by nobody-1 because back
         11s venue BINANCE up
         12s intent I2 add 0.5",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s refused audit-1: it takes a role that the person does not hold
            3s BINANCE is Up, says ops-1
            4s BINANCE is Down, says audit-1
            5s refused ops-1: it stands so already
            6s I1 denied by VenueHealth: the venue is not in a state to trade
            7s refused audit-1: it takes a role that the person does not hold
            8s BINANCE is Degraded, says risk-1
            9s BINANCE is Down, says because
            10s refused nobody-1: no such person stands in the rules
            11s BINANCE is Up
            12s I2 plans 1 at 20001, leverage 0.20001
            12s I2.1 buys 1 BTCUSDT on paper
            12s I2.1 outcome Filled 1
            12s I2 success bought 1, reply
        "#]],
    );
}

/// I1 rests at 20001 as a buy.
#[test]
fn an_order_never_meets_one_of_the_same_account() {
    check_each(
        "1s intent I9 add 0.2 book desk
         1s report I9.1 fill 0.4@20001
         2s intent I1 add 0.5 book desk
         3s intent I2 trim 0.1 book desk {}",
        &[
            "quote 20001.01/20003",
            "quote 20001/20003",
            "quote 20000.99/20003",
            "critical quote 20002/20003",
        ],
        &expect![[r"
            quote 20001.01/20003:
              3s I2 plans 0.04 at 20001.01, leverage 0.28001414
              3s I2.1 sells 0.04 BTCUSDT on live-stub, place
            quote 20001/20003:
              3s I2 denied by SelfMatch: it could trade with an order of the same account (20001 against 20001)
            quote 20000.99/20003:
              3s I2 denied by SelfMatch: it could trade with an order of the same account (20000.99 against 20001)
            critical quote 20002/20003:
              3s I2 denied by SelfMatch: it could trade with an order of the same account (20002 against 20001)
        "]],
    );
}

#[test]
fn an_order_that_has_ended_is_nobody_to_meet() {
    check(
        "1s intent I9 add 0.2 book desk
         1s report I9.1 fill 0.4@20001
         2s intent I1 add 0.5 book desk
         3s intent I2 emergency book desk quote 20000/20003
         4s report I1.1 canceled 0
         5s intent I3 emergency book desk quote 20000/20003",
        &expect![[r#"
            1s I9 plans 0.4 at 20001, leverage 0.080004
            1s I9.1 buys 0.4 BTCUSDT on live-stub, place
            1s I9.1 fills 0.4 at 20001, 0.4 in all, is filled
            1s I9.1 outcome Filled 0.4
            1s I9 success bought 0.4 at 20001, slippage 0 bps, reply
            2s I1 plans 1 at 20001, leverage 0.280014
            2s I1.1 buys 1 BTCUSDT on live-stub, place
            3s I2 passes DecisionTable as a safety exit
            3s I2 passes OrderQuantity as a safety exit
            3s I2 passes OrderNotional as a safety exit
            3s I2 passes PositionLimit as a safety exit
            3s I2 passes Leverage as a safety exit
            3s I2 passes AssetExposure as a safety exit
            3s I2 passes GrossExposure as a safety exit
            3s I2 passes NetExposure as a safety exit
            3s I2 passes SectorExposure as a safety exit
            3s I2 passes ClusterExposure as a safety exit
            3s I2 passes OpenOrders as a safety exit
            3s I2 denied by SelfMatch: it could trade with an order of the same account (20000 against 20001)
            4s I1.1 is canceled
            4s I1.1 outcome Failed 0 ExecutionNotAvailable
            4s I1 error: EXECUTION_NOT_AVAILABLE, reply
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
            5s I3 plans 0.4 at the market, leverage 0.08 [safety_exit, full_exit]
            5s I3.1 sells 0.4 BTCUSDT on live-stub reduce-only, place
        "#]],
    );
}

#[test]
fn a_rule_that_is_not_stated_denies() {
    check_each(
        "1s adopt standard, flow no {}
         2s intent I1 add 0.5",
        &[
            "restricted",
            "permissions",
            "health",
            "repeats",
            "types",
            "slippage",
            "participation",
            "collar",
            "twins",
            "rate",
        ],
        &expect![[r"
            restricted:
              2s I1 denied by RestrictedList: the rulebook states no limit here
            permissions:
              2s I1 denied by Permission: the rulebook states no limit here
            health:
              2s I1 denied by VenueHealth: the rulebook states no limit here
            repeats:
              2s I1 denied by RepeatThrottle: the rulebook states no limit here
            types:
              2s I1 denied by OrderTypePolicy: the rulebook states no limit here
            slippage:
              2s I1 denied by SlippageBudget: the rulebook states no limit here
            participation:
              2s I1 denied by Participation: the rulebook states no limit here
            collar:
              2s I1 denied by PriceCollar: the rulebook states no limit here
            twins:
              2s I1 denied by DuplicateWindow: the rulebook states no limit here
            rate:
              2s I1 denied by MessageRate: the rulebook states no limit here
        "]],
    );
}
