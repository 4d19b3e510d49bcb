//! Rollup: totals of a UTC day, by everyone.
//!
//! Defining sentence: count and sums of `play` by `played_at` divided by 86,400,000 ms, rounded down; days without plays
//! have no row. Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from
//! `play`.

use sea_orm::entity::prelude::*;

/// A row of `day_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "day_total")]
pub struct Model {
    /// Days since 1970-01-01 UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// How many plays; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured.
    pub measured_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
