//! Calendars against a market-hours database: the shipped ones on the days they speak of, and the database's own
//! entries, made calendars, on every day of the years it covers. The database is read where it lies, beside the
//! repository, and nothing of it is kept here; without it there is nothing to compare.

use fillwright_domain::Timestamp;
use fillwright_policy::calendar::CalendarDocument;
use fillwright_policy::{Hours, Tradable};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

const DATABASE: &str =
    "../../../shared/data/quantconnect-lean/market-hours/market-hours-database.json.gz";

const DAY_NS: i64 = 86_400_000_000_000;

/// The database, where it is there and `gzip` can open it.
fn database() -> Option<BTreeMap<String, Entry>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DATABASE);
    let read = Command::new("gzip").arg("-dc").arg(&path).output();
    let Some(read) = read.ok().filter(|read| read.status.success()) else {
        eprintln!("passed over: {} cannot be read", path.display());
        return None;
    };
    let database: Database = serde_json::from_slice(&read.stdout).expect("the database is JSON");
    Some(database.entries)
}

#[derive(Deserialize)]
struct Database {
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    exchange_time_zone: String,
    #[serde(default)]
    sunday: Vec<Segment>,
    #[serde(default)]
    monday: Vec<Segment>,
    #[serde(default)]
    tuesday: Vec<Segment>,
    #[serde(default)]
    wednesday: Vec<Segment>,
    #[serde(default)]
    thursday: Vec<Segment>,
    #[serde(default)]
    friday: Vec<Segment>,
    #[serde(default)]
    saturday: Vec<Segment>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    early_closes: BTreeMap<String, String>,
    #[serde(default)]
    late_opens: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Segment {
    start: String,
    end: String,
    state: String,
}

/// One market as the database states it, with times of the day in nanoseconds behind midnight.
struct Market {
    zone: TimeZone,
    zone_name: String,
    /// By weekday, Monday being 0.
    week: [Vec<(i64, i64)>; 7],
    holidays: BTreeSet<Date>,
    early_closes: BTreeMap<Date, i64>,
    late_opens: BTreeMap<Date, i64>,
}

impl Market {
    /// The market, with the segments that are traded: on a stock exchange those of the market alone, elsewhere all.
    fn of(entry: &Entry, traded: &[&str]) -> Self {
        let segments = |day: &[Segment]| -> Vec<(i64, i64)> {
            let kept = day.iter().filter(|segment| traded.contains(&segment.state.as_str()));
            kept.map(|segment| (ns(&segment.start), ns(&segment.end))).collect()
        };
        let times = |times: &BTreeMap<String, String>| {
            times.iter().map(|(on, time)| (date(on), ns(time))).collect()
        };
        Self {
            zone: TimeZone::get(&entry.exchange_time_zone).expect("a known zone"),
            zone_name: entry.exchange_time_zone.clone(),
            week: [
                &entry.monday,
                &entry.tuesday,
                &entry.wednesday,
                &entry.thursday,
                &entry.friday,
                &entry.saturday,
                &entry.sunday,
            ]
            .map(|day| segments(day)),
            holidays: entry.holidays.iter().map(|on| date(on)).collect(),
            early_closes: times(&entry.early_closes),
            late_opens: times(&entry.late_opens),
        }
    }

    /// Every date the market says something special of.
    fn dates(&self) -> BTreeSet<Date> {
        let special = self.early_closes.keys().chain(self.late_opens.keys());
        self.holidays.iter().chain(special).copied().collect()
    }

    fn segments(&self, on: Date) -> &[(i64, i64)] {
        &self.week[usize::try_from(on.weekday().to_monday_zero_offset()).expect("0 to 6")]
    }

    /// Whether it trades, one instant at a time: what the database means, said as plainly as can be.
    fn is_open(&self, on: Date, ns: i64) -> bool {
        if self.holidays.contains(&on) {
            return false;
        }
        let listed = self.segments(on).iter().any(|(start, end)| (*start..*end).contains(&ns));
        let (early, late) = (self.early_closes.get(&on), self.late_opens.get(&on));
        listed
            && match (early, late) {
                (None, None) => true,
                (Some(early), None) => ns < *early,
                (None, Some(late)) => ns >= *late,
                (Some(early), Some(late)) if early <= late => ns < *early || ns >= *late,
                (Some(early), Some(late)) => ns >= *late && ns < *early,
            }
    }

    /// The same market as a calendar of ours.
    fn document(&self, first: Date, last: Date) -> CalendarDocument {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week = names.iter().zip(&self.week).map(|(name, segments)| {
            let sessions = segments.iter().map(|(start, end)| (time(*start), time(*end)));
            ((*name).to_owned(), sessions.collect())
        });
        let spoken = |date: &&Date| (first..=last).contains(*date);
        let times = |times: &BTreeMap<Date, i64>| {
            let kept = times.iter().filter(|(date, _)| spoken(date));
            kept.map(|(date, ns)| (*date, time(*ns))).collect()
        };
        CalendarDocument {
            source: "the database".into(),
            zone: self.zone_name.clone(),
            valid_from: first,
            valid_through: last,
            always: false,
            week: week.collect(),
            holidays: self.holidays.iter().filter(spoken).copied().collect(),
            early_closes: times(&self.early_closes),
            late_opens: times(&self.late_opens),
            closures: Vec::new(),
        }
    }

