//! Trading hours: local sessions become windows in UTC, through daylight saving, holidays and early closes; beyond its
//! validity a calendar says nothing.

use expect_test::{Expect, expect};
use fillwright_domain::Timestamp;
use fillwright_policy::Tradable;
use fillwright_policy::calendar::CalendarDocument;

const XNYS: &str = include_str!("../../cli/demo/config/calendars/XNYS.json");
const ES: &str = include_str!("../../cli/demo/config/calendars/CME-ES.json");
const FX: &str = include_str!("../../cli/demo/config/calendars/FX.json");

/// Asks a calendar about each instant (RFC 3339), a line each.
fn check(calendar: &str, instants: &str, expected: &Expect) {
    let document: CalendarDocument = serde_json::from_str(calendar).expect("a calendar document");
    let hours = document.compile().expect("a calendar that compiles");
    let said = instants.lines().map(str::trim).map(|line| {
        let instant: jiff::Timestamp = line.parse().expect("an instant");
        let at = Timestamp::from_ns(i64::try_from(instant.as_nanosecond()).expect("in range"));
        let answer = match hours.at(at) {
            Tradable::Open => "open",
            Tradable::Closed => "closed",
            Tradable::Unknown => "unknown",
        };
        format!("{line} {answer}\n")
    });
    expected.assert_eq(&said.collect::<String>());
}

fn refuse(calendar: &str, expected: &Expect) {
    let document: CalendarDocument = serde_json::from_str(calendar).expect("a calendar document");
    let error = document.compile().expect_err("a calendar that does not compile");
    expected.assert_eq(&error.to_string());
}

