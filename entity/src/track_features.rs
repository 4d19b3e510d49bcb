//! The audio features of a track, as Spotify measured them.
//!
//! Unique by track. Written by `ingest`; a set with a value outside its documented range is set aside whole. Source of
//! the ranges: Spotify's *Get Track's Audio Features*.

use sea_orm::entity::prelude::*;

use crate::ids::TrackId;

/// A row of `track_features`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "track_features")]
pub struct Model {
    /// The track.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// Confidence that it is acoustic, 0 to 1.
    pub acousticness: f64,
    /// How suitable for dancing, 0 to 1.
    pub danceability: f64,
    /// Intensity and activity, 0 to 1.
    pub energy: f64,
    /// Confidence that it has no vocals, 0 to 1.
    pub instrumentalness: f64,
    /// Confidence that an audience is present, 0 to 1.
    pub liveness: f64,
    /// Overall loudness in decibels, typically -60 to 0; stored if within -100 to 20.
    pub loudness_db: f64,
    /// Presence of spoken words, 0 to 1.
    pub speechiness: f64,
    /// Estimated beats per minute, 0 (unknown) to 500.
    pub tempo_bpm: f64,
    /// Musical positiveness, 0 to 1.
    pub valence: f64,
    /// The track.
    #[sea_orm(belongs_to, from = "track_id", to = "id", on_delete = "Cascade")]
    pub track: BelongsTo<super::track::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
