//! What was played for the first time ever.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::history::Heard;
use super::scope::Scope;
use super::time::{Ms, text};

/// What is asked.
pub(super) fn field(first: usize) -> String {
    format!("discoveries(first: {first}) {{ tracks artists albums newest {{ firstPlayedAt track {{ spotifyId }} }} }}")
}

/// What the listener had never played before; nothing for everyone.
pub(super) fn discoveries(scope: &Scope, first: usize) -> Value {
    let Some(listener) = scope.listener else { return Value::Null };
    let ever = scope.history.heard().into_iter().filter(|play| play.listener.username == listener.username);
    let ever: Vec<Heard> = ever.collect();
    let mut tracks = new(scope, &ever, |play| Some(play.track.key));
    tracks.sort_by_key(|(key, at)| (-at, *key));
    let spotify_id =
        |key: i32| &scope.history.tracks.iter().find(|track| track.key == key).expect("it was played").spotify_id;
    let newest = tracks
        .iter()
        .take(first)
        .map(|(key, at)| json!({ "firstPlayedAt": text(*at), "track": { "spotifyId": spotify_id(*key) } }));
    json!({
        "tracks": tracks.len(),
        "artists": new(scope, &ever, |play| play.primary().map(|artist| artist.key)).len(),
        "albums": new(scope, &ever, |play| play.album.map(|album| album.key)).len(),
        "newest": newest.collect::<Vec<_>>(),
    })
}

/// The things of which a first play is among those that count, and when that was.
fn new(scope: &Scope, ever: &[Heard], thing: impl Fn(&Heard) -> Option<i32>) -> Vec<(i32, Ms)> {
    let mut first_played: BTreeMap<i32, Ms> = BTreeMap::new();
    for play in ever {
        if let Some(key) = thing(play) {
            let first = first_played.entry(key).or_insert(play.at);
            *first = play.at.min(*first);
        }
    }
    let counts = |key: i32, at: Ms| scope.plays.iter().any(|play| play.at == at && thing(play) == Some(key));
    first_played.into_iter().filter(|(key, at)| counts(*key, *at)).collect()
}
