//! Charts: what was listened to most. One query for all of them: fold the plays by track, fold the tracks by the chart's
//! key, cut out a page, and count what stands above it.
//!
//! The order is total: the measure, the other measure, the key. The rank is a competition rank of the measure alone: equals
//! share it, and the next one is skipped. Pages continue behind a row of that order, so they stay whole while plays arrive.

mod packed;
mod source;

use std::collections::HashMap;
use std::hash::Hash;

use entity::db::Db;
use entity::measure::Measure;
use entity::packed_total::Key;
use sea_orm::{DbErr, FromQueryResult, QueryResult, TryGetable, Value};
use serde::{Deserialize, Serialize};

use self::source::Source;
pub(super) use self::source::{of_tracks, source};
use super::scope::Scope;
use super::sql::Binds;

/// What a chart lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Chart {
    /// Tracks, by their keys.
    Tracks,
    /// Artists, by their keys; a play counts for its primary artist.
    PrimaryArtists,
    /// Artists, by their keys; a play counts once for every artist credited.
    CreditedArtists,
    /// Albums, by their keys; a play whose album is unknown counts nowhere.
    Albums,
    /// Genres, by their names; a play counts for every genre of its primary artist.
    Genres,
    /// Listeners, by their keys.
    Listeners,
}

/// What a chart's rows are told apart by: a row's number, or a genre's name.
pub trait ChartKey: Clone + Eq + Hash + Key + TryGetable + Into<Value> + Serialize + Send + Sync + 'static {}

impl ChartKey for i32 {}
impl ChartKey for String {}

/// A row of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartRow<K> {
    /// What it is the row of.
    pub key: K,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// From 1; equals share it.
    pub rank: i64,
}

/// Where a row stands in the total order of its chart: what the next page continues behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChartPosition<K> {
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The key.
    pub key: K,
}

/// A part of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartPage<K> {
    /// The rows, first the most listened.
    pub rows: Vec<ChartRow<K>>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Rows of the whole chart.
    pub total_count: i64,
    /// The scope's total in the chart's measure: what shares are shares of.
    pub whole: i64,
}

/// The `first` rows of `chart` that come behind `after`.
pub async fn top<K: ChartKey>(
    db: &Db,
    scope: &Scope,
    chart: Chart,
    by: Measure,
    first: usize,
    after: Option<&ChartPosition<K>>,
) -> Result<ChartPage<K>, DbErr> {
    if let Some(folded) = packed::folded(db, scope, chart).await? {
        return Ok(page(folded.rows(by, first, after), by, first));
    }
    let mut binds = Binds::default();
    let Source { tables, whole } = source(db, scope, chart, &mut binds).await?;
    let (measure, other) = columns(by);
    let behind = after.map_or_else(String::new, |after| {
        let (m, o) = match by {
            Measure::Plays => (after.plays, after.listened_ms),
            Measure::ListenTime => (after.listened_ms, after.plays),
        };
        let (m, o, key) = (binds.bind(m), binds.bind(o), binds.bind(after.key.clone()));
        format!("WHERE {measure} < {m} OR ({measure} = {m} AND ({other} < {o} OR ({other} = {o} AND key > {key})))")
    });
    let limit = binds.bind(i64::try_from(first + 1).expect("a page is short"));
    let sum = format!("CAST(COALESCE(SUM({measure}), 0) AS BIGINT)");
    let counted = match &*whole {
        "chart" => format!("SELECT COUNT(*) AS total_count, {sum} AS whole FROM chart"),
        _ => format!("SELECT (SELECT COUNT(*) FROM chart) AS total_count, (SELECT {sum} FROM {whole}) AS whole"),
    };
    // Nothing stands above the first page.
    let (above, equals_before) = match after {
        None => ("CAST(0 AS BIGINT)".to_owned(), "CAST(0 AS BIGINT)".to_owned()),
        Some(_) => (
            format!("(SELECT COUNT(*) FROM chart, head WHERE chart.{measure} > head.m)"),
            format!(
                "(SELECT COUNT(*) FROM chart, head WHERE chart.{measure} = head.m
                    AND (chart.{other} > head.o OR (chart.{other} = head.o AND chart.key < head.key)))"
            ),
        ),
    };
    let text = format!(
        "WITH {tables},
              page AS (
                SELECT key, plays, listened_ms FROM chart {behind}
                ORDER BY {measure} DESC, {other} DESC, key LIMIT {limit}),
              head AS (
                SELECT key, {measure} AS m, {other} AS o FROM page
                ORDER BY {measure} DESC, {other} DESC, key LIMIT 1),
              counted AS ({counted})
         SELECT page.key, page.plays, page.listened_ms, counted.total_count, counted.whole,
                {above} AS above, {equals_before} AS equals_before
         FROM counted LEFT JOIN page ON TRUE
         ORDER BY page.{measure} DESC, page.{other} DESC, page.key"
    );
    let rows: Vec<Row<K>> = binds.all(db.read(), &text).await?;
    Ok(page(rows, by, first))
}