#[test]
fn a_session_opens_at_its_first_instant_and_is_closed_at_its_last() {
    check(
        XNYS,
        "2026-01-06T14:29:59.999999999Z
         2026-01-06T14:30:00Z
         2026-01-06T20:59:59.999999999Z
         2026-01-06T21:00:00Z",
        &expect![[r#"
            2026-01-06T14:29:59.999999999Z closed
            2026-01-06T14:30:00Z open
            2026-01-06T20:59:59.999999999Z open
            2026-01-06T21:00:00Z closed
        "#]],
    );
}

#[test]
fn daylight_saving_moves_the_session_in_utc() {
    check(
        XNYS,
        "2026-03-06T14:00:00Z\n2026-03-09T14:00:00Z\n2026-03-09T13:29:00Z",
        &expect![[r#"
        2026-03-06T14:00:00Z closed
        2026-03-09T14:00:00Z open
        2026-03-09T13:29:00Z closed
    "#]],
    );
}

#[test]
fn holidays_weekends_and_early_closes_are_closed() {
    check(
        XNYS,
        "2026-01-19T15:00:00Z
         2026-01-10T15:00:00Z
         2026-11-27T17:59:59Z
         2026-11-27T18:00:00Z",
        &expect![[r#"
            2026-01-19T15:00:00Z closed
            2026-01-10T15:00:00Z closed
            2026-11-27T17:59:59Z open
            2026-11-27T18:00:00Z closed
        "#]],
    );
}

#[test]
fn beyond_its_validity_a_calendar_says_nothing() {
    check(
        XNYS,
        "2025-12-31T15:00:00Z\n2027-01-01T05:00:00Z",
        &expect![[r#"
        2025-12-31T15:00:00Z unknown
        2027-01-01T05:00:00Z unknown
    "#]],
    );
}

#[test]
fn an_overnight_session_closes_on_the_next_day() {
    let futures = r#"{"source":"test","zone":"America/Chicago","valid_from":"2026-01-04","valid_through":"2026-01-09",
        "week":{"sun":[["17:00","16:00"]],"mon":[["17:00","16:00"]]}}"#;
    check(
        futures,
        "2026-01-04T22:59:00Z
         2026-01-04T23:00:00Z
         2026-01-05T21:59:00Z
         2026-01-05T22:30:00Z
         2026-01-05T23:00:00Z",
        &expect![[r#"
            2026-01-04T22:59:00Z closed
            2026-01-04T23:00:00Z open
            2026-01-05T21:59:00Z open
            2026-01-05T22:30:00Z closed
            2026-01-05T23:00:00Z open
        "#]],
    );
}

#[test]
fn an_early_close_cuts_the_session_that_opened_the_evening_before_and_the_late_open_resumes() {
    // Martin Luther King Day: Sunday's session ends on Monday at noon in Chicago, and Monday's opens at 17:00.
    check(
        ES,
        "2026-01-18T23:00:00Z
         2026-01-19T17:59:59.999999999Z
         2026-01-19T18:00:00Z
         2026-01-19T22:59:59.999999999Z
         2026-01-19T23:00:00Z",
        &expect![[r#"
            2026-01-18T23:00:00Z open
            2026-01-19T17:59:59.999999999Z open
            2026-01-19T18:00:00Z closed
            2026-01-19T22:59:59.999999999Z closed
            2026-01-19T23:00:00Z open
        "#]],
    );
}

#[test]
fn an_early_close_without_a_late_open_ends_the_date() {
    // Christmas Eve: Wednesday's session ends at 12:15, and none opens that evening or on Christmas Day.
    check(
        ES,
        "2026-12-24T18:14:59.999999999Z
         2026-12-24T18:15:00Z
         2026-12-24T23:30:00Z
         2026-12-25T16:00:00Z
         2026-12-27T23:00:00Z",
        &expect![[r#"
            2026-12-24T18:14:59.999999999Z open
            2026-12-24T18:15:00Z closed
            2026-12-24T23:30:00Z closed
            2026-12-25T16:00:00Z closed
            2026-12-27T23:00:00Z open
        "#]],
    );
}

#[test]
fn a_late_open_keeps_the_morning_closed() {
    check(
        FX,
        "2025-12-26T06:59:59.999999999Z\n2025-12-26T07:00:00Z",
        &expect![[r#"
            2025-12-26T06:59:59.999999999Z closed
            2025-12-26T07:00:00Z open
        "#]],
    );
}

#[test]
fn a_session_that_opened_the_evening_before_the_calendar_begins_lasts_into_it() {
    let monday = r#"{"source":"test","zone":"America/Chicago","valid_from":"2026-01-05",
        "valid_through":"2026-01-09","week":{"sun":[["17:00","16:00"]]}}"#;
    check(
        monday,
        "2026-01-05T05:59:59.999999999Z
         2026-01-05T06:00:00Z
         2026-01-05T21:59:59.999999999Z
         2026-01-05T22:00:00Z",
        &expect![[r#"
            2026-01-05T05:59:59.999999999Z unknown
            2026-01-05T06:00:00Z open
            2026-01-05T21:59:59.999999999Z open
            2026-01-05T22:00:00Z closed
        "#]],
    );
}

#[test]
fn the_days_the_clocks_change_open_and_close_by_the_local_clock() {
    // 8 March and 1 November 2026: 17:00 in New York is 22:00 UTC before, 21:00 after, and 22:00 again.
    check(
        FX,
        "2026-03-06T21:59:59.999999999Z
         2026-03-06T22:00:00Z
         2026-03-08T20:59:59.999999999Z
         2026-03-08T21:00:00Z
         2026-10-30T20:59:59.999999999Z
         2026-10-30T21:00:00Z
         2026-11-01T21:59:59.999999999Z
         2026-11-01T22:00:00Z",
        &expect![[r#"
            2026-03-06T21:59:59.999999999Z open
            2026-03-06T22:00:00Z closed
            2026-03-08T20:59:59.999999999Z closed
            2026-03-08T21:00:00Z open
            2026-10-30T20:59:59.999999999Z open
            2026-10-30T21:00:00Z closed
            2026-11-01T21:59:59.999999999Z closed
            2026-11-01T22:00:00Z open
        "#]],
    );
}

#[test]
fn before_and_after_the_market_is_not_traded() {
    // 08:00 and 17:00 in New York: sessions the exchange holds and the calendar does not list.
    check(
        XNYS,
        "2026-01-06T13:00:00Z\n2026-01-06T22:00:00Z",
        &expect![[r#"
        2026-01-06T13:00:00Z closed
        2026-01-06T22:00:00Z closed
    "#]],
    );
}

#[test]
fn a_maintenance_known_beforehand_closes_a_market_that_never_closes() {
    let always = r#"{"source":"test","zone":"UTC","valid_from":"2026-01-01","valid_through":"2026-12-31",
        "always":true,"closures":[{"from":"2026-03-02T10:00","until":"2026-03-02T11:30","reason":"upgrade"}]}"#;
    check(
        always,
        "2026-03-02T09:59:59.999999999Z
         2026-03-02T10:00:00Z
         2026-03-02T11:29:59.999999999Z
         2026-03-02T11:30:00Z
         2027-01-01T00:00:00Z",
        &expect![[r#"
            2026-03-02T09:59:59.999999999Z open
            2026-03-02T10:00:00Z closed
            2026-03-02T11:29:59.999999999Z closed
            2026-03-02T11:30:00Z open
            2027-01-01T00:00:00Z unknown
        "#]],
    );
}

#[test]
fn around_the_clock_is_always_open() {
    let always = r#"{"source":"test","zone":"UTC","valid_from":"2026-01-01","valid_through":"2026-12-31","always":true}"#;
    check(
        always,
        "1999-01-01T00:00:00Z\n2126-01-01T00:00:00Z",
        &expect![[r#"
        1999-01-01T00:00:00Z open
        2126-01-01T00:00:00Z open
    "#]],
    );
}

#[test]
fn calendars_that_make_no_sense_are_refused() {
    let of = |rest: &str| {
        format!(
            r#"{{"source":"test","valid_from":"2026-01-01","valid_through":"2026-12-31",{rest}}}"#
        )
    };
    refuse(
        &of(r#""zone":"America/Gotham""#),
        &expect![[r#"zone "America/Gotham" is not in the time zone database"#]],
    );
    refuse(
        &of(r#""zone":"UTC","week":{"monday":[["09:00","10:00"]]}"#),
        &expect![[r#"week: "monday" is not a weekday; write mon, tue, wed, thu, fri, sat or sun"#]],
    );
    refuse(
        &of(r#""zone":"UTC","always":true,"holidays":["2026-01-01"]"#),
        &expect![
            "always is true beside sessions, holidays, early closes or late opens; keep one of the two"
        ],
    );
    refuse(
        &of(r#""zone":"UTC","week":{"mon":[["09:00","11:00"],["10:00","12:00"]]}"#),
        &expect!["the sessions of 2026-01-05 overlap those before them"],
    );
    refuse(
        r#"{"source":"test","zone":"UTC","valid_from":"2026-12-31","valid_through":"2026-01-01"}"#,
        &expect!["valid_through lies before valid_from"],
    );
    refuse(
        &of(r#""zone":"UTC","holidays":["2027-12-25"]"#),
        &expect!["holidays: 2027-12-25 lies outside valid_from and valid_through"],
    );
    refuse(
        &of(
            r#""zone":"UTC","closures":[{"from":"2026-03-02T11:00","until":"2026-03-02T10:00","reason":"r"}]"#,
        ),
        &expect!["closures: the one from 2026-03-02T11:00:00 ends before it begins"],
    );
    refuse(
        r#"{"source":"","zone":"UTC","valid_from":"2026-01-01","valid_through":"2026-12-31"}"#,
        &expect!["source must say where the dates come from"],
    );
}
