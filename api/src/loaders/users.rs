//! Listeners by key.

use std::collections::HashMap;

use entity::ids::UserId;
use entity::user;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};

pub(super) async fn rows(db: DatabaseConnection, ids: Vec<UserId>) -> Result<HashMap<UserId, user::Model>, DbErr> {
    let rows = user::Entity::find().filter(user::Column::Id.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
