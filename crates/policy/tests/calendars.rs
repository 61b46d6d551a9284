//! Trading hours: local sessions become windows in UTC, through daylight saving, holidays and early closes; beyond its
//! validity a calendar says nothing.

use expect_test::{Expect, expect};
use fillwright_domain::Timestamp;
use fillwright_policy::Tradable;
use fillwright_policy::calendar::CalendarDocument;

const XNYS: &str = include_str!("../../cli/demo/config/calendars/XNYS.json");

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
    let futures = r#"{"zone":"America/Chicago","valid_from":"2026-01-04","valid_through":"2026-01-09",
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
fn around_the_clock_is_always_open() {
    let always =
        r#"{"zone":"UTC","valid_from":"2026-01-01","valid_through":"2026-12-31","always":true}"#;
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
        format!(r#"{{"valid_from":"2026-01-01","valid_through":"2026-12-31",{rest}}}"#)
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
        &expect!["always is true beside sessions, holidays or early closes; keep one of the two"],
    );
    refuse(
        &of(r#""zone":"UTC","week":{"mon":[["09:00","11:00"],["10:00","12:00"]]}"#),
        &expect!["the sessions of 2026-01-05 overlap those before them"],
    );
    refuse(
        r#"{"zone":"UTC","valid_from":"2026-12-31","valid_through":"2026-01-01"}"#,
        &expect!["valid_through lies before valid_from"],
    );
}
