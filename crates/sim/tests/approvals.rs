//! Approvals: nobody approves what they proposed, an approval is for exactly one change, and it is used once.

mod check;

use check::check;
use expect_test::expect;

const LIVE: &str = "0s from scratch
         1s adopt standard by risk-1, lanes, environment live, row all then allow
         1s run R1
         1s schedule S1 env live by ops-1";

fn check_live(script: &str, expected: &expect_test::Expect) {
    check(&format!("{LIVE}\n{script}"), expected);
}

#[test]
fn a_live_session_starts_with_the_approval_of_somebody_else() {
    check_live(
        "2s session start S1 by ops-1
         3s request R1 start S1 by ops-1
         4s session start S1 by ops-1 with R1
         5s approve R1 by risk-1
         6s session start S1 by ops-1 with R1
         7s intent I1 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s refused ops-1: it takes an approval; request one of exactly this change
            3s ops-1 requests to start S1 (environment)
            4s refused ops-1: an approval is missing, or whoever gave it does not hold the role any more
            5s risk-1 approves as risk, 0 missing
            6s the approval is used
            6s S1 moved by ops-1 from scheduled to running
            7s I1 plans 0.2 at 20001, leverage 0.040002
            7s I1.1 buys 0.2 BTCUSDT on paper
            7s I1.1 outcome Filled 0.2
            7s I1 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn nobody_approves_what_they_proposed() {
    check_live(
        "2s request R1 start S1 by risk-1
         3s approve R1 by risk-1
         4s session start S1 by ops-1 with R1
         5s approve R1 by risk-2
         6s session start S1 by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s risk-1 requests to start S1 (environment)
            3s refused risk-1: nobody approves what they proposed
            4s refused ops-1: an approval is missing, or whoever gave it does not hold the role any more
            5s risk-2 approves as risk, 0 missing
            6s the approval is used
            6s S1 moved by ops-1 from scheduled to running
        "#]],
    );
}

#[test]
fn an_approver_is_known_enabled_and_holds_the_role() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s approve R1
         3s approve R1 by nobody-1
         3s approve R1 by gone-1
         3s approve R1 by ops-2
         3s approve R1 by audit-1
         4s approve R1 by risk-2",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s refused : nobody is named as asking for it
            3s refused nobody-1: no such person stands in the rules
            3s refused gone-1: the person is disabled
            3s refused ops-2: it takes a role that the person does not hold
            3s refused audit-1: it takes a role that the person does not hold
            4s risk-2 approves as risk, 0 missing
        "#]],
    );
}

#[test]
fn an_approval_of_somebody_who_lost_the_role_counts_for_nothing() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s approve R1 by risk-1
         4s propose standard by risk-1, lanes, environment live, person risk-1 off
         5s approve by risk-2
         6s session start S1 by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            4s rulebook 1 proposed by risk-1, a second person must approve
            5s proposed rulebook approved by risk-2
            5s proposed rulebook comes into force
            5s rulebook 1 adopted by risk-1
            6s refused ops-1: an approval is missing, or whoever gave it does not hold the role any more
        "#]],
    );
}

#[test]
fn an_approval_is_used_once() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s approve R1 by risk-1
         4s session start S1 by ops-1 with R1
         5s session suspend S1 by ops-1
         6s session resume S1 by ops-1 with R1
         7s request R2 resume S1 by ops-1
         8s approve R2 by risk-1
         9s session resume S1 by ops-1 with R2",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            4s the approval is used
            4s S1 moved by ops-1 from scheduled to running
            5s S1 moved by ops-1 from running to suspended
            6s refused ops-1: no such request is open
            7s ops-1 requests to resume S1 (environment)
            8s risk-1 approves as risk, 0 missing
            9s the approval is used
            9s S1 moved by ops-1 from suspended to running
        "#]],
    );
}

#[test]
fn an_approval_is_for_exactly_one_change() {
    check_live(
        "1s schedule S2 env live books desk capital 10000 by ops-1
         2s request R1 start S1 by ops-1
         3s approve R1 by risk-1
         4s session start S2 by ops-1 with R1
         5s session start S1 by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            1s S2 scheduled by ops-1 in canary with 10000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            4s refused ops-1: another change was approved than this
            5s the approval is used
            5s S1 moved by ops-1 from scheduled to running
        "#]],
    );
}

#[test]
fn a_request_expires_at_its_last_instant() {
    check_live(
        "2s request R1 start S1 by ops-1 until 5s
         3s approve R1 by risk-1
         5s session start S1 by ops-1 with R1
         6s approve R1 by risk-2
         7s request R2 start S1 by ops-1 until 9s
         9s approve R2 by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            5s refused ops-1: the request has expired
            6s refused risk-2: the request has expired
            7s ops-1 requests to start S1 (environment)
            9s refused risk-1: the request has expired
        "#]],
    );
}

#[test]
fn an_approval_counts_until_just_before_it_expires() {
    check_live(
        "2s request R1 start S1 by ops-1 until 5s
         3s approve R1 by risk-1
         4999ms session start S1 by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            4999ms the approval is used
            4999ms S1 moved by ops-1 from scheduled to running
        "#]],
    );
}

