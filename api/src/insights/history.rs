//! The listening history itself: plays, newest first.

use entity::db::Db;
use entity::ids::{TrackId, UserId};
use entity::play::{Column, Entity, Model};
use entity::time::{Instant, TimeRange};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Where a play stands in a listener's history: its key, but for the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryKey {
    /// When it ended.
    pub played_at: Instant,
    /// What was played.
    pub track_id: TrackId,
}

/// A part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub plays: Vec<Model>,
    /// Whether older ones follow.
    pub has_next: bool,
}

/// The `first` plays of `user` in `range` (or ever) that come behind `after`.
pub async fn history(
    db: &Db,
    user: UserId,
    range: Option<TimeRange>,
    first: usize,
    after: Option<HistoryKey>,
) -> Result<HistoryPage, DbErr> {
    let mut query = Entity::find().filter(Column::UserId.eq(user));
    if let Some(range) = range {
        query = query.filter(Column::PlayedAt.lt(range.until()));
        if let Some(from) = range.from() {
            query = query.filter(Column::PlayedAt.gte(from));
        }
    }
    if let Some(after) = after {
        let same_instant =
            Condition::all().add(Column::PlayedAt.eq(after.played_at)).add(Column::TrackId.lt(after.track_id));
        query = query.filter(Column::PlayedAt.lte(after.played_at));
        query = query.filter(Condition::any().add(Column::PlayedAt.lt(after.played_at)).add(same_instant));
    }
    let limit = u64::try_from(first + 1).expect("a page is short");
    let mut plays =
        query.order_by_desc(Column::PlayedAt).order_by_desc(Column::TrackId).limit(limit).all(db.read()).await?;
    let has_next = plays.len() > first;
    plays.truncate(first);
    Ok(HistoryPage { plays, has_next })
}
