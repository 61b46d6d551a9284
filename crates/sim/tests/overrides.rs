//! Regime parity and order overrides: an aggressive long in a crisis is refused, unless two people other than who asked
//! let exactly this order through, once.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn in_a_crisis_an_aggressive_long_is_refused() {
    check_each(
        "1s regime CRISIS
         2s intent I1 {}",
        &["add 0.1 low", "add 0.1", "add 0.1 high", "add 0.1 critical", "reclaim 0.1 critical"],
        &expect![[r#"
            add 0.1 low:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            add 0.1:
              2s I1 plans 0.2 at 20001, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            add 0.1 high:
              2s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
            add 0.1 critical:
              2s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
            reclaim 0.1 critical:
              2s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}

#[test]
fn in_any_other_regime_it_passes() {
    check_each(
        "1s regime {}
         2s intent I1 add 0.1 critical",
        &["NORMAL", "TURBULENT", "QUIET", "CRISIS"],
        &expect![[r#"
            NORMAL:
              2s I1 plans 0.2 at the market, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            TURBULENT:
              2s I1 plans 0.2 at the market, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            QUIET:
              2s I1 plans 0.2 at the market, leverage 0.040002
              2s I1.1 buys 0.2 BTCUSDT on paper
              2s I1.1 outcome Filled 0.2
              2s I1 success bought 0.2, reply
            CRISIS:
              2s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}

#[test]
fn what_cannot_leave_the_book_long_is_not_aggressively_long() {
    check(
        "1s target I1 -0.1 to -0.1
         2s regime CRISIS
         3s intent I2 exit critical
         4s intent I3 add 0.1 critical
         5s intent I4 exit critical",
        &expect![[r#"
            1s I1 reduced to 0.5 by Precision (9999.5 against 10)
            1s I1 plans 0.5 at 19999, leverage 0.099995 [lot_rounding]
            1s I1.1 sells 0.5 BTCUSDT on paper
            1s I1.1 outcome Filled 0.5
            1s I1 success sold 0.5, reply
            2s the regime is Crisis by desk-feed
            3s I2 plans 0.5 at the market, leverage 0.100005 [full_exit]
            3s I2.1 buys 0.5 BTCUSDT on paper
            3s I2.1 outcome Filled 0.5
            3s I2 success bought 0.5, reply
            4s I3 denied by RegimeParity: the market is in crisis, and this is aggressively long
            5s I4 skipped by Mapping: there is no position to reduce
        "#]],
    );
}

#[test]
fn where_no_regime_is_known_the_policy_says() {
    check(
        "1s adopt standard by risk-1, regime 60 deny
         2s intent I1 add 0.1 high
         3s intent I2 add 0.1
         4s regime NORMAL
         5s intent I3 add 0.1 high
         6s adopt standard by risk-1, regime 60 allow
         70s intent I4 add 0.1 high",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by RegimeParity: the market regime is not known, and this is aggressively long
            3s I2 plans 0.2 at 20001, leverage 0.040002
            3s I2.1 buys 0.2 BTCUSDT on paper
            3s I2.1 outcome Filled 0.2
            3s I2 success bought 0.2, reply
            4s the regime is Normal by desk-feed
            5s I3 plans 0.2 at 20001, leverage 0.080004
            5s I3.1 buys 0.2 BTCUSDT on paper
            5s I3.1 outcome Filled 0.2
            5s I3 success bought 0.2, reply
            6s rulebook 1 adopted by risk-1
            70s I4 plans 0.2 at 20001, leverage 0.120006
            70s I4.1 buys 0.2 BTCUSDT on paper
            70s I4.1 outcome Filled 0.2
            70s I4 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn a_regime_is_known_for_so_long() {
    check_each(
        "1s adopt standard by risk-1, regime 60 deny
         2s regime NORMAL
         {} intent I1 add 0.1 high",
        &["61999ms", "62s", "62001ms"],
        &expect![[r#"
            61999ms:
              61999ms I1 plans 0.2 at 20001, leverage 0.040002
              61999ms I1.1 buys 0.2 BTCUSDT on paper
              61999ms I1.1 outcome Filled 0.2
              61999ms I1 success bought 0.2, reply
            62s:
              62s I1 plans 0.2 at 20001, leverage 0.040002
              62s I1.1 buys 0.2 BTCUSDT on paper
              62s I1.1 outcome Filled 0.2
              62s I1 success bought 0.2, reply
            62001ms:
              62001ms I1 denied by RegimeParity: the market regime is not known, and this is aggressively long
        "#]],
    );
}

#[test]
fn a_regime_is_neither_from_the_future_nor_older_than_the_one_in_force() {
    check(
        "2s regime CRISIS as of 3s
         3s regime CRISIS as of 2s
         4s regime NORMAL as of 1s
         5s regime NORMAL as of 2s
         6s intent I1 add 0.1 high",
        &expect![[r#"
            2s refused: the regime is from the future
            3s the regime is Crisis by desk-feed
            4s refused: the regime is older than the one in force
            5s the regime is Normal by desk-feed
            6s I1 plans 0.2 at 20001, leverage 0.040002
            6s I1.1 buys 0.2 BTCUSDT on paper
            6s I1.1 outcome Filled 0.2
            6s I1 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn an_override_lets_exactly_one_order_through_once() {
    check(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s request R1 override I1 by ops-1
         3s approve R1 by risk-1
         4s intent I2 add 0.1 critical
         5s approve R1 by risk-2
         6s intent I3 add 0.1 critical
         7s intent I1 add 0.1 critical
         8s intent I1 add 0.1 critical
         9s approve R1 by risk-2",
        &expect![[r#"
            1s the regime is Crisis by desk-feed
            2s ops-1 requests to let one order past RegimeParity (environment)
            3s risk-1 approves as risk, 1 missing
            4s I2 denied by RegimeParity: the market is in crisis, and this is aggressively long
            5s risk-2 approves as approver, 0 missing
            6s I3 denied by RegimeParity: the market is in crisis, and this is aggressively long
            7s the approval is used
            7s I1 plans 0.2 at the market, leverage 0.040002
            7s I1.1 buys 0.2 BTCUSDT on paper
            7s I1.1 outcome Filled 0.2
            7s I1 success bought 0.2, reply
            8s I1 is a duplicate of entry 10: success, reply
            9s refused risk-2: no such request is open
        "#]],
    );
}

#[test]
fn an_override_takes_risk_and_an_approver_who_are_two_and_not_who_asked() {
    check(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s request R1 override I1 by risk-2
         3s approve R1 by risk-2
         4s approve R1 by risk-1
         5s approve R1 by risk-1
         6s intent I1 add 0.1 critical",
        &expect![[r#"
            1s the regime is Crisis by desk-feed
            2s risk-2 requests to let one order past RegimeParity (environment)
            3s refused risk-2: nobody approves what they proposed
            4s risk-1 approves as risk, 1 missing
            5s refused risk-1: releasing takes a second, different person
            6s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}

#[test]
fn an_override_is_for_one_content() {
    check(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s request R1 override I1 by ops-1
         3s approve R1 by risk-1
         4s approve R1 by risk-2
         5s intent I1 add 0.2 critical",
        &expect![[r#"
            1s the regime is Crisis by desk-feed
            2s ops-1 requests to let one order past RegimeParity (environment)
            3s risk-1 approves as risk, 1 missing
            4s risk-2 approves as approver, 0 missing
            5s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}

#[test]
fn an_override_expires() {
    check_each(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s request R1 override I1 by ops-1 until 10s
         3s approve R1 by risk-1
         4s approve R1 by risk-2
         {} intent I1 add 0.1 critical",
        &["9999ms", "10s"],
        &expect![[r#"
            9999ms:
              9999ms the approval is used
              9999ms I1 plans 0.2 at the market, leverage 0.040002
              9999ms I1.1 buys 0.2 BTCUSDT on paper
              9999ms I1.1 outcome Filled 0.2
              9999ms I1 success bought 0.2, reply
            10s:
              10s I1 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}

#[test]
fn an_override_passes_one_gate_and_no_other() {
    check(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s request R1 override I1 by ops-1
         3s approve R1 by risk-1
         4s approve R1 by risk-2
         5s kill by ops-1
         6s intent I1 add 0.1 critical
         7s release by ops-1
         8s release by risk-1
         9s intent I1 add 0.1 critical",
        &expect![[r#"
            1s the regime is Crisis by desk-feed
            2s ops-1 requests to let one order past RegimeParity (environment)
            3s risk-1 approves as risk, 1 missing
            4s risk-2 approves as approver, 0 missing
            5s kill switch engaged by ops-1
            6s I1 denied by KillSwitch: trading is halted by the kill switch
            7s kill switch release requested by ops-1
            8s kill switch released by ops-1 and risk-1
            9s I1 is a duplicate of entry 9: skipped, reply
        "#]],
    );
}

#[test]
fn a_restart_between_approval_and_order_keeps_the_override_and_one_after_the_order_does_not() {
    check(
        "1s regime CRISIS
         2s announce I1 add 0.1 critical
         2s announce I2 add 0.2 critical
         2s request R1 override I1 by ops-1
         3s approve R1 by risk-1
         4s approve R1 by risk-2
         5s resume
         6s intent I1 add 0.1 critical book core
         7s resume
         8s intent I1 add 0.1 critical
         9s request R2 override I1 by ops-1
         10s intent I2 add 0.2 critical",
        &expect![[r#"
            1s the regime is Crisis by desk-feed
            2s ops-1 requests to let one order past RegimeParity (environment)
            3s risk-1 approves as risk, 1 missing
            4s risk-2 approves as approver, 0 missing
            6s the approval is used
            6s I1 plans 0.2 at the market, leverage 0.040002
            6s I1.1 buys 0.2 BTCUSDT on paper
            6s I1.1 outcome Filled 0.2
            6s I1 success bought 0.2, reply
            8s I1 is a duplicate of entry 10: success, reply
            9s ops-1 requests to let one order past RegimeParity (environment)
            10s I2 denied by RegimeParity: the market is in crisis, and this is aggressively long
        "#]],
    );
}
