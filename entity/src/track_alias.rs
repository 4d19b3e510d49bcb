//! Which track a name of the short account data stands for, which tells no ids.
//!
//! Unique by the name's id ([`crate::name_only::track`]). Written by `ingest` only, when a name is found to be a track's or a track
//! known by name takes Spotify's id, so that the same name leads to the same track whatever that is called later.

use sea_orm::entity::prelude::*;

use crate::ids::TrackId;

/// A row of `track_alias`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "track_alias")]
pub struct Model {
    /// The id made of title and first artist, as they were told.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name_id: String,
    /// The track.
    pub track_id: TrackId,
    /// The track.
    #[sea_orm(belongs_to, from = "track_id", to = "id")]
    pub track: BelongsTo<super::track::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
