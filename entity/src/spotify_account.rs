//! A person's Spotify link: one per user.
//!
//! Unique by `user_id`; by `spotify_user_id` too, so that one Spotify account feeds one person. Written by
//! `ingest accounts` and `api` (the link, what was asked of it) and `ingest run` (its state).

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::Iterable;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

use crate::db::Db;
use crate::ids::UserId;
use crate::secret::Sealed;
use crate::time::Instant;
use crate::{erasure, revision};

/// A row of `spotify_account`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spotify_account")]
pub struct Model {
    /// Whose link it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Spotify's immutable `account_id` of `/me` (or, from apps that do not get it, `id`); null until first seen.
    #[sea_orm(unique)]
    pub spotify_user_id: Option<String>,
    /// The refresh token; null once disconnected.
    pub sealed_refresh_token: Option<Sealed>,
    /// When the person granted access; a refresh token dies six months later.
    pub authorized_at: Instant,
    /// Where the link stands.
    pub state: State,
    /// When a fetch last succeeded.
    pub last_succeeded_at: Option<Instant>,
    /// From when on it is to be fetched again; the epoch for one that never was. The more somebody listens, the sooner.
    #[sea_orm(default_value = 0)]
    pub due_at: Instant,
    /// Rises whenever the link is made anew or ended: who began under an earlier one may not write any more.
    #[sea_orm(default_value = 1)]
    pub generation: i32,
    /// When somebody asked for a fetch out of turn; null once it was made.
    pub requested_at: Option<Instant>,
    /// Until when one process has the refresh token to itself: Spotify may replace it, and whoever shows the old one then
    /// looks like somebody whose access was withdrawn.
    pub refreshing_until: Option<Instant>,
    /// The last of the warnings before the authorization expires: 30, 7 or 1 days.
    pub warned_days: Option<i32>,
    /// The person.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Linked, nothing fetched yet.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Fetched at least once; polled on every run.
    #[sea_orm(string_value = "active")]
    Active,
    /// Access was withdrawn or has expired; not polled until the person connects again.
    #[sea_orm(string_value = "needs_reconnect")]
    NeedsReconnect,
    /// The person ended the link.
    #[sea_orm(string_value = "disconnected")]
    Disconnected,
}

impl ActiveModelBehavior for ActiveModel {}

/// Why nobody was linked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Two people here would share one person's plays.
    #[error("this Spotify account is already linked to user {0}: disconnect one of them")]
    LinkedTwice(UserId),
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Links `user`, or gives them a new link in place of the one they have. `spotify_user_id` is Spotify's id of the person
/// where it is known; otherwise it is learned at the first fetch.
pub async fn connect(
    db: &impl ConnectionTrait,
    user: UserId,
    spotify_user_id: Option<String>,
    sealed_refresh_token: Sealed,
    now: Instant,
) -> Result<(), ConnectError> {
    if let Some(id) = &spotify_user_id {
        let other = Entity::find().filter(Column::SpotifyUserId.eq(id)).filter(Column::UserId.ne(user));
        if let Some(other) = other.one(db).await? {
            return Err(ConnectError::LinkedTwice(other.user_id));
        }
    }
    let row = ActiveModel {
        user_id: Set(user),
        spotify_user_id: Set(spotify_user_id),
        sealed_refresh_token: Set(Some(sealed_refresh_token)),
        authorized_at: Set(now),
        state: Set(State::Pending),
        last_succeeded_at: Set(None),
        ..ActiveModel::fresh()
    };
    let again = OnConflict::column(Column::UserId)
        .update_columns(Column::iter().filter(|column| !matches!(column, Column::UserId | Column::Generation)))
        .value(Column::Generation, Expr::col((Entity, Column::Generation)).add(1))
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

/// Ends the link of `user` at `now` and forgets its token; whether there was one. Whoever is working with it writes nothing
/// any more. With `erase`, everything of that person is asked to be erased in the same transaction.
pub async fn disconnect(db: &Db, user: UserId, erase: bool, now: Instant) -> Result<bool, DbErr> {
    let transaction = db.begin().await?;
    let row = ActiveModel {
        spotify_user_id: Set(None),
        sealed_refresh_token: Set(None),
        state: Set(State::Disconnected),
        generation: NotSet,
        ..ActiveModel::fresh()
    };
    let ended = Entity::update_many()
        .set(row)
        .col_expr(Column::Generation, Expr::col(Column::Generation).add(1))
        .filter(Column::UserId.eq(user))
        .filter(Column::State.ne(State::Disconnected))
        .exec(&transaction)
        .await?;
    if erase {
        erasure::request(&transaction, user, now).await?;
    }
    revision::raise(&transaction, &[user.0], now).await?;
    transaction.commit().await?;
    Ok(ended.rows_affected > 0)
}

impl ActiveModel {
    /// A link of which nothing was asked and nothing warned yet.
    fn fresh() -> Self {
        Self {
            generation: Set(1),
            requested_at: Set(None),
            refreshing_until: Set(None),
            warned_days: Set(None),
            ..<Self as ActiveModelTrait>::default()
        }
    }
}
