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
    struct Counts {
        tracks: i64,
        artists: i64,
        albums: i64,
    }
    let mut binds = Binds::default();
    let firsts = firsts(scope, user, &mut binds);
    let text = format!(
        "WITH {firsts},
              artists AS (
                SELECT MIN(e.at) AS ever, MIN(c.at) AS counted
                FROM ever e LEFT JOIN counted c ON c.track_id = e.track_id
                JOIN track_artist a ON a.track_id = e.track_id AND a.position = 0 GROUP BY a.artist_id),
              albums AS (
                SELECT MIN(e.at) AS ever, MIN(c.at) AS counted
                FROM ever e LEFT JOIN counted c ON c.track_id = e.track_id
                JOIN track t ON t.id = e.track_id WHERE t.album_id IS NOT NULL GROUP BY t.album_id)
         SELECT (SELECT COUNT(*) FROM ever e JOIN counted c ON c.track_id = e.track_id AND c.at = e.at) AS tracks,
                (SELECT COUNT(*) FROM artists WHERE counted = ever) AS artists,
                (SELECT COUNT(*) FROM albums WHERE counted = ever) AS albums"
    );
    let counts: Counts = binds.one(db.read(), &text).await?;

    let mut binds = Binds::default();
    let firsts = self::firsts(scope, user, &mut binds);
    let limit = binds.bind(i64::try_from(first).expect("a list is short"));
    let text = format!(
        "WITH {firsts}
         SELECT e.track_id, e.at AS first_played_at
         FROM ever e JOIN counted c ON c.track_id = e.track_id AND c.at = e.at
         ORDER BY e.at DESC, e.track_id LIMIT {limit}"
    );
    let newest = binds.all(db.read(), &text).await?;
    Ok(Discoveries { tracks: counts.tracks, artists: counts.artists, albums: counts.albums, newest })
}

/// `ever` and `counted`: the first play of each track, of all the listener's plays and of those that count.
fn firsts(scope: &Scope, user: UserId, binds: &mut Binds) -> String {
    let plays = scope.plays(binds);
    let user = binds.bind(user);
    format!(
        "ever AS (SELECT track_id, MIN(played_at) AS at FROM play WHERE user_id = {user} GROUP BY track_id),
         counted AS (SELECT track_id, MIN(played_at) AS at FROM ({plays}) played GROUP BY track_id)"
    )
}
