//! What hangs on catalogue rows: genres, pictures, observations and audio features. A list that is said replaces the one
//! that is known, if it differs; an observation is added when it says something new.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::ids::{AlbumId, ArtistId, TrackId};
use entity::time::Instant;
use entity::{
    album_image, artist_followers, artist_genre, artist_image, artist_popularity, track_features, track_popularity,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

use super::catalogue::{Catalogue, Changes};
use super::{Origin, bulk};
use crate::batch::{Batch, Features, Image};
use crate::rollup;

/// Brings the details up to what `batch` says. Insights read genres and features.
pub(super) async fn upsert(
    db: &impl ConnectionTrait,
    batch: &Batch,
    catalogue: &Catalogue,
    changes: &mut Changes,
) -> Result<(), DbErr> {
    let albums = |album: &crate::batch::Album| Some((catalogue.albums[&album.spotify_id], album.images.clone()?));
    let mut shown = album_images(db, batch.albums.iter().filter_map(albums).collect()).await?;
    let artist = |spotify_id: &String| catalogue.artists[spotify_id];
    let images = batch.artists.iter().filter_map(|a| Some((artist(&a.spotify_id), a.images.clone()?)));
    shown |= artist_images(db, images.collect()).await?;

    let said = batch.artists.iter().filter_map(|a| Some((artist(&a.spotify_id), a.genres.clone()?)));
    let genres_changed = genres(db, said.collect()).await?;
    let features_changed = features(db, &batch.features).await?;
    changes.insights |= genres_changed || features_changed;
    changes.shown |= shown || genres_changed || features_changed;
    Ok(())
}

/// Adds what `documents` observed, each at its time; whether anything was new.
pub(super) async fn observe(
    db: &impl ConnectionTrait,
    documents: &[(&Origin, &Batch)],
    catalogue: &Catalogue,
) -> Result<bool, DbErr> {
    let (mut track_popularity, mut artist_popularity, mut artist_followers) = (vec![], vec![], vec![]);
    for (origin, batch) in documents {
        let at = origin.fetched_at;
        for track in &batch.tracks {
            let id = catalogue.track(&track.spotify_id);
            track_popularity.extend(track.popularity.map(|popularity| (id, at, popularity)));
        }
        for artist in &batch.artists {
            let id = catalogue.artists[&artist.spotify_id];
            artist_popularity.extend(artist.popularity.map(|popularity| (id, at, popularity)));
            artist_followers.extend(artist.followers.map(|followers| (id, at, followers)));
        }
    }
    let mut any = observe_track_popularity(db, track_popularity).await?;
    any |= observe_artist_popularity(db, artist_popularity).await?;
    any |= observe_artist_followers(db, artist_followers).await?;
    Ok(any)
}

async fn genres(db: &impl ConnectionTrait, said: BTreeMap<ArtistId, Vec<String>>) -> Result<bool, DbErr> {
    use artist_genre::{ActiveModel, Column, Entity};
    if said.is_empty() {
        return Ok(false);
    }
    let mut known: HashMap<ArtistId, Vec<String>> = HashMap::new();
    for row in Entity::find().filter(Column::ArtistId.is_in(said.keys().copied())).all(db).await? {
        known.entry(row.artist_id).or_default().push(row.genre);
    }
    known.values_mut().for_each(|genres| genres.sort());
    let is_new = |artist: &ArtistId, genres: &Vec<String>| known.get(artist).map_or(&[][..], Vec::as_slice) != genres;
    let changed: Vec<_> = said.into_iter().filter(|(artist, genres)| is_new(artist, genres)).collect();
    if changed.is_empty() {
        return Ok(false);
    }
    let artists: Vec<ArtistId> = changed.iter().map(|(artist, _)| *artist).collect();
    rollup::leave_genres(db, &artists).await?;
    Entity::delete_many().filter(Column::ArtistId.is_in(artists.iter().copied())).exec(db).await?;
    let rows = changed.into_iter().flat_map(|(artist, genres)| {
        genres.into_iter().map(move |genre| ActiveModel { artist_id: Set(artist), genre: Set(genre) })
    });
    bulk::insert_rows(db, rows.collect(), bulk::once([Column::ArtistId, Column::Genre])).await?;
    rollup::join_genres(db, &artists).await?;
    Ok(true)
}

/// Features are measured once; a later set replaces the row. Whether any changed.
async fn features(db: &impl ConnectionTrait, said: &[Features]) -> Result<bool, DbErr> {
    use track_features::{Column, Entity};
    if said.is_empty() {
        return Ok(false);
    }
    let ids = said.iter().map(|features| features.track.as_str());
    let tracks: Vec<entity::track::Model> =
        entity::track::Entity::find().filter(entity::track::Column::SpotifyId.is_in(ids)).all(db).await?;
    let tracks: HashMap<&str, TrackId> = tracks.iter().map(|track| (track.spotify_id.as_str(), track.id)).collect();
    let rows: Vec<track_features::Model> = said
        .iter()
        .filter_map(|features| {
            let track_id = *tracks.get(features.track.as_str())?; // Features of a track nobody played are of no use.
            Some(track_features::Model { track_id, ..features.values.clone() })
        })
        .collect();
    let known: HashMap<TrackId, track_features::Model> = Entity::find()
        .filter(Column::TrackId.is_in(rows.iter().map(|row| row.track_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.track_id, row))
        .collect();
    let mut changed: Vec<_> = rows.into_iter().filter(|row| known.get(&row.track_id) != Some(row)).collect();
    if changed.is_empty() {
        return Ok(false);
    }
    changed.sort_by_key(|row| row.track_id);
    let replace = OnConflict::column(Column::TrackId)
        .update_columns([
            Column::Acousticness,
            Column::Danceability,
            Column::Energy,
            Column::Instrumentalness,
            Column::Liveness,
            Column::LoudnessDb,
            Column::Speechiness,
            Column::TempoBpm,
            Column::Valence,
        ])
        .to_owned();
    let rows = changed.into_iter().map(|row| row.into_active_model().reset_all());
    bulk::insert_rows(db, rows.collect(), Some(replace)).await?;
    Ok(true)
}

/// Pictures hang on albums and on artists in the same way, in two tables. Whether any changed.
macro_rules! images {
    ($name:ident, $table:ident, $id:ident, $owner:ident, $column:ident) => {
        async fn $name(db: &impl ConnectionTrait, said: BTreeMap<$id, Vec<Image>>) -> Result<bool, DbErr> {
            use $table::{ActiveModel, Column, Entity};
            if said.is_empty() {
                return Ok(false);
            }
            let mut known: HashMap<$id, Vec<Image>> = HashMap::new();
            let rows = Entity::find()
                .filter(Column::$column.is_in(said.keys().copied()))
                .order_by_asc(Column::$column)
                .order_by_asc(Column::Position);
            for row in rows.all(db).await? {
                let image = Image { url: row.url, width: row.width, height: row.height };
                known.entry(row.$owner).or_default().push(image);
            }
            let is_new = |owner: &$id, images: &Vec<Image>| known.get(owner).map_or(&[][..], Vec::as_slice) != images;
            let changed: Vec<_> = said.into_iter().filter(|(owner, images)| is_new(owner, images)).collect();
            if changed.is_empty() {
                return Ok(false);
            }
            let owners = changed.iter().map(|(owner, _)| *owner);
            Entity::delete_many().filter(Column::$column.is_in(owners)).exec(db).await?;
            let rows = changed.into_iter().flat_map(|(owner, images)| {
                (0..).zip(images).map(move |(position, image)| ActiveModel {
                    $owner: Set(owner),
                    position: Set(position),
                    url: Set(image.url),
                    width: Set(image.width),
                    height: Set(image.height),
                })
            });
            bulk::insert_rows(db, rows.collect(), bulk::once([Column::$column, Column::Position])).await?;
            Ok(true)
        }
    };
}

images!(album_images, album_image, AlbumId, album_id, AlbumId);
images!(artist_images, artist_image, ArtistId, artist_id, ArtistId);

/// Observations are added in the same way to three tables: a value that equals the last one known by then says nothing
/// new. Whether any was added.
macro_rules! observe {
    ($name:ident, $table:ident, $id:ident, $owner:ident, $column:ident, $value:ident, $type:ty) => {
        async fn $name(db: &impl ConnectionTrait, said: Vec<($id, Instant, $type)>) -> Result<bool, DbErr> {
            use $table::{ActiveModel, Column, Entity};
            let Some(last) = said.iter().map(|(_, at, _)| *at).max() else { return Ok(false) };
            let owners: BTreeSet<$id> = said.iter().map(|(owner, ..)| *owner).collect();
            let rows = Entity::find()
                .filter(Column::$column.is_in(owners.iter().copied()))
                .filter(Column::ObservedAt.lte(last));
            let mut known: HashMap<$id, BTreeMap<Instant, $type>> = HashMap::new();
            for row in rows.all(db).await? {
                known.entry(row.$owner).or_default().insert(row.observed_at, row.$value);
            }
            let mut new: BTreeMap<($id, Instant), $type> = BTreeMap::new();
            for (owner, at, value) in said {
                let known = known.entry(owner).or_default();
                if known.range(..=at).next_back().is_none_or(|(_, last)| *last != value) && !known.contains_key(&at) {
                    known.insert(at, value);
                    new.insert((owner, at), value);
                }
            }
            let any = !new.is_empty();
            let rows = new.into_iter().map(|((owner, at), value)| ActiveModel {
                $owner: Set(owner),
                observed_at: Set(at),
                $value: Set(value),
            });
            bulk::insert_rows(db, rows.collect(), bulk::once([Column::$column, Column::ObservedAt])).await?;
            Ok(any)
        }
    };
}

observe!(observe_track_popularity, track_popularity, TrackId, track_id, TrackId, popularity, i32);
observe!(observe_artist_popularity, artist_popularity, ArtistId, artist_id, ArtistId, popularity, i32);
observe!(observe_artist_followers, artist_followers, ArtistId, artist_id, ArtistId, followers, i64);
