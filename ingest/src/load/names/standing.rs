//! What stands in the catalogue about tracks that an export names.

use std::collections::HashMap;

use entity::ids::TrackId;
use entity::name_only;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::super::bulk::BINDS_MAX;
use super::places;

/// A track's row, with the names it stands under.
#[derive(FromQueryResult)]
pub(super) struct Standing {
    pub(super) id: TrackId,
    pub(super) spotify_id: String,
    name: String,
    told: bool,
    artist: Option<String>,
    album: Option<String>,
    album_spotify_id: Option<String>,
    album_artist: Option<String>,
}

impl Standing {
    /// Whether Spotify told of the track, which knows better than any export.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// Its title, if one was ever said.
    pub(super) fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| *name != self.spotify_id)
    }

    /// What its first artist is known by.
    pub(super) fn artist_key(&self) -> Option<String> {
        self.artist.as_deref().map(name_only::key)
    }

    /// What its album is known by, if it is on one; whether an export named that.
    pub(super) fn album_key(&self) -> Option<(String, String, bool)> {
        let artist = self.album_artist.as_deref().map(name_only::key).unwrap_or_default();
        let is_name_only = self.album_spotify_id.as_deref().is_some_and(name_only::is_name_only);
        Some((name_only::key(self.album.as_deref()?), artist, is_name_only))
    }
}

/// The rows of the tracks with these ids.
pub(super) async fn by_id(db: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<Standing>, DbErr> {
    find(db, "t.spotify_id", ids).await
}

/// The rows of the tracks of each title and first artist, by [`name_only::track`]: those that have an id before one that is
/// known by name only, and of those the first id first.
pub(super) async fn by_name(
    db: &impl ConnectionTrait,
    folded: &[&str],
) -> Result<HashMap<String, Vec<Standing>>, DbErr> {
    let mut named: HashMap<String, Vec<Standing>> = HashMap::new();
    for row in find(db, "t.search_name", folded).await? {
        if let Some(artist) = &row.artist {
            named.entry(name_only::track(&row.name, artist)).or_default().push(row);
        }
    }
    for rows in named.values_mut() {
        // Not by the database: each sorts texts in its own way.
        rows.sort_by(|a, b| {
            let order = |row: &Standing| name_only::is_name_only(&row.spotify_id);
            (order(a), &a.spotify_id).cmp(&(order(b), &b.spotify_id))
        });
    }
    Ok(named)
}

async fn find(db: &impl ConnectionTrait, column: &str, wanted: &[&str]) -> Result<Vec<Standing>, DbErr> {
    let mut all = Vec::new();
    for wanted in wanted.chunks(BINDS_MAX) {
        // Raw SQL: the joins are by position as well, which relations do not say.
        let sql = format!(
            "SELECT t.id, t.spotify_id, t.name, a.name AS artist,
                    t.duration_ms IS NOT NULL OR t.explicit IS NOT NULL OR t.isrc IS NOT NULL AS told,
                    l.name AS album, l.spotify_id AS album_spotify_id, b.name AS album_artist
             FROM track t
             LEFT JOIN track_artist c ON c.track_id = t.id AND c.position = 0
             LEFT JOIN artist a ON a.id = c.artist_id
             LEFT JOIN album l ON l.id = t.album_id
             LEFT JOIN album_artist d ON d.album_id = l.id AND d.position = 0
             LEFT JOIN artist b ON b.id = d.artist_id
             WHERE {column} IN ({})",
            places(wanted.len())
        );
        let values = wanted.iter().map(|wanted| (*wanted).into());
        let rows = Standing::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
        all.extend(rows.all(db).await?);
    }
    Ok(all)
}
