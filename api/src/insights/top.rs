//! Charts: what was listened to most. One query for all of them: fold the plays by track, fold the tracks by the chart's
//! key, cut out a page, and count what stands above it.
//!
//! The order is total: the measure, the other measure, the key. The rank is a competition rank of the measure alone: equals
//! share it, and the next one is skipped. Pages continue behind a row of that order, so they stay whole while plays arrive.

use entity::db::Db;
use entity::measure::Measure;
use sea_orm::{DbErr, FromQueryResult};

use super::scope::Scope;
use super::sql::Binds;

/// What a chart lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chart {
    /// Tracks.
    Tracks,
    /// Artists; a play counts for its primary artist.
    PrimaryArtists,
    /// Artists; a play counts once for every artist credited.
    CreditedArtists,
    /// Listeners.
    Listeners,
}

/// A row of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRow {
    /// The key of the track, artist or listener.
    pub key: i32,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// From 1; equals share it.
    pub rank: i64,
}

/// Where a row stands in the total order of its chart: what the next page continues behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartPosition {
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The key.
    pub key: i32,
}

/// A part of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartPage {
    /// The rows, first the most listened.
    pub rows: Vec<ChartRow>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Rows of the whole chart.
    pub total_count: i64,
    /// The scope's total in the chart's measure: what shares are shares of.
    pub whole: i64,
}

/// The `first` rows of `chart` that come behind `after`.
pub async fn top(
    db: &Db,
    scope: &Scope,
    chart: Chart,
    by: Measure,
    first: usize,
    after: Option<ChartPosition>,
) -> Result<ChartPage, DbErr> {
    let db = db.read();
    let mut binds = Binds::default();
    let is_everything = scope.is_everything(db).await?;
    let source = if is_everything { of_everything(chart).to_owned() } else { of_scope(scope, chart, &mut binds) };
    let (measure, other) = match by {
        Measure::Plays => ("plays", "listened_ms"),
        Measure::ListenTime => ("listened_ms", "plays"),
    };
    let behind = after.map_or_else(String::new, |after| {
        let (m, o) = match by {
            Measure::Plays => (after.plays, after.listened_ms),
            Measure::ListenTime => (after.listened_ms, after.plays),
        };
        let (m, o, key) = (binds.bind(m), binds.bind(o), binds.bind(after.key));
        format!("WHERE {measure} < {m} OR ({measure} = {m} AND ({other} < {o} OR ({other} = {o} AND key > {key})))")
    });
    let limit = binds.bind(i64::try_from(first + 1).expect("a page is short"));
    let text = format!(
        "WITH {source},
              page AS (
                SELECT key, plays, listened_ms FROM chart {behind}
                ORDER BY {measure} DESC, {other} DESC, key LIMIT {limit}),
              head AS (
                SELECT key, {measure} AS m, {other} AS o FROM page
                ORDER BY {measure} DESC, {other} DESC, key LIMIT 1)
         SELECT page.key, page.plays, page.listened_ms,
                (SELECT COUNT(*) FROM chart) AS total_count,
                (SELECT CAST(COALESCE(SUM({measure}), 0) AS BIGINT) FROM whole) AS whole,
                (SELECT COUNT(*) FROM chart, head WHERE chart.{measure} > head.m) AS above,
                (SELECT COUNT(*) FROM chart, head WHERE chart.{measure} = head.m
                   AND (chart.{other} > head.o OR (chart.{other} = head.o AND chart.key < head.key))) AS equals_before
         FROM (SELECT 1 AS one) always LEFT JOIN page ON TRUE
         ORDER BY page.{measure} DESC, page.{other} DESC, page.key"
    );
    let rows: Vec<Row> = binds.all(db, &text).await?;
    Ok(page(rows, by, first))
}

/// `chart` (key, plays, listened_ms) and `whole` (plays, listened_ms) of all time and everyone, from the rollups, whose
/// indexes are in chart order.
fn of_everything(chart: Chart) -> &'static str {
    match chart {
        Chart::Tracks => {
            "chart AS NOT MATERIALIZED (SELECT track_id AS key, plays, listened_ms FROM track_total),
             whole AS NOT MATERIALIZED (SELECT plays, listened_ms FROM listener_total)"
        }
        Chart::PrimaryArtists => {
            "chart AS NOT MATERIALIZED (
                SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'primary'),
             whole AS NOT MATERIALIZED (SELECT plays, listened_ms FROM listener_total)"
        }
        Chart::CreditedArtists => {
            "chart AS NOT MATERIALIZED (
                SELECT artist_id AS key, plays, listened_ms FROM artist_total WHERE credit = 'all'),
             whole AS NOT MATERIALIZED (SELECT plays, listened_ms FROM listener_total)"
        }
        Chart::Listeners => {
            "chart AS NOT MATERIALIZED (SELECT user_id AS key, plays, listened_ms FROM listener_total),
             whole AS NOT MATERIALIZED (SELECT plays, listened_ms FROM listener_total)"
        }
    }
}

/// The same for any scope, folded from its plays.
fn of_scope(scope: &Scope, chart: Chart, binds: &mut Binds) -> String {
    let plays = scope.plays(binds);
    let key = if chart == Chart::Listeners { "user_id" } else { "track_id" };
    let chart = match chart {
        Chart::Tracks | Chart::Listeners => "SELECT key, plays, listened_ms FROM whole",
        Chart::PrimaryArtists => {
            "SELECT c.artist_id AS key, CAST(SUM(w.plays) AS BIGINT) AS plays,
                    CAST(SUM(w.listened_ms) AS BIGINT) AS listened_ms
             FROM whole w JOIN track_artist c ON c.track_id = w.key AND c.position = 0 GROUP BY c.artist_id"
        }
        Chart::CreditedArtists => {
            "SELECT c.artist_id AS key, CAST(SUM(w.plays) AS BIGINT) AS plays,
                    CAST(SUM(w.listened_ms) AS BIGINT) AS listened_ms
             FROM whole w JOIN track_artist c ON c.track_id = w.key GROUP BY c.artist_id"
        }
    };
    format!(
        "whole AS MATERIALIZED (
            SELECT {key} AS key, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
            FROM ({plays}) played GROUP BY {key}),
         chart AS MATERIALIZED ({chart})"
    )
}

#[derive(FromQueryResult)]
struct Row {
    key: Option<i32>,
    plays: Option<i64>,
    listened_ms: Option<i64>,
    total_count: i64,
    whole: i64,
    above: i64,
    equals_before: i64,
}

/// Ranks the rows. The counts are those of the page's first row, and stand in every row; a page without rows is one row
/// without a key.
fn page(found: Vec<Row>, by: Measure, first: usize) -> ChartPage {
    let mut page = ChartPage { rows: Vec::new(), has_next: false, total_count: 0, whole: 0 };
    let mut last: Option<(i64, i64)> = None; // the measure and rank of the row before
    for (index, row) in (0_i64..).zip(found) {
        page.total_count = row.total_count;
        page.whole = row.whole;
        let (Some(key), Some(plays), Some(listened_ms)) = (row.key, row.plays, row.listened_ms) else { break };
        if page.rows.len() == first {
            page.has_next = true;
            break;
        }
        let measure = match by {
            Measure::Plays => plays,
            Measure::ListenTime => listened_ms,
        };
        let rank = match last {
            None => row.above + 1,
            Some((same, rank)) if same == measure => rank,
            Some(_) => row.above + row.equals_before + index + 1,
        };
        last = Some((measure, rank));
        page.rows.push(ChartRow { key, plays, listened_ms, rank });
    }
    page
}
