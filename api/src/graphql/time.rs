//! When: the ranges a client can ask for, and the range that was counted.

use async_graphql::{Enum, InputObject, Object, OneofObject};
use entity::time::{self, Instant, RangeSpec, TimeRange as Range};
use jiff::tz::TimeZone as Zone;

use super::scalars::{Date, DateTime, TimeZone};
use crate::error::bad_user_input;

/// A range of time. Exactly one field.
#[derive(OneofObject)]
pub(super) enum TimeRangeInput {
    /// A window that moves with the day.
    Preset(TimeRangePreset),
    /// Civil days.
    Dates(DateRangeInput),
    /// Exact instants.
    Instants(InstantRangeInput),
    /// A civil year in the time zone in force, 1 to 9998.
    Year(i32),
    /// A civil month in the time zone in force.
    Month(YearMonthInput),
}

/// Civil days in the time zone in force. `from` is inclusive, `until` is exclusive.
#[derive(InputObject)]
pub(super) struct DateRangeInput {
    /// The first day inside.
    from: Date,
    /// The first day after.
    until: Date,
}

/// Exact instants. `from` is inclusive, `until` is exclusive.
#[derive(InputObject)]
pub(super) struct InstantRangeInput {
    /// The first instant inside.
    from: DateTime,
    /// The first instant after.
    until: DateTime,
}

/// A civil month.
#[derive(InputObject)]
pub(super) struct YearMonthInput {
    /// 1 to 9998.
    year: i32,
    /// 1 (January) to 12 (December).
    month: i32,
}

/// A window that ends with the local day, so that it stays the same window all day.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "TimeRangePreset")]
pub(super) enum TimeRangePreset {
    /// The local day.
    Today,
    /// The local day before; ends with it.
    Yesterday,
    /// From Monday to the end of today.
    ThisWeek,
    /// From the first of the month to the end of today.
    ThisMonth,
    /// From the first of January to the end of today.
    ThisYear,
    /// Today and the 6 days before.
    #[graphql(name = "LAST_7_DAYS")]
    Last7Days,
    /// Today and the 29 days before.
    #[graphql(name = "LAST_30_DAYS")]
    Last30Days,
    /// Today and the 89 days before.
    #[graphql(name = "LAST_90_DAYS")]
    Last90Days,
    /// Today and the 364 days before.
    #[graphql(name = "LAST_365_DAYS")]
    Last365Days,
    /// Everything to the end of today.
    AllTime,
}

impl TimeRangeInput {
    /// The range of an insight where none is asked for.
    pub(super) fn last_30_days() -> Self {
        Self::Preset(TimeRangePreset::Last30Days)
    }

    /// The range of an affinity where none is asked for.
    pub(super) fn last_365_days() -> Self {
        Self::Preset(TimeRangePreset::Last365Days)
    }

    /// The instants that are meant, for someone in `zone` at `now`.
    pub(super) fn resolve(self, zone: &Zone, now: Instant) -> async_graphql::Result<Range> {
        let spec = match self {
            Self::Preset(preset) => RangeSpec::Preset(preset.into()),
            Self::Dates(DateRangeInput { from, until }) => RangeSpec::Dates(from.0, until.0),
            Self::Instants(InstantRangeInput { from, until }) => RangeSpec::Instants(from.0, until.0),
            Self::Year(year) => RangeSpec::Year(year),
            Self::Month(YearMonthInput { year, month }) => RangeSpec::Month(year, month),
        };
        time::resolve(spec, zone, now).map_err(|error| bad_user_input(error.to_string()))
    }
}

impl From<TimeRangePreset> for time::Preset {
    fn from(preset: TimeRangePreset) -> Self {
        match preset {
            TimeRangePreset::Today => Self::Today,
            TimeRangePreset::Yesterday => Self::Yesterday,
            TimeRangePreset::ThisWeek => Self::ThisWeek,
            TimeRangePreset::ThisMonth => Self::ThisMonth,
            TimeRangePreset::ThisYear => Self::ThisYear,
            TimeRangePreset::Last7Days => Self::Last7Days,
            TimeRangePreset::Last30Days => Self::Last30Days,
            TimeRangePreset::Last90Days => Self::Last90Days,
            TimeRangePreset::Last365Days => Self::Last365Days,
            TimeRangePreset::AllTime => Self::AllTime,
        }
    }
}

/// The zone of that name, or a sentence that says what was expected.
pub(super) fn zone(name: &str) -> async_graphql::Result<Zone> {
    time::zone(name).map_err(|error| bad_user_input(error.to_string()))
}

/// A range as it was counted.
pub(super) struct TimeRange {
    pub(super) range: Range,
    pub(super) zone: Zone,
}

/// A range of time as it was counted.
#[Object]
impl TimeRange {
    /// The first instant counted. Null for `ALL_TIME`.
    async fn from(&self) -> Option<DateTime> {
        self.range.from().map(DateTime)
    }

    /// The first instant not counted any more.
    async fn until(&self) -> DateTime {
        DateTime(self.range.until())
    }

    /// The zone in which days begin.
    async fn time_zone(&self) -> TimeZone {
        TimeZone(self.zone.iana_name().unwrap_or("UTC").to_owned())
    }
}