#[test]
fn a_request_lives_no_longer_than_the_rules_allow() {
    check_live(
        "2s request R1 start S1 by ops-1 until 86403s
         2s request R1 start S1 by ops-1 until 2s
         2s request R1 start S1 by ops-1 until 86402s",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s refused ops-1: the expiry has passed, or lies further away than the rules allow
            2s refused ops-1: the expiry has passed, or lies further away than the rules allow
            2s ops-1 requests to start S1 (environment)
        "#]],
    );
}

#[test]
fn a_request_names_its_evidence() {
    check_live(
        "2s request R1 start S1 by ops-1 evidence none
         3s request R1 start S1 by ops-1 evidence 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
         4s request R1 start S1 by ops-1 evidence 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s refused ops-1: it names less evidence than the rules ask, more than 16 pieces, or an empty one
            3s refused ops-1: it names less evidence than the rules ask, more than 16 pieces, or an empty one
            4s ops-1 requests to start S1 (environment)
        "#]],
    );
}

#[test]
fn a_change_is_requested_once_at_a_time_and_may_be_rejected_or_withdrawn() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s request R2 start S1 by ops-2
         4s reject R1 by ops-2
         5s reject R1 by ops-1
         6s approve R1 by risk-1
         7s request R3 start S1 by ops-2
         8s approve R3 by risk-1
         9s reject R3 by risk-2
         10s session start S1 by ops-1 with R3",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s refused ops-2: the same change is requested already
            4s refused ops-2: it takes a role that the person does not hold
            5s ops-1 rejects the request
            6s refused risk-1: no such request is open
            7s ops-2 requests to start S1 (environment)
            8s risk-1 approves as risk, 0 missing
            9s risk-2 rejects the request
            10s refused ops-1: no such request is open
        "#]],
    );
}

#[test]
fn what_the_rules_do_not_speak_of_cannot_be_approved() {
    check(
        "0s from scratch
         1s adopt standard by risk-1, lanes, environment live, no approval start_session
         2s schedule S1 env live by ops-1
         3s request R1 start S1 by ops-1
         4s session start S1 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s refused ops-1: the rules do not say what such a change takes
            4s refused ops-1: it takes an approval; request one of exactly this change
        "#]],
    );
}

#[test]
fn only_whom_the_rules_name_proposes() {
    check_live(
        "2s request R1 start S1 by research-1
         3s request R1 start S1 by audit-1
         4s request R1 start S1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s refused research-1: it takes a role that the person does not hold
            3s refused audit-1: it takes a role that the person does not hold
            4s refused : nobody is named as asking for it
        "#]],
    );
}

#[test]
fn of_two_approvals_at_once_the_first_in_the_journal_counts() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s approve R1 by risk-1
         3s approve R1 by risk-2
         4s session start S1 by ops-1 with R1
         4s session start S1 by ops-2 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            3s refused risk-2: everybody it needs has approved already
            4s the approval is used
            4s S1 moved by ops-1 from scheduled to running
            4s refused ops-2: the session does not stand where that could follow
        "#]],
    );
}

#[test]
fn requests_and_approvals_survive_a_restart() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s resume
         4s approve R1 by risk-1
         5s resume
         6s session start S1 by ops-1 with R1
         7s resume
         8s session suspend S1 by ops-1
         9s session resume S1 by ops-1 with R1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            4s risk-1 approves as risk, 0 missing
            6s the approval is used
            6s S1 moved by ops-1 from scheduled to running
            8s S1 moved by ops-1 from running to suspended
            9s refused ops-1: no such request is open
        "#]],
    );
}

#[test]
fn nothing_goes_live_before_somebody_looks_at_what_is_serious() {
    check_live(
        "2s request R1 start S1 by ops-1
         3s approve R1 by risk-1
         4s raise risk high global by ops-2 because exposure looks wrong
         5s session start S1 by ops-1 with R1
         6s acknowledge INC-6-1 by risk-1 because counting again
         7s session start S1 by ops-1 with R1
         8s session suspend S1 by ops-1
         9s startup torn_tail_dropped
         10s request R2 resume S1 by ops-1
         11s approve R2 by risk-1
         12s session resume S1 by ops-1 with R2",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            1s S1 scheduled by ops-1 in canary with 50000
            2s ops-1 requests to start S1 (environment)
            3s risk-1 approves as risk, 0 missing
            4s INC-6-1 opened: risk high global (exposure looks wrong)
            5s refused ops-1: a serious incident is open that nobody has acknowledged; nothing goes live before
            6s INC-6-1 acknowledged by risk-1
            7s the approval is used
            7s S1 moved by ops-1 from scheduled to running
            8s S1 moved by ops-1 from running to suspended
            9s the start found torn_tail_dropped
            9s INC-11-1 opened: infrastructure high global (torn_tail_dropped)
            10s ops-1 requests to resume S1 (environment)
            11s risk-1 approves as risk, 0 missing
            12s refused ops-1: a serious incident is open that nobody has acknowledged; nothing goes live before
        "#]],
    );
}

#[test]
fn on_paper_a_session_starts_whatever_is_open() {
    check(
        "1s adopt standard by risk-1, lanes
         2s schedule S1 by ops-1
         3s raise risk critical global by ops-2 because exposure looks wrong
         4s session start S1 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s INC-5-1 opened: risk critical global (exposure looks wrong)
            4s S1 moved by ops-1 from scheduled to running
        "#]],
    );
}
