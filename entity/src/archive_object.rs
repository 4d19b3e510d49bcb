//! One object in the raw archive: the bytes of one response, as received.
//!
//! Unique by `id` and by `key`. Written by `ingest` in the transaction that loads the object; a play points here, so
//! that every number can be traced to the bytes it came from.

use sea_orm::entity::prelude::*;

use crate::ids::{ArchiveObjectId, UserId};
use crate::time::Instant;

/// A row of `archive_object`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "archive_object")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: ArchiveObjectId,
    /// Where the object is, below the archive's root.
    #[sea_orm(unique)]
    pub key: String,
    /// Whose plays it holds; null for the catalogue's objects.
    pub user_id: Option<UserId>,
    /// When Spotify answered.
    pub fetched_at: Instant,
    /// The person.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
