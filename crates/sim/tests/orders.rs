//! The life of an order on the live stub, after the FIX order state change matrices (FIX 4.4 volume 4, appendix D).

mod check;

use check::{check, check_each};
use expect_test::expect;

/// FIX D1: filled order.
#[test]
fn d1_a_filled_order() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s report I1.1 fill 1@20001 fee 2.5",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s I1.1 fills 1 at 20001, 1 in all, is filled
            3s I1.1 outcome Filled 1
            3s I1 success bought 1 at 20001, slippage 0 bps, fees 2.5, reply
        "]],
    );
}

/// FIX D2: part-filled day order, done for day.
#[test]
fn d2_a_part_filled_day_order_done_for_day() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s report I1.1 fill 0.2@20001
         4s report I1.1 fill 0.3@20003
         5s report I1.1 expired 0.5",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s I1.1 fills 0.2 at 20001, 0.2 in all, is partially filled
            4s I1.1 fills 0.3 at 20003, 0.5 in all, is partially filled
            5s I1.1 is expired
            5s I1.1 outcome PartiallyFilled 0.5
            5s I1 partial bought 0.5 at 20002.2, slippage 1 bps, reply
        "]],
    );
}

/// FIX D3: cancel request issued while the order is being filled.
#[test]
fn d3_a_fill_passes_a_cancel_request_on_the_way() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s report I1.1 fill 0.4@20001
         5s report I1.1 canceled 0.4",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 fills 0.4 at 20001, 0.4 in all, is pending cancel
            5s I1.1 is canceled
            5s I1.1 outcome PartiallyFilled 0.4
            5s I1 partial bought 0.4 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn a_full_fill_passes_a_cancel_request_on_the_way() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s report I1.1 fill 1@20001
         5s report I1.1 cancel-rejected",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 fills 1 at 20001, 1 in all, is filled
            4s I1.1 outcome Filled 1
            4s I1 success bought 1 at 20001, slippage 0 bps, reply
            5s I1.1 report ignored: no such order is open
        "]],
    );
}

#[test]
fn a_fill_before_the_acknowledgement_counts() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.4@20001
         3s report I1.1 ack
         4s report I1.1 fill 0.6@20001",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.4 at 20001, 0.4 in all, is partially filled
            3s I1.1 report ignored: it says nothing new
            4s I1.1 fills 0.6 at 20001, 1 in all, is filled
            4s I1.1 outcome Filled 1
            4s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

/// FIX A.1.b: rejected by the venue.
#[test]
fn a1b_a_rejected_order() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 reject
         3s report I1.1 ack",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is rejected (venue says no)
            2s I1.1 outcome Failed 0 ExecutionRejected
            2s I1 error: EXECUTION_REJECTED, reply
            3s I1.1 report ignored: no such order is open
        "]],
    );
}

#[test]
fn a_venue_may_reject_what_it_had_acknowledged_as_long_as_nothing_is_filled() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s report I1.1 reject",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s I1.1 is rejected (venue says no)
            3s I1.1 outcome Failed 0 ExecutionRejected
            3s I1 error: EXECUTION_REJECTED, reply
        "]],
    );
}

#[test]
fn a_part_filled_order_cannot_be_rejected() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.4@20001
         3s report I1.1 reject",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.4 at 20001, 0.4 in all, is partially filled
            3s I1.1 report ignored: it contradicts what is known of the order
        "]],
    );
}

#[test]
fn an_expired_order_without_a_fill_failed() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s report I1.1 expired 0",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s I1.1 is expired
            3s I1.1 outcome Failed 0 ExecutionNotAvailable
            3s I1 error: EXECUTION_NOT_AVAILABLE, reply
        "]],
    );
}

/// FIX B.1.a: cancel request issued for a zero-filled order.
#[test]
fn b1a_cancel_of_an_order_without_fills() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s report I1.1 canceled 0",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 is canceled
            4s I1.1 outcome Failed 0 ExecutionNotAvailable
            4s I1 error: EXECUTION_NOT_AVAILABLE, reply
        "]],
    );
}

/// FIX B.1.c: cancel request rejected.
#[test]
fn b1c_a_rejected_cancel_leaves_the_order_as_it_was() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s report I1.1 cancel-rejected
         5s report I1.1 fill 1@20001",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 is new
            5s I1.1 fills 1 at 20001, 1 in all, is filled
            5s I1.1 outcome Filled 1
            5s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn a_rejected_cancel_of_a_part_filled_order() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.4@20001
         3s kill by ops-1
         4s report I1.1 cancel-rejected
         5s report I1.1 cancel-rejected",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.4 at 20001, 0.4 in all, is partially filled
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 is partially filled
            5s I1.1 report ignored: it says nothing new
        "]],
    );
}