/// The ranks of `keys` in `chart`; a key that is not in it has none.
pub async fn ranks<K: ChartKey>(
    db: &Db,
    scope: &Scope,
    chart: Chart,
    by: Measure,
    keys: &[K],
) -> Result<HashMap<K, i64>, DbErr> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    if let Some(folded) = packed::folded(db, scope, chart).await? {
        return Ok(folded.ranks(by, keys));
    }
    let (measure, _) = columns(by);
    let mut binds = Binds::default();
    let tables = if chart == Chart::Tracks && scope.is_everyone_unfiltered() {
        let Some(least) = least(db, scope, by, keys).await? else { return Ok(HashMap::new()) };
        tracks_that_may_reach(scope, measure, least, &mut binds)
    } else {
        source(db, scope, chart, &mut binds).await?.tables
    };
    let wanted: Vec<String> = keys.iter().map(|key| binds.bind(key.clone())).collect();
    let wanted = wanted.join(", ");
    // What stands below all of them is not ranked: those asked for mostly stand high.
    let text = format!(
        "WITH {tables},
              ranked AS (
                SELECT key, RANK() OVER (ORDER BY {measure} DESC) AS rank FROM chart
                WHERE {measure} >= (SELECT MIN({measure}) FROM chart WHERE key IN ({wanted})))
         SELECT key, rank FROM ranked WHERE key IN ({wanted})"
    );
    let rows: Vec<Rank<K>> = binds.all(db.read(), &text).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.rank)).collect())
}

/// The least that any of these tracks has; `None` if none was played.
async fn least<K: ChartKey>(db: &Db, scope: &Scope, by: Measure, tracks: &[K]) -> Result<Option<i64>, DbErr> {
    #[derive(FromQueryResult)]
    struct Least {
        least: Option<i64>,
    }
    let mut binds = Binds::default();
    let conditions = scope.conditions("played_at", &mut binds);
    let tracks: Vec<String> = tracks.iter().map(|track| binds.bind(track.clone())).collect();
    let measure = match by {
        Measure::Plays => "COUNT(*)",
        Measure::ListenTime => "CAST(SUM(listened_ms) AS BIGINT)",
    };
    let text = format!(
        "SELECT MIN(measure) AS least FROM (
            SELECT {measure} AS measure FROM play WHERE track_id IN ({}) AND {conditions} GROUP BY track_id) tracks",
        tracks.join(", ")
    );
    let row: Least = binds.one(db.read(), &text).await?;
    Ok(row.least)
}

/// `chart` of those tracks alone that may have `least` in everyone's `scope`, because they have it in all time.
fn tracks_that_may_reach(scope: &Scope, measure: &str, least: i64, binds: &mut Binds) -> String {
    let conditions = scope.conditions("played_at", binds);
    let least = binds.bind(least);
    format!(
        "chart AS MATERIALIZED (
            SELECT track_id AS key, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
            FROM play WHERE {conditions} AND track_id IN (SELECT track_id FROM track_total WHERE {measure} >= {least})
            GROUP BY track_id)"
    )
}

fn columns(by: Measure) -> (&'static str, &'static str) {
    match by {
        Measure::Plays => ("plays", "listened_ms"),
        Measure::ListenTime => ("listened_ms", "plays"),
    }
}

struct Rank<K> {
    key: K,
    rank: i64,
}

impl<K: ChartKey> FromQueryResult for Rank<K> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self { key: row.try_get(prefix, "key")?, rank: row.try_get(prefix, "rank")? })
    }
}

struct Row<K> {
    found: Option<(K, i64, i64)>,
    total_count: i64,
    whole: i64,
    above: i64,
    equals_before: i64,
}

impl<K: ChartKey> FromQueryResult for Row<K> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let found = match row.try_get::<Option<K>>(prefix, "key")? {
            Some(key) => Some((key, row.try_get(prefix, "plays")?, row.try_get(prefix, "listened_ms")?)),
            None => None,
        };
        Ok(Self {
            found,
            total_count: row.try_get(prefix, "total_count")?,
            whole: row.try_get(prefix, "whole")?,
            above: row.try_get(prefix, "above")?,
            equals_before: row.try_get(prefix, "equals_before")?,
        })
    }
}

/// Ranks the rows. The counts are those of the page's first row, and stand in every row; a page without rows is one row
/// without a key.
fn page<K>(found: Vec<Row<K>>, by: Measure, first: usize) -> ChartPage<K> {
    let mut page = ChartPage { rows: Vec::new(), has_next: false, total_count: 0, whole: 0 };
    let mut last: Option<(i64, i64)> = None; // the measure and rank of the row before
    for (index, row) in (0_i64..).zip(found) {
        page.total_count = row.total_count;
        page.whole = row.whole;
        let Some((key, plays, listened_ms)) = row.found else { break };
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
