//! How often streams were cut short, as far as privacy exports tell.

use entity::db::Db;
use entity::ids::TrackId;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::by_time::count;
use super::scope::Scope;
use super::sql::Binds;

/// A track that was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct SkippedTrack {
    /// The track.
    pub track_id: TrackId,
    /// How often it was cut short.
    pub skips: i64,
    /// How often it was played in the same scope.
    pub plays: i64,
}

/// What exports tell of skips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipReport {
    /// Plays in the scope.
    pub plays: i64,
    /// Plays in the scope that come from exports.
    pub exported_plays: i64,
    /// Streams that were cut short.
    pub skips: i64,
    /// Most skips first; of equals, the one played less, then by track.
    pub most_skipped: Vec<SkippedTrack>,
}

const MOST_SKIPPED_MAX: i64 = 10;

/// The skips of `scope`.
pub async fn skips(db: &Db, scope: &Scope) -> Result<SkipReport, DbErr> {
    #[derive(FromQueryResult)]
    struct Counts {
        plays: i64,
        exported_plays: i64,
        skips: i64,
    }
    let mut binds = Binds::default();
    let plays = count(scope, &mut binds);
    let (of_plays, of_skips) = (scope.conditions("played_at", &mut binds), scope.conditions("skipped_at", &mut binds));
    let text = format!(
        "SELECT ({plays}) AS plays,
                (SELECT COUNT(*) FROM play WHERE {of_plays} AND source = 'export') AS exported_plays,
                (SELECT COUNT(*) FROM skip WHERE {of_skips}) AS skips"
    );
    let counts: Counts = binds.one(db.read(), &text).await?;

    let mut binds = Binds::default();
    let (of_plays, of_skips) = (scope.conditions("played_at", &mut binds), scope.conditions("skipped_at", &mut binds));
    let (limit, last) = (binds.bind(MOST_SKIPPED_MAX), binds.bind(MOST_SKIPPED_MAX - 1));
    // Plays are counted of those tracks only that may be among the most skipped: up to the last of them, and its equals.
    let text = format!(
        "WITH skipped AS MATERIALIZED (
                SELECT track_id, COUNT(*) AS skips FROM skip WHERE {of_skips} GROUP BY track_id),
              most AS MATERIALIZED (
                SELECT track_id, skips FROM skipped
                WHERE skips >= COALESCE((SELECT skips FROM skipped ORDER BY skips DESC LIMIT 1 OFFSET {last}), 0)),
              heard AS (
                SELECT track_id, COUNT(*) AS plays FROM play
                WHERE {of_plays} AND track_id IN (SELECT track_id FROM most) GROUP BY track_id)
         SELECT m.track_id, m.skips, COALESCE(h.plays, 0) AS plays
         FROM most m LEFT JOIN heard h ON h.track_id = m.track_id
         ORDER BY m.skips DESC, COALESCE(h.plays, 0), m.track_id LIMIT {limit}"
    );
    let most_skipped = binds.all(db.read(), &text).await?;
    Ok(SkipReport { plays: counts.plays, exported_plays: counts.exported_plays, skips: counts.skips, most_skipped })
}
