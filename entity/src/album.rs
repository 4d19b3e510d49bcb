//! An album of the catalogue; singles and compilations are albums too.
//!
//! Unique by `id` and by `spotify_id`. Written by `ingest` (load and enrich).

use sea_orm::entity::prelude::*;

use crate::ids::AlbumId;

/// A row of `album`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "album")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: AlbumId,
    /// Spotify's id, 22 base-62 characters.
    #[sea_orm(unique)]
    pub spotify_id: String,
    /// The title.
    pub name: String,
    /// The title as [`crate::search::fold`] makes it.
    pub search_name: String,
    /// When it appeared, as precisely as Spotify says: `1981`, `1981-12` or `1981-12-15`; null until known.
    pub release_date: Option<String>,
    /// The year of `release_date`, for counting by year; null until known.
    pub release_year: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
