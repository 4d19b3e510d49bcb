//! From what a person asks for ("last 30 days", "March 2025") to the instants that are counted: the one place where a
//! preset, a year, a month, days and instants become a [`TimeRange`].

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use super::{Instant, TimeRange};

/// A range as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// A window that moves with the day.
    Preset(Preset),
    /// A civil year.
    Year(i32),
    /// A civil month: year, and month from 1 to 12.
    Month(i32, i32),
    /// Civil days, `from` inclusive, `until` exclusive.
    Dates(Date, Date),
    /// Exact instants, `from` inclusive, `until` exclusive.
    Instants(Instant, Instant),
}

/// A window that ends with the local day, so that it stays the same window all day. `Yesterday` ends with yesterday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The local day so far.
    Today,
    /// The local day before.
    Yesterday,
    /// From Monday.
    ThisWeek,
    /// From the first of the month.
    ThisMonth,
    /// From the first of January.
    ThisYear,
    /// Today and the 6 days before.
    Last7Days,
    /// Today and the 29 days before.
    Last30Days,
    /// Today and the 89 days before.
    Last90Days,
    /// Today and the 364 days before.
    Last365Days,
    /// Everything.
    AllTime,
}

/// A range that cannot be counted. The text is for the person who asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It ends before or as it begins.
    #[error("the range ends before it begins: `until` ({until}) is exclusive and must be later than `from` ({from})")]
    Empty {
        /// `from`, as asked.
        from: String,
        /// `until`, as asked.
        until: String,
    },
    /// A year outside the calendar.
    #[error("year {0} is out of range: expected 1 to 9998")]
    Year(i32),
    /// A month outside the year.
    #[error("month {0} is out of range: expected 1 (January) to 12 (December)")]
    Month(i32),
    /// A day at the very edge of the calendar.
    #[error("{0} is out of range: expected a day from 0001-01-01 to 9998-12-31")]
    Date(Date),
}

/// The instants that `spec` means for someone in `zone` at `now`.
pub fn resolve(spec: RangeSpec, zone: &TimeZone, now: Instant) -> Result<TimeRange, RangeError> {
    match spec {
        RangeSpec::Preset(preset) => of_preset(preset, zone, now),
        RangeSpec::Year(year) => {
            let first = first_of_month(year, 1)?;
            of_days(first, plus(first, 1.year()), zone)
        }
        RangeSpec::Month(year, month) => {
            let first = first_of_month(year, month)?;
            of_days(first, plus(first, 1.month()), zone)
        }
        RangeSpec::Dates(from, until) => of_days(from, until, zone),
        RangeSpec::Instants(from, until) => TimeRange::new(from, until)
            .ok_or_else(|| RangeError::Empty { from: from.to_string(), until: until.to_string() }),
    }
}

/// The range of equal length just before `range`; `None` if it has no beginning. A range that begins and ends with local days
/// is as many days long, so that a day of 23 hours does not shift the edges; any other is as many milliseconds long. Days that
/// the zone's clocks never showed (Samoa had no 2011-12-30) are passed over if nothing else would be left.
pub fn previous(range: &TimeRange, zone: &TimeZone) -> Option<TimeRange> {
    let (from, until) = (range.from()?, range.until());
    let (first, last) = (from.in_zone(zone).date(), until.in_zone(zone).date());
    let are_days = start_of(first, zone) == Ok(from) && start_of(last, zone) == Ok(until);
    let before = if are_days {
        let days = first.until(last).map_or(0, |span| i64::from(span.get_days()));
        let mut day = plus(first, Span::new().try_days(-days).ok()?);
        while start_of(day, zone).ok()? == from {
            day = day.yesterday().ok()?;
        }
        start_of(day, zone).ok()?
    } else {
        from + (from - until)
    };
    TimeRange::new(before, from)
}