#[test]
fn the_same_report_counts_once() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.4@20001 as X1
         3s report I1.1 fill 0.4@20001 cum 0.4 as X1
         4s report I1.1 fill 0.6@20001 cum 1 as X2
         5s report I1.1 fill 0.6@20001 cum 1 as X2",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.4 at 20001, 0.4 in all, is partially filled
            3s I1.1 report ignored: the same report came before
            4s I1.1 fills 0.6 at 20001, 1 in all, is filled
            4s I1.1 outcome Filled 1
            4s I1 success bought 1 at 20001, slippage 0 bps, reply
            5s I1.1 report ignored: no such order is open
        "]],
    );
}

#[test]
fn fills_may_arrive_out_of_order() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.6@20002 cum 0.8
         3s report I1.1 fill 0.2@20000 cum 0.2
         4s report I1.1 fill 0.2@20005 cum 1",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.6 at 20002, 0.8 in all, is partially filled
            3s I1.1 fills 0.2 at 20000, 0.8 in all, is partially filled
            4s I1.1 fills 0.2 at 20005, 1 in all, is filled
            4s I1.1 outcome Filled 1
            4s I1 success bought 1 at 20002.2, slippage 1 bps, reply
        "]],
    );
}

/// 0.5 was filled that nobody told us of; the average price is that of the fills that were seen.
#[test]
fn a_lost_fill_shows_in_the_running_total() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.2@20001
         3s report I1.1 fill 0.3@20001 cum 1",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.2 at 20001, 0.2 in all, is partially filled
            3s I1.1 fills 0.3 at 20001, 1 in all, is filled
            3s I1.1 outcome Filled 1
            3s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn a_lost_fill_shows_in_the_final_quantity() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s kill by ops-1
         4s report I1.1 canceled 0.7",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s kill switch engaged by ops-1
            3s I1.1 cancel requested, cancel
            4s I1.1 is canceled
            4s I1.1 outcome PartiallyFilled 0.7
            4s I1 partial bought 0.7, reply
        "]],
    );
}

#[test]
fn more_than_was_ordered_is_never_booked() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 1.001@20001
         3s report I1.1 fill 0.6@20001 cum 0.6
         4s report I1.1 fill 0.6@20001 cum 1
         5s report I1.1 canceled 1.001
         6s report I1.1 fill 0.4@20001 cum 1",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 report ignored: it would fill more than was ordered
            3s I1.1 fills 0.6 at 20001, 0.6 in all, is partially filled
            4s I1.1 report ignored: it would fill more than was ordered
            5s I1.1 report ignored: it would fill more than was ordered
            6s I1.1 fills 0.4 at 20001, 1 in all, is filled
            6s I1.1 outcome Filled 1
            6s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn a_report_that_contradicts_what_is_known_is_ignored() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 0.4@20001
         3s report I1.1 canceled 0.3
         4s report I1.1 fill 0@20001
         5s report I1.1 fill 0.1@0 cum 0.5
         6s report I1.1 fill 0.2@20001 cum 0.1
         7s report I1.1 fill -0.1@20001 cum 0.5",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 fills 0.4 at 20001, 0.4 in all, is partially filled
            3s I1.1 report ignored: it contradicts what is known of the order
            4s I1.1 report ignored: it contradicts what is known of the order
            5s I1.1 report ignored: it contradicts what is known of the order
            6s I1.1 report ignored: it contradicts what is known of the order
            7s I1.1 report ignored: it contradicts what is known of the order
        "]],
    );
}

