//! Rollup: all-time totals of a listener.
//!
//! Defining sentence: count and sums of `play` by `user_id`; listeners without plays have no row.
//! Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from `play`.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;

/// A row of `listener_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "listener_total")]
pub struct Model {
    /// The listener.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// How many times; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured.
    pub measured_ms: i64,
    /// The listener.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
