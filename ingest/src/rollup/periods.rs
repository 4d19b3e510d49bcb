//! How many plays lie in a period, and that what is counted of it has changed.

use std::collections::BTreeMap;

use entity::ids::{ArtistId, TrackId, UserId};
use entity::period_total::{EVERYONES_MS, LISTENERS_MS};
use entity::revision::EVERYONE;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::load::bulk::{BINDS_MAX, insert_numbers};

/// Adds to the plays of periods, each known by its audience and which it is, and tells that they have changed: also those that have as many plays
/// as before, but others.
pub(super) async fn change(db: &impl ConnectionTrait, by_period: &BTreeMap<(i32, i32), i64>) -> Result<(), DbErr> {
    let columns = [
        ("audience", by_period.keys().map(|(audience, _)| i64::from(*audience)).collect::<Vec<i64>>()),
        ("period", by_period.keys().map(|(_, period)| i64::from(*period)).collect()),
        ("plays", by_period.values().copied().collect()),
    ];
    let add = "ON CONFLICT (audience, period) DO UPDATE SET plays = period_total.plays + excluded.plays,
                  number = period_total.number + 1";
    insert_numbers(db, "period_total", &[], &columns, add).await
}

/// Tells that what is counted of the plays of `tracks` has changed.
pub(super) async fn touch_tracks(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<(), DbErr> {
    for tracks in tracks.chunks(BINDS_MAX) {
        touch(db, &format!("track_id IN ({})", list(tracks.iter().map(|track| track.0)))).await?;
    }
    Ok(())
}

/// Tells that what is counted of plays that count first of all for `artists` has changed.
pub(super) async fn touch_artists(db: &impl ConnectionTrait, artists: &[ArtistId]) -> Result<(), DbErr> {
    for artists in artists.chunks(BINDS_MAX) {
        let artists = list(artists.iter().map(|artist| artist.0));
        let tracks = format!("SELECT track_id FROM track_artist WHERE artist_id IN ({artists}) AND position = 0");
        touch(db, &format!("track_id IN ({tracks})")).await?;
    }
    Ok(())
}

async fn touch(db: &impl ConnectionTrait, condition: &str) -> Result<(), DbErr> {
    let (everyones, listeners) = (of("played_at", EVERYONES_MS), of("played_at", LISTENERS_MS));
    // In the order of the key, as everywhere. Every such period is here: its plays made it.
    let sql = format!(
        "INSERT INTO period_total (audience, period, plays)
         SELECT audience, period, 0 FROM (
            SELECT {EVERYONE} AS audience, {everyones} AS period FROM play WHERE {condition}
            UNION SELECT user_id, {listeners} FROM play WHERE {condition}) played
         WHERE TRUE ORDER BY audience, period
         ON CONFLICT (audience, period) DO UPDATE SET number = period_total.number + 1"
    );
    db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await.map(|_| ())
}

/// Takes the plays of `user`, which go, out of everyone's periods, and forgets theirs. The caller keeps loads away.
pub(super) async fn forget(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let day = of("played_at", EVERYONES_MS);
    db.execute_unprepared(&format!(
        "UPDATE period_total SET number = number + 1, plays = period_total.plays - theirs.plays
         FROM (SELECT {day} AS period, COUNT(*) AS plays FROM play WHERE user_id = {user} GROUP BY 1) theirs
         WHERE period_total.audience = {EVERYONE} AND period_total.period = theirs.period"
    ))
    .await?;
    for table in ["packed_total", "period_total"] {
        db.execute_unprepared(&format!("DELETE FROM {table} WHERE audience = {user}")).await?;
    }
    Ok(())
}

/// Counts the plays of every period anew. Their numbers rise, and are never begun again: what is being packed meanwhile under
/// an old one must not come to be true.
pub(super) async fn rebuild(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("UPDATE period_total SET plays = 0, number = number + 1").await?;
    db.execute_unprepared(&format!(
        "INSERT INTO period_total (audience, period, plays) SELECT * FROM ({}) counted WHERE TRUE
         ON CONFLICT (audience, period) DO UPDATE SET plays = excluded.plays",
        definition()
    ))
    .await
    .map(|_| ())
}

/// The defining sentence of `plays` as SQL.
pub(super) fn definition() -> String {
    let (everyones, listeners) = (of("played_at", EVERYONES_MS), of("played_at", LISTENERS_MS));
    format!(
        "SELECT {EVERYONE}, {everyones}, COUNT(*) FROM play GROUP BY 2
         UNION ALL SELECT user_id, {listeners}, COUNT(*) FROM play GROUP BY 1, 2"
    )
}

/// The period of `period_ms` that holds the instant `at`, as SQL: rounded down, where both databases round towards 0.
pub(super) fn of(at: &str, period_ms: i64) -> String {
    format!("CAST(({at} - ({at} % {period_ms} + {period_ms}) % {period_ms}) / {period_ms} AS INTEGER)")
}

fn list(ids: impl Iterator<Item = i32>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}
