//! One listen.
//!
//! Unique by (user, played_at, track), milliseconds included; that is also the key, so loading a play twice is loading it
//! once. Written by `ingest` only.
//!
//! `listened_ms` stands here, not on the track, so that a listener's range is answered from one covering index.

use sea_orm::entity::prelude::*;

use crate::ids::{ArchiveObjectId, TrackId, UserId};
use crate::time::Instant;

/// A row of `play`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "play")]
pub struct Model {
    /// Who listened.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When the play ended, as Spotify reports it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub played_at: Instant,
    /// What was played.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// How long, in milliseconds: measured, or the track's full length (an upper bound).
    pub listened_ms: i32,
    /// Whether `listened_ms` was measured (an export says it) rather than assumed.
    pub measured: bool,
    /// Where the play was learned of.
    pub source: Source,
    /// Spotify URI of what it was played from (an album, a playlist, …); null where Spotify does not say.
    pub context_uri: Option<String>,
    /// The archived bytes it came from.
    pub archive_object_id: Option<ArchiveObjectId>,
    /// Who listened.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// What was played.
    #[sea_orm(belongs_to, from = "track_id", to = "id")]
    pub track: BelongsTo<super::track::Entity>,
    /// The archived bytes it came from.
    #[sea_orm(belongs_to, from = "archive_object_id", to = "id", on_delete = "SetNull")]
    pub archive_object: BelongsTo<Option<super::archive_object::Entity>>,
}

/// Where a play was learned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Source {
    /// Spotify's recently-played endpoint.
    #[sea_orm(string_value = "api")]
    Api,
    /// A privacy export.
    #[sea_orm(string_value = "export")]
    Export,
}

impl ActiveModelBehavior for ActiveModel {}
