//! A picture of an artist, in one of its sizes.
//!
//! Unique by (artist, position); position 0 is the largest. Written by `ingest`; a changed list replaces the old one as a
//! whole.

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;

/// A row of `artist_image`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist_image")]
pub struct Model {
    /// The artist.
    #[sea_orm(primary_key, auto_increment = false)]
    pub artist_id: ArtistId,
    /// Place in the order of size, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Where the picture is.
    pub url: String,
    /// Pixels; null where Spotify does not say.
    pub width: Option<i32>,
    /// Pixels; null where Spotify does not say.
    pub height: Option<i32>,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