/// When the local day of `now` ends: until then, and not longer, every preset means the same instants. `None` on the last day
/// of the calendar.
pub fn day_ends(zone: &TimeZone, now: Instant) -> Option<Instant> {
    start_of(plus(now.in_zone(zone).date(), 1.day()), zone).ok()
}

fn of_preset(preset: Preset, zone: &TimeZone, now: Instant) -> Result<TimeRange, RangeError> {
    let today = now.in_zone(zone).date();
    let tomorrow = plus(today, 1.day());
    match preset {
        Preset::Today => of_days(today, tomorrow, zone),
        Preset::Yesterday => of_days(plus(today, -1.day()), today, zone),
        Preset::ThisWeek => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            of_days(plus(today, Span::new().days(-since_monday)), tomorrow, zone)
        }
        Preset::ThisMonth => of_days(today.first_of_month(), tomorrow, zone),
        Preset::ThisYear => of_days(today.first_of_year(), tomorrow, zone),
        Preset::Last7Days => of_days(plus(today, -6.days()), tomorrow, zone),
        Preset::Last30Days => of_days(plus(today, -29.days()), tomorrow, zone),
        Preset::Last90Days => of_days(plus(today, -89.days()), tomorrow, zone),
        Preset::Last365Days => of_days(plus(today, -364.days()), tomorrow, zone),
        Preset::AllTime => Ok(TimeRange::before(start_of(tomorrow, zone)?)),
    }
}

fn of_days(from: Date, until: Date, zone: &TimeZone) -> Result<TimeRange, RangeError> {
    TimeRange::new(start_of(from, zone)?, start_of(until, zone)?)
        .ok_or_else(|| RangeError::Empty { from: from.to_string(), until: until.to_string() })
}

/// The first instant of a civil day. Where a zone skips midnight, the day begins at its first moment that exists.
pub(super) fn start_of(date: Date, zone: &TimeZone) -> Result<Instant, RangeError> {
    let supported = (1..=9999).contains(&date.year());
    let midnight = date.to_zoned(zone.clone()).and_then(|midnight| midnight.start_of_day());
    match midnight {
        Ok(midnight) if supported => Ok(midnight.timestamp().into()),
        _ => Err(RangeError::Date(date)),
    }
}

fn first_of_month(year: i32, month: i32) -> Result<Date, RangeError> {
    let year = i16::try_from(year).ok().filter(|y| (1..=9998).contains(y)).ok_or(RangeError::Year(year))?;
    let month = i8::try_from(month).ok().filter(|m| (1..=12).contains(m)).ok_or(RangeError::Month(month))?;
    Ok(Date::constant(year, month, 1))
}

