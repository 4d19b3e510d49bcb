//! How much: plays, listen time, and how many different things.
//!
//! Distinct counts are counts of what was played in the range; they are not additive and never summed.

use entity::db::Db;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use super::sql::Binds;

/// One row of totals; all zeros where nothing was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Totals {
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured rather than assumed.
    pub measured_ms: i64,
    /// Different tracks.
    pub tracks: i64,
    /// Different primary artists.
    pub primary_artists: i64,
    /// Different artists credited at any position.
    pub credited_artists: i64,
    /// Different albums.
    pub albums: i64,
    /// Different listeners.
    pub listeners: i64,
}

/// The totals of `scope`.
pub async fn totals(db: &Db, scope: &Scope) -> Result<Totals, DbErr> {
    if scope.is_everything(db).await? {
        return Binds::default().one(db.read(), OF_EVERYTHING).await;
    }
    let mut binds = Binds::default();
    let plays = scope.plays(&mut binds);
    let text = format!(
        "WITH played AS ({plays}),
              by_track AS (
                SELECT track_id, COUNT(*) AS plays, SUM(listened_ms) AS listened_ms,
                       SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS measured_ms
                FROM played GROUP BY track_id)
         SELECT CAST(COALESCE(SUM(plays), 0) AS BIGINT) AS plays,
                CAST(COALESCE(SUM(listened_ms), 0) AS BIGINT) AS listened_ms,
                CAST(COALESCE(SUM(measured_ms), 0) AS BIGINT) AS measured_ms,
                COUNT(*) AS tracks,
                (SELECT COUNT(DISTINCT c.artist_id) FROM by_track b
                 JOIN track_artist c ON c.track_id = b.track_id AND c.position = 0) AS primary_artists,
                (SELECT COUNT(DISTINCT c.artist_id) FROM by_track b
                 JOIN track_artist c ON c.track_id = b.track_id) AS credited_artists,
                (SELECT COUNT(DISTINCT t.album_id) FROM by_track b
                 JOIN track t ON t.id = b.track_id) AS albums,
                (SELECT COUNT(*) FROM (SELECT user_id FROM played GROUP BY user_id) u) AS listeners
         FROM by_track"
    );
    binds.one(db.read(), &text).await
}

const OF_EVERYTHING: &str = "
    SELECT CAST(COALESCE(SUM(plays), 0) AS BIGINT) AS plays,
           CAST(COALESCE(SUM(listened_ms), 0) AS BIGINT) AS listened_ms,
           CAST(COALESCE(SUM(measured_ms), 0) AS BIGINT) AS measured_ms,
           (SELECT COUNT(*) FROM track_total) AS tracks,
           (SELECT COUNT(*) FROM artist_total WHERE credit = 'primary') AS primary_artists,
           (SELECT COUNT(*) FROM artist_total WHERE credit = 'all') AS credited_artists,
           (SELECT COUNT(*) FROM album_total) AS albums,
           COUNT(*) AS listeners
    FROM listener_total";
