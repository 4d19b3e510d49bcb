//! A credit: an artist named on a track.
//!
//! Unique by (track, position) and by (track, artist). Position 0 is the primary artist. Written by `ingest` with the track; a changed list of
//! credits replaces the old one as a whole.

use sea_orm::entity::prelude::*;

use crate::ids::{ArtistId, TrackId};

/// A row of `track_artist`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "track_artist")]
pub struct Model {
    /// The track.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// Place in the order of credit, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The artist.
    pub artist_id: ArtistId,
    /// The track.
    #[sea_orm(belongs_to, from = "track_id", to = "id", on_delete = "Cascade")]
    pub track: BelongsTo<super::track::Entity>,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