#[test]
fn a_report_on_no_order_of_ours_is_ignored() {
    check(
        "1s report I9.1 fill 1@20001
         2s intent I1 add 0.1
         3s report I1.1 fill 0.2@20001",
        &expect![[r"
            1s I9.1 report ignored: no such order is open
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            3s I1.1 report ignored: no such order is open
        "]],
    );
}

#[test]
fn an_unanswered_order_is_queried_after_a_restart_and_found() {
    check(
        "1s intent I1 add 0.5 book desk
         2s resume
         3s report I1.1 ack
         4s report I1.1 fill 1@20001",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is unknown, query
            3s I1.1 is new
            4s I1.1 fills 1 at 20001, 1 in all, is filled
            4s I1.1 outcome Filled 1
            4s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn an_unanswered_order_that_never_arrived_has_failed() {
    check(
        "1s intent I1 add 0.5 book desk
         2s resume
         3s report I1.1 not-found
         4s report I1.1 not-found",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is unknown, query
            3s I1.1 is canceled
            3s I1.1 outcome Failed 0 ExecutionNotAvailable
            3s I1 error: EXECUTION_NOT_AVAILABLE, reply
            4s I1.1 report ignored: no such order is open
        "]],
    );
}

#[test]
fn nothing_is_presumed_of_an_order_that_was_not_asked_about() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 not-found",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 report ignored: it contradicts what is known of the order
        "]],
    );
}

#[test]
fn an_acknowledged_order_cannot_be_missing() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 ack
         3s resume
         4s report I1.1 not-found
         5s kill by ops-1
         6s resume
         7s report I1.1 not-found",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is new
            3s I1.1 is new, query
            4s I1.1 report ignored: it contradicts what is known of the order
            5s kill switch engaged by ops-1
            5s I1.1 cancel requested, cancel
            6s I1.1 is unknown, query
            6s I1.1 cancel requested, cancel
            7s I1.1 report ignored: it contradicts what is known of the order
        "]],
    );
}

#[test]
fn an_order_nobody_can_tell_of_is_stranded_and_waits() {
    check(
        "1s intent I1 add 0.5 book desk
         2s resume
         3s report I1.1 query-failed
         4s report I1.1 query-failed
         5s intent I1 add 0.5 book desk
         6s resume
         7s report I1.1 fill 1@20001",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 is unknown, query
            3s I1.1 is stranded (timeout)
            4s I1.1 report ignored: it says nothing new
            5s I1 is a duplicate of entry 3: no result yet, reply
            6s I1.1 is unknown, query
            7s I1.1 fills 1 at 20001, 1 in all, is filled
            7s I1.1 outcome Filled 1
            7s I1 success bought 1 at 20001, slippage 0 bps, reply
        "]],
    );
}

#[test]
fn an_order_that_never_arrived_ends_although_its_cancel_was_rejected() {
    check(
        "1s intent I1 add 0.5 book desk
         2s kill by ops-1
         3s report I1.1 cancel-rejected
         4s resume
         5s report I1.1 not-found",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s kill switch engaged by ops-1
            2s I1.1 cancel requested, cancel
            3s I1.1 is pending new
            4s I1.1 is unknown, query
            4s I1.1 cancel requested, cancel
            5s I1.1 is canceled
            5s I1.1 outcome Failed 0 ExecutionNotAvailable
            5s I1 error: EXECUTION_NOT_AVAILABLE, reply
        "]],
    );
}

#[test]
fn slippage_is_worse_when_a_sale_gets_less() {
    check_each(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 fill 1@20001
         3s intent I2 exit book desk
         4s report I2.1 fill 1@{}",
        &["19999", "19980", "20000", "20041"],
        &expect![[r"
            19999:
              4s I2.1 fills 1 at 19999, 1 in all, is filled
              4s I2.1 outcome Filled 1
              4s I2 success sold 1 at 19999, slippage 0 bps, reply
            19980:
              4s I2.1 fills 1 at 19980, 1 in all, is filled
              4s I2.1 outcome Filled 1
              4s I2 success sold 1 at 19980, slippage 10 bps, reply
            20000:
              4s I2.1 fills 1 at 20000, 1 in all, is filled
              4s I2.1 outcome Filled 1
              4s I2 success sold 1 at 20000, slippage 0 bps, reply
            20041:
              4s I2.1 fills 1 at 20041, 1 in all, is filled
              4s I2.1 outcome Filled 1
              4s I2 success sold 1 at 20041, slippage -20 bps, reply
        "]],
    );
}

#[test]
fn nothing_to_cancel_makes_a_cancel_rejection_news_to_nobody() {
    check(
        "1s intent I1 add 0.5 book desk
         2s report I1.1 cancel-rejected
         3s report I1.1 ack
         4s report I1.1 ack",
        &expect![[r"
            1s I1 plans 1 at 20001, leverage 0.20001
            1s I1.1 buys 1 BTCUSDT on live-stub, place
            2s I1.1 report ignored: it says nothing new
            3s I1.1 is new
            4s I1.1 report ignored: it says nothing new
        "]],
    );
}
