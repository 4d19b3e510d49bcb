//! Rollup: all-time totals of an artist, by everyone, for each way of crediting.
//!
//! Defining sentence: count and sum of `play` by the artists of its track (`track_artist`), a `PRIMARY` row over
//! position 0 only, an `ALL` row over each artist credited at any position, once per play; artists never played have no row.
//! Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from `play`.

use sea_orm::entity::prelude::*;

use crate::ids::ArtistId;

/// A row of `artist_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artist_total")]
pub struct Model {
    /// Which credits count.
    #[sea_orm(primary_key, auto_increment = false)]
    pub credit: Credit,
    /// The artist.
    #[sea_orm(primary_key, auto_increment = false)]
    pub artist_id: ArtistId,
    /// How many times; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The artist.
    #[sea_orm(belongs_to, from = "artist_id", to = "id", on_delete = "Cascade")]
    pub artist: BelongsTo<super::artist::Entity>,
}

/// Which of a track's artists a play counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Credit {
    /// The first credited artist only.
    #[sea_orm(string_value = "primary")]
    Primary,
    /// Every credited artist, once each.
    #[sea_orm(string_value = "all")]
    All,
}

impl ActiveModelBehavior for ActiveModel {}
