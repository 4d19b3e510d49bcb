//! Names that were told without an id, and the tracks they stand for.

use std::collections::HashMap;

use entity::ids::TrackId;
use entity::track_alias::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::super::bulk::{self, BINDS_MAX};

/// The tracks that the names with these ids stand for, as far as that was noted.
pub(super) async fn find(db: &impl ConnectionTrait, ids: &[&str]) -> Result<HashMap<String, TrackId>, DbErr> {
    let mut found = HashMap::new();
    for ids in ids.chunks(BINDS_MAX) {
        let rows = Entity::find().filter(Column::NameId.is_in(ids.iter().copied())).all(db).await?;
        found.extend(rows.into_iter().map(|row| (row.name_id, row.track_id)));
    }
    Ok(found)
}

/// Notes that names stand for tracks from now on.
pub(in crate::load) async fn note(
    db: &impl ConnectionTrait,
    names: impl Iterator<Item = (String, TrackId)>,
) -> Result<(), DbErr> {
    let rows = names.map(|(name_id, track_id)| ActiveModel { name_id: Set(name_id), track_id: Set(track_id) });
    let replace = OnConflict::column(Column::NameId).update_column(Column::TrackId).to_owned();
    bulk::insert_rows(db, rows.collect(), Some(replace)).await
}
