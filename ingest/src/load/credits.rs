//! Who is credited on what, and which album a track is on. Both decide where a play counts, so a change moves the totals of
//! plays that are already there.

use std::collections::{BTreeMap, HashMap};

use entity::ids::{AlbumId, ArtistId, TrackId};
use entity::{album_artist, track, track_artist};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::bulk;
use super::catalogue::{Catalogue, Changes};
use crate::batch::{Album, Track};
use crate::rollup;

/// Brings albums' credits up to what is said. No insight counts by them.
pub(super) async fn of_albums(
    db: &impl ConnectionTrait,
    said: &[Album],
    catalogue: &Catalogue,
    changes: &mut Changes,
) -> Result<(), DbErr> {
    use album_artist::{ActiveModel, Column, Entity};
    let wanted: BTreeMap<AlbumId, Vec<ArtistId>> = said
        .iter()
        .filter_map(|album| Some((catalogue.albums[&album.spotify_id], ids(album.artists.as_ref()?, catalogue))))
        .collect();
    let rows = Entity::find()
        .filter(Column::AlbumId.is_in(wanted.keys().copied()))
        .order_by_asc(Column::AlbumId)
        .order_by_asc(Column::Position)
        .all(db)
        .await?;
    let known = lists(rows.into_iter().map(|row| (row.album_id, row.artist_id)));
    let changed: Vec<_> = wanted.into_iter().filter(|(album, artists)| known.get(album) != Some(artists)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let old: Vec<AlbumId> = changed.iter().map(|(album, _)| *album).filter(|album| known.contains_key(album)).collect();
    if !old.is_empty() {
        Entity::delete_many().filter(Column::AlbumId.is_in(old.iter().copied())).exec(db).await?;
    }
    let new = positioned(&changed).map(|(album, position, artist)| ActiveModel {
        album_id: Set(album),
        position: Set(position),
        artist_id: Set(artist),
    });
    bulk::insert_rows(db, new.collect(), bulk::once([Column::AlbumId, Column::Position])).await?;
    changes.shown = true;
    Ok(())
}

/// Brings tracks' albums and credits up to what is said, moving totals along.
pub(super) async fn of_tracks(
    db: &impl ConnectionTrait,
    said: &[Track],
    catalogue: &Catalogue,
    changes: &mut Changes,
) -> Result<(), DbErr> {
    let wanted: BTreeMap<TrackId, (Option<AlbumId>, Option<Vec<ArtistId>>)> = said
        .iter()
        .map(|track| {
            let album = track.album.as_ref().map(|album| catalogue.albums[album]);
            let artists = track.artists.as_ref().map(|artists| ids(artists, catalogue));
            (catalogue.track(&track.spotify_id), (album, artists))
        })
        .collect();
    let known = standing(db, wanted.keys().copied()).await?;
    let moved: Vec<TrackId> = wanted
        .iter()
        .filter(|(track, (album, artists))| {
            let stands = &known[track];
            (album.is_some() && *album != stands.album) || artists.as_ref().is_some_and(|a| *a != stands.artists)
        })
        .map(|(track, _)| *track)
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    // From here to the commit no other load adds a play of these tracks: a new play locks its track's row against this.
    lock(db, &moved).await?;
    let before = standing(db, moved.iter().copied()).await?;
    let were_played = rollup::discredit(db, &moved).await?;
    let mut albums: BTreeMap<AlbumId, Vec<TrackId>> = BTreeMap::new();
    let mut credits: Vec<(TrackId, Vec<ArtistId>)> = Vec::new();
    for track in &moved {
        let (album, artists) = &wanted[track];
        if let Some(album) = album.filter(|album| before[track].album != Some(*album)) {
            albums.entry(album).or_default().push(*track);
        }
        if let Some(artists) = artists.as_ref().filter(|artists| before[track].artists != **artists) {
            credits.push((*track, artists.clone()));
        }
    }
    // A statement for all tracks of an album and two for all credits: most tracks that move are new, a page full of them.
    for (album, tracks) in albums {
        track::Entity::update_many()
            .col_expr(track::Column::AlbumId, Expr::value(album))
            .filter(track::Column::Id.is_in(tracks))
            .exec(db)
            .await?;
    }
    let old = credits.iter().map(|(track, _)| *track).filter(|track| !before[track].artists.is_empty()).collect();
    replace(db, old, &credits).await?;
    rollup::credit(db, &moved).await?;
    for (track, artists) in &credits {
        match before[track].artists.first() {
            Some(first) if artists.first() != Some(first) => {
                changes.recognised.otherwise.push(*track);
                let title = catalogue.tracks.values().find(|row| row.id == *track);
                changes.came.extend(title.map(|row| (*track, row.search_name.clone())));
            }
            // A track that is new has no plays to settle again.
            None if !changes.came.contains_key(track) => changes.recognised.more.push(*track),
            _ => {}
        }
    }
    changes.insights |= were_played;
    changes.shown = true;
    Ok(())
}

/// Where a track stands in the catalogue.
#[derive(Default)]
struct Standing {
    album: Option<AlbumId>,
    artists: Vec<ArtistId>,
}

async fn standing(
    db: &impl ConnectionTrait,
    tracks: impl Iterator<Item = TrackId> + Clone,
) -> Result<HashMap<TrackId, Standing>, DbErr> {
    let albums: Vec<(TrackId, Option<AlbumId>)> = track::Entity::find()
        .select_only()
        .columns([track::Column::Id, track::Column::AlbumId])
        .filter(track::Column::Id.is_in(tracks.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let credits = track_artist::Entity::find()
        .filter(track_artist::Column::TrackId.is_in(tracks))
        .order_by_asc(track_artist::Column::TrackId)
        .order_by_asc(track_artist::Column::Position)
        .all(db)
        .await?;
    let mut artists = lists(credits.into_iter().map(|row| (row.track_id, row.artist_id)));
    Ok(albums
        .into_iter()
        .map(|(track, album)| (track, Standing { album, artists: artists.remove(&track).unwrap_or_default() }))
        .collect())
}

pub(super) async fn lock(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<(), DbErr> {
    track::Entity::find()
        .filter(track::Column::Id.is_in(tracks.iter().copied()))
        .order_by_asc(track::Column::Id)
        .lock_exclusive()
        .all(db)
        .await
        .map(|_| ())
}

/// Gives tracks their credits, in place of those that the `old` ones among them had.
async fn replace(
    db: &impl ConnectionTrait,
    old: Vec<TrackId>,
    credits: &[(TrackId, Vec<ArtistId>)],
) -> Result<(), DbErr> {
    use track_artist::{ActiveModel, Column, Entity};
    if !old.is_empty() {
        Entity::delete_many().filter(Column::TrackId.is_in(old)).exec(db).await?;
    }
    let new = positioned(credits).map(|(track, position, artist)| ActiveModel {
        track_id: Set(track),
        position: Set(position),
        artist_id: Set(artist),
    });
    bulk::insert_rows(db, new.collect(), None).await
}

fn ids(artists: &[String], catalogue: &Catalogue) -> Vec<ArtistId> {
    artists.iter().map(|artist| catalogue.artists[artist]).collect()
}

/// Rows in order of owner and position, as a list per owner.
fn lists<K: std::hash::Hash + Eq, V>(rows: impl Iterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        lists.entry(key).or_default().push(value);
    }
    lists
}

fn positioned<K: Copy>(lists: &[(K, Vec<ArtistId>)]) -> impl Iterator<Item = (K, i32, ArtistId)> {
    lists.iter().flat_map(|(key, artists)| (0..).zip(artists).map(|(position, artist)| (*key, position, *artist)))
}
