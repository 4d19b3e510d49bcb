//! How many times what an audience's insights read has changed.
//!
//! Unique by audience: a user's id, [`EVERYONE`] or [`CATALOGUE`]. Raised as the last statement of the transaction that changes the
//! data, so whoever reads the number before the data can never take old data for new.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

use crate::time::Instant;

/// The audience that is everyone; no user has this id.
pub const EVERYONE: i32 = 0;

/// Not people: what the catalogue says of tracks that were played already (credits, genres, albums, features). Every
/// audience's insights read it, so it counts beside each of theirs.
pub const CATALOGUE: i32 = -1;

/// A row of `revision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    /// A user's id, [`EVERYONE`] or [`CATALOGUE`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub audience: i32,
    /// Rises by one with every change; 1 is the first.
    pub number: i64,
    /// When it last rose.
    pub changed_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

/// Raises the revision of each audience by one, as the last thing a transaction does; `audiences` are users' ids,
/// [`EVERYONE`] or [`CATALOGUE`].
pub async fn raise(db: &impl ConnectionTrait, audiences: &[i32], now: Instant) -> Result<(), DbErr> {
    let mut audiences = audiences.to_vec();
    // Everyone's row, which all loads share, is locked last and so for the shortest time.
    audiences.sort_unstable_by(|a, b| b.cmp(a));
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
