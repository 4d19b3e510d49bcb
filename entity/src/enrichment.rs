//! That Spotify was asked about one thing of the catalogue, and what it had: so that nothing is asked for twice.
//!
//! Unique by (kind, subject). Written by `ingest` when the answer has been loaded. The subject is a row of `track`,
//! `artist` or `album`; it is no foreign key, because it is one of three.

use sea_orm::entity::prelude::*;

use crate::time::Instant;

/// A row of `enrichment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrichment")]
pub struct Model {
    /// What was asked for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Kind,
    /// The track's, artist's or album's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i32,
    /// When Spotify answered.
    pub asked_at: Instant,
    /// What the answer was.
    pub answer: Answer,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// A track's name, length, album and credits.
    #[sea_orm(string_value = "track")]
    Track,
    /// Spotify's id of a track that is known by name only, by a search.
    #[sea_orm(string_value = "name")]
    Name,
    /// An artist's pictures, genres, popularity and followers.
    #[sea_orm(string_value = "artist")]
    Artist,
    /// An album's name, release date and pictures.
    #[sea_orm(string_value = "album")]
    Album,
    /// A track's audio features.
    #[sea_orm(string_value = "features")]
    Features,
}

/// What Spotify had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Answer {
    /// All there is.
    #[sea_orm(string_value = "whole")]
    Whole,
    /// What an app in Development Mode is told: no popularity, no followers, no genres.
    #[sea_orm(string_value = "partial")]
    Partial,
    /// Nothing under this id.
    #[sea_orm(string_value = "absent")]
    Absent,
    /// Something that could not be read; asked again after a while.
    #[sea_orm(string_value = "unreadable")]
    Unreadable,
}

impl ActiveModelBehavior for ActiveModel {}
