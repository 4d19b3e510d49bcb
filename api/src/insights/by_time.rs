//! Plays folded by equal units of time: what series, hours of the week and streaks are made of. The database adds up; where a
//! local hour, day or month begins is worked out here, once, in the zone's own calendar.

use entity::db::Db;
use entity::quarter_hour_total::QUARTER_HOUR_MS;
use entity::time::Instant;
use sea_orm::{DbErr, FromQueryResult};

use super::scope::Scope;
use super::sql::Binds;

/// The plays of one unit of time.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(super) struct UnitTotal {
    /// Which unit, counted from 1970-01-01T00:00:00Z.
    unit: i64,
    /// How many plays.
    pub(super) plays: i64,
    /// Listened milliseconds.
    pub(super) listened_ms: i64,
}

impl UnitTotal {
    /// When the unit begins.
    pub(super) fn from(&self, unit_ms: i64) -> Instant {
        Instant::from_ms(self.unit * unit_ms)
    }
}

/// The units of `unit_ms` that hold plays of `scope`, oldest first.
pub(super) async fn by_time(db: &Db, scope: &Scope, unit_ms: i64) -> Result<Vec<UnitTotal>, DbErr> {
    let mut binds = Binds::default();
    let (source, at, plays) = if tiles(scope, unit_ms) {
        let source = quarter_hours(scope, &mut binds);
        (source, format!("quarter_hour / {}", binds.bind(unit_ms / QUARTER_HOUR_MS)), "SUM(plays)")
    } else {
        let source = format!("play WHERE {}", scope.conditions("played_at", &mut binds));
        (source, format!("played_at / {}", binds.bind(unit_ms)), "COUNT(*)")
    };
    let text = format!(
        "SELECT CAST({at} AS BIGINT) AS unit, CAST({plays} AS BIGINT) AS plays,
                CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
         FROM {source} GROUP BY 1 ORDER BY 1"
    );
    binds.all(db.read(), &text).await
}

/// `SELECT` of how many plays `scope` has.
pub(super) fn count(scope: &Scope, binds: &mut Binds) -> String {
    if tiles(scope, QUARTER_HOUR_MS) {
        return format!("SELECT CAST(COALESCE(SUM(plays), 0) AS BIGINT) FROM {}", quarter_hours(scope, binds));
    }
    format!("SELECT COUNT(*) FROM play WHERE {}", scope.conditions("played_at", binds))
}

/// The quarters of an hour of `scope`, which they tile.
fn quarter_hours(scope: &Scope, binds: &mut Binds) -> String {
    let until = binds.bind(scope.range.until().ms() / QUARTER_HOUR_MS);
    let from = scope.range.from().map(|from| binds.bind(from.ms() / QUARTER_HOUR_MS));
    let from = from.map_or_else(String::new, |from| format!(" AND quarter_hour >= {from}"));
    format!("quarter_hour_total WHERE quarter_hour < {until}{from}")
}

/// Whether quarters of an hour tile both the units and the range, so that the rollup answers.
fn tiles(scope: &Scope, unit_ms: i64) -> bool {
    let is_whole = |at: Instant| at.ms() >= 0 && at.ms() % QUARTER_HOUR_MS == 0;
    scope.is_everyone_unfiltered()
        && unit_ms % QUARTER_HOUR_MS == 0
        && is_whole(scope.range.until())
        && scope.range.from().is_none_or(is_whole)
}