    /// Compares the hours with the database on every day between the two, at every boundary and one nanosecond
    /// before, at midnight and at noon. Answers how many days were compared.
    fn compare(&self, name: &str, hours: &Hours, first: Date, last: Date) -> u32 {
        let mut days = 0;
        for on in first.series(1.day()).take_while(|on| *on <= last) {
            for ns in self.moments(on) {
                let at = on.at(0, 0, 0, 0).checked_add(Span::new().nanoseconds(ns));
                let zoned = at.expect("in range").to_zoned(self.zone.clone()).expect("in range");
                let at = i64::try_from(zoned.timestamp().as_nanosecond()).expect("in range");
                let expected = if self.is_open(on, ns) { Tradable::Open } else { Tradable::Closed };
                let found = hours.at(Timestamp::from_ns(at));
                // The calendar's first and last day are of its own zone, the database's of another.
                if found == Tradable::Unknown && (on == first || on == last) {
                    continue;
                }
                assert_eq!(found, expected, "{name}: {zoned}");
            }
            days += 1;
        }
        days
    }

    fn moments(&self, on: Date) -> BTreeSet<i64> {
        let segments = self.segments(on).iter().flat_map(|(start, end)| [*start, *end]);
        let special = [self.early_closes.get(&on), self.late_opens.get(&on)];
        let boundaries = segments.chain(special.into_iter().flatten().copied());
        let around = boundaries.flat_map(|ns| [ns - 1, ns]).chain([0, DAY_NS / 2, DAY_NS - 1]);
        around.filter(|ns| (0..DAY_NS).contains(ns)).collect()
    }
}

/// `M/D/YYYY`.
fn date(text: &str) -> Date {
    Date::strptime("%m/%d/%Y", text).expect("a date of the database")
}

/// `HH:MM:SS`, or `1.00:00:00` for the end of the day.
fn ns(text: &str) -> i64 {
    if text == "1.00:00:00" {
        return DAY_NS;
    }
    let time: Time = text.parse().expect("a time of the database");
    time.duration_since(Time::midnight()).as_nanos().try_into().expect("a time of the day")
}

fn time(ns: i64) -> Time {
    if ns == DAY_NS { Time::midnight() } else { Time::midnight() + Span::new().nanoseconds(ns) }
}

const MARKET: &[&str] = &["market"];
const ALL: &[&str] = &["premarket", "market", "postmarket"];

macro_rules! shipped {
    ($name:literal) => {
        include_str!(concat!("../../cli/demo/config/calendars/", $name, ".json"))
    };
}

/// A shipped calendar agrees with the database wherever both speak.
fn check_shipped(shipped: &str, key: &str, traded: &[&str], at_least: u32) {
    let Some(database) = database() else { return };
    let market = Market::of(&database[key], traded);
    let document: CalendarDocument = serde_json::from_str(shipped).expect("a calendar document");
    let hours = document.compile().expect("a calendar that compiles");
    let known = market.dates().last().copied().unwrap_or(document.valid_through);
    let days = market.compare(key, &hours, document.valid_from, document.valid_through.min(known));
    assert!(days >= at_least, "only {days} days of {key} were compared");
}

#[test]
fn the_calendar_of_us_equities_agrees_with_the_database() {
    check_shipped(shipped!("XNYS"), "Equity-usa-[*]", MARKET, 365);
}

#[test]
fn the_calendar_of_the_fx_week_agrees_with_the_database() {
    check_shipped(shipped!("FX"), "Forex-fxcm-[*]", MARKET, 360);
}

#[test]
fn the_calendar_of_the_es_future_agrees_with_the_database() {
    check_shipped(shipped!("CME-ES"), "Future-cme-ES", ALL, 365);
}

#[test]
fn the_calendar_of_crypto_agrees_with_the_database() {
    check_shipped(shipped!("24x7"), "Crypto-binance-[*]", MARKET, 365);
}

#[test]
fn every_day_of_the_years_the_database_covers_opens_and_closes_as_it_says() {
    let Some(database) = database() else { return };
    let mut days = 0;
    for (key, traded) in [
        ("Equity-usa-[*]", MARKET),
        ("Forex-fxcm-[*]", MARKET),
        ("Forex-oanda-[*]", MARKET),
        ("Future-cme-ES", ALL),
        ("Future-cme-[*]", ALL),
    ] {
        let market = Market::of(&database[key], traded);
        let dates = market.dates();
        let (first, last) = dates.first().zip(dates.last()).expect("dates");
        let hours = market.document(*first, *last).compile().expect("a calendar that compiles");
        days += market.compare(key, &hours, *first, *last);
    }
    assert!(days >= 30_000, "only {days} days were compared");
}
