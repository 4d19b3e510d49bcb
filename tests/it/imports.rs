//! Privacy exports: from files to plays, complete, once each, and told to the row.

mod bad_input;
mod counts;
mod learned;
mod matching;
mod names;
mod order;
mod shown;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;

use ::ingest::import::{self, Limits, Options, Progress, Report};
use ::ingest::rollup;
use entity::ids::UserId;
use sea_orm::{ConnectionTrait, Statement};
use tests::database::TestDb;
use tests::ingest::Station;

/// 2026-11-22T06:00:00Z: a whole minute, three hours before a station's clock starts.
const T0: i64 = tests::ingest::START_MS - 3 * 3_600_000;

/// Adds somebody without a Spotify link.
async fn person(db: &TestDb, name: &str) -> UserId {
    let sql = format!(
        "INSERT INTO \"user\" (username, display_name, time_zone, listed, joined_at)
         VALUES ('{name}', '{name}', 'Europe/Berlin', false, 0)"
    );
    db.execute(&sql).await;
    let id = db.number(&format!("SELECT CAST(id AS bigint) FROM \"user\" WHERE username = '{name}'")).await;
    UserId(i32::try_from(id).unwrap())
}

/// Imports files for somebody, and holds the result against what must always be so.
async fn import(station: &Station, user: UserId, paths: &[PathBuf]) -> Report {
    import_in_chunks(station, user, paths, Limits::default().streams_a_chunk).await
}

/// The same, with so many streams in a transaction.
async fn import_in_chunks(station: &Station, user: UserId, paths: &[PathBuf], streams_a_chunk: usize) -> Report {
    let db = station.db.db();
    let progress = Arc::new(Progress::default());
    let limits = Limits { streams_a_chunk, ..Limits::default() };
    let options = Options { match_window_s: station.pipeline.match_window_s, limits, ..Options::new(user) };
    let calls = station.spotify.referee().web_api_calls();
    let report = import::import(&db, &station.pipeline.clock, paths.to_vec(), &options, Arc::clone(&progress))
        .await
        .unwrap_or_else(|error| panic!("{}", entity::chain::chain(&error)));
    assert_eq!(station.spotify.referee().web_api_calls(), calls, "an import asks Spotify nothing");
    assert_eq!(report.counted(), report.rows, "every row is counted once: {report:#?}");
    assert_eq!(report.rows, report.files.iter().map(|file| file.rows).sum::<u64>());
    assert_eq!(progress.seen().rows_loaded, report.rows);
    assert_eq!(rollup::verify(&db).await.unwrap(), [], "totals agree with the plays");
    report
}

/// The rows of a query, each as its one text.
async fn texts(db: &TestDb, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(db.db().backend(), sql);
    let rows = db.db().write().query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Everything that exports and pages came to, told in Spotify's ids and in names, so that two databases can be compared.
async fn facts(db: &TestDb) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for sql in [
        "SELECT u.username || ' ' || p.played_at || ' ' || t.spotify_id || ' ' || p.listened_ms || ' ' ||
                CASE WHEN p.measured THEN 'measured' ELSE 'assumed' END || ' ' || p.source || ' ' || COALESCE(p.context_uri, '')
         FROM play p JOIN track t ON t.id = p.track_id JOIN \"user\" u ON u.id = p.user_id ORDER BY 1",
        "SELECT s.skipped_at || ' ' || t.spotify_id || ' ' || s.listened_ms
         FROM skip s JOIN track t ON t.id = s.track_id ORDER BY 1",
        "SELECT e.played_at || ' ' || t.spotify_id || ' ' || e.listened_ms || ' ' || e.source || COALESCE(e.context_uri, '')
         FROM echo e JOIN track t ON t.id = e.track_id ORDER BY 1",
        "SELECT t.spotify_id || ' ' || t.name || ' ' || COALESCE(l.spotify_id, 'no album') || ' ' ||
                COALESCE(a.spotify_id, 'nobody') || ' ' || COALESCE(a.name, '')
         FROM track t LEFT JOIN album l ON l.id = t.album_id
         LEFT JOIN track_artist c ON c.track_id = t.id LEFT JOIN artist a ON a.id = c.artist_id ORDER BY 1",
    ] {
        let mut rows = texts(db, sql).await;
        rows.sort();
        all.push(rows);
    }
    all
}

/// A listener's plays: seconds after [`T0`], Spotify's id, seconds listened.
async fn plays(db: &TestDb) -> Vec<String> {
    let sql = format!(
        "SELECT ((p.played_at - {T0}) / 1000) || ' ' || t.spotify_id || ' ' || (p.listened_ms / 1000) || ' ' || p.source
         FROM play p JOIN track t ON t.id = p.track_id ORDER BY p.user_id, p.played_at, t.spotify_id"
    );
    texts(db, &sql).await
}
