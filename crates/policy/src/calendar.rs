//! Trading hours as data: a week of local sessions, holidays and early closes, compiled to windows in UTC.
//!
//! Compiling needs time zones; reading does not, so the kernel reads only [`Hours`].

use fillwright_domain::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// When a market trades, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Around the clock.
    #[n(0)]
    Always,
    /// In these windows; outside the stated validity nothing is known.
    #[n(1)]
    Windows {
        /// First instant the calendar speaks of.
        #[n(0)]
        valid_from: Timestamp,
        /// First instant it no longer speaks of.
        #[n(1)]
        valid_until: Timestamp,
        /// Open windows, in order, not overlapping.
        #[n(2)]
        open: Vec<OpenWindow>,
    },
}

/// One stretch of trading: from `open_at`, until just before `close_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct OpenWindow {
    /// First instant of trading.
    #[n(0)]
    pub open_at: Timestamp,
    /// First instant without.
    #[n(1)]
    pub close_at: Timestamp,
}

/// What a calendar says of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tradable {
    /// Trading.
    Open,
    /// Not trading.
    Closed,
    /// The calendar does not speak of this instant.
    Unknown,
}

impl Hours {
    /// What the calendar says of an instant.
    pub fn at(&self, at: Timestamp) -> Tradable {
        match self {
            Self::Always => Tradable::Open,
            Self::Windows { valid_from, valid_until, .. }
                if at < *valid_from || at >= *valid_until =>
            {
                Tradable::Unknown
            }
            Self::Windows { open, .. } => {
                let next = open.partition_point(|window| window.open_at <= at);
                let inside = next > 0 && at < open[next - 1].close_at;
                if inside { Tradable::Open } else { Tradable::Closed }
            }
        }
    }
}

/// A calendar document (`config/calendars/NAME.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDocument {
    /// IANA time zone of the local times, for example `America/New_York`.
    pub zone: String,
    /// First date the calendar speaks of.
    pub valid_from: Date,
    /// Last date the calendar speaks of.
    pub valid_through: Date,
    /// Whether trading never stops; then `week`, `holidays` and `early_closes` stay empty.
    #[serde(default)]
    pub always: bool,
    /// Sessions by weekday (`mon` … `sun`), each `["HH:MM", "HH:MM"]` in local time. A close at or before the open
    /// lies on the next day.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub week: BTreeMap<String, Vec<(Time, Time)>>,
    /// Dates without any session.
    #[serde(default)]
    pub holidays: BTreeSet<Date>,
    /// Dates on which every session ends by this local time.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub early_closes: BTreeMap<Date, Time>,
}

/// Sessions by day of the week, Monday being 0.
type Week<'a> = BTreeMap<i8, &'a [(Time, Time)]>;

/// What is wrong with a calendar document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone database has no such zone.
    #[error("zone {0:?} is not in the time zone database")]
    UnknownZone(String),
    /// Not a weekday.
    #[error("week: {0:?} is not a weekday; write mon, tue, wed, thu, fri, sat or sun")]
    UnknownWeekday(String),
    /// `always` beside sessions.
    #[error("always is true beside sessions, holidays or early closes; keep one of the two")]
    AlwaysWithSessions,
    /// The calendar ends before it begins.
    #[error("valid_through lies before valid_from")]
    EmptyValidity,
    /// Two sessions overlap.
    #[error("the sessions of {0} overlap those before them")]
    Overlap(Date),
    /// A local time that cannot be placed on the UTC line.
    #[error("the session of {0} cannot be placed in UTC")]
    OutOfRange(Date),
}

impl CalendarDocument {
    /// Compiles the document to windows in UTC.
    ///
    /// # Errors
    ///
    /// `CalendarError` names the first thing that is wrong.
    pub fn compile(&self) -> Result<Hours, CalendarError> {
        if self.always {
            return self.compile_always();
        }
        let zone = jiff::tz::TimeZone::get(&self.zone)
            .map_err(|_| CalendarError::UnknownZone(self.zone.clone()))?;
        let week = self.weekdays()?;
        let mut open: Vec<OpenWindow> = Vec::new();
        for date in self.dates()? {
            for window in self.windows_of(date, &week, &zone)? {
                if open.last().is_some_and(|last| last.close_at > window.open_at) {
                    return Err(CalendarError::Overlap(date));
                }
                open.push(window);
            }
        }
        Ok(Hours::Windows {
            valid_from: instant(self.valid_from, Time::midnight(), &zone)?,
            valid_until: instant(next_day(self.valid_through)?, Time::midnight(), &zone)?,
            open,
        })
    }

    fn compile_always(&self) -> Result<Hours, CalendarError> {
        if self.week.is_empty() && self.holidays.is_empty() && self.early_closes.is_empty() {
            Ok(Hours::Always)
        } else {
            Err(CalendarError::AlwaysWithSessions)
        }
    }

    fn weekdays(&self) -> Result<Week<'_>, CalendarError> {
        self.week.iter().map(|(name, sessions)| Ok((weekday(name)?, sessions.as_slice()))).collect()
    }

    fn dates(&self) -> Result<Vec<Date>, CalendarError> {
        if self.valid_through < self.valid_from {
            return Err(CalendarError::EmptyValidity);
        }
        let days = self.valid_from.series(jiff::Span::new().days(1));
        Ok(days.take_while(|date| *date <= self.valid_through).collect())
    }

    fn windows_of(
        &self,
        date: Date,
        week: &Week,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Vec<OpenWindow>, CalendarError> {
        if self.holidays.contains(&date) {
            return Ok(Vec::new());
        }
        let sessions =
            week.get(&date.weekday().to_monday_zero_offset()).copied().unwrap_or_default();
        let early = self.early_closes.get(&date).copied();
        let mut windows = Vec::new();
        for (open, close) in sessions {
            let overnight = close <= open;
            let (close_date, close) = match early {
                Some(early) if overnight || early < *close => (date, early),
                _ if overnight => (next_day(date)?, *close),
                _ => (date, *close),
            };
            let window = OpenWindow {
                open_at: instant(date, *open, zone)?,
                close_at: instant(close_date, close, zone)?,
            };
            if window.open_at < window.close_at {
                windows.push(window);
            }
        }
        Ok(windows)
    }
}

fn weekday(name: &str) -> Result<i8, CalendarError> {
    let weekday = match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return Err(CalendarError::UnknownWeekday(name.to_owned())),
    };
    Ok(weekday.to_monday_zero_offset())
}

fn next_day(date: Date) -> Result<Date, CalendarError> {
    date.tomorrow().map_err(|_| CalendarError::OutOfRange(date))
}

fn instant(date: Date, time: Time, zone: &jiff::tz::TimeZone) -> Result<Timestamp, CalendarError> {
    let zoned = date
        .to_datetime(time)
        .to_zoned(zone.clone())
        .map_err(|_| CalendarError::OutOfRange(date))?;
    let ns = i64::try_from(zoned.timestamp().as_nanosecond())
        .map_err(|_| CalendarError::OutOfRange(date))?;
    Ok(Timestamp::from_ns(ns))
}
