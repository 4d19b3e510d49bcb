//! What hangs on an album.

use std::collections::HashMap;

use entity::ids::{AlbumId, ArtistId};
use entity::{album, album_artist, album_image};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::lists;

pub(super) async fn rows(db: DatabaseConnection, ids: Vec<AlbumId>) -> Result<HashMap<AlbumId, album::Model>, DbErr> {
    let rows = album::Entity::find().filter(album::Column::Id.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

pub(super) async fn artists(
    db: DatabaseConnection,
    ids: Vec<AlbumId>,
) -> Result<HashMap<AlbumId, Vec<ArtistId>>, DbErr> {
    let rows = album_artist::Entity::find()
        .filter(album_artist::Column::AlbumId.is_in(ids))
        .order_by_asc(album_artist::Column::AlbumId)
        .order_by_asc(album_artist::Column::Position)
        .all(&db)
        .await?;
    Ok(lists(rows.into_iter().map(|row| (row.album_id, row.artist_id))))
}

pub(super) async fn images(
    db: DatabaseConnection,
    ids: Vec<AlbumId>,
) -> Result<HashMap<AlbumId, Vec<album_image::Model>>, DbErr> {
    let rows = album_image::Entity::find()
        .filter(album_image::Column::AlbumId.is_in(ids))
        .order_by_asc(album_image::Column::AlbumId)
        .order_by_asc(album_image::Column::Position)
        .all(&db)
        .await?;
    Ok(lists(rows.into_iter().map(|row| (row.album_id, row))))
}
