//! Finding one thing: by the name outsiders know it by, or by its place.

use entity::db::Db;
use entity::ids::UserId;
use entity::{album, artist, listener_total, track, user};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// The listener of that username, to the letter.
pub async fn listener_by_username(db: &Db, username: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().filter(user::Column::Username.eq(username)).one(db.read()).await
}

/// The track of that Spotify id.
pub async fn track_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<track::Model>, DbErr> {
    track::Entity::find().filter(track::Column::SpotifyId.eq(spotify_id)).one(db.read()).await
}

/// The artist of that Spotify id.
pub async fn artist_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<artist::Model>, DbErr> {
    artist::Entity::find().filter(artist::Column::SpotifyId.eq(spotify_id)).one(db.read()).await
}

/// The album of that Spotify id.
pub async fn album_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<album::Model>, DbErr> {
    album::Entity::find().filter(album::Column::SpotifyId.eq(spotify_id)).one(db.read()).await
}

/// The listener whose account was made first.
pub async fn first_listener(db: &Db) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().order_by_asc(user::Column::Id).one(db.read()).await
}

/// How many plays of `user` are known: a row of the rollup.
pub async fn plays_ever(db: &Db, user: UserId) -> Result<i64, DbErr> {
    let total = listener_total::Entity::find_by_id(user).one(db.read()).await?;
    Ok(total.map_or(0, |total| total.plays))
}
