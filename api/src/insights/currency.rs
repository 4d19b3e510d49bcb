//! How current and how whole a listener's history is: the link's state, and the windows in which plays were missed.

use entity::db::Db;
use entity::ids::UserId;
use entity::time::{Instant, TimeRange};
use entity::{erasure, gap, play, spotify_account};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// How current a history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    /// The Spotify link, if there ever was one.
    pub account: Option<spotify_account::Model>,
    /// When the newest play ended.
    pub last_played_at: Option<Instant>,
    /// When everything was asked to be erased; `None` unless that is still to be done.
    pub erasure_requested_at: Option<Instant>,
}

/// How current the history of `user` is.
pub async fn currency(db: &Db, user: UserId) -> Result<Currency, DbErr> {
    let account = spotify_account::Entity::find_by_id(user).one(db.read()).await?;
    let last_played_at = play::Entity::find()
        .select_only()
        .column_as(play::Column::PlayedAt.max(), "last_played_at")
        .filter(play::Column::UserId.eq(user))
        .into_tuple::<Option<Instant>>()
        .one(db.read())
        .await?
        .flatten();
    let erasure = erasure::Entity::find_by_id(user).filter(erasure::Column::DoneAt.is_null()).one(db.read()).await?;
    let erasure_requested_at = erasure.map(|erasure| erasure.requested_at);
    Ok(Currency { account, last_played_at, erasure_requested_at })
}

/// The gaps of `user` that reach into `range`, or all of them, newest first.
pub async fn gaps(db: &Db, user: UserId, range: Option<TimeRange>) -> Result<Vec<gap::Model>, DbErr> {
    let mut gaps = gap::Entity::find().filter(gap::Column::UserId.eq(user));
    if let Some(range) = range {
        gaps = gaps.filter(gap::Column::After.lt(range.until()));
    }
    if let Some(from) = range.and_then(|range| range.from()) {
        gaps = gaps.filter(gap::Column::Before.gt(from));
    }
    gaps.order_by_desc(gap::Column::After).all(db.read()).await
}
