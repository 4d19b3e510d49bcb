//! What a person wanted gone, and until when nothing of theirs may come back.
//!
//! Unique by user: a later request takes the place of an earlier one. Written by `api` and `ingest accounts` (the request)
//! and by `ingest` (that it was carried out). The row stays: it is the tombstone at which late jobs are turned away.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, QuerySelect};

use crate::ids::UserId;
use crate::time::Instant;

/// A row of `erasure`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    /// Whose data.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When it was asked for.
    pub requested_at: Instant,
    /// What was received up to here is gone from the database, and refused should it turn up again; null before that.
    pub erased_until: Option<Instant>,
    /// When the archive and the spool were rid of it too; null before that.
    pub done_at: Option<Instant>,
    /// Whose data.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Asks for everything of `user` to be erased. The ingest carries it out; from now on it refuses what was received before.
pub async fn request(db: &impl ConnectionTrait, user: UserId, now: Instant) -> Result<(), DbErr> {
    let row = ActiveModel { user_id: Set(user), requested_at: Set(now), erased_until: Set(None), done_at: Set(None) };
    let again = OnConflict::column(Column::UserId)
        .update_columns([Column::RequestedAt, Column::ErasedUntil, Column::DoneAt])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

/// Whose erasures are to be carried out, oldest first.
pub async fn pending(db: &impl ConnectionTrait) -> Result<Vec<UserId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(Column::DoneAt.is_null())
        .order_by_asc(Column::RequestedAt)
        .order_by_asc(Column::UserId)
        .into_tuple()
        .all(db)
        .await
}

/// Whether what was received for `user` at `received_at` must not be loaded: it was erased, or is about to be.
pub async fn refuses(db: &impl ConnectionTrait, user: UserId, received_at: Instant) -> Result<bool, DbErr> {
    let row = Entity::find_by_id(user).one(db).await?;
    Ok(row.is_some_and(|row| row.erased_until.is_none_or(|until| received_at <= until)))
}
