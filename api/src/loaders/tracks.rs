//! What hangs on a track.

use std::collections::HashMap;

use entity::ids::{ArtistId, TrackId};
use entity::{track, track_artist, track_features, track_popularity};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::lists;

pub(super) async fn rows(db: DatabaseConnection, ids: Vec<TrackId>) -> Result<HashMap<TrackId, track::Model>, DbErr> {
    let rows = track::Entity::find().filter(track::Column::Id.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

pub(super) async fn artists(
    db: DatabaseConnection,
    ids: Vec<TrackId>,
) -> Result<HashMap<TrackId, Vec<ArtistId>>, DbErr> {
    let rows = track_artist::Entity::find()
        .filter(track_artist::Column::TrackId.is_in(ids))
        .order_by_asc(track_artist::Column::TrackId)
        .order_by_asc(track_artist::Column::Position)
        .all(&db)
        .await?;
    Ok(lists(rows.into_iter().map(|row| (row.track_id, row.artist_id))))
}

pub(super) async fn popularity(db: DatabaseConnection, ids: Vec<TrackId>) -> Result<HashMap<TrackId, i32>, DbErr> {
    let rows = track_popularity::Entity::find()
        .filter(track_popularity::Column::TrackId.is_in(ids))
        .order_by_asc(track_popularity::Column::TrackId)
        .order_by_asc(track_popularity::Column::ObservedAt)
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.track_id, row.popularity)).collect()) // the last one of a key stays
}

pub(super) async fn features(
    db: DatabaseConnection,
    ids: Vec<TrackId>,
) -> Result<HashMap<TrackId, track_features::Model>, DbErr> {
    let rows = track_features::Entity::find().filter(track_features::Column::TrackId.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(|row| (row.track_id, row)).collect())
}
