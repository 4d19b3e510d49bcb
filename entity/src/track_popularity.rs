//! One observation of a track's popularity, at one time.
//!
//! Unique by (track, observed_at). Written by `ingest` whenever a payload says something new; a value that Spotify does
//! not say is an absent row, never 0.

use sea_orm::entity::prelude::*;

use crate::ids::TrackId;
use crate::time::Instant;

/// A row of `track_popularity`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "track_popularity")]
pub struct Model {
    /// The track.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// When Spotify said so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub observed_at: Instant,
    /// 0 to 100, Spotify's own measure.
    pub popularity: i32,
    /// The track.
    #[sea_orm(belongs_to, from = "track_id", to = "id", on_delete = "Cascade")]
    pub track: BelongsTo<super::track::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
