//! Rollup: all-time totals of an album, by everyone.
//!
//! Defining sentence: count and sum of `play` by its track's `album_id`; albums never played have no row.
//! Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from `play`.

use sea_orm::entity::prelude::*;

use crate::ids::AlbumId;

/// A row of `album_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "album_total")]
pub struct Model {
    /// The album.
    #[sea_orm(primary_key, auto_increment = false)]
    pub album_id: AlbumId,
    /// How many times; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The album.
    #[sea_orm(belongs_to, from = "album_id", to = "id", on_delete = "Cascade")]
    pub album: BelongsTo<super::album::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
