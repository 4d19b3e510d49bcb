//! What hangs on an artist.

use std::collections::HashMap;

use entity::ids::ArtistId;
use entity::{artist, artist_followers, artist_genre, artist_image, artist_popularity};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::lists;

pub(super) async fn rows(
    db: DatabaseConnection,
    ids: Vec<ArtistId>,
) -> Result<HashMap<ArtistId, artist::Model>, DbErr> {
    let rows = artist::Entity::find().filter(artist::Column::Id.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

pub(super) async fn genres(
    db: DatabaseConnection,
    ids: Vec<ArtistId>,
) -> Result<HashMap<ArtistId, Vec<String>>, DbErr> {
    let rows = artist_genre::Entity::find().filter(artist_genre::Column::ArtistId.is_in(ids)).all(&db).await?;
    let mut genres = lists(rows.into_iter().map(|row| (row.artist_id, row.genre)));
    genres.values_mut().for_each(|genres| genres.sort()); // here, because the two databases collate differently
    Ok(genres)
}

pub(super) async fn images(
    db: DatabaseConnection,
    ids: Vec<ArtistId>,
) -> Result<HashMap<ArtistId, Vec<artist_image::Model>>, DbErr> {
    let rows = artist_image::Entity::find()
        .filter(artist_image::Column::ArtistId.is_in(ids))
        .order_by_asc(artist_image::Column::ArtistId)
        .order_by_asc(artist_image::Column::Position)
        .all(&db)
        .await?;
    Ok(lists(rows.into_iter().map(|row| (row.artist_id, row))))
}

pub(super) async fn popularity(db: DatabaseConnection, ids: Vec<ArtistId>) -> Result<HashMap<ArtistId, i32>, DbErr> {
    let rows = artist_popularity::Entity::find()
        .filter(artist_popularity::Column::ArtistId.is_in(ids))
        .order_by_asc(artist_popularity::Column::ArtistId)
        .order_by_asc(artist_popularity::Column::ObservedAt)
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.artist_id, row.popularity)).collect()) // the last one of a key stays
}

pub(super) async fn followers(db: DatabaseConnection, ids: Vec<ArtistId>) -> Result<HashMap<ArtistId, i64>, DbErr> {
    let rows = artist_followers::Entity::find()
        .filter(artist_followers::Column::ArtistId.is_in(ids))
        .order_by_asc(artist_followers::Column::ArtistId)
        .order_by_asc(artist_followers::Column::ObservedAt)
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.artist_id, row.followers)).collect()) // the last one of a key stays
}
