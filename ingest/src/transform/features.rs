//! Audio features. A set with a value outside its documented range is set aside whole: half a profile would skew means.

use entity::ids::TrackId;
use entity::track_features;
use serde::Deserialize;

use super::{Error, answer, each_item, lenient};
use crate::batch::{Batch, Features};

/// Facts of `GET /v1/audio-features?ids=…`. `null` stands for a track that has none, and is nothing to set aside.
pub fn audio_features(bytes: &[u8]) -> Result<Batch, Error> {
    let mut batch = Batch::default();
    let rejects = each_item(&answer::items(bytes, "audio_features")?, |json| {
        if json != "null" {
            let features: FeaturesJson = serde_json::from_str(json).map_err(|error| error.to_string())?;
            batch.features.push(check(features)?);
        }
        Ok(())
    });
    batch.rejects = rejects;
    Ok(batch)
}

#[derive(Deserialize)]
struct FeaturesJson {
    #[serde(default, deserialize_with = "lenient::field")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    uri: Option<String>,
    acousticness: f64,
    danceability: f64,
    energy: f64,
    instrumentalness: f64,
    liveness: f64,
    loudness: f64,
    speechiness: f64,
    tempo: f64,
    valence: f64,
}

fn check(json: FeaturesJson) -> Result<Features, String> {
    let track = lenient::spotify_id(json.id, json.uri.as_deref()).ok_or("the features name no track")?;
    for (name, value, from, to) in [
        ("acousticness", json.acousticness, 0.0, 1.0),
        ("danceability", json.danceability, 0.0, 1.0),
        ("energy", json.energy, 0.0, 1.0),
        ("instrumentalness", json.instrumentalness, 0.0, 1.0),
        ("liveness", json.liveness, 0.0, 1.0),
        ("loudness", json.loudness, -100.0, 20.0),
        ("speechiness", json.speechiness, 0.0, 1.0),
        ("tempo", json.tempo, 0.0, 500.0),
        ("valence", json.valence, 0.0, 1.0),
    ] {
        if !(from..=to).contains(&value) {
            return Err(format!("{name} is {value}: expected {from} to {to}"));
        }
    }
    let values = track_features::Model {
        track_id: TrackId(0), // the load knows the row
        acousticness: json.acousticness,
        danceability: json.danceability,
        energy: json.energy,
        instrumentalness: json.instrumentalness,
        liveness: json.liveness,
        loudness_db: json.loudness,
        speechiness: json.speechiness,
        tempo_bpm: json.tempo,
        valence: json.valence,
    };
    Ok(Features { track, values })
}

#[cfg(test)]
mod tests {
    use super::audio_features;

    fn features(id: &str, valence: f64) -> String {
        format!(
            r#"{{"id":"{id}","acousticness":0,"danceability":1,"energy":0.5,"instrumentalness":0,"liveness":0.1,
                "loudness":-7.2,"speechiness":0.03,"tempo":120.1,"valence":{valence},"mode":1}}"#
        )
    }

    #[test]
    fn a_set_outside_its_range_is_set_aside_and_its_neighbours_are_kept() {
        let document = format!(r#"{{"audio_features":[{},null,{}]}}"#, features("good", 0.4), features("bad", 1.5));
        let batch = audio_features(document.as_bytes()).unwrap();
        assert_eq!(batch.features.iter().map(|f| f.track.as_str()).collect::<Vec<_>>(), ["good"]);
        let [reject] = batch.rejects.as_slice() else { panic!("{:?}", batch.rejects) };
        assert_eq!((reject.position, reject.reason.as_str()), (2, "valence is 1.5: expected 0 to 1"));
    }
}
