//! Rollup: all-time totals of a track, by everyone.
//!
//! Defining sentence: count and sums of `play` by `track_id`; tracks never played have no row.
//! Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from `play`.

use sea_orm::entity::prelude::*;

use crate::ids::TrackId;

/// A row of `track_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "track_total")]
pub struct Model {
    /// The track.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// How many times; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured.
    pub measured_ms: i64,
    /// The track.
    #[sea_orm(belongs_to, from = "track_id", to = "id", on_delete = "Cascade")]
    pub track: BelongsTo<super::track::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
