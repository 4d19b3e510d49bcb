//! Tracks, artists and albums, wherever in a document they stand.
//!
//! Source of the shapes: Spotify's *Get Track*, *Get Artist* and *Get Album*, and *Get Several* of each, in full and in
//! simplified form.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Error, answer, each_item, lenient};
use crate::batch::{Album, Artist, Batch, Image, Track};

/// Facts of `GET /v1/tracks?ids=…` or `GET /v1/tracks/…`.
pub fn tracks(bytes: &[u8]) -> Result<Batch, Error> {
    objects(bytes, "tracks", "the track has no id", add_track)
}

/// Facts of `GET /v1/artists?ids=…` or `GET /v1/artists/…`.
pub fn artists(bytes: &[u8]) -> Result<Batch, Error> {
    objects(bytes, "artists", "the artist has no id", add_artist)
}

/// Facts of `GET /v1/albums?ids=…` or `GET /v1/albums/…`. The album's list of tracks is not read: what nobody played is
/// not in the catalogue.
pub fn albums(bytes: &[u8]) -> Result<Batch, Error> {
    objects(bytes, "albums", "the album has no id", add_album)
}

fn objects<T: DeserializeOwned>(
    bytes: &[u8],
    list: &str,
    nameless: &str,
    add: impl Fn(&mut Batch, T) -> Option<String>,
) -> Result<Batch, Error> {
    let mut batch = Batch::default();
    let rejects = each_item(&answer::items(bytes, list)?, |json| {
        if json == "null" {
            return Ok(());
        }
        let object = serde_json::from_str(json).map_err(|error| error.to_string())?;
        add(&mut batch, object).map(|_| ()).ok_or_else(|| nameless.to_owned())
    });
    batch.rejects = rejects;
    Ok(batch)
}

#[derive(Deserialize)]
pub(super) struct TrackJson {
    #[serde(default, deserialize_with = "lenient::field")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    duration_ms: Option<i32>,
    #[serde(default, deserialize_with = "lenient::field")]
    album: Option<AlbumJson>,
    #[serde(default, deserialize_with = "lenient::list")]
    artists: Option<Vec<ArtistJson>>,
    #[serde(default, deserialize_with = "lenient::field")]
    explicit: Option<bool>,
    #[serde(default, deserialize_with = "lenient::field")]
    external_ids: Option<ExternalIdsJson>,
    #[serde(default, deserialize_with = "lenient::field")]
    preview_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    popularity: Option<i32>,
}

#[derive(Deserialize)]
struct ExternalIdsJson {
    #[serde(default, deserialize_with = "lenient::field")]
    isrc: Option<String>,
}

#[derive(Deserialize)]
struct AlbumJson {
    #[serde(default, deserialize_with = "lenient::field")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    release_date: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    artists: Option<Vec<ArtistJson>>,
    #[serde(default, deserialize_with = "lenient::list")]
    images: Option<Vec<ImageJson>>,
}

#[derive(Deserialize)]
struct ArtistJson {
    #[serde(default, deserialize_with = "lenient::field")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    genres: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient::list")]
    images: Option<Vec<ImageJson>>,
    #[serde(default, deserialize_with = "lenient::field")]
    popularity: Option<i32>,
    #[serde(default, deserialize_with = "lenient::field")]
    followers: Option<FollowersJson>,
}

#[derive(Deserialize)]
struct FollowersJson {
    #[serde(default, deserialize_with = "lenient::field")]
    total: Option<i64>,
}

#[derive(Deserialize)]
struct ImageJson {
    #[serde(default, deserialize_with = "lenient::field")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    width: Option<i32>,
    #[serde(default, deserialize_with = "lenient::field")]
    height: Option<i32>,
}

/// Adds a track with its album and artists; its id, or `None` if it has none.
pub(super) fn add_track(batch: &mut Batch, track: TrackJson) -> Option<String> {
    let id = lenient::spotify_id(track.id, track.uri.as_deref())?;
    let album = track.album.and_then(|album| add_album(batch, album));
    let artists = track.artists.and_then(|artists| add_credits(batch, artists));
    if batch.tracks.iter().all(|known| known.spotify_id != id) {
        batch.tracks.push(Track {
            spotify_id: id.clone(),
            name: lenient::text(track.name),
            duration_ms: track.duration_ms.filter(|ms| *ms > 0),
            album,
            artists,
            explicit: track.explicit,
            isrc: lenient::text(track.external_ids.and_then(|ids| ids.isrc)).map(|isrc| isrc.to_uppercase()),
            preview_url: lenient::text(track.preview_url),
            popularity: track.popularity.filter(|value| (0..=100).contains(value)),
        });
    }
    Some(id)
}

fn add_album(batch: &mut Batch, album: AlbumJson) -> Option<String> {
    let id = lenient::spotify_id(album.id, album.uri.as_deref())?;
    let artists = album.artists.and_then(|artists| add_credits(batch, artists));
    if batch.albums.iter().all(|known| known.spotify_id != id) {
        batch.albums.push(Album {
            spotify_id: id.clone(),
            name: lenient::text(album.name),
            release_date: album.release_date.filter(|date| release_year(date).is_some()),
            artists,
            images: album.images.map(largest_first),
        });
    }
    Some(id)
}

/// Adds the artists of a list of credits; their ids in order, or `None` if nobody is named.
fn add_credits(batch: &mut Batch, artists: Vec<ArtistJson>) -> Option<Vec<String>> {
    let mut ids: Vec<String> = Vec::with_capacity(artists.len());
    for artist in artists {
        if let Some(id) = add_artist(batch, artist)
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then_some(ids)
}

/// Adds an artist, or what this mention says beyond earlier ones; its id, or `None` if it has none.
fn add_artist(batch: &mut Batch, artist: ArtistJson) -> Option<String> {
    let id = lenient::spotify_id(artist.id, artist.uri.as_deref())?;
    let said = Artist {
        spotify_id: id.clone(),
        name: lenient::text(artist.name),
        genres: artist.genres.map(|mut genres| {
            genres.retain(|genre| !genre.trim().is_empty());
            genres.sort();
            genres.dedup();
            genres
        }),
        images: artist.images.map(largest_first),
        popularity: artist.popularity.filter(|value| (0..=100).contains(value)),
        followers: artist.followers.and_then(|followers| followers.total).filter(|total| *total >= 0),
    };
    match batch.artists.iter_mut().find(|known| known.spotify_id == id) {
        None => batch.artists.push(said),
        Some(known) => {
            known.name = known.name.take().or(said.name);
            known.genres = known.genres.take().or(said.genres);
            known.images = known.images.take().or(said.images);
            known.popularity = known.popularity.or(said.popularity);
            known.followers = known.followers.or(said.followers);
        }
    }
    Some(id)
}

fn largest_first(images: Vec<ImageJson>) -> Vec<Image> {
    let positive = |pixels: Option<i32>| pixels.filter(|pixels| *pixels > 0);
    let mut images: Vec<Image> = images
        .into_iter()
        .filter_map(|image| {
            let url = lenient::text(image.url)?;
            Some(Image { url, width: positive(image.width), height: positive(image.height) })
        })
        .collect();
    images.sort_by_key(|image| std::cmp::Reverse(image.width.unwrap_or(0)));
    images
}

/// The year of a release date as precise as Spotify says: `1981`, `1981-12` or `1981-12-15`. `0000` is Spotify's way of
/// not knowing.
pub(crate) fn release_year(date: &str) -> Option<i32> {
    let year = date.split('-').next().filter(|year| year.len() == 4)?;
    year.parse().ok().filter(|year| *year > 0)
}
