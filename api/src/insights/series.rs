//! Listening over time: one bucket per step, empty ones included.

use entity::db::Db;
use entity::quarter_hour_total::QUARTER_HOUR_MS;
use entity::time::{Granularity, Instant, edges, gcd_of};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::by_time::by_time;
use super::scope::Scope;
use super::sql::Binds;

/// The most buckets of a series.
pub const BUCKETS_MAX: usize = 1000;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeBucket {
    /// Where it begins.
    pub from: Instant,
    /// Where the next begins.
    pub until: Instant,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

/// The series of `scope`, oldest first; `None` if it would have more than [`BUCKETS_MAX`] buckets. Without a beginning, it
/// begins with the step of the first play, and has no bucket if there is none.
pub async fn series(db: &Db, scope: &Scope, granularity: Granularity) -> Result<Option<Vec<TimeBucket>>, DbErr> {
    let from = match scope.range.from() {
        Some(from) => from,
        None => match first_played_at(db, scope).await? {
            Some(first) => granularity.step_of(first, &scope.zone).map_err(beyond_calendar)?,
            None => return Ok(Some(Vec::new())),
        },
    };
    let edges = edges(granularity, from, &scope.range, &scope.zone, BUCKETS_MAX).map_err(beyond_calendar)?;
    let Some(edges) = edges else { return Ok(None) };
    let inner = edges.get(1..edges.len() - 1).unwrap_or_default();
    let unit_ms = match gcd_of(inner) {
        0 => QUARTER_HOUR_MS, // No edge inside: everything is in the one bucket, whatever the unit.
        unit_ms => unit_ms,
    };
    let mut buckets: Vec<TimeBucket> =
        edges.windows(2).map(|pair| TimeBucket { from: pair[0], until: pair[1], plays: 0, listened_ms: 0 }).collect();
    for total in by_time(db, scope, unit_ms).await? {
        // A unit may begin before the range does; what was counted in it lies inside.
        let begins = total.from(unit_ms).max(from);
        let index = buckets.partition_point(|bucket| bucket.until <= begins);
        if let Some(bucket) = buckets.get_mut(index) {
            bucket.plays += total.plays;
            bucket.listened_ms += total.listened_ms;
        }
    }
    Ok(Some(buckets))
}

async fn first_played_at(db: &Db, scope: &Scope) -> Result<Option<Instant>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        first: Option<Instant>,
    }
    let mut binds = Binds::default();
    let plays = scope.plays(&mut binds);
    let row: Row = binds.one(db.read(), &format!("SELECT MIN(played_at) AS first FROM ({plays}) played")).await?;
    Ok(row.first)
}

/// A range was resolved within the calendar, so its steps are within it too.
fn beyond_calendar(error: entity::time::RangeError) -> DbErr {
    DbErr::Custom(error.to_string())
}
