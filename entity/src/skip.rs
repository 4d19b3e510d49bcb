//! A stream from a privacy export that was cut short and so does not count as a play.
//!
//! Unique by (user, skipped_at, track). Written by `ingest import`, read by skip statistics only.

use sea_orm::entity::prelude::*;

use crate::ids::{TrackId, UserId};
use crate::time::Instant;

/// A row of `skip`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "skip")]
pub struct Model {
    /// Who skipped.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When the stream stopped.
    #[sea_orm(primary_key, auto_increment = false)]
    pub skipped_at: Instant,
    /// What was skipped.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// How long it ran, in milliseconds.
    pub listened_ms: i32,
    /// Who skipped.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// What was skipped.
    #[sea_orm(belongs_to, from = "track_id", to = "id")]
    pub track: BelongsTo<super::track::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
