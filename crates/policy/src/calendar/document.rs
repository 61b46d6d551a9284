//! A calendar as people write it: a week of local sessions, and the dates on which it is not kept.
//!
//! What is written of a date holds for that date of the local calendar, midnight to midnight, whatever the session: an
//! early close cuts the session that opened the evening before, and keeps the next one from opening on that evening
//! unless a late open says that trading resumes.

use super::{Hours, OpenWindow};
use fillwright_domain::{Text, Timestamp};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A calendar document (`config/calendars/NAME.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarDocument {
    /// Where the dates come from, and what they were checked against.
    pub source: Text,
    /// IANA time zone of the local times, for example `America/New_York`.
    pub zone: String,
    /// First date the calendar speaks of.
    pub valid_from: Date,
    /// Last date the calendar speaks of.
    pub valid_through: Date,
    /// Whether trading never stops but for `closures`; then the week and its exceptions stay empty.
    #[serde(default)]
    pub always: bool,
    /// Sessions by weekday (`mon` … `sun`), each `["HH:MM", "HH:MM"]` in local time. A close at or before the open
    /// lies on the next day. Sessions before and after the market are not listed: they are not traded.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub week: BTreeMap<String, Vec<(Time, Time)>>,
    /// Dates without trading.
    #[serde(default)]
    pub holidays: BTreeSet<Date>,
    /// Dates on which trading ends at this local time; it resumes on that date only where `late_opens` says so.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub early_closes: BTreeMap<Date, Time>,
    /// Dates on which trading begins, or resumes behind an early close, at this local time.
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub late_opens: BTreeMap<Date, Time>,
    /// Halts and maintenance known beforehand.
    #[serde(default)]
    pub closures: Vec<Closure>,
}

/// A stretch without trading that is known beforehand, in local time: from `from`, until just before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// First local instant without trading.
    pub from: DateTime,
    /// First local instant with trading again.
    pub until: DateTime,
    /// Why.
    pub reason: Text,
}

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
    #[error(
        "always is true beside sessions, holidays, early closes or late opens; keep one of the two"
    )]
    AlwaysWithSessions,
    /// The calendar ends before it begins.
    #[error("valid_through lies before valid_from")]
    EmptyValidity,
    /// Two sessions overlap.
    #[error("the sessions of {0} overlap those before them")]
    Overlap(Date),
    /// An exception to a date the calendar does not speak of: a mistyped year, most likely.
    #[error("{field}: {date} lies outside valid_from and valid_through")]
    OutsideValidity {
        /// The field.
        field: &'static str,
        /// The date.
        date: Date,
    },
    /// A closure that ends before it begins.
    #[error("closures: the one from {0} ends before it begins")]
    EmptyClosure(DateTime),
    /// Nobody can check dates of unknown origin.
    #[error("source must say where the dates come from")]
    NoSource,
    /// A local time that cannot be placed on the UTC line.
    #[error("the session of {0} cannot be placed in UTC")]
    OutOfRange(Date),
}

/// Sessions by day of the week, Monday being 0.
type Week<'a> = BTreeMap<i8, &'a [(Time, Time)]>;

impl CalendarDocument {
    /// Compiles the document to windows in UTC.
    ///
    /// # Errors
    ///
    /// `CalendarError` names the first thing that is wrong.
    pub fn compile(&self) -> Result<Hours, CalendarError> {
        self.check()?;
        let zone =
            TimeZone::get(&self.zone).map_err(|_| CalendarError::UnknownZone(self.zone.clone()))?;
        if self.always && self.closures.is_empty() {
            return Ok(Hours::Always);
        }
        let valid = OpenWindow {
            open_at: midnight(self.valid_from, &zone)?,
            close_at: midnight(next_day(self.valid_through)?, &zone)?,
        };
        let sessions = if self.always { vec![valid] } else { self.sessions(&zone)? };
        Ok(Hours::Windows {
            valid_from: valid.open_at,
            valid_until: valid.close_at,
            open: without(&clip(sessions, valid), &self.closed(&zone)?),
        })
    }

    fn check(&self) -> Result<(), CalendarError> {
        if self.source.is_empty() {
            return Err(CalendarError::NoSource);
        }
        if self.valid_through < self.valid_from {
            return Err(CalendarError::EmptyValidity);
        }
        if self.always && !self.has_no_sessions() {
            return Err(CalendarError::AlwaysWithSessions);
        }
        self.check_dates("holidays", self.holidays.iter())?;
        self.check_dates("early_closes", self.early_closes.keys())?;
        self.check_dates("late_opens", self.late_opens.keys())
    }

    fn has_no_sessions(&self) -> bool {
        self.week.is_empty()
            && self.holidays.is_empty()
            && self.early_closes.is_empty()
            && self.late_opens.is_empty()
    }

    fn check_dates<'a>(
        &self,
        field: &'static str,
        mut dates: impl Iterator<Item = &'a Date>,
    ) -> Result<(), CalendarError> {
        let outside = dates.find(|date| !(self.valid_from..=self.valid_through).contains(date));
        outside.map_or(Ok(()), |date| Err(CalendarError::OutsideValidity { field, date: *date }))
    }

    /// Every session of the validity as the week states it, and those of the day before: they may last into it.
    fn sessions(&self, zone: &TimeZone) -> Result<Vec<OpenWindow>, CalendarError> {
        let week = self.weekdays()?;
        let first = self.valid_from.yesterday();
        let first = first.map_err(|_| CalendarError::OutOfRange(self.valid_from))?;
        let days = first.series(jiff::Span::new().days(1));
        let mut sessions: Vec<OpenWindow> = Vec::new();
        for date in days.take_while(|date| *date <= self.valid_through) {
            let listed = week.get(&date.weekday().to_monday_zero_offset());
            for (open, close) in listed.copied().unwrap_or_default() {
                let session = session(date, *open, *close, zone)?;
                if sessions.last().is_some_and(|last| last.close_at > session.open_at) {
                    return Err(CalendarError::Overlap(date));
                }
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn weekdays(&self) -> Result<Week<'_>, CalendarError> {
        self.week.iter().map(|(name, sessions)| Ok((weekday(name)?, sessions.as_slice()))).collect()
    }

    /// Every stretch without trading, in order of its beginning.
    fn closed(&self, zone: &TimeZone) -> Result<Vec<OpenWindow>, CalendarError> {
        let mut closed = Vec::new();
        for date in &self.holidays {
            closed.push(stretch(midnight(*date, zone)?, midnight(next_day(*date)?, zone)?));
        }
        for (date, early) in &self.early_closes {
            let resumes = self.late_opens.get(date).filter(|late| *late >= early);
            let until = match resumes {
                Some(late) => instant(date.to_datetime(*late), zone)?,
                None => midnight(next_day(*date)?, zone)?,
            };
            closed.push(stretch(instant(date.to_datetime(*early), zone)?, until));
        }
        for (date, late) in &self.late_opens {
            if self.early_closes.get(date).is_none_or(|early| late < early) {
                let opens = instant(date.to_datetime(*late), zone)?;
                closed.push(stretch(midnight(*date, zone)?, opens));
            }
        }
        for closure in &self.closures {
            let (from, until) = (instant(closure.from, zone)?, instant(closure.until, zone)?);
            if until <= from {
                return Err(CalendarError::EmptyClosure(closure.from));
            }
            closed.push(stretch(from, until));
        }
        closed.sort_by_key(|stretch| stretch.open_at);
        Ok(closed)
    }
}

fn session(
    date: Date,
    open: Time,
    close: Time,
    zone: &TimeZone,
) -> Result<OpenWindow, CalendarError> {
    let close_date = if close <= open { next_day(date)? } else { date };
    Ok(OpenWindow {
        open_at: instant(date.to_datetime(open), zone)?,
        close_at: instant(close_date.to_datetime(close), zone)?,
    })
}

fn stretch(open_at: Timestamp, close_at: Timestamp) -> OpenWindow {
    OpenWindow { open_at, close_at }
}

/// What of the windows lies inside, windows that touch made one.
fn clip(windows: Vec<OpenWindow>, inside: OpenWindow) -> Vec<OpenWindow> {
    let mut clipped: Vec<OpenWindow> = Vec::new();
    for window in windows {
        let open_at = window.open_at.max(inside.open_at);
        let close_at = window.close_at.min(inside.close_at);
        match clipped.last_mut() {
            Some(last) if last.close_at == open_at => last.close_at = close_at,
            _ if open_at < close_at => clipped.push(stretch(open_at, close_at)),
            _ => {}
        }
    }
    clipped
}

/// The windows with every closed stretch cut out; both in order.
fn without(windows: &[OpenWindow], closed: &[OpenWindow]) -> Vec<OpenWindow> {
    let mut open = Vec::with_capacity(windows.len());
    for window in windows {
        let mut from = window.open_at;
        for cut in closed.iter().filter(|cut| cut.open_at < window.close_at) {
            if from < cut.open_at {
                open.push(stretch(from, cut.open_at));
            }
            from = from.max(cut.close_at);
        }
        if from < window.close_at {
            open.push(stretch(from, window.close_at));
        }
    }
    open
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

fn midnight(date: Date, zone: &TimeZone) -> Result<Timestamp, CalendarError> {
    instant(date.to_datetime(Time::midnight()), zone)
}

fn instant(local: DateTime, zone: &TimeZone) -> Result<Timestamp, CalendarError> {
    let beyond = || CalendarError::OutOfRange(local.date());
    let zoned = local.to_zoned(zone.clone()).map_err(|_| beyond())?;
    let ns = i64::try_from(zoned.timestamp().as_nanosecond()).map_err(|_| beyond())?;
    Ok(Timestamp::from_ns(ns))
}
