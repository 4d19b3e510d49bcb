//! Charts: what was played how much, in an order that leaves nothing open, ranked by counting what is greater.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::history::Heard;
use super::scope::Scope;

/// What a chart lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Tracks.
    Tracks,
    /// Primary artists.
    PrimaryArtists,
    /// All credited artists.
    CreditedArtists,
    /// Albums.
    Albums,
    /// Genres of the primary artist.
    Genres,
    /// Listeners.
    Listeners,
}

/// All charts.
pub const CHARTS: [Chart; 6] =
    [Chart::Tracks, Chart::PrimaryArtists, Chart::CreditedArtists, Chart::Albums, Chart::Genres, Chart::Listeners];

/// What a chart is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How many times.
    Plays,
    /// For how long.
    ListenTime,
}

/// What tells a chart's rows apart and orders equals, and how a row is shown. Genres have no number, the others no order by
/// name.
type Row = (i32, String);

impl Chart {
    /// The rows for which a play counts.
    fn rows_of(self, play: &Heard) -> Vec<Row> {
        match self {
            Self::Tracks => vec![(play.track.key, play.track.spotify_id.clone())],
            Self::PrimaryArtists => {
                play.primary().map(|artist| (artist.key, artist.spotify_id.clone())).into_iter().collect()
            }
            Self::CreditedArtists => {
                play.artists.iter().map(|artist| (artist.key, artist.spotify_id.clone())).collect()
            }
            Self::Albums => play.album.map(|album| (album.key, album.spotify_id.clone())).into_iter().collect(),
            Self::Genres => {
                play.primary().into_iter().flat_map(|artist| &artist.genres).map(|genre| (0, genre.clone())).collect()
            }
            Self::Listeners => vec![(play.listener.key, play.listener.username.clone())],
        }
    }

    /// The key of the answer.
    pub fn alias(self, by: Measure) -> String {
        format!("{self:?}By{by:?}")
    }

    /// What is asked.
    pub fn field(self, by: Measure, first: usize, after: Option<&str>) -> String {
        let (field, node) = match self {
            Self::Tracks => ("topTracks", "spotifyId"),
            Self::PrimaryArtists | Self::CreditedArtists => ("topArtists", "spotifyId"),
            Self::Albums => ("topAlbums", "spotifyId"),
            Self::Genres => ("topGenres", ""),
            Self::Listeners => ("topListeners", "username"),
        };
        let credit = if self == Self::CreditedArtists { ", credit: ALL" } else { "" };
        let after = after.map_or_else(String::new, |after| format!(", after: {}", json!(after)));
        let (node, nodes) = match self {
            Self::Genres => ("genre".to_owned(), String::new()),
            _ => (format!("node {{ {node} }}"), format!("nodes {{ {node} }}")),
        };
        let by = if by == Measure::Plays { "PLAYS" } else { "LISTEN_TIME" };
        format!(
            "{field}(first: {first}, by: {by}{credit}{after}) {{ totalCount {nodes}
               edges {{ cursor rank previousRank plays listenTimeMs share {node} }}
               pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
        )
    }

    /// The first page.
    pub fn page(self, scope: &Scope, by: Measure, first: usize) -> Value {
        let edges = edges(scope, self, by);
        let page: Vec<Value> = edges.iter().take(first).cloned().collect();
        let mut answer = json!({
            "totalCount": edges.len(),
            "edges": page,
            "pageInfo": { "hasNextPage": edges.len() > first, "hasPreviousPage": false },
        });
        if self != Self::Genres {
            answer["nodes"] = page.iter().map(|edge| edge["node"].clone()).collect();
        }
        answer
    }
}

/// Every row of a chart, first the most listened.
pub fn edges(scope: &Scope, chart: Chart, by: Measure) -> Vec<Value> {
    let counted = counted(scope, chart);
    let before = scope.previous().map(|previous| self::counted(&previous, chart));
    let whole = measure(&(scope.plays.len(), scope.listened_ms()), by);

    let mut rows: Vec<(&Row, &(usize, i64))> = counted.iter().collect();
    rows.sort_by_key(|(row, count)| {
        let other = if by == Measure::Plays { Measure::ListenTime } else { Measure::Plays };
        (-measure(count, by), -measure(count, other), *row)
    });
    let edge = |(row, count): (&Row, &(usize, i64))| {
        let mut edge = json!({
            "rank": rank(&counted, row, by),
            "previousRank": before.as_ref().and_then(|before| rank(before, row, by)),
            "plays": count.0,
            "listenTimeMs": count.1,
            "share": if whole == 0 { 0.0 } else { measure(count, by) as f64 / whole as f64 },
        });
        match chart {
            Chart::Genres => edge["genre"] = json!(row.1),
            Chart::Listeners => edge["node"] = json!({ "username": row.1 }),
            _ => edge["node"] = json!({ "spotifyId": row.1 }),
        }
        edge
    };
    rows.into_iter().map(edge).collect()
}

/// How many plays and milliseconds each row has.
fn counted(scope: &Scope, chart: Chart) -> BTreeMap<Row, (usize, i64)> {
    let mut counted = BTreeMap::new();
    for play in &scope.plays {
        for row in chart.rows_of(play) {
            let count: &mut (usize, i64) = counted.entry(row).or_default();
            count.0 += 1;
            count.1 += play.listened_ms;
        }
    }
    counted
}

fn measure(count: &(usize, i64), by: Measure) -> i64 {
    match by {
        Measure::Plays => count.0.try_into().expect("a list of plays is short"),
        Measure::ListenTime => count.1,
    }
}

/// One more than there are rows with more.
fn rank(counted: &BTreeMap<Row, (usize, i64)>, row: &Row, by: Measure) -> Option<usize> {
    let own = measure(counted.get(row)?, by);
    Some(1 + counted.values().filter(|other| measure(other, by) > own).count())
}
