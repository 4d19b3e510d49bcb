//! A raw response that waited on local disk because the archive was down when it came.
//!
//! Unique by `key`, the archive key it will have. Written by `ingest` when it spools and when it uploads; the bytes are in
//! the spool folder, never here.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;
use crate::time::Instant;

/// A row of `spool_item`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spool_item")]
pub struct Model {
    /// The archive key it will have.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Whose plays it holds.
    pub user_id: Option<UserId>,
    /// When it was spooled.
    pub spooled_at: Instant,
    /// When it reached the archive; null while it waits.
    pub uploaded_at: Option<Instant>,
    /// Whose plays it holds.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
