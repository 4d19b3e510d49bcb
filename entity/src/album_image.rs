//! A picture of an album, in one of its sizes.
//!
//! Unique by (album, position); position 0 is the largest. Written by `ingest`; a changed list replaces the old one as a
//! whole.

use sea_orm::entity::prelude::*;

use crate::ids::AlbumId;

/// A row of `album_image`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "album_image")]
pub struct Model {
    /// The album.
    #[sea_orm(primary_key, auto_increment = false)]
    pub album_id: AlbumId,
    /// Place in the order of size, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Where the picture is.
    pub url: String,
    /// Pixels; null where Spotify does not say.
    pub width: Option<i32>,
    /// Pixels; null where Spotify does not say.
    pub height: Option<i32>,
    /// The album.
    #[sea_orm(belongs_to, from = "album_id", to = "id", on_delete = "Cascade")]
    pub album: BelongsTo<super::album::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
