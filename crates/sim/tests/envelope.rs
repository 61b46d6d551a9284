//! The envelope is a tree: every level that states a limit holds, whatever the others say.

mod check;

use check::{check, check_each};
use expect_test::expect;

/// The order is worth 20001 at the ask.
#[test]
fn every_level_holds_at_its_last_unit() {
    check_each(
        "1s adopt standard, book core lane canary, at {} max_order_notional 20000.999999999999999999
         2s intent I1 add 0.5",
        &[
            "firm",
            "account:main",
            "account:other",
            "lane:canary",
            "lane:promoted",
            "strategy:trend",
            "strategy:other",
            "book:core",
            "book:desk",
            "instrument:BTCUSDT",
            "instrument:ETHUSDT",
        ],
        &expect![[r"
            firm:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            account:main:
              2s I1 denied by OrderNotional at account:main: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            account:other:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            lane:canary:
              2s I1 denied by OrderNotional at lane:canary: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            lane:promoted:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            strategy:trend:
              2s I1 denied by OrderNotional at strategy:trend: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            strategy:other:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            book:core:
              2s I1 denied by OrderNotional at book:core: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            book:desk:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            instrument:BTCUSDT:
              2s I1 denied by OrderNotional at instrument:BINANCE:BTCUSDT: the order is worth more than one order may be (20001 against 20000.999999999999999999)
            instrument:ETHUSDT:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn a_level_below_never_widens_what_the_firm_allows() {
    check_each(
        "1s adopt standard, max_order_notional 20000, at {} max_order_notional 30000
         2s intent I1 add 0.5",
        &["account:main", "strategy:trend", "book:core", "instrument:BTCUSDT"],
        &expect![[r"
            account:main:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000)
            strategy:trend:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000)
            book:core:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000)
            instrument:BTCUSDT:
              2s I1 denied by OrderNotional: the order is worth more than one order may be (20001 against 20000)
        "]],
    );
}

#[test]
fn levels_cut_one_after_the_other_and_the_last_that_did_is_named() {
    check(
        "1s adopt standard, max_order_notional 15000 reduce, at strategy:trend max_order_notional 12000 reduce, at book:core max_order_notional 13000
         2s intent I1 add 0.5
         3s adopt standard, max_order_notional 15000 reduce, at strategy:trend max_order_notional 12000 reduce, at book:core max_order_notional 11000
         4s intent I2 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 reduced to 0.599970001499925003 by OrderNotional at strategy:trend (14999.999999999999986254 against 12000)
            2s I1 reduced to 0.599 by Precision (11980.599 against 10)
            2s I1 plans 0.599 at 20001, leverage 0.11980599 [order_notional, lot_rounding]
            2s I1.1 buys 0.599 BTCUSDT on paper
            2s I1.1 outcome Filled 0.599
            2s I1 success bought 0.599, reply
            3s rulebook 1 adopted by risk-1
            4s I2 denied by OrderNotional at book:core: the order is worth more than one order may be (11999.999999999999985003 against 11000)
        "]],
    );
}

#[test]
fn leverage_and_asset_exposure_hold_at_every_level() {
    check_each(
        "1s adopt standard, at {} 0.200009999999999999
         2s intent I1 add 0.5",
        &[
            "account:main max_leverage",
            "strategy:trend max_leverage",
            "book:core max_leverage",
            "instrument:BTCUSDT max_leverage",
            "account:main max_asset_exposure",
            "strategy:trend max_asset_exposure",
            "book:core max_asset_exposure",
            "instrument:BTCUSDT max_asset_exposure",
        ],
        &expect![[r"
            account:main max_leverage:
              2s I1 denied by Leverage at account:main: the book would be leveraged beyond its cap (20001 against 20000.9999999999999)
            strategy:trend max_leverage:
              2s I1 denied by Leverage at strategy:trend: the book would be leveraged beyond its cap (20001 against 20000.9999999999999)
            book:core max_leverage:
              2s I1 denied by Leverage at book:core: the book would be leveraged beyond its cap (20001 against 20000.9999999999999)
            instrument:BTCUSDT max_leverage:
              2s I1 denied by Leverage at instrument:BINANCE:BTCUSDT: the book would be leveraged beyond its cap (20001 against 20000.9999999999999)
            account:main max_asset_exposure:
              2s I1 denied by AssetExposure at account:main: the book would hold too much of one instrument (20001 against 20000.9999999999999)
            strategy:trend max_asset_exposure:
              2s I1 denied by AssetExposure at strategy:trend: the book would hold too much of one instrument (20001 against 20000.9999999999999)
            book:core max_asset_exposure:
              2s I1 denied by AssetExposure at book:core: the book would hold too much of one instrument (20001 against 20000.9999999999999)
            instrument:BTCUSDT max_asset_exposure:
              2s I1 denied by AssetExposure at instrument:BINANCE:BTCUSDT: the book would hold too much of one instrument (20001 against 20000.9999999999999)
        "]],
    );
}

#[test]
fn a_limit_only_a_lower_level_states_is_missing() {
    check(
        "1s adopt standard, no max_order_notional, at book:core max_order_notional 50000
         2s intent I1 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by OrderNotional: the rulebook states no limit here
        "]],
    );
}

/// Buys 1 at 20001, twice, on the live stub: both stay at work.
const TWICE: &str = "1s adopt standard, {}
         2s intent I1 add 0.5 book desk
         3s intent I2 add 0.5 book desk";

#[test]
fn an_order_may_be_as_large_as_each_level_says() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &[
            "max_order_qty 0.999999999999999999",
            "max_order_qty 1",
            "max_order_qty 1.000000000000000001",
            "max_order_qty 0.5 reduce",
            "max_order_qty 0 reduce",
            "at account:main max_order_qty 0.5",
            "at strategy:trend max_order_qty 0.5",
            "at book:core max_order_qty 0.5",
            "at instrument:BTCUSDT max_order_qty 0.5",
            "no max_order_qty",
        ],
        &expect![[r"
            max_order_qty 0.999999999999999999:
              2s I1 denied by OrderQuantity: the order is larger than one order may be (1 against 0.999999999999999999)
            max_order_qty 1:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            max_order_qty 1.000000000000000001:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            max_order_qty 0.5 reduce:
              2s I1 reduced to 0.5 by OrderQuantity (1 against 0.5)
              2s I1 plans 0.5 at 20001, leverage 0.100005 [order_quantity]
              2s I1.1 buys 0.5 BTCUSDT on paper
              2s I1.1 outcome Filled 0.5
              2s I1 success bought 0.5, reply
            max_order_qty 0 reduce:
              2s I1 denied by OrderQuantity: the order is larger than one order may be (1 against 0)
            at account:main max_order_qty 0.5:
              2s I1 denied by OrderQuantity at account:main: the order is larger than one order may be (1 against 0.5)
            at strategy:trend max_order_qty 0.5:
              2s I1 denied by OrderQuantity at strategy:trend: the order is larger than one order may be (1 against 0.5)
            at book:core max_order_qty 0.5:
              2s I1 denied by OrderQuantity at book:core: the order is larger than one order may be (1 against 0.5)
            at instrument:BTCUSDT max_order_qty 0.5:
              2s I1 denied by OrderQuantity at instrument:BINANCE:BTCUSDT: the order is larger than one order may be (1 against 0.5)
            no max_order_qty:
              2s I1 denied by OrderQuantity: the rulebook states no limit here
        "]],
    );
}

#[test]
fn a_position_may_be_as_large_as_each_level_says_working_orders_counted_in_full() {
    check_each(
        TWICE,
        &[
            "max_position 1.999999999999999999",
            "max_position 2",
            "max_position 2.000000000000000001",
            "max_position 1.5 reduce",
            "max_position 1 reduce",
            "at account:main max_position 1.5",
            "at strategy:trend max_position 1.5",
            "at book:desk max_position 1.5",
            "at instrument:BTCUSDT max_position 1.5",
            "no max_position",
        ],
        &expect![[r"
            max_position 1.999999999999999999:
              3s I2 denied by PositionLimit: the position in the instrument would be too large (2 against 1.999999999999999999)
            max_position 2:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_position 2.000000000000000001:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_position 1.5 reduce:
              3s I2 reduced to 0.5 by PositionLimit (2 against 1.5)
              3s I2 plans 0.5 at 20001, leverage 0.300015 [position_limit]
              3s I2.1 buys 0.5 BTCUSDT on live-stub, place
            max_position 1 reduce:
              3s I2 denied by PositionLimit: the position in the instrument would be too large (2 against 1)
            at account:main max_position 1.5:
              3s I2 denied by PositionLimit at account:main: the position in the instrument would be too large (2 against 1.5)
            at strategy:trend max_position 1.5:
              3s I2 denied by PositionLimit at strategy:trend: the position in the instrument would be too large (2 against 1.5)
            at book:desk max_position 1.5:
              3s I2 denied by PositionLimit at book:desk: the position in the instrument would be too large (2 against 1.5)
            at instrument:BTCUSDT max_position 1.5:
              3s I2 denied by PositionLimit at instrument:BINANCE:BTCUSDT: the position in the instrument would be too large (2 against 1.5)
            no max_position:
              3s I2 denied by PositionLimit: the rulebook states no limit here
        "]],
    );
}

#[test]
fn gross_exposure_may_be_as_large_as_each_level_says() {
    check_each(
        TWICE,
        &[
            "max_gross_exposure 40001.999999999999999999",
            "max_gross_exposure 40002",
            "max_gross_exposure 40002.000000000000000001",
            "max_gross_exposure 30000 reduce",
            "max_gross_exposure 20001 reduce",
            "at account:main max_gross_exposure 40000",
            "at strategy:trend max_gross_exposure 40000",
            "at book:desk max_gross_exposure 40000",
            "at instrument:BTCUSDT max_gross_exposure 40000",
            "no max_gross_exposure",
        ],
        &expect![[r"
            max_gross_exposure 40001.999999999999999999:
              3s I2 denied by GrossExposure: gross exposure would be above its cap (40002 against 40001.999999999999999999)
            max_gross_exposure 40002:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_gross_exposure 40002.000000000000000001:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_gross_exposure 30000 reduce:
              3s I2 reduced to 0.499925003749812509 by GrossExposure (40002 against 30000)
              3s I2 reduced to 0.499 by Precision (9980.499 against 10)
              3s I2 plans 0.499 at 20001, leverage 0.29981499 [lot_rounding, gross_exposure]
              3s I2.1 buys 0.499 BTCUSDT on live-stub, place
            max_gross_exposure 20001 reduce:
              3s I2 denied by GrossExposure: gross exposure would be above its cap (40002 against 20001)
            at account:main max_gross_exposure 40000:
              3s I2 denied by GrossExposure at account:main: gross exposure would be above its cap (40002 against 40000)
            at strategy:trend max_gross_exposure 40000:
              3s I2 denied by GrossExposure at strategy:trend: gross exposure would be above its cap (40002 against 40000)
            at book:desk max_gross_exposure 40000:
              3s I2 denied by GrossExposure at book:desk: gross exposure would be above its cap (40002 against 40000)
            at instrument:BTCUSDT max_gross_exposure 40000:
              3s I2 denied by GrossExposure at instrument:BINANCE:BTCUSDT: gross exposure would be above its cap (40002 against 40000)
            no max_gross_exposure:
              3s I2 denied by GrossExposure: the rulebook states no limit here
        "]],
    );
}

#[test]
fn net_exposure_may_be_as_large_as_each_level_says() {
    check_each(
        TWICE,
        &[
            "max_net_exposure 40001.999999999999999999",
            "max_net_exposure 40002",
            "max_net_exposure 40002.000000000000000001",
            "max_net_exposure 30000 reduce",
            "max_net_exposure 20001 reduce",
            "at account:main max_net_exposure 40000",
            "at strategy:trend max_net_exposure 40000",
            "at book:desk max_net_exposure 40000",
            "at instrument:BTCUSDT max_net_exposure 40000",
            "no max_net_exposure",
        ],
        &expect![[r"
            max_net_exposure 40001.999999999999999999:
              3s I2 denied by NetExposure: net exposure would be above its cap (40002 against 40001.999999999999999999)
            max_net_exposure 40002:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_net_exposure 40002.000000000000000001:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_net_exposure 30000 reduce:
              3s I2 reduced to 0.499925003749812509 by NetExposure (40002 against 30000)
              3s I2 reduced to 0.499 by Precision (9980.499 against 10)
              3s I2 plans 0.499 at 20001, leverage 0.29981499 [lot_rounding, net_exposure]
              3s I2.1 buys 0.499 BTCUSDT on live-stub, place
            max_net_exposure 20001 reduce:
              3s I2 denied by NetExposure: net exposure would be above its cap (40002 against 20001)
            at account:main max_net_exposure 40000:
              3s I2 denied by NetExposure at account:main: net exposure would be above its cap (40002 against 40000)
            at strategy:trend max_net_exposure 40000:
              3s I2 denied by NetExposure at strategy:trend: net exposure would be above its cap (40002 against 40000)
            at book:desk max_net_exposure 40000:
              3s I2 denied by NetExposure at book:desk: net exposure would be above its cap (40002 against 40000)
            at instrument:BTCUSDT max_net_exposure 40000:
              3s I2 denied by NetExposure at instrument:BINANCE:BTCUSDT: net exposure would be above its cap (40002 against 40000)
            no max_net_exposure:
              3s I2 denied by NetExposure: the rulebook states no limit here
        "]],
    );
}

#[test]
fn a_sector_and_a_cluster_may_hold_as_much_as_they_say() {
    check_each(
        TWICE,
        &[
            "at every_sector max_exposure 40001.999999999999999999",
            "at every_sector max_exposure 40002",
            "at every_sector max_exposure 40002.000000000000000001",
            "at sector:crypto max_exposure 30000 reduce",
            "at sector:crypto max_exposure 40000",
            "at sector:ungrouped max_exposure 1",
            "no every_sector",
            "at every_cluster max_exposure 40001.999999999999999999",
            "at every_cluster max_exposure 40002",
            "at every_cluster max_exposure 40002.000000000000000001",
            "at cluster:majors max_exposure 30000 reduce",
            "at cluster:majors max_exposure 40000",
            "at cluster:ungrouped max_exposure 1",
            "no every_cluster",
        ],
        &expect![[r"
            at every_sector max_exposure 40001.999999999999999999:
              3s I2 denied by SectorExposure at every_sector: exposure to the sector would be above its cap (40002 against 40001.999999999999999999)
            at every_sector max_exposure 40002:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at every_sector max_exposure 40002.000000000000000001:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at sector:crypto max_exposure 30000 reduce:
              3s I2 reduced to 0.499925003749812509 by SectorExposure at sector:crypto (40002 against 30000)
              3s I2 reduced to 0.499 by Precision (9980.499 against 10)
              3s I2 plans 0.499 at 20001, leverage 0.29981499 [lot_rounding, sector_exposure]
              3s I2.1 buys 0.499 BTCUSDT on live-stub, place
            at sector:crypto max_exposure 40000:
              3s I2 denied by SectorExposure at sector:crypto: exposure to the sector would be above its cap (40002 against 40000)
            at sector:ungrouped max_exposure 1:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            no every_sector:
              3s I2 denied by SectorExposure: the rulebook states no limit here
            at every_cluster max_exposure 40001.999999999999999999:
              3s I2 denied by ClusterExposure at every_cluster: exposure to the cluster would be above its cap (40002 against 40001.999999999999999999)
            at every_cluster max_exposure 40002:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at every_cluster max_exposure 40002.000000000000000001:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at cluster:majors max_exposure 30000 reduce:
              3s I2 reduced to 0.499925003749812509 by ClusterExposure at cluster:majors (40002 against 30000)
              3s I2 reduced to 0.499 by Precision (9980.499 against 10)
              3s I2 plans 0.499 at 20001, leverage 0.29981499 [lot_rounding, cluster_exposure]
              3s I2.1 buys 0.499 BTCUSDT on live-stub, place
            at cluster:majors max_exposure 40000:
              3s I2 denied by ClusterExposure at cluster:majors: exposure to the cluster would be above its cap (40002 against 40000)
            at cluster:ungrouped max_exposure 1:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            no every_cluster:
              3s I2 denied by ClusterExposure: the rulebook states no limit here
        "]],
    );
}

#[test]
fn as_many_orders_may_be_at_work_as_each_level_says() {
    check_each(
        TWICE,
        &[
            "max_open_orders 1",
            "max_open_orders 2",
            "max_open_orders 3",
            "at account:main max_open_orders 1",
            "at strategy:trend max_open_orders 1",
            "at book:desk max_open_orders 1",
            "at book:core max_open_orders 1",
            "at instrument:BTCUSDT max_open_orders 1",
            "no max_open_orders",
        ],
        &expect![[r"
            max_open_orders 1:
              3s I2 denied by OpenOrders: as many orders are at work as may be (2 against 1)
            max_open_orders 2:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            max_open_orders 3:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at account:main max_open_orders 1:
              3s I2 denied by OpenOrders at account:main: as many orders are at work as may be (2 against 1)
            at strategy:trend max_open_orders 1:
              3s I2 denied by OpenOrders at strategy:trend: as many orders are at work as may be (2 against 1)
            at book:desk max_open_orders 1:
              3s I2 denied by OpenOrders at book:desk: as many orders are at work as may be (2 against 1)
            at book:core max_open_orders 1:
              3s I2 plans 1 at 20001, leverage 0.40002
              3s I2.1 buys 1 BTCUSDT on live-stub, place
            at instrument:BTCUSDT max_open_orders 1:
              3s I2 denied by OpenOrders at instrument:BINANCE:BTCUSDT: as many orders are at work as may be (2 against 1)
            no max_open_orders:
              3s I2 denied by OpenOrders: the rulebook states no limit here
        "]],
    );
}

/// Planes are counted apart, and so are accounts.
#[test]
fn books_of_one_account_share_its_room_on_a_plane_and_no_other() {
    check_each(
        "1s mark BTCUSDT 20000
         2s adopt standard, {}, at account:main max_gross_exposure 30000
         3s intent I1 add 0.5 book desk
         4s intent I2 add 0.5 book core",
        &[
            "book core venue live-stub",
            "book core venue live-stub, book core account other",
            "book core venue paper",
        ],
        &expect![[r"
            book core venue live-stub:
              4s I2 denied by GrossExposure at account:main: gross exposure would be above its cap (40001 against 30000)
            book core venue live-stub, book core account other:
              4s I2 plans 1 at 20001, leverage 0.20001
              4s I2.1 buys 1 BTCUSDT on live-stub, place
            book core venue paper:
              4s I2 plans 1 at 20001, leverage 0.20001
              4s I2.1 buys 1 BTCUSDT on paper
              4s I2.1 outcome Filled 1
              4s I2 success bought 1, reply
        "]],
    );
}

#[test]
fn ends_of_working_orders_count_both_ways_in_net_exposure() {
    check(
        "1s mark BTCUSDT 20000
         1s adopt standard, max_net_exposure 20001
         2s intent I1 add 0.5 book desk
         3s report I1.1 fill 1@20001
         4s target I2 -0.5 to -0.3 book desk
         5s target I3 -0.1 to -0.3 book desk
         6s intent I4 exit book desk",
        &expect![[r"
            1s BINANCE:BTCUSDT marked at 20000
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on live-stub, place
            3s I1.1 fills 1 at 20001, 1 in all, is filled
            3s I1.1 outcome Filled 1
            3s I1 success bought 1 at 20001, slippage 0 bps, reply
            4s I2 denied by NetExposure: net exposure would be above its cap (30000.999999999999987485 against 20001)
            5s I3 reduced to 0.5 by Precision (9999.5 against 10)
            5s I3 plans 0.5 at 19999, leverage 0.19999 [lot_rounding]
            5s I3.1 sells 0.5 BTCUSDT on live-stub, place
            6s I4 reduced to 0.5 by Mapping (1 against 0.5)
            6s I4 plans 0.5 at 19999, leverage 0.19999 [reduce_only]
            6s I4.1 sells 0.5 BTCUSDT on live-stub, place
        "]],
    );
}

#[test]
fn a_safety_exit_passes_every_limit() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, max_order_qty 0, max_order_notional 0, max_position 0, max_leverage 0, max_asset_exposure 0, max_gross_exposure 0, max_net_exposure 0, max_open_orders 0, at every_sector max_exposure 0, at every_cluster max_exposure 0
         3s intent I2 trim 0.1
         4s intent I3 emergency",
        &expect![[r#"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by OrderQuantity: the order is larger than one order may be (0.1 against 0)
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
        "#]],
    );
}

#[test]
fn leaving_a_position_passes_what_counts_exposure() {
    check(
        "1s intent I1 add 0.5
         2s adopt standard, max_position 0, max_leverage 0, max_asset_exposure 0, max_gross_exposure 0, max_net_exposure 0, at every_sector max_exposure 0, at every_cluster max_exposure 0
         3s intent I2 add 0.1
         4s intent I3 exit",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on paper
            1s I1.1 outcome Filled 1
            1s I1 success bought 1, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by PositionLimit: the position in the instrument would be too large (1.2 against 0)
            4s I3 plans 1 at 19999, leverage 0.19999 [full_exit]
            4s I3.1 sells 1 BTCUSDT on paper
            4s I3.1 outcome Filled 1
            4s I3 success sold 1, reply
        "]],
    );
}

#[test]
fn a_holding_of_another_book_without_a_fresh_mark_denies_new_risk_on_its_plane() {
    check_each(
        "1s mark ETHUSDT 1000
         2s adopt standard, book core venue live-stub
         2s intent I1 add 0.1 ETHUSDT book core quote 999/1000
         {} intent I2 add 0.1 book desk",
        &["61s", "61000000001ns"],
        &expect![[r"
            61s:
              61s I2 plans 0.2 at 20001, leverage 0.040002
              61s I2.1 buys 0.2 BTCUSDT on live-stub, place
            61000000001ns:
              61000000001ns I2 denied by GrossExposure: a holding of the book has a mark that is too old
        "]],
    );
}
