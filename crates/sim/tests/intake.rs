//! The same id is the same intent for ever.

mod check;

use check::check;
use expect_test::expect;

#[test]
fn a_duplicate_is_answered_with_the_first_result() {
    check(
        "1s intent I1 add 0.1
         2s intent I1 add 0.1
         3s intent I1 add 0.1 unquoted",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I1 is a duplicate of entry 3: success, reply
            3s I1 is a duplicate of entry 3: success, reply
        "]],
    );
}

#[test]
fn where_it_was_read_is_not_part_of_an_intent() {
    check(
        "1s intent I1 add 0.1 line 1
         2s intent I1 add 0.1 line 2",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I1 is a duplicate of entry 3: success, reply
        "]],
    );
}

#[test]
fn a_known_id_with_other_content_conflicts() {
    check(
        "1s intent I1 add 0.1
         2s intent I1 add 0.2
         3s intent I1 add 0.1 truncated
         4s intent I1 trim 0.1",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s I1 conflicts with entry 3, reply
            3s I1 conflicts with entry 3, reply
            4s I1 conflicts with entry 3, reply
        "]],
    );
}

#[test]
fn a_duplicate_of_an_open_intent_has_no_result_yet() {
    check(
        "1s intent I1 add 0.1 book desk
         2s intent I1 add 0.1 book desk
         3s intent I1 add 0.2 book desk
         4s report I1.1 fill 0.2@20001
         5s intent I1 add 0.1 book desk
         6s intent I1 add 0.2 book desk",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1 is a duplicate of entry 3: no result yet, reply
            3s I1 conflicts with entry 3, reply
            4s I1.1 fills 0.2 at 20001, 0.2 in all, is filled
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2 at 20001, slippage 0 bps, reply
            5s I1 is a duplicate of entry 3: success, reply
            6s I1 conflicts with entry 3, reply
        "]],
    );
}

#[test]
fn a_refused_intent_stays_refused_under_its_id() {
    check(
        "1s adopt standard, book core off
         2s intent I1 add 0.1
         3s adopt standard, version 2
         4s intent I1 add 0.1
         5s intent I2 add 0.1",
        &expect![[r"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by Book: the book is disabled
            3s rulebook 2 adopted by risk-1
            4s I1 is a duplicate of entry 4: skipped, reply
            5s I2 plans 0.2 at 20001, leverage 0.040002
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
        "]],
    );
}

#[test]
fn ids_refused_before_any_rules_are_remembered() {
    check(
        "0s from scratch
         1s intent I1 add 0.1
         2s adopt standard
         3s run R1
         4s intent I1 add 0.1",
        &expect![[r"
            1s I1 denied by Rulebook: no rulebook was adopted
            2s rulebook 1 adopted by risk-1
            3s run R1 registered
            4s I1 is a duplicate of entry 1: skipped, reply
        "]],
    );
}

#[test]
fn a_duplicate_is_answered_under_the_kill_switch_and_after_a_restart() {
    check(
        "1s intent I1 add 0.1
         2s kill by ops-1
         3s intent I1 add 0.1
         4s resume
         5s intent I1 add 0.1",
        &expect![[r"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s kill switch engaged by ops-1
            3s I1 is a duplicate of entry 3: success, reply
            5s I1 is a duplicate of entry 3: success, reply
        "]],
    );
}
