//! Uploaded privacy exports, and how far they are.

use entity::db::Db;
use entity::ids::{ImportId, UserId};
use entity::import::{Column, Entity, Model};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// An import.
pub async fn import(db: &Db, id: ImportId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db.read()).await
}

/// A listener's imports, newest first.
pub async fn imports(db: &Db, user: UserId) -> Result<Vec<Model>, DbErr> {
    let newest = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::Id).limit(IMPORTS_MAX);
    newest.all(db.read()).await
}

const IMPORTS_MAX: u64 = 20;
