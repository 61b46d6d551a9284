//! Routes: which way an order goes, what a route takes, and where it goes when a connection is not well.

mod check;

use check::{check, check_each};
use expect_test::expect;

/// A limit order and one at the market, each by its own route; how long it works is the route's word.
#[test]
fn a_rule_gives_each_order_its_route_and_the_route_how_long_it_works() {
    check(
        "1s adopt standard, routes smart for limit ioc to main spare, routes urgent for market to spare
         2s intent I1 add 0.5
         3s intent I2 add 0.5 critical",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on paper Ioc by smart via main
            2s I1.1 outcome Filled 1
            2s I1 success bought 1, reply
            3s I2 plans 1 at the market, leverage 0.40002
            3s I2.1 buys 1 BTCUSDT on paper by urgent via spare as broker-vwap
            3s I2.1 outcome Filled 1
            3s I2 success bought 1, reply
        "#]],
    );
}

#[test]
fn an_order_that_no_rule_gives_a_route_is_refused() {
    check_each(
        "1s adopt standard, routes {}
         2s intent I1 add 0.5",
        &[
            "none",
            "smart for limit",
            "smart for limit to spare@NASDAQ",
            "smart for limit to spare@BINANCE",
        ],
        &expect![[r#"
            none:
              2s I1 denied by Route: the rulebook states no limit here
            smart for limit:
              2s I1 denied by Route at smart: no route leads from here to the venue
            smart for limit to spare@NASDAQ:
              2s I1 denied by Route at smart: no route leads from here to the venue
            smart for limit to spare@BINANCE:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper by smart via spare as broker-vwap
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "#]],
    );
}

#[test]
fn a_route_takes_orders_of_its_types_only() {
    check_each(
        "1s adopt standard, routes smart for limit but {} to main
         2s intent I1 add 0.5",
        &["limit", "market"],
        &expect![[r#"
            limit:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper by smart via main
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            market:
              2s I1 denied by Route at smart: its route does not take orders of this type
        "#]],
    );
}

/// The first connection that is well takes it; one that is degraded takes only what reduces.
#[test]
fn an_order_goes_out_on_the_first_connection_that_is_well() {
    check_each(
        "1s adopt standard, routes smart for limit to main spare
         1s health broker_connection main {}
         2s intent I1 add 0.5",
        &["up", "degraded", "down"],
        &expect![[r#"
            up:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper by smart via main
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            degraded:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper by smart via spare as broker-vwap
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            down:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper by smart via spare as broker-vwap
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "#]],
    );
    check_each(
        "1s adopt standard, routes smart for limit to main
         2s intent I1 add 0.5
         3s health broker_connection main {}
         4s intent I2 add 0.1
         5s intent I3 trim 0.5 reduce-only",
        &["up", "degraded", "down"],
        &expect![[r#"
            up:
              5s I3 plans 0.6 at 19999, leverage 0.239988
              5s I3.1 sells 0.6 BTCUSDT on paper reduce-only by smart via main
              5s I3.1 outcome Filled 0.6
              5s I3 success sold 0.6, reply
            degraded:
              5s I3 plans 0.5 at 19999, leverage 0.19999
              5s I3.1 sells 0.5 BTCUSDT on paper reduce-only by smart via main
              5s I3.1 outcome Filled 0.5
              5s I3 success sold 0.5, reply
            down:
              5s I3 denied by Route at smart: no connection of its route is in a state to take it
        "#]],
    );
    check_each(
        "1s adopt standard, routes smart for limit to main spare
         1s health broker_connection main {}
         1s health broker_connection spare {}
         2s intent I1 add 0.5",
        &["down"],
        &expect![[r#"
            down:
              2s I1 denied by Route at smart: no connection of its route is in a state to take it
        "#]],
    );
}

/// A connection nobody told of is well only where the policy says so.
#[test]
fn a_connection_nobody_told_of_takes_nothing_unless_the_policy_says_so() {
    check(
        "1s adopt standard, flow health told, routes smart for limit to main
         1s venue BINANCE up
         2s intent I1 add 0.5
         3s health broker_connection main up
         4s intent I2 add 0.5",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s BINANCE is Up
            2s I1 denied by Route at smart: no connection of its route is in a state to take it
            3s broker_connection main is up
            4s I2 plans 1 at 20001, leverage 0.20001
            4s I2.1 buys 1 BTCUSDT on paper by smart via main
            4s I2.1 outcome Filled 1
            4s I2 success bought 1, reply
        "#]],
    );
}

/// An exit that cannot go anywhere is not sent: nobody would know what became of it.
#[test]
fn a_safety_exit_needs_a_way_as_well() {
    check(
        "1s adopt standard, routes urgent for market to main
         2s intent I1 add 0.5 critical
         3s health broker_connection main down
         4s intent I2 emergency
         5s health broker_connection main degraded
         6s intent I3 emergency",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at the market, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on paper by urgent via main
            2s I1.1 outcome Filled 1
            2s I1 success bought 1, reply
            3s broker_connection main is down
            4s I2 passes DecisionTable as a safety exit
            4s I2 passes OrderQuantity as a safety exit
            4s I2 passes OrderNotional as a safety exit
            4s I2 passes PositionLimit as a safety exit
            4s I2 passes Leverage as a safety exit
            4s I2 passes AssetExposure as a safety exit
            4s I2 passes GrossExposure as a safety exit
            4s I2 passes NetExposure as a safety exit
            4s I2 passes SectorExposure as a safety exit
            4s I2 passes ClusterExposure as a safety exit
            4s I2 passes OpenOrders as a safety exit
            4s I2 denied by Route at urgent: no connection of its route is in a state to take it
            5s broker_connection main is degraded
            6s I3 passes DecisionTable as a safety exit
            6s I3 passes OrderQuantity as a safety exit
            6s I3 passes OrderNotional as a safety exit
            6s I3 passes PositionLimit as a safety exit
            6s I3 passes Leverage as a safety exit
            6s I3 passes AssetExposure as a safety exit
            6s I3 passes GrossExposure as a safety exit
            6s I3 passes NetExposure as a safety exit
            6s I3 passes SectorExposure as a safety exit
            6s I3 passes ClusterExposure as a safety exit
            6s I3 passes OpenOrders as a safety exit
            6s I3 plans 1 at the market, leverage 0.19999 [safety_exit, full_exit]
            6s I3.1 sells 1 BTCUSDT on paper reduce-only by urgent via main
            6s I3.1 outcome Filled 1
            6s I3 success sold 1, reply
        "#]],
    );
}
