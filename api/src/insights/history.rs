//! The listening history itself: plays, newest first.

use entity::db::Db;
use entity::ids::{TrackId, UserId};
use entity::time::Instant;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use super::sql::Binds;

/// One play of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct HistoryPlay {
    /// Who listened.
    pub user_id: UserId,
    /// When it ended.
    pub played_at: Instant,
    /// What was played.
    pub track_id: TrackId,
    /// Listened milliseconds.
    pub listened_ms: i32,
    /// Whether they were measured.
    pub measured: bool,
    /// What it was played from.
    pub context_uri: Option<String>,
}

/// Where a play stands in a listener's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryKey {
    /// When it ended.
    pub played_at: Instant,
    /// What was played.
    pub track_id: TrackId,
}

/// A part of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// Newest first.
    pub plays: Vec<HistoryPlay>,
    /// Whether older ones follow.
    pub has_next: bool,
}

const COLUMNS: &str = "user_id, played_at, track_id, listened_ms, measured, context_uri";

/// The `first` plays of one listener's `scope` that come behind `after`.
pub async fn history(db: &Db, scope: &Scope, first: usize, after: Option<HistoryKey>) -> Result<HistoryPage, DbErr> {
    let mut binds = Binds::default();
    let conditions = scope.conditions("played_at", &mut binds);
    let behind = after.map_or_else(String::new, |after| {
        let (at, track) = (binds.bind(after.played_at), binds.bind(after.track_id));
        format!("AND played_at <= {at} AND (played_at < {at} OR track_id < {track})")
    });
    let limit = binds.bind(i64::try_from(first + 1).expect("a page is short"));
    let text = format!(
        "SELECT {COLUMNS} FROM play WHERE {conditions} {behind}
         ORDER BY played_at DESC, track_id DESC LIMIT {limit}"
    );
    let mut plays: Vec<HistoryPlay> = binds.all(db.read(), &text).await?;
    let has_next = plays.len() > first;
    plays.truncate(first);
    Ok(HistoryPage { plays, has_next })
}

/// The first play of `scope`; of several at one instant, the one with the smallest keys.
pub async fn first_play(db: &Db, scope: &Scope) -> Result<Option<HistoryPlay>, DbErr> {
    at_the_edge(db, scope, "ASC").await
}

/// The last play of `scope`; of several at one instant, the one with the largest keys.
pub async fn last_play(db: &Db, scope: &Scope) -> Result<Option<HistoryPlay>, DbErr> {
    at_the_edge(db, scope, "DESC").await
}

async fn at_the_edge(db: &Db, scope: &Scope, order: &str) -> Result<Option<HistoryPlay>, DbErr> {
    let mut binds = Binds::default();
    let mut conditions = scope.conditions("played_at", &mut binds);
    if scope.listener().is_none() && scope.filter.names_what_passes() {
        // What passes may be so little that nobody should look for it in the order of time: each track's edge is in an index.
        let (of_tracks, when) = scope.tracks_and_times(&mut binds);
        let edge = if order == "ASC" { "MIN" } else { "MAX" };
        conditions.push_str(&format!(
            " AND played_at = (
                SELECT {edge}((SELECT {edge}(played_at) FROM play WHERE play.track_id = passing.track_id AND {when}))
                FROM (SELECT id AS track_id FROM track) passing WHERE {of_tracks})"
        ));
    }
    let text = format!(
        "SELECT {COLUMNS} FROM play WHERE {conditions}
         ORDER BY played_at {order}, user_id {order}, track_id {order} LIMIT 1"
    );
    Ok(binds.all(db.read(), &text).await?.pop())
}
