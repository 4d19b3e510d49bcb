//! How the plays sound.

use serde_json::{Map, Value, json};

use super::history::FEATURES;
use super::scope::Scope;

/// What is asked.
pub(super) fn field() -> String {
    format!("audioProfile {{ coverage features {{ {} }} }}", FEATURES.join(" "))
}

/// The mean of each feature over the plays that have any; nothing if none has.
pub(super) fn audio_profile(scope: &Scope) -> Value {
    let sounds: Vec<_> = scope.plays.iter().filter_map(|play| play.track.features).collect();
    if sounds.is_empty() {
        return Value::Null;
    }
    let mean = |feature: usize| sounds.iter().map(|sound| sound[feature]).sum::<f64>() / sounds.len() as f64;
    let means = FEATURES.iter().enumerate().map(|(place, name)| ((*name).to_owned(), json!(mean(place))));
    json!({
        "coverage": sounds.len() as f64 / scope.plays.len() as f64,
        "features": means.collect::<Map<_, _>>(),
    })
}
