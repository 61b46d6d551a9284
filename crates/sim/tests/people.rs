//! Who may ask for what: names are looked up in the people of the rules in force.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn adopting_rules_takes_the_role_risk() {
    check_each(
        "1s adopt standard by {}, version 2",
        &["risk-1", "ops-1", "research-1", "audit-1", "gone-1", "Risk-1", "stranger"],
        &expect![[r"
            risk-1:
              1s rulebook 2 adopted by risk-1
            ops-1:
              1s refused ops-1: it takes a role that the person does not hold
            research-1:
              1s refused research-1: it takes a role that the person does not hold
            audit-1:
              1s refused audit-1: it takes a role that the person does not hold
            gone-1:
              1s refused gone-1: the person is disabled
            Risk-1:
              1s refused Risk-1: no such person stands in the rules
            stranger:
              1s refused stranger: no such person stands in the rules
        "]],
    );
}

#[test]
fn registering_a_run_takes_the_role_admin_or_risk() {
    check_each(
        "1s run R2 by {}",
        &["research-1", "risk-1", "ops-1", "audit-1", "stranger"],
        &expect![[r"
            research-1:
              1s run R2 registered
            risk-1:
              1s run R2 registered
            ops-1:
              1s refused ops-1: it takes a role that the person does not hold
            audit-1:
              1s refused audit-1: it takes a role that the person does not hold
            stranger:
              1s refused stranger: no such person stands in the rules
        "]],
    );
}

#[test]
fn the_first_rules_take_a_name_only_and_only_the_first() {
    check(
        "0s from scratch
         1s run R1 by research-1
         2s adopt standard by stranger
         3s adopt standard by stranger, version 2
         4s run R1 by research-1",
        &expect![[r"
            1s refused research-1: no such person stands in the rules
            2s rulebook 1 adopted by stranger
            3s refused stranger: no such person stands in the rules
            4s run R1 registered
        "]],
    );
}

#[test]
fn a_stop_is_never_refused_for_a_role() {
    check_each(
        "1s kill by {}",
        &["stranger", "audit-1", "gone-1", "ops-1"],
        &expect![[r"
        stranger:
          1s kill switch engaged by stranger
        audit-1:
          1s kill switch engaged by audit-1
        gone-1:
          1s kill switch engaged by gone-1
        ops-1:
          1s kill switch engaged by ops-1
    "]],
    );
}

#[test]
fn one_of_the_two_who_end_a_stop_holds_the_role_risk() {
    check(
        "1s kill by ops-1
         2s release by audit-1
         3s release by Ops-1
         4s release by ops-1
         5s release by ops-2
         6s release by gone-1
         7s release by risk-1",
        &expect![[r"
            1s kill switch engaged by ops-1
            2s refused audit-1: it takes a role that the person does not hold
            3s refused Ops-1: no such person stands in the rules
            4s kill switch release requested by ops-1
            5s refused ops-2: it takes a role that the person does not hold
            6s refused gone-1: the person is disabled
            7s kill switch released by ops-1 and risk-1
        "]],
    );
}

#[test]
fn a_request_of_somebody_who_was_switched_off_since_does_not_count() {
    check(
        "1s kill by ops-1
         2s release by risk-1
         3s adopt standard by risk-2, person risk-1 off
         4s release by risk-2
         5s release by ops-1",
        &expect![[r"
            1s kill switch engaged by ops-1
            2s kill switch release requested by risk-1
            3s rulebook 1 adopted by risk-2
            4s kill switch release requested by risk-2
            5s kill switch released by risk-2 and ops-1
        "]],
    );
}

#[test]
fn a_person_is_switched_off_with_the_rules_that_say_so() {
    check(
        "1s adopt standard by risk-2, person risk-1 off
         2s adopt standard by risk-1, version 2
         3s adopt standard by risk-2, no person risk-1
         4s adopt standard by risk-1, version 2",
        &expect![[r"
            1s rulebook 1 adopted by risk-2
            2s refused risk-1: the person is disabled
            3s rulebook 1 adopted by risk-2
            4s refused risk-1: no such person stands in the rules
        "]],
    );
}
