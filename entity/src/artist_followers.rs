//! One observation of how many accounts follow an artist, at one time.
//!
//! Unique by (artist, observed_at). Written by `ingest` whenever a payload says something new; a value that Spotify does
//! not say is an absent row, never 0.

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;
use crate::time::Instant;

/// A row of `artist_followers`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist_followers")]
pub struct Model {
    /// The artist.
    #[sea_orm(primary_key, auto_increment = false)]
    pub artist_id: ArtistId,
    /// When Spotify said so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub observed_at: Instant,
    /// How many accounts.
    pub followers: i64,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
