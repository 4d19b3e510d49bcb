//! Where a chart comes from: `chart` (key, plays, listened_ms), all of its rows, and `whole` (plays, listened_ms), whose sum is
//! the scope's total.

use entity::db::Db;
use sea_orm::DbErr;

use super::Chart;
use crate::insights::scope::Scope;
use crate::insights::sql::Binds;

/// The two common table expressions of `chart` over `scope`.
pub(super) async fn source(db: &Db, scope: &Scope, chart: Chart, binds: &mut Binds) -> Result<String, DbErr> {
    Ok(if scope.is_everything(db).await? { of_everything(chart) } else { of_plays(scope, chart, binds) })
}

/// All time and everyone: from the rollups, whose indexes are in chart order, so that a page is read and nothing sorted.
fn of_everything(chart: Chart) -> String {
    let chart = match chart {
        Chart::Tracks => "SELECT track_id AS key, plays, listened_ms FROM track_total",
        Chart::PrimaryArtists => {
            "SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'primary'"
        }
        Chart::CreditedArtists => "SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'all'",
        Chart::Albums => "SELECT album_id AS key, plays, listened_ms FROM album_total",
        Chart::Genres => {
            "SELECT g.genre AS key, CAST(SUM(t.plays) AS BIGINT) AS plays,
                    CAST(SUM(t.listened_ms) AS BIGINT) AS listened_ms
             FROM artist_total t JOIN artist_genre g ON g.artist_id = t.artist_id
             WHERE t.credit = 'primary' GROUP BY g.genre"
        }
        Chart::Listeners => "SELECT user_id AS key, plays, listened_ms FROM listener_total",
    };
    format!(
        "chart AS NOT MATERIALIZED ({chart}),
         whole AS NOT MATERIALIZED (SELECT plays, listened_ms FROM listener_total)"
    )
}

/// Any scope: folded from its plays, once.
fn of_plays(scope: &Scope, chart: Chart, binds: &mut Binds) -> String {
    let plays = scope.plays(binds);
    let folded_by = if chart == Chart::Listeners { "user_id" } else { "track_id" };
    let (key, join) = match chart {
        Chart::Tracks | Chart::Listeners => ("w.key", ""),
        Chart::PrimaryArtists => ("c.artist_id", "JOIN track_artist c ON c.track_id = w.key AND c.position = 0"),
        Chart::CreditedArtists => ("c.artist_id", "JOIN track_artist c ON c.track_id = w.key"),
        Chart::Albums => ("t.album_id", "JOIN track t ON t.id = w.key AND t.album_id IS NOT NULL"),
        Chart::Genres => (
            "g.genre",
            "JOIN track_artist c ON c.track_id = w.key AND c.position = 0
             JOIN artist_genre g ON g.artist_id = c.artist_id",
        ),
    };
    format!(
        "whole AS MATERIALIZED (
            SELECT {folded_by} AS key, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
            FROM ({plays}) played GROUP BY {folded_by}),
         chart AS MATERIALIZED (
            SELECT {key} AS key, CAST(SUM(w.plays) AS BIGINT) AS plays,
                   CAST(SUM(w.listened_ms) AS BIGINT) AS listened_ms
            FROM whole w {join} GROUP BY {key})"
    )
}
