//! A credit: an artist named on an album.
//!
//! Unique by (album, position) and by (album, artist). Position 0 is the primary artist. Written by `ingest` with the album; a changed list of
//! credits replaces the old one as a whole.

use sea_orm::entity::prelude::*;

use crate::ids::{AlbumId, ArtistId};

/// A row of `album_artist`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "album_artist")]
pub struct Model {
    /// The album.
    #[sea_orm(primary_key, auto_increment = false)]
    pub album_id: AlbumId,
    /// Place in the order of credit, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The artist.
    pub artist_id: ArtistId,
    /// The album.
    #[sea_orm(belongs_to, from = "album_id", to = "id", on_delete = "Cascade")]
    pub album: BelongsTo<super::album::Entity>,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
