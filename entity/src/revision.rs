//! How many times what an audience's insights read has changed.
//!
//! Unique by audience: a user's id, or one of the constants here. Raised as the last statement of
//! the transaction that changes the data, so whoever reads the number before the data can never take old data for new. On
//! Postgres a trigger tells every instance of the API at once (channel `refrain_revision`).
//!
//! A row is never deleted, not with the person either: answers are kept under its number, which must not come again.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

use crate::time::Instant;

/// The audience that is everyone; no user has this id.
pub const EVERYONE: i32 = 0;

/// Not people: what the catalogue says of tracks that were played already (credits, genres, albums, features). Every
/// audience's insights read it, so it counts beside each of theirs.
pub const CATALOGUE: i32 = -1;

/// Not plays: who is here, under which names and settings. Rises when a row of `user` is made, changed or erased.
pub const PEOPLE: i32 = -2;

/// Not plays: everything that the catalogue shows of tracks, artists and albums, with their names, pictures and observations.
/// Rises when any row of it is made or changed, so with nearly every page of plays that brings something new.
pub const SHOWN: i32 = -4;

/// Not data: how often the API's caches were emptied, by an operator or because somebody was erased.
pub const CLEARED: i32 = -3;

/// A row of `revision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    /// A user's id, or one of the constants above.
    #[sea_orm(primary_key, auto_increment = false)]
    pub audience: i32,
    /// Rises by one with every change; 1 is the first.
    pub number: i64,
    /// When it last rose.
    pub changed_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

/// Raises the revision of each audience by one, as the last thing a transaction does; `audiences` are users' ids or the
/// constants above.
pub async fn raise(db: &impl ConnectionTrait, audiences: &[i32], now: Instant) -> Result<(), DbErr> {
    let mut audiences = audiences.to_vec();
    // Everyone's row, which all loads share, is locked last and so for the shortest time.
    audiences.sort_unstable_by(|a, b| b.cmp(a));
    audiences.dedup();
    for audience in audiences {
        let first = ActiveModel { audience: Set(audience), number: Set(1), changed_at: Set(now) };
        let next = OnConflict::column(Column::Audience)
            .value(Column::Number, Expr::col((Entity, Column::Number)).add(1))
            .update_column(Column::ChangedAt)
            .to_owned();
        Entity::insert(first).on_conflict(next).exec_without_returning(db).await?;
    }
    Ok(())
}