/// Calendar arithmetic that stops at the calendar's ends, where [`start_of`] refuses the day.
pub(super) fn plus(date: Date, span: Span) -> Date {
    date.saturating_add(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::zone;
    use jiff::civil::date;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn check(spec: RangeSpec, zone_name: &str, now: &str, from: &str, until: &str) {
        let range = resolve(spec, &zone(zone_name).unwrap(), at(now)).unwrap();
        assert_eq!(range, TimeRange::new(at(from), at(until)).unwrap(), "{spec:?} in {zone_name} at {now}");
    }

    #[test]
    fn a_preset_ends_with_the_local_day() {
        let now = "2026-11-22T23:30:00Z"; // already Monday the 23rd in Berlin
        check(RangeSpec::Preset(Preset::Today), "UTC", now, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
        check(RangeSpec::Preset(Preset::Today), "Europe/Berlin", now, "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z");
        check(RangeSpec::Preset(Preset::Yesterday), "UTC", now, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z");
        check(RangeSpec::Preset(Preset::ThisWeek), "UTC", now, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
        check(RangeSpec::Preset(Preset::Last7Days), "UTC", now, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
        check(RangeSpec::Preset(Preset::ThisYear), "UTC", now, "2026-01-01T00:00:00Z", "2026-11-23T00:00:00Z");
    }

    #[test]
    fn a_day_may_have_23_or_25_hours_and_may_not_begin_at_midnight() {
        let day = |d: Date| RangeSpec::Dates(d, d.tomorrow().unwrap());
        let now = "2026-11-22T12:00:00Z";
        check(day(date(2026, 3, 29)), "Europe/Berlin", now, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        check(day(date(2026, 10, 25)), "Europe/Berlin", now, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        // Lord Howe Island turns its clocks by half an hour.
        check(day(date(2026, 10, 4)), "Australia/Lord_Howe", now, "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z");
        // Beirut began summer time at midnight: the day began at 01:00.
        check(day(date(2022, 3, 27)), "Asia/Beirut", now, "2022-03-26T22:00:00Z", "2022-03-27T21:00:00Z");
    }

    #[test]
    fn a_preset_means_the_same_until_the_local_day_ends() {
        let ends = |name: &str, now: &str| day_ends(&zone(name).unwrap(), at(now)).unwrap();
        assert_eq!(ends("Europe/Berlin", "2026-11-22T23:30:00Z"), at("2026-11-23T23:00:00Z"));
        assert_eq!(ends("UTC", "2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z"));
        assert_eq!(ends("Asia/Beirut", "2022-03-26T12:00:00Z"), at("2022-03-26T22:00:00Z"));
    }

    #[test]
    fn years_and_months_tile_in_their_zone() {
        let now = "2026-11-22T12:00:00Z";
        check(RangeSpec::Year(2024), "UTC", now, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
        check(RangeSpec::Month(2024, 2), "UTC", now, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
        check(RangeSpec::Month(2026, 3), "Europe/Berlin", now, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
    }

    #[test]
    fn the_range_before_has_as_many_days_or_else_milliseconds() {
        let berlin = zone("Europe/Berlin").unwrap();
        let range = |from: &str, until: &str| TimeRange::new(at(from), at(until)).unwrap();
        let week_after_the_turn = range("2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z");
        assert_eq!(
            previous(&week_after_the_turn, &berlin),
            Some(range("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z")),
            "seven days, one of them of 25 hours"
        );
        let minute = range("2026-11-01T00:01:00Z", "2026-11-01T00:02:00Z");
        assert_eq!(previous(&minute, &berlin), Some(range("2026-11-01T00:00:00Z", "2026-11-01T00:01:00Z")));
        assert_eq!(previous(&TimeRange::before(at("2026-11-01T00:00:00Z")), &berlin), None);

        let apia = TimeZone::get("Pacific/Apia").unwrap();
        let day_after_the_skipped_one =
            resolve(RangeSpec::Dates(date(2011, 12, 31), date(2012, 1, 1)), &apia, minute.until());
        assert_eq!(
            previous(&day_after_the_skipped_one.unwrap(), &apia),
            Some(resolve(RangeSpec::Dates(date(2011, 12, 29), date(2011, 12, 30)), &apia, minute.until()).unwrap()),
            "Samoa had no 2011-12-30"
        );
    }

    #[test]
    fn what_cannot_be_counted_says_why() {
        let utc = TimeZone::UTC;
        let now = at("2026-11-22T12:00:00Z");
        let refused = |spec| resolve(spec, &utc, now).unwrap_err();
        assert!(matches!(refused(RangeSpec::Dates(date(2026, 1, 2), date(2026, 1, 1))), RangeError::Empty { .. }));
        assert!(matches!(refused(RangeSpec::Instants(now, now)), RangeError::Empty { .. }));
        assert_eq!(refused(RangeSpec::Month(2026, 13)), RangeError::Month(13));
        assert_eq!(refused(RangeSpec::Year(0)), RangeError::Year(0));
        assert_eq!(refused(RangeSpec::Year(99_999)), RangeError::Year(99_999));
        assert!(matches!(refused(RangeSpec::Dates(date(2026, 1, 1), Date::MAX)), RangeError::Date(_)));
    }
}
