//! The genres of the demo's catalogue: how each names things, when its artists recorded, and how it sounds.
//!
//! One file per genre. The tags are genre strings of the kind Spotify gives to artists; the sound is where
//! `features` centres a track's audio features.

mod ambient;
mod childrens;
mod classical;
mod electronic;
mod folk;
mod hip_hop;
mod indie;
mod jazz;
mod latin;
mod metal;
mod pop;
mod punk;
mod rock;
mod soul;

use super::lexicon::Lexicon;

/// One genre.
#[derive(Debug)]
pub(super) struct Genre {
    /// What the genre is called here; listeners' tastes refer to it.
    pub(super) name: &'static str,
    /// Spotify's kind of genre strings, the most general first.
    pub(super) tags: &'static [&'static str],
    /// Artists of this genre in the catalogue.
    pub(super) artists: usize,
    /// Names and titles.
    pub(super) lexicon: Lexicon,
    /// When artists begin to record: first year, last year, and how many of its artists (a weight) do so then.
    pub(super) eras: &'static [(i16, i16, f64)],
    /// A track's usual length and how far it may be from it, in seconds.
    pub(super) length_s: (f64, f64),
    /// Part of the tracks that are marked explicit.
    pub(super) explicit: f64,
    /// Part of the tracks that have a second artist.
    pub(super) featured: f64,
    /// Countries in which the recordings are registered: the first two letters of an ISRC.
    pub(super) countries: &'static [&'static str],
    /// The audio features.
    pub(super) sound: Sound,
}

/// Usual value and reach of each audio feature: (centre, spread).
/// Scales as documented for `GET /v1/audio-features`: 0 to 1, except tempo (beats per minute) and loudness (dB).
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) acousticness: (f64, f64),
    pub(super) danceability: (f64, f64),
    pub(super) energy: (f64, f64),
    pub(super) instrumentalness: (f64, f64),
    pub(super) loudness_db: (f64, f64),
    pub(super) speechiness: (f64, f64),
    pub(super) tempo_bpm: (f64, f64),
    pub(super) valence: (f64, f64),
}

/// Every genre. The order is part of what a seed means: add at the end.
pub(super) const GENRES: &[Genre] = &[
    pop::POP,
    indie::INDIE,
    hip_hop::HIP_HOP,
    electronic::ELECTRONIC,
    ambient::AMBIENT,
    jazz::JAZZ,
    soul::SOUL,
    folk::FOLK,
    rock::ROCK,
    metal::METAL,
    punk::PUNK,
    latin::LATIN,
    classical::CLASSICAL,
    childrens::CHILDRENS,
];

/// Where a genre stands in [`GENRES`].
pub(super) fn index_of(name: &str) -> usize {
    GENRES.iter().position(|genre| genre.name == name).expect("tastes name genres that exist")
}
