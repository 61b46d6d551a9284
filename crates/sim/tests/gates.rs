//! Every gate before the size of an order: its pass, and each reason it refuses for.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn without_rules_nothing_trades() {
    check(
        "0s from scratch
         1s intent I1 add 0.5",
        &expect![[r"
            1s I1 denied by Rulebook: no rulebook was adopted
        "]],
    );
}

#[test]
fn an_intent_that_passes_every_gate_is_filled_on_paper_in_the_same_step() {
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
fn an_unknown_or_disabled_book_is_denied() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &["version 2", "book core off", "no book core"],
        &expect![[r"
            version 2:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            book core off:
              2s I1 denied by Book: the book is disabled
            no book core:
              2s I1 denied by Book: the book is not in the rulebook
        "]],
    );
}

#[test]
fn a_run_must_stand_behind_every_intent() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &["book core without run", "book core run R9", "book core run R1"],
        &expect![[r"
            book core without run:
              2s I1 denied by Provenance: no source run stands behind the intent
            book core run R9:
              2s I1 denied by Provenance: the source run is not in the registry of audited runs
            book core run R1:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn the_intents_own_run_comes_before_its_books() {
    check_each(
        "1s adopt standard, book core without run
         2s intent I1 add 0.5 run {}",
        &["R1", "R9"],
        &expect![[r"
            R1:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
            R9:
              2s I1 denied by Provenance: the source run is not in the registry of audited runs
        "]],
    );
}

#[test]
fn a_strategy_must_be_known_enabled_and_own_the_book() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &["no strategy trend", "strategy trend off", "book core strategy other"],
        &expect![[r"
            no strategy trend:
              2s I1 denied by Strategy: the strategy is not in the rulebook
            strategy trend off:
              2s I1 denied by Strategy: the strategy is disabled
            book core strategy other:
              2s I1 plans 1 at 20001, leverage 0.20001
              2s I1.1 buys 1 BTCUSDT on paper
              2s I1.1 outcome Filled 1
              2s I1 success bought 1, reply
        "]],
    );
}

#[test]
fn an_intent_may_not_name_another_strategy_than_the_books() {
    check_each(
        "1s intent I1 add 0.5 strategy {}",
        &["trend", "other", "nobody"],
        &expect![[r"
            trend:
              1s I1 plans 1 at 20001, leverage 0.20001
              1s I1.1 buys 1 BTCUSDT on paper
              1s I1.1 outcome Filled 1
              1s I1 success bought 1, reply
            other:
              1s I1 denied by Strategy: the strategy does not own the book
            nobody:
              1s I1 denied by Strategy: the strategy is not in the rulebook
        "]],
    );
}

#[test]
fn an_unknown_or_disabled_instrument_is_denied() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &["BTCUSDT off", "no instrument BTCUSDT"],
        &expect![[r"
            BTCUSDT off:
              2s I1 denied by Instrument: the instrument is disabled
            no instrument BTCUSDT:
              2s I1 denied by Instrument: the instrument is not in the rulebook
        "]],
    );
}

#[test]
fn a_venue_must_be_known_enabled_and_have_an_executor() {
    check_each(
        "1s adopt standard, {}
         2s intent I1 add 0.5",
        &["no venue BINANCE", "venue BINANCE off", "book core without BINANCE"],
        &expect![[r"
            no venue BINANCE:
              2s I1 denied by Venue: the venue is not in the rulebook
            venue BINANCE off:
              2s I1 denied by Venue: the venue is disabled
            book core without BINANCE:
              2s I1 denied by Venue: the book has no executor at this venue
        "]],
    );
}

#[test]
fn trading_hours_open_at_the_first_instant_and_close_just_before_the_last() {
    check_each(
        "{} intent I1 add 0.5 AAPL",
        &[
            "49999ms", "50s", "99999ms", "100s", "199999ms", "200s", "300s", "400s", "499999ms",
            "500s",
        ],
        &expect![[r"
            49999ms:
              49999ms I1 denied by TradingHours: the calendar does not say whether the market is open
            50s:
              50s I1 denied by TradingHours: the market is closed
            99999ms:
              99999ms I1 denied by TradingHours: the market is closed
            100s:
              100s I1 plans 1 at 20001, leverage 0.20001
              100s I1.1 buys 1 AAPL on paper
              100s I1.1 outcome Filled 1
              100s I1 success bought 1, reply
            199999ms:
              199999ms I1 plans 1 at 20001, leverage 0.20001
              199999ms I1.1 buys 1 AAPL on paper
              199999ms I1.1 outcome Filled 1
              199999ms I1 success bought 1, reply
            200s:
              200s I1 denied by TradingHours: the market is closed
            300s:
              300s I1 plans 1 at 20001, leverage 0.20001
              300s I1.1 buys 1 AAPL on paper
              300s I1.1 outcome Filled 1
              300s I1 success bought 1, reply
            400s:
              400s I1 denied by TradingHours: the market is closed
            499999ms:
              499999ms I1 denied by TradingHours: the market is closed
            500s:
              500s I1 denied by TradingHours: the calendar does not say whether the market is open
        "]],
    );
}

#[test]
fn a_missing_calendar_says_nothing_of_the_hours() {
    check(
        "1s adopt standard, no calendar always
         2s intent I1 add 0.5",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by TradingHours: the calendar does not say whether the market is open
        "]],
    );
}

#[test]
fn a_quote_is_fresh_up_to_the_limit_in_whole_milliseconds() {
    check_each(
        "5s intent I1 add 0.5 seen {}",
        &["5s", "4s", "3999001us", "3999ms", "5000000001ns", "6s"],
        &expect![[r"
            5s:
              5s I1 plans 1 at 20001, leverage 0.20001
              5s I1.1 buys 1 BTCUSDT on paper
              5s I1.1 outcome Filled 1
              5s I1 success bought 1, reply
            4s:
              5s I1 plans 1 at 20001, leverage 0.20001
              5s I1.1 buys 1 BTCUSDT on paper
              5s I1.1 outcome Filled 1
              5s I1 success bought 1, reply
            3999001us:
              5s I1 plans 1 at 20001, leverage 0.20001
              5s I1.1 buys 1 BTCUSDT on paper
              5s I1.1 outcome Filled 1
              5s I1 success bought 1, reply
            3999ms:
              5s I1 denied by DataAge: the quote is too old (1001 against 1000)
            5000000001ns:
              5s I1 denied by DataAge: the quote is too old (-1 against 1000)
            6s:
              5s I1 denied by DataAge: the quote is too old (-1000 against 1000)
        "]],
    );
}

#[test]
fn an_intent_without_a_quote_is_denied() {
    check(
        "1s intent I1 add 0.5 unquoted",
        &expect![[r"
            1s I1 denied by DataAge: there is no quote to decide by
        "]],
    );
}

#[test]
fn a_quote_needs_two_sides_that_do_not_cross() {
    check_each(
        "1s intent I1 add 0.5 quote {}",
        &["20000/20000", "20001/20000", "0/20001", "19999/0", "-1/20001"],
        &expect![[r"
            20000/20000:
              1s I1 reduced to 1 by Precision (20000 against 10)
              1s I1 plans 1 at 20000, leverage 0.2 [lot_rounding]
              1s I1.1 buys 1 BTCUSDT on paper
              1s I1.1 outcome Filled 1
              1s I1 success bought 1, reply
            20001/20000:
              1s I1 denied by DataAge: the quote is one-sided or crossed (0 against 1000)
            0/20001:
              1s I1 denied by DataAge: the quote is one-sided or crossed (0 against 1000)
            19999/0:
              1s I1 denied by DataAge: the quote is one-sided or crossed (0 against 1000)
            -1/20001:
              1s I1 denied by DataAge: the quote is one-sided or crossed (0 against 1000)
        "]],
    );
}

#[test]
fn the_first_gate_that_refuses_is_the_one_reported() {
    check(
        "1s adopt standard, book core off, strategy trend off, BTCUSDT off
         2s intent I1 add 7 unquoted run R9",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by Book: the book is disabled
        "]],
    );
}

#[test]
fn hold_is_skipped_whatever_its_size() {
    check_each(
        "1s intent I1 hold {}",
        &["0.5", "7"],
        &expect![[r"
            0.5:
              1s I1 skipped by Mapping: hold
            7:
              1s I1 skipped by Mapping: hold
        "]],
    );
}

#[test]
fn a_size_outside_0_to_1_is_denied() {
    check_each(
        "1s intent I1 add {}",
        &["-0.000000000000000001", "0", "1", "1.000000000000000001"],
        &expect![[r"
            -0.000000000000000001:
              1s I1 denied by Mapping: the size is outside 0 to 1
            0:
              1s I1 skipped by Sizing: nothing to do (0 against 40002)
            1:
              1s I1 plans 2 at 20001, leverage 0.40002
              1s I1.1 buys 2 BTCUSDT on paper
              1s I1.1 outcome Filled 2
              1s I1 success bought 2, reply
            1.000000000000000001:
              1s I1 denied by Mapping: the size is outside 0 to 1
        "]],
    );
}

#[test]
fn a_safety_exit_leaves_a_disabled_strategy_and_no_other_intent_does() {
    check(
        "1s intent I1 add 0.1
         2s adopt standard by risk-1, strategy trend off
         3s intent I2 exit
         4s intent I3 emergency strategy other
         5s intent I4 emergency",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s rulebook 1 adopted by risk-1
            3s I2 denied by Strategy: the strategy is disabled
            4s I3 denied by Strategy: the strategy does not own the book
            5s I4 passes Strategy as a safety exit
            5s I4 passes DecisionTable as a safety exit
            5s I4 passes OrderQuantity as a safety exit
            5s I4 passes OrderNotional as a safety exit
            5s I4 passes PositionLimit as a safety exit
            5s I4 passes Leverage as a safety exit
            5s I4 passes AssetExposure as a safety exit
            5s I4 passes GrossExposure as a safety exit
            5s I4 passes NetExposure as a safety exit
            5s I4 passes SectorExposure as a safety exit
            5s I4 passes ClusterExposure as a safety exit
            5s I4 passes OpenOrders as a safety exit
            5s I4 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            5s I4.1 sells 0.2 BTCUSDT on paper reduce-only
            5s I4.1 outcome Filled 0.2
            5s I4 success sold 0.2, reply
        "#]],
    );
}
