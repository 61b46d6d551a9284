//! Sessions of recorded markets, as the calendars that policies are written in.
//!
//! LEAN's market-hours database says when each of its markets traded, back to 1998. What it says of one market in a stretch
//! of time becomes a calendar document, which compiles to windows in UTC as any other does.

use fillwright_domain::{Text, Timestamp};
use fillwright_policy::calendar::CalendarDocument;
use fillwright_policy::{Hours, OpenWindow};
use jiff::civil::{Date, Time};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;

/// LEAN's market-hours database (`market-hours-database.json`).
#[derive(Debug, Clone, Deserialize)]
pub struct MarketHours {
    entries: BTreeMap<String, Entry>,
}

/// What the database says of one market. It has more fields; these are all that sessions follow from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    exchange_time_zone: String,
    #[serde(flatten)]
    days: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    holidays: Option<Vec<String>>,
    #[serde(default)]
    early_closes: Option<BTreeMap<String, String>>,
    #[serde(default)]
    late_opens: Option<BTreeMap<String, String>>,
}

/// A stretch of a weekday.
#[derive(Debug, Clone, Deserialize)]
struct Stretch {
    start: String,
    end: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    PreMarket,
    Market,
    PostMarket,
}

/// Which stretches of a day are sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Those the database calls the market: regular hours.
    Regular,
    /// Those before and after too. Futures trade in all of them.
    Extended,
}

/// What is wrong with a database, or with what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum MarketHoursError {
    /// Not JSON, or not the database.
    #[error("the market-hours database cannot be read")]
    Json(#[from] serde_json::Error),
    /// No such market.
    #[error("the database has no {0:?}; its keys are like Equity-usa-[*] and Future-cme-ES")]
    UnknownKey(String),
    /// A date or time of another form.
    #[error("{key}: {text:?} is not a date or time as the database writes them")]
    Malformed {
        /// The market.
        key: String,
        /// What stands there.
        text: String,
    },
}

const WEEK: [(&str, &str); 7] = [
    ("monday", "mon"),
    ("tuesday", "tue"),
    ("wednesday", "wed"),
    ("thursday", "thu"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
];

impl MarketHours {
    /// Reads the database.
    ///
    /// # Errors
    ///
    /// `Json`.
    pub fn read(from: impl Read) -> Result<Self, MarketHoursError> {
        Ok(serde_json::from_reader(from)?)
    }

    /// The calendar of one market, from one date through another.
    ///
    /// # Errors
    ///
    /// `MarketHoursError`.
    pub fn calendar(
        &self,
        key: &str,
        from: Date,
        through: Date,
        sessions: Sessions,
    ) -> Result<CalendarDocument, MarketHoursError> {
        let unknown = || MarketHoursError::UnknownKey(key.to_owned());
        let entry = self.entries.get(key).ok_or_else(unknown)?;
        let reading = Reading { key, from, through };
        let week = entry.week(&reading, sessions)?;
        Ok(CalendarDocument {
            source: Text::new(format!("the market-hours database of QuantConnect Lean, {key}")),
            zone: zone_name(&entry.exchange_time_zone).to_owned(),
            valid_from: from,
            valid_through: through,
            always: false,
            week,
            holidays: reading.dates(entry.holidays.iter().flatten())?.into_iter().collect(),
            early_closes: reading.times(entry.early_closes.as_ref())?,
            late_opens: reading.times(entry.late_opens.as_ref())?,
            closures: Vec::new(),
        })
    }
}

impl Entry {
    /// Sessions by weekday; stretches that touch are one.
    fn week(
        &self,
        reading: &Reading<'_>,
        sessions: Sessions,
    ) -> Result<BTreeMap<String, Vec<(Time, Time)>>, MarketHoursError> {
        let mut week = BTreeMap::new();
        for (day, short) in WEEK {
            let Some(stretches) = self.days.get(day) else { continue };
            let stretches = Vec::<Stretch>::deserialize(stretches)?;
            let mut joined: Vec<(Time, Time)> = Vec::new();
            for stretch in &stretches {
                if sessions == Sessions::Regular && stretch.state != State::Market {
                    continue;
                }
                let (open, close) = (reading.time(&stretch.start)?, reading.time(&stretch.end)?);
                match joined.last_mut() {
                    Some((_, last)) if *last == open => *last = close,
                    _ => joined.push((open, close)),
                }
            }
            if !joined.is_empty() {
                week.insert(short.to_owned(), joined);
            }
        }
        Ok(week)
    }
}

/// What is asked of an entry.
struct Reading<'a> {
    key: &'a str,
    from: Date,
    through: Date,
}

impl Reading<'_> {
    fn malformed(&self, text: &str) -> MarketHoursError {
        MarketHoursError::Malformed { key: self.key.to_owned(), text: text.to_owned() }
    }

    /// `13:00:00`, or the next midnight as `1.00:00:00`.
    fn time(&self, text: &str) -> Result<Time, MarketHoursError> {
        if text == "1.00:00:00" {
            return Ok(Time::midnight());
        }
        Time::strptime("%H:%M:%S", text).map_err(|_| self.malformed(text))
    }

    /// `7/3/2013`: the month comes first.
    fn date(&self, text: &str) -> Result<Date, MarketHoursError> {
        Date::strptime("%m/%d/%Y", text).map_err(|_| self.malformed(text))
    }

    /// The dates that lie in the stretch that is asked for.
    fn dates<'t>(
        &self,
        texts: impl Iterator<Item = &'t String>,
    ) -> Result<Vec<Date>, MarketHoursError> {
        let mut dates = Vec::new();
        for text in texts {
            let date = self.date(text)?;
            if (self.from..=self.through).contains(&date) {
                dates.push(date);
            }
        }
        Ok(dates)
    }

    fn times(
        &self,
        times: Option<&BTreeMap<String, String>>,
    ) -> Result<BTreeMap<Date, Time>, MarketHoursError> {
        let mut kept = BTreeMap::new();
        for (date, time) in times.into_iter().flatten() {
            let (date, time) = (self.date(date)?, self.time(time)?);
            if (self.from..=self.through).contains(&date) {
                kept.insert(date, time);
            }
        }
        Ok(kept)
    }
}

/// The database names one zone by its offset.
fn zone_name(name: &str) -> &str {
    if name == "UTC-05" { "Etc/GMT+5" } else { name }
}

/// The session an instant lies in; nothing outside sessions, and nothing where a market never closes.
pub fn session_at(hours: &Hours, at: Timestamp) -> Option<OpenWindow> {
    let Hours::Windows { open, .. } = hours else { return None };
    let next = open.partition_point(|window| window.open_at <= at);
    let window = *open.get(next.checked_sub(1)?)?;
    (at < window.close_at).then_some(window)
}
