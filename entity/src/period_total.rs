//! Rollup: how many plays an audience has in a period, and how many times what is counted of them has changed.
//!
//! Defining sentence of `plays`: count of `play` by period, for everyone (audience 0, a period is a UTC day) and for each
//! listener (a period is four weeks). Written by `ingest` in the transaction that loads the plays.
//!
//! `number` rises in every transaction that changes what any insight counts in the period: its plays, or the credits, albums or
//! genres of tracks that were played in it. Totals that were packed under another number ([`crate::packed_total`]) are not
//! true any more. A row stays when the last play goes, with none, so that its number never comes again.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;
use crate::revision;
use crate::time::Instant;

/// Milliseconds of a period of everyone's.
pub const EVERYONES_MS: i64 = 86_400_000;

/// Milliseconds of a period of one listener's.
pub const LISTENERS_MS: i64 = 28 * 86_400_000;

/// A row of `period_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "period_total")]
pub struct Model {
    /// A user's id, or [`revision::EVERYONE`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub audience: i32,
    /// Which period, counted from 1970-01-01T00:00:00Z.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: i32,
    /// How many plays.
    pub plays: i64,
    /// Rises with every change; 1 is the first.
    pub number: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// How long a period of `audience` is, in milliseconds.
pub fn period_ms(audience: i32) -> i64 {
    if audience == revision::EVERYONE { EVERYONES_MS } else { LISTENERS_MS }
}

/// The periods that a play of `user` at `at` belongs to, each with its audience: everyone's and the listener's.
pub fn of_play(user: UserId, at: Instant) -> [(i32, i32); 2] {
    [revision::EVERYONE, user.0].map(|audience| (audience, period(audience, at)))
}

/// The period of `audience` that holds `at`.
pub fn period(audience: i32, at: Instant) -> i32 {
    i32::try_from(at.ms().div_euclid(period_ms(audience))).expect("an instant is within the calendar")
}

/// When `period` of `audience` begins.
pub fn begin(audience: i32, period: i32) -> Instant {
    Instant::from_ms(i64::from(period) * period_ms(audience))
}
