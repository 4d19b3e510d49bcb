//! An artist of the catalogue.
//!
//! Unique by `id` and by `spotify_id`: two artists of one name are two rows. Written by `ingest` (load and enrich).

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;

/// A row of `artist`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: ArtistId,
    /// Spotify's id, 22 base-62 characters.
    #[sea_orm(unique)]
    pub spotify_id: String,
    /// The name.
    pub name: String,
    /// The name as [`crate::search::fold`] makes it.
    pub search_name: String,
}

impl ActiveModelBehavior for ActiveModel {}
