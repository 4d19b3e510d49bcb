//! One observation of an artist's popularity, at one time.
//!
//! Unique by (artist, observed_at). Written by `ingest` whenever a payload says something new; a value that Spotify does
//! not say is an absent row, never 0.

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;
use crate::time::Instant;

/// A row of `artist_popularity`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist_popularity")]
pub struct Model {
    /// The artist.
    #[sea_orm(primary_key, auto_increment = false)]
    pub artist_id: ArtistId,
    /// When Spotify said so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub observed_at: Instant,
    /// 0 to 100, Spotify's own measure.
    pub popularity: i32,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
