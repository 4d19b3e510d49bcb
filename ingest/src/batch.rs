//! What one raw document says, in our words: the answer of [`crate::transform`] and the input of [`crate::load`].
//!
//! Everything but an identity may be unknown; unknown is `None`, never 0 or empty, and never overwrites what is known.
//! Ids are Spotify's: rows and their keys are the load's business.

use std::collections::HashMap;

use entity::play::Source;
use entity::time::Instant;

/// The facts of one document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Tracks, each once.
    pub tracks: Vec<Track>,
    /// Artists, each once.
    pub artists: Vec<Artist>,
    /// Albums, each once.
    pub albums: Vec<Album>,
    /// Audio features, each track once.
    pub features: Vec<Features>,
    /// Plays, oldest first, each once.
    pub plays: Vec<Play>,
    /// Records that were not understood.
    pub rejects: Vec<Reject>,
    /// Whether the document was a page with as many items as Spotify ever gives.
    pub is_full_page: bool,
}

impl Batch {
    /// Takes in what a later document says of the catalogue: where the two differ, the later one is right.
    pub(crate) fn learn(&mut self, later: &Self) {
        learn(&mut self.tracks, &later.tracks, |track| &track.spotify_id, Track::learn);
        learn(&mut self.artists, &later.artists, |artist| &artist.spotify_id, Artist::learn);
        learn(&mut self.albums, &later.albums, |album| &album.spotify_id, Album::learn);
        learn(&mut self.features, &later.features, |features| &features.track, Features::clone_from);
    }
}

/// Adds what is not known, and lets what is learn.
fn learn<S: Clone>(known: &mut Vec<S>, later: &[S], id: fn(&S) -> &String, learn: fn(&mut S, &S)) {
    let mut places: HashMap<String, usize> =
        known.iter().enumerate().map(|(place, one)| (id(one).clone(), place)).collect();
    for said in later {
        match places.get(id(said)) {
            Some(place) => learn(&mut known[*place], said),
            None => {
                places.insert(id(said).clone(), known.len());
                known.push(said.clone());
            }
        }
    }
}

/// What is said takes the place of what is known.
fn correct<T: Clone>(known: &mut Option<T>, said: &Option<T>) {
    if said.is_some() {
        known.clone_from(said);
    }
}

/// What is said of a track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Spotify's id.
    pub spotify_id: String,
    /// The title.
    pub name: Option<String>,
    /// Full length in milliseconds.
    pub duration_ms: Option<i32>,
    /// Spotify's id of its album, which is in [`Batch::albums`].
    pub album: Option<String>,
    /// Spotify's ids of its artists in order of credit, which are in [`Batch::artists`].
    pub artists: Option<Vec<String>>,
    /// Whether it is marked as explicit.
    pub explicit: Option<bool>,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
    /// A 30-second preview.
    pub preview_url: Option<String>,
    /// 0 to 100.
    pub popularity: Option<i32>,
}

impl Track {
    fn learn(&mut self, said: &Self) {
        correct(&mut self.name, &said.name);
        correct(&mut self.duration_ms, &said.duration_ms);
        correct(&mut self.album, &said.album);
        correct(&mut self.artists, &said.artists);
        correct(&mut self.explicit, &said.explicit);
        correct(&mut self.isrc, &said.isrc);
        correct(&mut self.preview_url, &said.preview_url);
        correct(&mut self.popularity, &said.popularity);
    }
}

/// What is said of an artist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Artist {
    /// Spotify's id.
    pub spotify_id: String,
    /// The name.
    pub name: Option<String>,
    /// Genres, sorted.
    pub genres: Option<Vec<String>>,
    /// Pictures, largest first.
    pub images: Option<Vec<Image>>,
    /// 0 to 100.
    pub popularity: Option<i32>,
    /// How many accounts follow.
    pub followers: Option<i64>,
}

impl Artist {
    fn learn(&mut self, said: &Self) {
        correct(&mut self.name, &said.name);
        correct(&mut self.genres, &said.genres);
        correct(&mut self.images, &said.images);
        correct(&mut self.popularity, &said.popularity);
        correct(&mut self.followers, &said.followers);
    }
}

/// What is said of an album.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Album {
    /// Spotify's id.
    pub spotify_id: String,
    /// The title.
    pub name: Option<String>,
    /// `1981`, `1981-12` or `1981-12-15`.
    pub release_date: Option<String>,
    /// Spotify's ids of its artists in order of credit, which are in [`Batch::artists`].
    pub artists: Option<Vec<String>>,
    /// Pictures, largest first.
    pub images: Option<Vec<Image>>,
}

impl Album {
    fn learn(&mut self, said: &Self) {
        correct(&mut self.name, &said.name);
        correct(&mut self.release_date, &said.release_date);
        correct(&mut self.artists, &said.artists);
        correct(&mut self.images, &said.images);
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub url: String,
    /// Pixels.
    pub width: Option<i32>,
    /// Pixels.
    pub height: Option<i32>,
}

/// A track's audio features, all within their documented ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Spotify's id of the track.
    pub track: String,
    /// The features; `track_id` is set by the load.
    pub values: entity::track_features::Model,
}

/// One listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// When it ended.
    pub played_at: Instant,
    /// Spotify's id of the track, which is in [`Batch::tracks`].
    pub track: String,
    /// How long, if it was measured; otherwise the track's full length is assumed.
    pub measured_ms: Option<i32>,
    /// Where it was learned of.
    pub source: Source,
    /// What it was played from.
    pub context_uri: Option<String>,
}

/// A record that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Place in the document's list of items, from 0.
    pub position: usize,
    /// Why, for operators.
    pub reason: String,
    /// The record, as received.
    pub bytes: Vec<u8>,
}
