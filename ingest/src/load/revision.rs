//! Raises revisions, the last thing a transaction does.

use entity::revision::{ActiveModel, Column, Entity};
use entity::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

/// Raises the revision of each audience by one; `audiences` are users' ids, `EVERYONE` or `CATALOGUE`.
pub(crate) async fn raise(db: &impl ConnectionTrait, audiences: &[i32], now: Instant) -> Result<(), DbErr> {
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
