//! The time zone a market keeps, and the way from its local time to an instant.

use fillwright_domain::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

const NS_PER_SECOND: i64 = 1_000_000_000;
const NS_PER_DAY: i64 = 86_400 * NS_PER_SECOND;

/// A time zone by its name: one of the IANA database, or a fixed offset such as `-05:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A name that is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone; write one such as America/New_York, UTC or -05:00")]
pub struct UnknownZone(pub String);

impl Zone {
    /// The zone without an offset.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// The zone of this name.
    ///
    /// # Errors
    ///
    /// `UnknownZone`.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let zone = match fixed_offset(name) {
            Some(offset) => TimeZone::fixed(offset),
            None => TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))?,
        };
        Ok(Self { name: name.to_owned(), zone })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local date of an instant.
    pub fn date_of(&self, at: Timestamp) -> Option<Date> {
        let instant = jiff::Timestamp::from_nanosecond(i128::from(at.as_ns())).ok()?;
        Some(instant.to_zoned(self.zone.clone()).date())
    }

    /// The instant of a local time. One that happens twice is the first; one that is skipped is as far behind the gap as
    /// it is behind its beginning.
    pub fn instant(&self, local: DateTime) -> Option<Timestamp> {
        let zoned = local.to_zoned(self.zone.clone()).ok()?;
        let ns = i64::try_from(zoned.timestamp().as_nanosecond()).ok()?;
        Some(Timestamp::from_ns(ns))
    }

    /// The day of a date, for many times of it.
    pub fn day(&self, date: Date) -> Option<Day> {
        let midnight = self.instant(date.at(0, 0, 0, 0))?;
        let next = self.instant(date.tomorrow().ok()?.at(0, 0, 0, 0))?;
        let is_even = next.since_ns(midnight) == NS_PER_DAY;
        Some(Day { zone: self.clone(), date, midnight, is_even })
    }
}

/// `+HH:MM` or `-HH:MM`.
fn fixed_offset(name: &str) -> Option<Offset> {
    let sign = match name.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = name[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| minutes < 60)
}

/// One date in a zone.
#[derive(Debug, Clone)]
pub struct Day {
    zone: Zone,
    date: Date,
    midnight: Timestamp,
    /// Whether the clocks are not set forward or back on this date.
    is_even: bool,
}

impl Day {
    /// The instant of a local time of day, in nanoseconds since midnight. A time past the end of the day belongs to the
    /// next.
    pub fn instant(&self, since_midnight_ns: i64) -> Option<Timestamp> {
        if self.is_even && (0..NS_PER_DAY).contains(&since_midnight_ns) {
            return self.midnight.as_ns().checked_add(since_midnight_ns).map(Timestamp::from_ns);
        }
        let local = self.date.at(0, 0, 0, 0);
        let local = local.checked_add(jiff::SignedDuration::from_nanos(since_midnight_ns)).ok()?;
        self.zone.instant(local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const HOUR_NS: i64 = 3600 * NS_PER_SECOND;

    fn at(zone: &str, date: Date, hours: i64) -> String {
        let day = Zone::named(zone).expect("a zone").day(date).expect("a day");
        let at = day.instant(hours * HOUR_NS).expect("an instant").as_ns();
        jiff::Timestamp::from_nanosecond(i128::from(at)).expect("in range").to_string()
    }

    #[test]
    fn summer_time_moves_new_york_and_leaves_a_fixed_offset() {
        assert_eq!(at("America/New_York", date(2013, 10, 7), 10), "2013-10-07T14:00:00Z");
        assert_eq!(at("America/New_York", date(2013, 1, 7), 10), "2013-01-07T15:00:00Z");
        assert_eq!(at("-05:00", date(2014, 5, 2), 12), "2014-05-02T17:00:00Z");
        assert_eq!(at("UTC", date(2014, 5, 2), 12), "2014-05-02T12:00:00Z");
    }

    #[test]
    fn a_day_on_which_the_clocks_are_set_keeps_its_local_times() {
        assert_eq!(at("America/New_York", date(2013, 3, 10), 1), "2013-03-10T06:00:00Z");
        assert_eq!(at("America/New_York", date(2013, 3, 10), 4), "2013-03-10T08:00:00Z");
        assert_eq!(at("America/New_York", date(2013, 11, 3), 4), "2013-11-03T09:00:00Z");
    }

    #[test]
    fn a_time_past_midnight_belongs_to_the_next_day() {
        assert_eq!(at("UTC", date(2014, 5, 2), 24), "2014-05-03T00:00:00Z");
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for name in ["Mars/Olympus", "", "-5:00", "+24:99", "-05:60"] {
            assert_eq!(Zone::named(name), Err(UnknownZone(name.to_owned())), "{name}");
        }
    }
}
