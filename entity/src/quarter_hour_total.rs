//! Rollup: totals of a quarter of an hour, by everyone.
//!
//! Defining sentence: count and sums of `play` by `played_at` divided by 900,000 ms, rounded down; quarters without plays
//! have no row. Written by `ingest` in the transaction that loads the plays; `ingest rollup rebuild` makes it anew from
//! `play`.
//!
//! Quarters, because every zone in force is a whole number of them away from UTC: they tile the local hours and days of
//! all of them, where UTC days would serve UTC alone.

use sea_orm::entity::prelude::*;

/// Milliseconds in a quarter of an hour.
pub const QUARTER_HOUR_MS: i64 = 900_000;

/// A row of `quarter_hour_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarter_hour_total")]
pub struct Model {
    /// Quarters of an hour since 1970-01-01T00:00:00Z.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter_hour: i32,
    /// How many plays; at least 1.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured.
    pub measured_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
