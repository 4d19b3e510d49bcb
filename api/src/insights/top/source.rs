//! Where a chart comes from: `chart` (key, plays, listened_ms), all of its rows; and where the scope's total comes from.

use std::borrow::Cow;

use entity::db::Db;
use sea_orm::DbErr;

use super::Chart;
use crate::insights::scope::Scope;
use crate::insights::sql::Binds;

/// The source of a chart.
pub(in crate::insights) struct Source {
    /// Common table expressions, of which one is `chart`.
    pub(in crate::insights) tables: String,
    /// The table whose `plays` and `listened_ms` add up to the scope's total.
    pub(super) whole: Cow<'static, str>,
}

/// The source of `chart` over `scope`.
pub(in crate::insights) async fn source(
    db: &Db,
    scope: &Scope,
    chart: Chart,
    binds: &mut Binds,
) -> Result<Source, DbErr> {
    if scope.is_everything(db).await? {
        return Ok(of_everything(chart));
    }
    if chart == Chart::Listeners {
        let conditions = scope.conditions("played_at", binds);
        let tables = format!(
            "chart AS MATERIALIZED (
                SELECT user_id AS key, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
                FROM play WHERE {conditions} GROUP BY user_id)"
        );
        return Ok(Source { tables, whole: "chart".into() });
    }
    let tracks = scope.tracks(db, binds).await?;
    let whole = match chart {
        Chart::Tracks => "chart".into(),
        _ => format!("({}) whole", scope.whole(db, binds).await?).into(),
    };
    Ok(Source { tables: format!("chart AS MATERIALIZED ({})", of_tracks(&tracks, chart)), whole })
}

/// All time and everyone: from the rollups, whose indexes are in chart order, so that a page is read and nothing sorted.
fn of_everything(chart: Chart) -> Source {
    let chart = match chart {
        Chart::Tracks => "SELECT track_id AS key, plays, listened_ms FROM track_total",
        Chart::PrimaryArtists => {
            "SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'primary'"
        }
        Chart::CreditedArtists => "SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'all'",
        Chart::Albums => "SELECT album_id AS key, plays, listened_ms FROM album_total",
        Chart::Genres => "SELECT genre AS key, plays, listened_ms FROM genre_total",
        Chart::Listeners => "SELECT user_id AS key, plays, listened_ms FROM listener_total",
    };
    Source { tables: format!("chart AS NOT MATERIALIZED ({chart})"), whole: "listener_total".into() }
}

/// `SELECT` of any scope's rows: folded from what its `tracks` were played, which was folded from its plays. What is read once is not kept: on
/// Postgres, keeping it costs as much as folding it. The order of the joins stands in the statement, because SQLite would walk
/// through the credits of all tracks there are, to have them in the order of artists.
pub(in crate::insights) fn of_tracks(tracks: &str, chart: Chart) -> String {
    const SUMS: &str = "CAST(SUM(w.plays) AS BIGINT) AS plays, CAST(SUM(w.listened_ms) AS BIGINT) AS listened_ms";
    match chart {
        Chart::Tracks | Chart::Listeners => {
            format!("SELECT track_id AS key, plays, listened_ms FROM ({tracks}) tracks")
        }
        Chart::PrimaryArtists => format!(
            "SELECT c.artist_id AS key, {SUMS} FROM ({tracks}) w CROSS JOIN track_artist c
             WHERE c.track_id = w.track_id AND c.position = 0 GROUP BY c.artist_id"
        ),
        Chart::CreditedArtists => format!(
            "SELECT c.artist_id AS key, {SUMS} FROM ({tracks}) w CROSS JOIN track_artist c
             WHERE c.track_id = w.track_id GROUP BY c.artist_id"
        ),
        Chart::Albums => format!(
            "SELECT t.album_id AS key, {SUMS} FROM ({tracks}) w CROSS JOIN track t
             WHERE t.id = w.track_id AND t.album_id IS NOT NULL GROUP BY t.album_id"
        ),
        // An artist has several genres and many tracks: what is added up first is added up once.
        Chart::Genres => format!(
            "SELECT g.genre AS key, {SUMS}
             FROM (SELECT c.artist_id, SUM(w.plays) AS plays, SUM(w.listened_ms) AS listened_ms
                   FROM ({tracks}) w CROSS JOIN track_artist c
                   WHERE c.track_id = w.track_id AND c.position = 0 GROUP BY c.artist_id) w
             JOIN artist_genre g ON g.artist_id = w.artist_id GROUP BY g.genre"
        ),
    }
}
