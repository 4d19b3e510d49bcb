//! How much: plays, listen time, and how many different things.
//!
//! Distinct counts are counts of what was played in the range; they are not additive and never summed.

use entity::db::Db;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::packs::Packs;
use super::scope::Scope;
use super::sql::Binds;
use super::top::Chart;

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
    if scope.filter.only_excludes() && scope.is_all_time_of_everyone(db).await? {
        return of_the_rest(db, scope).await;
    }
    if let Some(totals) = packed(db, scope).await? {
        return Ok(totals);
    }
    let mut binds = Binds::default();
    let heard = scope.tracks_measured(db, &mut binds).await?;
    let listeners = listeners(scope, &mut binds);
    let text = format!(
        "WITH heard AS MATERIALIZED ({heard}),
              whole AS (
                SELECT CAST(COALESCE(SUM(plays), 0) AS BIGINT) AS plays,
                       CAST(COALESCE(SUM(listened_ms), 0) AS BIGINT) AS listened_ms,
                       CAST(COALESCE(SUM(measured_ms), 0) AS BIGINT) AS measured_ms,
                       COUNT(*) AS tracks
                FROM heard),
              artists AS (
                SELECT COUNT(CASE WHEN position = 0 THEN 1 END) AS primary_artists, COUNT(*) AS credited_artists
                FROM (SELECT MIN(c.position) AS position FROM heard h CROSS JOIN track_artist c
                      WHERE c.track_id = h.track_id GROUP BY c.artist_id) artist),
              albums AS (
                SELECT COUNT(*) AS albums
                FROM (SELECT t.album_id FROM heard h CROSS JOIN track t
                      WHERE t.id = h.track_id AND t.album_id IS NOT NULL GROUP BY t.album_id) album)
         SELECT whole.*, artists.*, albums.*, {listeners} AS listeners
         FROM whole CROSS JOIN artists CROSS JOIN albums"
    );
    binds.one(db.read(), &text).await
}

/// The totals of a scope that is packed for the most part.
async fn packed(db: &Db, scope: &Scope) -> Result<Option<Totals>, DbErr> {
    let mut charts = vec![Chart::Tracks, Chart::PrimaryArtists, Chart::CreditedArtists, Chart::Albums];
    let listeners_are_packed = scope.listener().is_none() && scope.filter.is_of_times();
    charts.extend(listeners_are_packed.then_some(Chart::Listeners));
    let Some(packs) = Packs::of(db, scope, &charts).await? else { return Ok(None) };
    let count = async |chart| packs.count(chart).await.map(|(count, _)| count);
    let (tracks, whole) = packs.count(Chart::Tracks).await?;
    Ok(Some(Totals {
        plays: whole.plays,
        listened_ms: whole.listened_ms,
        measured_ms: whole.measured_ms,
        tracks,
        primary_artists: count(Chart::PrimaryArtists).await?,
        credited_artists: count(Chart::CreditedArtists).await?,
        albums: count(Chart::Albums).await?,
        listeners: match scope.listener() {
            Some(_) => i64::from(whole.plays > 0),
            None if listeners_are_packed => count(Chart::Listeners).await?,
            None => {
                let mut binds = Binds::default();
                let listeners = listeners(scope, &mut binds);
                packs.one::<Count>(&format!("SELECT {listeners} AS count"), binds).await?.count
            }
        },
    }))
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// The totals of everyone's all time without what the filter excludes: those of everything less those of what is excluded, which
/// mostly is the smaller part. An artist or album is gone if all of its plays are.
async fn of_the_rest(db: &Db, scope: &Scope) -> Result<Totals, DbErr> {
    let mut binds = Binds::default();
    let excluded = scope.filter.excluded_tracks(&mut binds);
    let listeners = listeners(scope, &mut binds);
    let less = |(total, gone): (&str, &str)| format!("CAST(everything.{total} - {gone}.{total} AS BIGINT) AS {total}");
    let totals = [
        ("plays", "gone_whole"),
        ("listened_ms", "gone_whole"),
        ("measured_ms", "gone_whole"),
        ("tracks", "gone_whole"),
        ("primary_artists", "gone_artists"),
        ("credited_artists", "gone_artists"),
        ("albums", "gone_albums"),
    ];
    let text = format!(
        "WITH gone AS MATERIALIZED (
                SELECT track_id, plays, listened_ms, measured_ms FROM track_total WHERE track_id IN ({excluded})),
              gone_whole AS (
                SELECT COALESCE(SUM(plays), 0) AS plays, COALESCE(SUM(listened_ms), 0) AS listened_ms,
                       COALESCE(SUM(measured_ms), 0) AS measured_ms, COUNT(*) AS tracks
                FROM gone),
              gone_artists AS (
                SELECT COUNT(CASE WHEN a.credit = 'primary' AND a.plays = artist.primary_plays THEN 1 END) AS primary_artists,
                       COUNT(CASE WHEN a.credit = 'all' AND a.plays = artist.plays THEN 1 END) AS credited_artists
                FROM (SELECT c.artist_id, SUM(gone.plays) AS plays,
                             SUM(CASE WHEN c.position = 0 THEN gone.plays ELSE 0 END) AS primary_plays
                      FROM gone CROSS JOIN track_artist c WHERE c.track_id = gone.track_id GROUP BY c.artist_id) artist
                CROSS JOIN artist_total a
                WHERE a.artist_id = artist.artist_id AND a.credit IN ('primary', 'all')),
              gone_albums AS (
                SELECT COUNT(*) AS albums
                FROM (SELECT t.album_id, SUM(gone.plays) AS plays
                      FROM gone CROSS JOIN track t WHERE t.id = gone.track_id AND t.album_id IS NOT NULL
                      GROUP BY t.album_id) album
                CROSS JOIN album_total a WHERE a.album_id = album.album_id AND a.plays = album.plays),
              everything AS ({OF_EVERYTHING})
         SELECT {}, {listeners} AS listeners
         FROM everything CROSS JOIN gone_whole CROSS JOIN gone_artists CROSS JOIN gone_albums",
        totals.map(less).join(", ")
    );
    binds.one(db.read(), &text).await
}

/// How many listeners there are among the plays, as SQL.
fn listeners(scope: &Scope, binds: &mut Binds) -> String {
    if scope.listener().is_some() {
        return "CAST(CASE WHEN whole.plays > 0 THEN 1 ELSE 0 END AS BIGINT)".to_owned();
    }
    let conditions = scope.conditions("played_at", binds);
    if scope.filter.names_what_passes() {
        return format!("(SELECT COUNT(*) FROM (SELECT user_id FROM play WHERE {conditions} GROUP BY user_id) u)");
    }
    // Most of a listener's plays count, so that the first one is soon found. With EXISTS, Postgres would read all of them.
    format!(
        "(SELECT COUNT((SELECT 1 FROM play WHERE play.user_id = l.user_id AND {conditions} LIMIT 1))
          FROM listener_total l)"
    )
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
