//! A genre that Spotify gives an artist.
//!
//! Unique by (artist, genre). Written by `ingest`; a changed set replaces the old one as a whole.

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;

/// A row of `artist_genre`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist_genre")]
pub struct Model {
    /// The artist.
    #[sea_orm(primary_key, auto_increment = false)]
    pub artist_id: ArtistId,
    /// The genre, as Spotify writes it, such as `dream pop`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub genre: String,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
