//! The catalogue: who made what, made from a seed and never changed after.
//!
//! It knows nothing of JSON ([`payload`](super::payload)) nor of who listened ([`Ledger`](super::Ledger)).

mod names;
mod seeded;

use std::collections::HashMap;

pub(super) use seeded::spotify_id;

/// Everything there is to play. Indices into the three lists are stable for a seed.
#[derive(Clone, Debug)]
pub struct World {
    /// Every artist.
    pub artists: Vec<Artist>,
    /// Every album.
    pub albums: Vec<Album>,
    /// Every track, album by album.
    pub tracks: Vec<Track>,
    /// Where the awkward cases are.
    pub landmarks: Landmarks,
    by_id: HashMap<String, Entry>,
}

/// The awkward cases that every world has, as indices.
#[derive(Clone, Debug)]
pub struct Landmarks {
    /// Two artists of one name.
    pub namesakes: [usize; 2],
    /// One recording on two albums: two track ids, one name, one ISRC.
    pub rerelease: [usize; 2],
    /// Two recordings of one name, by the two namesakes, on different albums and with different ISRCs.
    pub same_name: [usize; 2],
    /// Tracks with one, two, three and four credited artists.
    pub credits: [usize; 4],
}

/// One artist.
#[derive(Clone, Debug)]
pub struct Artist {
    /// Spotify's id: 22 base62 characters.
    pub id: String,
    /// The name; not unique.
    pub name: String,
    /// Genres, none to three.
    pub genres: Vec<String>,
    /// 0 to 100.
    pub popularity: u8,
    /// How many follow.
    pub followers: u64,
    /// Largest first; some artists have none.
    pub images: Vec<Image>,
}

/// One album.
#[derive(Clone, Debug)]
pub struct Album {
    /// Spotify's id: 22 base62 characters.
    pub id: String,
    /// The title.
    pub name: String,
    /// `album`, `single` or `compilation`.
    pub kind: &'static str,
    /// The artist, as index.
    pub artist: usize,
    /// As long as its precision: `1973`, `1981-12` or `2019-03-08`.
    pub release_date: String,
    /// What the release date is exact to.
    pub release_date_precision: Precision,
    /// The three sizes of the cover, largest first.
    pub images: Vec<Image>,
    /// The record company.
    pub label: String,
    /// The bar code.
    pub upc: String,
    /// 0 to 100.
    pub popularity: u8,
    /// Its tracks in order, as indices.
    pub tracks: Vec<usize>,
}

/// One track of one album.
#[derive(Clone, Debug)]
pub struct Track {
    /// Spotify's id: 22 base62 characters.
    pub id: String,
    /// The title; not unique.
    pub name: String,
    /// Credits in order, one to four, as indices; the first is the primary artist.
    pub artists: Vec<usize>,
    /// The album, as index.
    pub album: usize,
    /// 1, or 2 on the second half of a long album.
    pub disc_number: u32,
    /// Position on its disc, from 1.
    pub track_number: u32,
    /// Length, in milliseconds.
    pub duration_ms: i64,
    /// Whether the lyrics are marked explicit.
    pub explicit: bool,
    /// The recording, by its international code.
    pub isrc: String,
    /// 0 to 100.
    pub popularity: u8,
    /// Thirty seconds of it; some tracks have none.
    pub preview_url: Option<String>,
    /// What analysis says; some tracks were never analysed.
    pub features: Option<AudioFeatures>,
}

/// What a release date is exact to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `1973`.
    Year,
    /// `1981-12`.
    Month,
    /// `2019-03-08`.
    Day,
}

impl Precision {
    /// Spotify's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// A square picture.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where it is (nowhere: the fake serves no pictures).
    pub url: String,
    /// Width and height, in pixels.
    pub size: u32,
}

/// Audio features, in the ranges that Spotify's reference gives.
#[derive(Clone, Debug)]
pub struct AudioFeatures {
    /// 0 to 1.
    pub acousticness: f64,
    /// 0 to 1.
    pub danceability: f64,
    /// 0 to 1.
    pub energy: f64,
    /// 0 to 1.
    pub instrumentalness: f64,
    /// Pitch class, 0 (C) to 11; -1 when none was found.
    pub key: i32,
    /// 0 to 1.
    pub liveness: f64,
    /// In decibels, -60 to 0.
    pub loudness: f64,
    /// 1 major, 0 minor.
    pub mode: i32,
    /// 0 to 1.
    pub speechiness: f64,
    /// In beats per minute.
    pub tempo: f64,
    /// 3 to 7.
    pub time_signature: i32,
    /// 0 to 1.
    pub valence: f64,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Artist(usize),
    Album(usize),
    Track(usize),
}

impl World {
    /// The world of a seed, with that many artists (8 at least).
    pub fn seeded(seed: u64, artists: usize) -> Self {
        seeded::world(seed, artists)
    }

    /// The artist of an id.
    pub fn artist(&self, id: &str) -> Option<&Artist> {
        match self.by_id.get(id)? {
            Entry::Artist(index) => Some(&self.artists[*index]),
            _ => None,
        }
    }

    /// The album of an id.
    pub fn album(&self, id: &str) -> Option<&Album> {
        match self.by_id.get(id)? {
            Entry::Album(index) => Some(&self.albums[*index]),
            _ => None,
        }
    }

    /// The track of an id.
    pub fn track(&self, id: &str) -> Option<&Track> {
        match self.by_id.get(id)? {
            Entry::Track(index) => Some(&self.tracks[*index]),
            _ => None,
        }
    }

    fn new(artists: Vec<Artist>, albums: Vec<Album>, tracks: Vec<Track>, landmarks: Landmarks) -> Self {
        let mut by_id = HashMap::new();
        by_id.extend(artists.iter().enumerate().map(|(index, artist)| (artist.id.clone(), Entry::Artist(index))));
        by_id.extend(albums.iter().enumerate().map(|(index, album)| (album.id.clone(), Entry::Album(index))));
        by_id.extend(tracks.iter().enumerate().map(|(index, track)| (track.id.clone(), Entry::Track(index))));
        Self { artists, albums, tracks, landmarks, by_id }
    }
}

/// Whether a text has the form of one of Spotify's ids.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
