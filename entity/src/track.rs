//! A track of the catalogue.
//!
//! Unique by `id` and by `spotify_id`. Written by `ingest` (load and enrich). One recording may come under several
//! Spotify ids (relinking); each is a row, and `isrc` tells that they are the same recording.

use sea_orm::entity::prelude::*;

use crate::ids::{AlbumId, TrackId};

/// A row of `track`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "track")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: TrackId,
    /// Spotify's id, 22 base-62 characters.
    #[sea_orm(unique)]
    pub spotify_id: String,
    /// The title.
    pub name: String,
    /// The title as [`crate::search::fold`] makes it.
    pub search_name: String,
    /// Full length in milliseconds; null until known.
    pub duration_ms: Option<i32>,
    /// The album it appears on; null until known.
    pub album_id: Option<AlbumId>,
    /// Whether Spotify marks it as explicit; null until known.
    pub explicit: Option<bool>,
    /// International Standard Recording Code; null where Spotify does not say.
    pub isrc: Option<String>,
    /// A 30-second preview; null where there is none.
    pub preview_url: Option<String>,
    /// The album.
    #[sea_orm(belongs_to, from = "album_id", to = "id", on_delete = "SetNull")]
    pub album: BelongsTo<Option<super::album::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
