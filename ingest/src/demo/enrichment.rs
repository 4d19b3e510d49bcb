//! What an enricher would have asked about the plays: their artists and the audio features of their tracks.

use super::catalogue::{ArtistIndex, Catalogue, TrackIndex};
use super::timeline::Play;
use super::{Document, Kind, payload};

/// Spotify's limits of ids in one request.
const ARTISTS_MAX: usize = 50;
const FEATURES_MAX: usize = 100;

/// What has been played and not yet asked about.
#[derive(Debug)]
pub(super) struct Enrichment {
    artists: Vec<ArtistIndex>,
    tracks: Vec<TrackIndex>,
    artists_seen: Vec<bool>,
    tracks_seen: Vec<bool>,
}

impl Enrichment {
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        Self {
            artists: Vec::new(),
            tracks: Vec::new(),
            artists_seen: vec![false; catalogue.artists.len()],
            tracks_seen: vec![false; catalogue.tracks.len()],
        }
    }

    /// Notes the plays of one page.
    pub(super) fn note(&mut self, catalogue: &Catalogue, plays: &[Play]) {
        for play in plays {
            if std::mem::replace(&mut self.tracks_seen[play.track], true) {
                continue;
            }
            self.tracks.push(play.track);
            for artist in &catalogue.tracks[play.track].recording.artists {
                if !std::mem::replace(&mut self.artists_seen[*artist], true) {
                    self.artists.push(*artist);
                }
            }
        }
    }

    /// Looks at every artist once more: popularity and followers have changed meanwhile.
    pub(super) fn revisit(&mut self) {
        let seen = self.artists_seen.iter().enumerate().filter(|(_, seen)| **seen);
        self.artists = seen.map(|(artist, _)| artist).collect();
    }

    /// The answers to everything noted, as fetched at one instant.
    pub(super) fn documents(&mut self, catalogue: &Catalogue, fetched_at_ms: i64, until_ms: i64) -> Vec<Document> {
        let artists = std::mem::take(&mut self.artists);
        let tracks = std::mem::take(&mut self.tracks);
        let artists = artists.chunks(ARTISTS_MAX).map(|wanted| Document {
            fetched_at_ms,
            kind: Kind::Artists,
            bytes: payload::artists(catalogue, wanted, fetched_at_ms, until_ms),
        });
        let features = tracks.chunks(FEATURES_MAX).map(|wanted| Document {
            fetched_at_ms,
            kind: Kind::AudioFeatures,
            bytes: payload::audio_features(catalogue, wanted),
        });
        artists.chain(features).collect()
    }
}
