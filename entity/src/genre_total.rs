//! Rollup: all-time totals of a genre, by everyone.
//!
//! Defining sentence: count and sum of `play` by every genre (`artist_genre`) of its track's primary artist; genres never
//! played have no row. Written by `ingest` in the transaction that loads the plays or learns an artist's genres;
//! `ingest rollup rebuild` makes it anew from `play`.

use sea_orm::entity::prelude::*;

/// A row of `genre_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "genre_total")]
pub struct Model {
    /// The genre, as Spotify writes it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub genre: String,
    /// How many times; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
