//! What else told of a play that is here already: Spotify's answer, where an export's measured row stands for the play, or an
//! export's second row of one listen.
//!
//! Unique by all that is told. Written by `ingest` only; no insight reads it. Which of several records of one listen is the
//! play, and which are its echoes, is worked out from all of them together, so that the order in which they came does not
//! matter. Because of that none may be forgotten.
//!
//! A record shorter than a play is an echo of a row of [`crate::skip`].

use sea_orm::entity::prelude::*;

use crate::ids::{ArchiveObjectId, TrackId, UserId};
use crate::play::Source;
use crate::time::Instant;

/// A row of `echo`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "echo")]
pub struct Model {
    /// Who listened.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When the listen ended, as this record says.
    #[sea_orm(primary_key, auto_increment = false)]
    pub played_at: Instant,
    /// What was played, as this record says.
    #[sea_orm(primary_key, auto_increment = false)]
    pub track_id: TrackId,
    /// Where the record comes from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: Source,
    /// How long, in milliseconds: measured in an export, else assumed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub listened_ms: i32,
    /// Spotify URI of what it was played from; null where the record does not say.
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

impl ActiveModelBehavior for ActiveModel {}
