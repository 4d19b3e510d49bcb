//! Days in a row with at least one play.

use entity::db::Db;
use entity::time::Instant;
use jiff::ToSpan;
use jiff::civil::Date;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::by_time::by_time;
use super::filter::local_unit_ms;
use super::scope::Scope;

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// The first day.
    #[serde(with = "as_text")]
    pub from: Date,
    /// The day after the last.
    #[serde(with = "as_text")]
    pub until: Date,
    /// How many.
    pub days: i32,
}

/// The streaks worth telling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streaks {
    /// The one that holds today, or, while nothing was played today, yesterday.
    pub current: Option<Streak>,
    /// The longest; of several, the first.
    pub longest: Option<Streak>,
}

/// The streaks of `scope`, seen at `now`.
pub async fn streaks(db: &Db, scope: &Scope, now: Instant) -> Result<Streaks, DbErr> {
    let unit_ms = local_unit_ms(&scope.range, &scope.zone);
    let units = by_time(db, scope, unit_ms).await?;
    let mut streaks: Vec<Streak> = Vec::new();
    for day in units.iter().map(|unit| unit.from(unit_ms).in_zone(&scope.zone).date()) {
        let next = day.saturating_add(1.day());
        match streaks.last_mut() {
            Some(last) if last.until == next => {} // the same day again
            Some(last) if last.until == day => {
                last.until = next;
                last.days += 1;
            }
            _ => streaks.push(Streak { from: day, until: next, days: 1 }),
        }
    }
    let today = now.in_zone(&scope.zone).date();
    // A clock that goes wrong may have told of plays after today: those are no reason to lose this day's streak.
    let goes_on = |streak: &&Streak| streak.from <= today && today <= streak.until;
    let longest = streaks.iter().copied().reduce(|best, streak| if streak.days > best.days { streak } else { best });
    Ok(Streaks { current: streaks.iter().find(goes_on).copied(), longest })
}

/// A day as `2026-11-22`.
mod as_text {
    use jiff::civil::Date;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
