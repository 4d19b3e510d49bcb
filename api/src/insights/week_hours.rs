//! Listening by local weekday and hour.

use entity::db::Db;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::by_time::by_time;
use super::filter::local_unit_ms;
use super::scope::Scope;

/// One hour of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekHour {
    /// 1 is Monday.
    pub weekday: i32,
    /// 0 to 23.
    pub hour: i32,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

/// All 168 hours of the week, from Monday 0 o'clock.
pub async fn week_hours(db: &Db, scope: &Scope) -> Result<Vec<WeekHour>, DbErr> {
    let mut hours: Vec<WeekHour> = (1..=7)
        .flat_map(|weekday| (0..24).map(move |hour| WeekHour { weekday, hour, plays: 0, listened_ms: 0 }))
        .collect();
    let unit_ms = local_unit_ms(&scope.range, &scope.zone);
    for total in by_time(db, scope, unit_ms).await? {
        let local = total.from(unit_ms).in_zone(&scope.zone);
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).expect("weekdays count from 0");
        let hour = usize::try_from(local.hour()).expect("hours count from 0");
        let bucket = &mut hours[weekday * 24 + hour];
        bucket.plays += total.plays;
        bucket.listened_ms += total.listened_ms;
    }
    Ok(hours)
}
