//! Batches of audio features.

use serde::Serialize;

use super::super::catalogue::{Catalogue, Track, TrackIndex};
use super::{API, bytes};

/// The features of these tracks, in this order; null for those that have none.
pub(in super::super) fn audio_features(catalogue: &Catalogue, wanted: &[TrackIndex]) -> Vec<u8> {
    bytes(&Batch { audio_features: wanted.iter().map(|track| features(&catalogue.tracks[*track])).collect() })
}

#[derive(Serialize)]
struct Batch<'a> {
    audio_features: Vec<Option<AudioFeatures<'a>>>,
}

#[derive(Serialize)]
struct AudioFeatures<'a> {
    danceability: f64,
    energy: f64,
    key: u8,
    loudness: f64,
    mode: u8,
    speechiness: f64,
    acousticness: f64,
    instrumentalness: f64,
    liveness: f64,
    valence: f64,
    tempo: f64,
    r#type: &'static str,
    id: &'a str,
    uri: String,
    track_href: String,
    analysis_url: String,
    duration_ms: i64,
    time_signature: u8,
}

fn features(track: &Track) -> Option<AudioFeatures<'_>> {
    let features = track.recording.features.as_ref()?;
    let id = track.spotify_id.as_str();
    Some(AudioFeatures {
        danceability: features.danceability,
        energy: features.energy,
        key: features.key,
        loudness: features.loudness_db,
        mode: features.mode,
        speechiness: features.speechiness,
        acousticness: features.acousticness,
        instrumentalness: features.instrumentalness,
        liveness: features.liveness,
        valence: features.valence,
        tempo: features.tempo_bpm,
        r#type: "audio_features",
        id,
        uri: format!("spotify:track:{id}"),
        track_href: format!("{API}/tracks/{id}"),
        analysis_url: format!("{API}/audio-analysis/{id}"),
        duration_ms: track.recording.duration_ms,
        time_signature: features.time_signature,
    })
}
