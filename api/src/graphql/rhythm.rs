//! When people listen: over time, over the week, day after day, in one sitting.

use async_graphql::{Enum, SimpleObject};
use entity::time;

use super::scalars::{Date, DateTime, Long};
use crate::insights;

/// The steps of a series, in the time zone in force.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granularity {
    /// 60 minutes, counted from the beginning of the local day. Where clocks are turned by half an hour, that day's last hour
    /// is shorter.
    Hour,
    /// A local day, which has 23 or 25 hours when clocks are turned.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl From<Granularity> for time::Granularity {
    fn from(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Hour => Self::Hour,
            Granularity::Day => Self::Day,
            Granularity::Week => Self::Week,
            Granularity::Month => Self::Month,
            Granularity::Year => Self::Year,
        }
    }
}

/// One step of a series.
#[derive(SimpleObject)]
pub(super) struct TimeBucket {
    /// Where it begins, inclusive.
    from: DateTime,
    /// Where it ends, exclusive.
    until: DateTime,
    /// How many plays ended in it.
    plays: Long,
    /// Listened milliseconds of those plays.
    listen_time_ms: Long,
}

impl From<insights::TimeBucket> for TimeBucket {
    fn from(bucket: insights::TimeBucket) -> Self {
        Self {
            from: DateTime(bucket.from),
            until: DateTime(bucket.until),
            plays: Long(bucket.plays),
            listen_time_ms: Long(bucket.listened_ms),
        }
    }
}

/// One of the 168 hours of the local week.
#[derive(SimpleObject)]
pub(super) struct WeekHour {
    /// 1 is Monday, 7 is Sunday.
    weekday: i32,
    /// 0 to 23.
    hour: i32,
    /// How many plays ended in it.
    plays: Long,
    /// Listened milliseconds of those plays.
    listen_time_ms: Long,
}

impl From<insights::WeekHour> for WeekHour {
    fn from(hour: insights::WeekHour) -> Self {
        Self { weekday: hour.weekday, hour: hour.hour, plays: Long(hour.plays), listen_time_ms: Long(hour.listened_ms) }
    }
}

/// Days in a row, by the calendar, with at least one play that ended on them, in the time zone in force.
#[derive(SimpleObject)]
pub(super) struct Streaks {
    /// The one that still goes on: it holds today, or, while nothing was played today, yesterday. Null if there is none, and so
    /// for ranges that ended earlier.
    current: Option<Streak>,
    /// The longest; of equally long ones, the first. Null if nothing was played.
    longest: Option<Streak>,
}

/// Days in a row.
#[derive(SimpleObject)]
pub(super) struct Streak {
    /// The first day.
    from: Date,
    /// The day after the last.
    until: Date,
    /// How many.
    days: i32,
}

impl From<insights::Streaks> for Streaks {
    fn from(streaks: insights::Streaks) -> Self {
        let streak =
            |streak: insights::Streak| Streak { from: Date(streak.from), until: Date(streak.until), days: streak.days };
        Self { current: streaks.current.map(streak), longest: streaks.longest.map(streak) }
    }
}

/// Runs of plays. A play begins its listen time before it ends. Plays follow each other by their ends (of equal ends, by the
/// track's id), and a run ends where the next play begins `gapMinutes` or more after the end of the one before it.
#[derive(SimpleObject)]
pub(super) struct Sessions {
    /// How many.
    count: Long,
    /// The median of their lengths in minutes; 0 if there are none.
    median_minutes: f64,
    /// The longest first; of equally long ones, the earliest first.
    longest: Vec<Session>,
}

/// One run of plays.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// When the first of its plays began; that may be before the range, to which a play belongs by its end.
    from: DateTime,
    /// When its last play ended.
    until: DateTime,
    /// How many plays.
    plays: Long,
    /// Listened milliseconds.
    listen_time_ms: Long,
}

impl From<&insights::Sessions> for Sessions {
    fn from(sessions: &insights::Sessions) -> Self {
        let session = |session: insights::Session| Session {
            from: DateTime(session.began_at),
            until: DateTime(session.ended_at),
            plays: Long(session.plays),
            listen_time_ms: Long(session.listened_ms),
        };
        Self {
            count: Long(i64::try_from(sessions.count).unwrap_or(i64::MAX)),
            median_minutes: sessions.median_ms / 60_000.0,
            longest: sessions.longest.iter().copied().map(session).collect(),
        }
    }
}
