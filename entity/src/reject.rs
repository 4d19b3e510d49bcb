//! A record that could not be understood, set aside with its bytes and the reason, while the rest of its page was loaded.
//!
//! Unique by (archive object, position): transforming the same bytes again sets the same records aside once. Written by
//! `ingest` in the transaction that loads the page.

use sea_orm::entity::prelude::*;

use crate::ids::{ArchiveObjectId, UserId};
use crate::time::Instant;

/// A row of `reject`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reject")]
pub struct Model {
    /// The object the record stands in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub archive_object_id: ArchiveObjectId,
    /// Place in the object's list of items, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Whose record; null for the catalogue's.
    pub user_id: Option<UserId>,
    /// Why it was set aside, for operators.
    pub reason: String,
    /// The record, as received.
    pub bytes: Vec<u8>,
    /// When it was set aside.
    pub rejected_at: Instant,
    /// The object.
    #[sea_orm(belongs_to, from = "archive_object_id", to = "id", on_delete = "Cascade")]
    pub archive_object: BelongsTo<super::archive_object::Entity>,
    /// Whose record.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
