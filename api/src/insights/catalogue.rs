//! Finding one thing: by the name outsiders know it by, or by its place.

use entity::db::Db;
use entity::ids::UserId;
use entity::{album, artist, listener_total, track, user};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// The listener of that username, to the letter.
pub async fn listener_by_username(db: &Db, username: &str) -> Result<Option<user::Model>, DbErr> {
    called::<user::Entity>(db, user::Column::Username, username).await
}

/// The track of that Spotify id.
pub async fn track_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<track::Model>, DbErr> {
    called::<track::Entity>(db, track::Column::SpotifyId, spotify_id).await
}

/// The artist of that Spotify id.
pub async fn artist_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<artist::Model>, DbErr> {
    called::<artist::Entity>(db, artist::Column::SpotifyId, spotify_id).await
}

/// The album of that Spotify id.
pub async fn album_by_spotify_id(db: &Db, spotify_id: &str) -> Result<Option<album::Model>, DbErr> {
    called::<album::Entity>(db, album::Column::SpotifyId, spotify_id).await
}

/// The row that has `name` in `column`. No text that is stored holds U+0000, and Postgres refuses to compare with one that
/// does, so such a name is nobody's.
async fn called<E: EntityTrait>(db: &Db, column: E::Column, name: &str) -> Result<Option<E::Model>, DbErr> {
    if name.contains('\0') {
        return Ok(None);
    }
    E::find().filter(column.eq(name)).one(db.read()).await
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
