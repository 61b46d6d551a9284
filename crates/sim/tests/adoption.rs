//! Versions of the rules: proposed, approved by another, in force at their time, and back only while halted.

mod check;

use check::{check, check_each};
use expect_test::expect;

#[test]
fn outside_live_and_without_bounds_one_person_changes_the_rules() {
    check(
        "1s propose standard, version 2, max_leverage 1 reduce",
        &expect![[r#"
        1s rulebook 2 proposed by risk-1
        1s proposed rulebook comes into force
        1s rulebook 2 adopted by risk-1
    "#]],
    );
}

#[test]
fn a_change_beyond_its_bound_waits_for_a_second_person() {
    check(
        "1s adopt standard, version 2, bound /execution/quote_age_max_ms 500 2000
         2s adopt standard, version 3, quote_age_max_ms 2001, bound /execution/quote_age_max_ms 500 2000
         3s propose standard, version 3, quote_age_max_ms 2001, bound /execution/quote_age_max_ms 500 2000
         4s approve by risk-1
         5s approve by desk-1
         6s approve other by risk-2
         7s approve by risk-2
         8s approve by risk-2",
        &expect![[r#"
            1s rulebook 2 adopted by risk-1
            2s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
            3s rulebook 3 proposed by risk-1, a second person must approve
            4s refused risk-1: it takes a role that the person does not hold
            5s refused desk-1: no such person stands in the rules
            6s refused risk-2: no version of this hash waits
            7s proposed rulebook approved by risk-2
            7s proposed rulebook comes into force
            7s rulebook 3 adopted by risk-1
            8s refused risk-2: no version of this hash waits
        "#]],
    );
}

#[test]
fn whoever_wrote_or_proposed_it_does_not_approve_it() {
    check(
        "1s adopt standard, version 2, bound /execution/quote_age_max_ms 500 2000
         2s propose standard by risk-2, version 3
         3s approve by risk-2
         4s withdraw by risk-1
         5s propose standard by risk-1, version 3, author risk-2
         6s approve by risk-2
         7s withdraw by ops-1",
        &expect![[r#"
            1s rulebook 2 adopted by risk-1
            2s rulebook 3 proposed by risk-2, a second person must approve
            3s refused risk-2: approving takes a person who neither wrote nor proposed it
            4s proposed rulebook withdrawn by risk-1
            5s rulebook 3 proposed by risk-1, a second person must approve
            6s refused risk-2: approving takes a person who neither wrote nor proposed it
            7s refused ops-1: it takes a role that the person does not hold
        "#]],
    );
}

#[test]
fn proposing_takes_the_role_risk_under_the_name_that_holds_it() {
    check(
        "1s adopt standard, version 2
         2s propose standard by ops-1, version 3
         3s propose standard by gone-1, version 3
         4s propose standard by Risk-1, version 3",
        &expect![[r#"
            1s rulebook 2 adopted by risk-1
            2s refused ops-1: it takes a role that the person does not hold
            3s refused gone-1: the person is disabled
            4s refused Risk-1: no such person stands in the rules
        "#]],
    );
}

#[test]
fn a_bound_holds_at_its_edges_and_no_unit_further() {
    check_each(
        "1s adopt standard, version 2, bound /execution/quote_age_max_ms 500 2000
         2s adopt standard, version 3, quote_age_max_ms {}, bound /execution/quote_age_max_ms 500 2000",
        &["499", "500", "501", "1999", "2000", "2001"],
        &expect![[r#"
            499:
              2s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
            500:
              2s rulebook 3 adopted by risk-1
            501:
              2s rulebook 3 adopted by risk-1
            1999:
              2s rulebook 3 adopted by risk-1
            2000:
              2s rulebook 3 adopted by risk-1
            2001:
              2s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
        "#]],
    );
}

#[test]
fn bounds_are_those_in_force_and_never_those_of_the_proposal() {
    check(
        "1s adopt standard, version 2, bound /execution/quote_age_max_ms 500 2000
         2s adopt standard, version 3, bound /execution/quote_age_max_ms 1 60000
         3s adopt standard, version 3, quote_age_max_ms 60000, bound /execution/quote_age_max_ms 1 60000",
        &expect![[r#"
            1s rulebook 2 adopted by risk-1
            2s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
            3s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
        "#]],
    );
}

#[test]
fn in_live_and_into_live_nobody_changes_the_rules_alone() {
    check(
        "1s adopt standard, version 2, environment live
         2s propose standard, version 2, environment live
         3s approve by risk-2
         4s adopt standard, version 3, environment live, max_leverage 1 reduce
         5s adopt standard, version 3, environment live",
        &expect![[r#"
            1s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
            2s rulebook 2 proposed by risk-1, a second person must approve
            3s proposed rulebook approved by risk-2
            3s proposed rulebook comes into force
            3s rulebook 2 adopted by risk-1
            4s refused risk-1: it goes beyond what one person may change alone; propose it and let another approve it
            5s rulebook 3 adopted by risk-1
        "#]],
    );
}

#[test]
fn a_version_comes_into_force_at_its_time_and_not_a_nanosecond_earlier() {
    check(
        "1s propose standard, version 2, BTCUSDT off, at 3s
         2s intent I1 add 0.1
         2999999999ns intent I2 add 0.1
         3s intent I3 add 0.1
         4s intent I4 add 0.1",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            2999999999ns I2 plans 0.2 at 20001, leverage 0.080004
            2999999999ns I2.1 buys 0.2 BTCUSDT on paper
            2999999999ns I2.1 outcome Filled 0.2
            2999999999ns I2 success bought 0.2, reply
            3s proposed rulebook comes into force
            3s rulebook 2 adopted by risk-1
            3s I3 denied by Instrument: the instrument is disabled
            4s I4 denied by Instrument: the instrument is disabled
        "#]],
    );
}

#[test]
fn of_two_proposals_the_second_replaces_what_is_no_longer_in_force() {
    check(
        "1s propose standard, version 2
         2s propose standard, version 3, replaces standard
         3s propose standard, version 3",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            1s proposed rulebook comes into force
            1s rulebook 2 adopted by risk-1
            2s refused risk-1: the rules it would replace are not the ones in force
            3s rulebook 3 proposed by risk-1
            3s proposed rulebook comes into force
            3s rulebook 3 adopted by risk-1
        "#]],
    );
}

#[test]
fn one_version_waits_at_most_and_anyone_who_may_withdraws_it() {
    check(
        "1s propose standard, version 2, at 9s
         2s propose standard, version 3, at 9s
         3s adopt standard, version 3
         4s withdraw other by risk-2
         5s approve by risk-2
         6s propose standard, version 2, at 9s",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            2s refused risk-1: another version of the rules waits; withdraw it first
            3s refused risk-1: another version of the rules waits; withdraw it first
            4s refused risk-2: no version of this hash waits
            5s refused risk-2: no version of this hash waits
            6s refused risk-1: another version of the rules waits; withdraw it first
        "#]],
    );
    check(
        "1s propose standard, version 2, at 9s
         2s withdraw by risk-2
         10s intent I1 add 0.1
         11s withdraw by risk-2",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            2s proposed rulebook withdrawn by risk-2
            10s I1 plans 0.2 at 20001, leverage 0.040002
            10s I1.1 buys 0.2 BTCUSDT on paper
            10s I1.1 outcome Filled 0.2
            10s I1 success bought 0.2, reply
            11s refused risk-2: no version of this hash waits
        "#]],
    );
}

#[test]
fn going_back_to_rules_that_were_in_force_takes_a_halt() {
    check(
        "1s propose standard, version 2
         2s propose standard
         3s adopt standard
         4s kill by ops-1
         5s propose standard",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            1s proposed rulebook comes into force
            1s rulebook 2 adopted by risk-1
            2s refused risk-1: these rules were in force before; going back to them takes a halt
            3s refused risk-1: these rules were in force before; going back to them takes a halt
            4s kill switch engaged by ops-1
            5s rulebook 1 proposed by risk-1
            5s proposed rulebook comes into force
            5s rulebook 1 adopted by risk-1
        "#]],
    );
}

#[test]
fn a_version_that_no_longer_fits_lapses_at_its_time() {
    check(
        "1s propose standard, version 2, no instrument BTCUSDT, at 3s
         2s intent I1 add 0.1
         3s intent I2 add 0.1",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            2s I1 plans 0.2 at 20001, leverage 0.040002
            2s I1.1 buys 0.2 BTCUSDT on paper
            2s I1.1 outcome Filled 0.2
            2s I1 success bought 0.2, reply
            3s proposed rulebook lapses: a holding or working order would be left without its rules
            3s I2 plans 0.2 at 20001, leverage 0.080004
            3s I2.1 buys 0.2 BTCUSDT on paper
            3s I2.1 outcome Filled 0.2
            3s I2 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn a_version_that_waits_survives_a_restart() {
    check(
        "1s propose standard, version 2, at 3s
         2s resume
         3s resume",
        &expect![[r#"
            1s rulebook 2 proposed by risk-1
            3s proposed rulebook comes into force
            3s rulebook 2 adopted by risk-1
        "#]],
    );
}
