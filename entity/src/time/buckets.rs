//! Cutting a range into steps that begin where the local clock says so.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::resolve::{plus, start_of};
use super::{Instant, RangeError, TimeRange};

const HOUR_MS: i64 = 3_600_000;

/// The steps of a series. All but the hour are civil: they begin with a local day and have as many hours as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Granularity {
    /// 60 minutes, counted from the beginning of the local day; where clocks turn by half an hour, a day's last is shorter.
    Hour,
    /// A local day: 23, 24 or 25 hours, mostly.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Granularity {
    /// The beginning of the step that holds `at`.
    pub fn step_of(self, at: Instant, zone: &TimeZone) -> Result<Instant, RangeError> {
        let date = at.in_zone(zone).date();
        match self {
            Self::Hour => {
                let day = start_of(date, zone)?;
                Ok(day + (at - day) / HOUR_MS * HOUR_MS)
            }
            _ => start_of(self.first_day(date), zone),
        }
    }

    /// The first instant after the step that holds `at`.
    fn next(self, at: Instant, zone: &TimeZone) -> Result<Instant, RangeError> {
        let date = at.in_zone(zone).date();
        let first = self.first_day(date);
        match self {
            Self::Hour => {
                let tomorrow = start_of(plus(date, 1.day()), zone)?;
                Ok((self.step_of(at, zone)? + HOUR_MS).min(tomorrow))
            }
            Self::Day => start_of(plus(first, 1.day()), zone),
            Self::Week => start_of(plus(first, 1.week()), zone),
            Self::Month => start_of(plus(first, 1.month()), zone),
            Self::Year => start_of(plus(first, 1.year()), zone),
        }
    }

    fn first_day(self, date: Date) -> Date {
        match self {
            Self::Hour | Self::Day => date,
            Self::Week => plus(date, -i64::from(date.weekday().to_monday_zero_offset()).days()),
            Self::Month => date.first_of_month(),
            Self::Year => date.first_of_year(),
        }
    }
}

/// The edges of the steps from `from` to `range`'s end: both ends, and every beginning of a step in between. `None` if that
/// makes more than `buckets_max` steps.
pub fn edges(
    granularity: Granularity,
    from: Instant,
    range: &TimeRange,
    zone: &TimeZone,
    buckets_max: usize,
) -> Result<Option<Vec<Instant>>, RangeError> {
    let mut edges = vec![from];
    let mut at = from;
    while at < range.until() {
        if edges.len() > buckets_max {
            return Ok(None);
        }
        at = granularity.next(at, zone)?.min(range.until());
        edges.push(at);
    }
    Ok(Some(edges))
}

/// The longest time, in milliseconds, of which every change of `zone`'s clock before `until` and every offset from UTC is a
/// multiple, and that divides an hour: a quarter of an hour for every zone of today. Within one such unit the local hour and
/// day never change.
pub fn unit_ms(zone: &TimeZone, from: Option<Instant>, until: Instant) -> i64 {
    let from = from.unwrap_or(Instant::from_ms(0)).min(until);
    let offset_ms = |at: jiff::Timestamp| i64::from(zone.to_offset(at).seconds()) * 1000;
    let mut unit = gcd(HOUR_MS / 4, offset_ms(from.timestamp()));
    for transition in zone.following(from.timestamp()).take_while(|t| t.timestamp() < until.timestamp()) {
        unit = gcd(unit, transition.timestamp().as_millisecond());
        unit = gcd(unit, offset_ms(transition.timestamp()));
    }
    unit
}

/// The longest time of which every edge is a multiple.
pub fn gcd_of(edges: &[Instant]) -> i64 {
    edges.iter().fold(0, |unit, edge| gcd(unit, edge.ms()))
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::zone;

    fn steps(granularity: Granularity, zone_name: &str, from: &str, until: &str) -> Vec<i64> {
        let (from, until) = (Instant::parse(from).unwrap(), Instant::parse(until).unwrap());
        let range = TimeRange::new(from, until).unwrap();
        let edges = edges(granularity, from, &range, &zone(zone_name).unwrap(), 1000).unwrap().unwrap();
        edges.windows(2).map(|pair| (pair[1] - pair[0]) / 60_000).collect()
    }

    #[test]
    fn days_have_the_hours_that_the_clock_gives_them() {
        let days = steps(Granularity::Day, "Europe/Berlin", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z");
        assert_eq!(days, [24 * 60, 25 * 60, 24 * 60]);
        let hours = steps(Granularity::Hour, "Australia/Lord_Howe", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z");
        assert_eq!((hours.len(), hours[22], hours[23]), (24, 60, 30));
    }

    #[test]
    fn steps_are_cut_at_the_range_and_tile_it() {
        let weeks = steps(Granularity::Week, "UTC", "2026-11-18T12:00:00Z", "2026-12-01T00:00:00Z");
        assert_eq!(weeks, [(4 * 24 + 12) * 60, 7 * 24 * 60, 24 * 60]);
        let months = steps(Granularity::Month, "UTC", "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z");
        assert_eq!(months, [31 * 24 * 60, 29 * 24 * 60, 31 * 24 * 60]);
    }

    #[test]
    fn too_many_steps_are_not_made() {
        let (from, until) = (Instant::from_ms(0), Instant::from_ms(1001 * HOUR_MS));
        let range = TimeRange::new(from, until).unwrap();
        assert_eq!(edges(Granularity::Hour, from, &range, &TimeZone::UTC, 1000), Ok(None));
    }

    #[test]
    fn a_unit_divides_every_offset() {
        let until = Instant::parse("2026-11-22T00:00:00Z").unwrap();
        assert_eq!(unit_ms(&zone("Asia/Kathmandu").unwrap(), Some(until + -1000), until), 900_000);
        assert_eq!(unit_ms(&zone("Africa/Monrovia").unwrap(), None, until), 30_000, "0:44:30 west until 1972");
    }
}
