//! Sessions of the recorded markets, from the market-hours database beside them.

use crate::recorded::{each, recorded};
use fillwright_domain::Timestamp;
use fillwright_market::calendar::{MarketHours, Sessions, session_at};
use fillwright_market::readers::lean;
use fillwright_policy::{Hours, Tradable};
use flate2::read::GzDecoder;
use jiff::civil::date;
use std::fs::File;

fn hours(key: &str, year: i16, sessions: Sessions) -> Option<Hours> {
    let path = recorded("quantconnect-lean/market-hours/market-hours-database.json.gz")?;
    let file = File::open(path).expect("a readable file");
    let database = MarketHours::read(GzDecoder::new(file)).expect("the database");
    let calendar = database.calendar(key, date(year, 1, 1), date(year, 12, 31), sessions);
    Some(calendar.expect("a market").compile().expect("a calendar that compiles"))
}

fn instant(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().expect("an instant");
    Timestamp::from_ns(i64::try_from(instant.as_nanosecond()).expect("in range"))
}

fn open_at(hours: &Hours, text: &str) -> bool {
    hours.at(instant(text)) == Tradable::Open
}

#[test]
fn american_shares_of_2013_keep_new_yorks_hours_holidays_and_early_closes() {
    let Some(hours) = hours("Equity-usa-[*]", 2013, Sessions::Regular) else { return };
    for (at, is_open) in [
        ("2013-10-07T13:29:59.999Z", false),
        ("2013-10-07T13:30:00Z", true),
        ("2013-10-07T19:59:59.999Z", true),
        ("2013-10-07T20:00:00Z", false),
        // In winter an hour later.
        ("2013-12-02T13:30:00Z", false),
        ("2013-12-02T14:30:00Z", true),
        // The day before a holiday ends at one, and the holiday does not begin.
        ("2013-07-03T16:59:59.999Z", true),
        ("2013-07-03T17:00:00Z", false),
        ("2013-07-04T15:00:00Z", false),
        ("2013-10-05T15:00:00Z", false),
    ] {
        assert_eq!(open_at(&hours, at), is_open, "{at}");
    }
    assert_eq!(hours.at(instant("2014-01-01T15:00:00Z")), Tradable::Unknown);
    let session = session_at(&hours, instant("2013-10-07T15:00:00Z")).expect("a session");
    assert_eq!(session.open_at, instant("2013-10-07T13:30:00Z"));
    assert_eq!(session.close_at, instant("2013-10-07T20:00:00Z"));
    assert_eq!(session_at(&hours, instant("2013-10-07T21:00:00Z")), None);
}

#[test]
fn every_quote_of_a_day_lies_in_extended_hours_and_most_in_regular_ones() {
    let path = recorded("quantconnect-lean/equity/usa/tick/ibm/20131007_quote.zip");
    let regular = hours("Equity-usa-[*]", 2013, Sessions::Regular);
    let extended = hours("Equity-usa-[*]", 2013, Sessions::Extended);
    let (Some(path), Some(regular), Some(extended)) = (path, regular, extended) else { return };
    let mut source = lean::open(&path, None).expect("an archive");
    let (mut quotes, mut inside) = (0_u32, 0_u32);
    let close = instant("2013-10-08T00:00:00Z");
    each(source.as_mut(), |event| {
        // The last quote is of the instant at which extended hours end.
        let at = event.event_at;
        assert!(extended.at(at) == Tradable::Open || at.since_ns(close) < 1_000_000_000, "{at}");
        quotes += 1;
        inside += u32::from(regular.at(at) == Tradable::Open);
    });
    assert!(inside > quotes / 10 * 9, "{inside} of {quotes}");
}

#[test]
fn futures_trade_overnight_and_bars_outside_a_session_are_seen() {
    let Some(hours) = hours("Future-cme-ES", 2013, Sessions::Extended) else { return };
    for (at, is_open) in [
        // Sunday evening, New York's six.
        ("2013-10-06T21:59:59Z", false),
        ("2013-10-06T22:00:00Z", true),
        ("2013-10-07T04:00:00Z", true),
        ("2013-10-07T20:59:59Z", true),
        ("2013-10-07T21:30:00Z", false),
        // Martin Luther King Day ends early and resumes in the evening.
        ("2013-01-21T16:29:59Z", true),
        ("2013-01-21T16:30:00Z", false),
        ("2013-01-21T23:00:00Z", true),
    ] {
        assert_eq!(open_at(&hours, at), is_open, "{at}");
    }
    let Some(path) = recorded("quantconnect-lean/future/cme/minute/es/20131008_trade.zip") else {
        return;
    };
    let mut source = lean::open(&path, None).expect("an archive");
    let (mut bars, mut outside) = (0_u32, Vec::new());
    each(source.as_mut(), |event| {
        bars += 1;
        if hours.at(event.event_at) != Tradable::Open {
            outside.push(event.event_at);
        }
    });
    // The database has the hours of later years: in 2013 the session lasted until a quarter past five in New York.
    assert_eq!((bars, outside.len()), (1721, 18));
    let quarter = |at: &Timestamp| {
        instant("2013-10-08T21:00:00Z") <= *at && *at < instant("2013-10-08T21:15:00Z")
    };
    assert!(outside.iter().all(quarter), "{outside:?}");
}

#[test]
fn currencies_trade_from_sunday_evening_to_friday_evening_and_coins_always() {
    let Some(fxcm) = hours("Forex-fxcm-[*]", 2014, Sessions::Regular) else { return };
    assert!(!open_at(&fxcm, "2014-05-04T20:59:59Z") && open_at(&fxcm, "2014-05-04T21:00:00Z"));
    assert!(open_at(&fxcm, "2014-05-02T20:59:59Z") && !open_at(&fxcm, "2014-05-02T21:00:00Z"));
    let coins = hours("Crypto-coinbase-[*]", 2017, Sessions::Regular).expect("beside it");
    assert!(open_at(&coins, "2017-12-17T00:00:00Z") && open_at(&coins, "2017-12-17T23:59:59Z"));
    let session = session_at(&coins, instant("2017-12-17T12:00:00Z")).expect("a session");
    assert_eq!(session.close_at, instant("2018-01-01T00:00:00Z"));
}

#[test]
fn a_market_that_the_database_does_not_have_is_named() {
    let database = MarketHours::read(&br#"{"entries":{}}"#[..]).expect("a database");
    let day = date(2013, 1, 1);
    let error = database.calendar("Equity-mars-[*]", day, day, Sessions::Regular).unwrap_err();
    assert!(error.to_string().contains("Equity-mars-[*]"), "{error}");
}
