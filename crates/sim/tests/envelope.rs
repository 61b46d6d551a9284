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
