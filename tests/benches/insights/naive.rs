//! The predecessor's tables, filled with the same plays: Spotify's texts as keys, an index for each primary key and no other,
//! and no duration but the track's.
//!
//! A play's key is one text, as everything's key is, so what a listener played is found by looking at all plays. How much of
//! the difference that one index makes is told by `--listener-index`, which gives it to the predecessor, too. Otherwise generous
//! where its shape is open: instants are integers; everything is analysed and vacuumed; values stand in the statement, so that
//! each is planned for its own.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

const TABLES: [&str; 18] = [
    "CREATE TABLE naive_user (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO naive_user SELECT username, display_name FROM \"user\" ORDER BY id",
    "CREATE TABLE naive_artist (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO naive_artist SELECT spotify_id, name FROM artist ORDER BY id",
    "CREATE TABLE naive_artist_genre (artist_id TEXT NOT NULL, genre TEXT NOT NULL, PRIMARY KEY (artist_id, genre))",
    "INSERT INTO naive_artist_genre
     SELECT a.spotify_id, g.genre FROM artist_genre g JOIN artist a ON a.id = g.artist_id ORDER BY a.id, g.genre",
    "CREATE TABLE naive_album (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, release_date TEXT)",
    "INSERT INTO naive_album SELECT spotify_id, name, release_date FROM album ORDER BY id",
    "CREATE TABLE naive_track (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, duration_ms INTEGER NOT NULL, album_id TEXT)",
    "INSERT INTO naive_track
     SELECT t.spotify_id, t.name, t.duration_ms, a.spotify_id FROM track t LEFT JOIN album a ON a.id = t.album_id
     ORDER BY t.id",
    "CREATE TABLE naive_track_artist (
        track_id TEXT NOT NULL, artist_id TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (track_id, artist_id))",
    "INSERT INTO naive_track_artist
     SELECT t.spotify_id, a.spotify_id, c.position
     FROM track_artist c JOIN track t ON t.id = c.track_id JOIN artist a ON a.id = c.artist_id ORDER BY t.id, c.position",
    "CREATE TABLE naive_track_features (
        track_id TEXT NOT NULL PRIMARY KEY, danceability DOUBLE PRECISION, energy DOUBLE PRECISION,
        tempo_bpm DOUBLE PRECISION, valence DOUBLE PRECISION)",
    "INSERT INTO naive_track_features
     SELECT t.spotify_id, f.danceability, f.energy, f.tempo_bpm, f.valence
     FROM track_features f JOIN track t ON t.id = f.track_id ORDER BY t.id",
    "CREATE TABLE naive_play (
        id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, played_at BIGINT NOT NULL, track_id TEXT NOT NULL,
        source TEXT NOT NULL, context_uri TEXT)",
    "INSERT INTO naive_play
     SELECT u.username || ':' || p.played_at || ':' || t.id, u.username, p.played_at, t.spotify_id, p.source, p.context_uri
     FROM play p JOIN \"user\" u ON u.id = p.user_id JOIN track t ON t.id = p.track_id ORDER BY p.played_at",
    "CREATE TABLE naive_skip (
        id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, skipped_at BIGINT NOT NULL, track_id TEXT NOT NULL)",
    "INSERT INTO naive_skip
     SELECT u.username || ':' || s.skipped_at || ':' || t.id, u.username, s.skipped_at, t.spotify_id
     FROM skip s JOIN \"user\" u ON u.id = s.user_id JOIN track t ON t.id = s.track_id ORDER BY s.skipped_at",
];

/// Makes the tables from ours.
pub(crate) async fn fill(db: &DatabaseConnection) -> Result<(), DbErr> {
    for statement in TABLES {
        db.execute_unprepared(statement).await?;
    }
    Ok(())
}

const LISTENER_INDEXES: [(&str, &str); 2] = [
    ("naive_play_listener", "naive_play (user_id, played_at)"),
    ("naive_skip_listener", "naive_skip (user_id, skipped_at)"),
];

/// Gives the tables the index in which a listener's range is found, or takes it from them.
pub(crate) async fn index_listeners(db: &DatabaseConnection, wanted: bool) -> Result<(), DbErr> {
    for (name, columns) in LISTENER_INDEXES {
        let statement = match wanted {
            true => format!("CREATE INDEX IF NOT EXISTS {name} ON {columns}"),
            false => format!("DROP INDEX IF EXISTS {name}"),
        };
        db.execute_unprepared(&statement).await?;
    }
    Ok(())
}
