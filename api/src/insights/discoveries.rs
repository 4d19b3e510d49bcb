//! What was played for the first time ever.
//!
//! The first play ever is the listener's, whatever the range and filter; it counts if it is among the plays of the scope.

use entity::db::Db;
use entity::ids::{TrackId, UserId};
use entity::time::Instant;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use super::sql::Binds;

/// A track and its first play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Discovery {
    /// When it was first played.
    pub first_played_at: Instant,
    /// The track.
    pub track_id: TrackId,
}

/// How much was new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discoveries {
    /// Tracks.
    pub tracks: i64,
    /// Primary artists.
    pub artists: i64,
    /// Albums.
    pub albums: i64,
    /// The tracks, newest first.
    pub newest: Vec<Discovery>,
}

/// What `user`, whose plays `scope` holds, discovered in it, with the `first` newest tracks.
pub async fn discoveries(db: &Db, scope: &Scope, user: UserId, first: usize) -> Result<Discoveries, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        tracks: i64,
        artists: i64,
        albums: i64,
        track_id: Option<TrackId>,
        first_played_at: Option<Instant>,
    }
    let mut binds = Binds::default();
    let counted = scope.conditions("played_at", &mut binds);
    let user = binds.bind(user);
    let limit = binds.bind(i64::try_from(first).expect("a list is short"));
    // The first play of each track: of all the listener's plays (`ever`), and of those that count.
    let text = format!(
        "WITH firsts AS MATERIALIZED (
                SELECT track_id, MIN(played_at) AS ever, MIN(CASE WHEN {counted} THEN played_at END) AS counted
                FROM play WHERE user_id = {user} GROUP BY track_id),
              counts AS (
                SELECT (SELECT COUNT(*) FROM firsts WHERE counted = ever) AS tracks,
                       (SELECT COUNT(*) FROM (
                          SELECT a.artist_id FROM firsts f CROSS JOIN track_artist a
                          WHERE a.track_id = f.track_id AND a.position = 0
                          GROUP BY a.artist_id HAVING MIN(f.counted) = MIN(f.ever)) artist) AS artists,
                       (SELECT COUNT(*) FROM (
                          SELECT t.album_id FROM firsts f CROSS JOIN track t
                          WHERE t.id = f.track_id AND t.album_id IS NOT NULL
                          GROUP BY t.album_id HAVING MIN(f.counted) = MIN(f.ever)) album) AS albums),
              newest AS (
                SELECT track_id, ever AS first_played_at FROM firsts WHERE counted = ever
                ORDER BY ever DESC, track_id LIMIT {limit})
         SELECT counts.*, newest.track_id, newest.first_played_at
         FROM counts LEFT JOIN newest ON TRUE
         ORDER BY newest.first_played_at DESC, newest.track_id"
    );
    let rows: Vec<Row> = binds.all(db.read(), &text).await?;
    let counts = rows.first().map_or((0, 0, 0), |row| (row.tracks, row.artists, row.albums));
    let discovery = |row: &Row| Some(Discovery { first_played_at: row.first_played_at?, track_id: row.track_id? });
    Ok(Discoveries {
        tracks: counts.0,
        artists: counts.1,
        albums: counts.2,
        newest: rows.iter().filter_map(discovery).collect(),
    })
}
