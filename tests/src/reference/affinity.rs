//! How alike two listeners' tastes are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::history::{Heard, History, Listener};
use super::scope::{Filter, Scope};
use super::time::{Ms, Range, Zone};

/// Both listeners' plays in `range`: the cosine of their vectors by primary artist, and what they share.
pub fn affinity(history: &History, pair: [&Listener; 2], range: Range, zone: &Zone, now: Ms, first: usize) -> Value {
    let nothing_left_out = Filter::default();
    let [one, other] = pair.map(|who| Scope::new(history, Some(who), range, zone, &nothing_left_out, now));
    let by_artist =
        |scope: &Scope| vector(scope, |play| play.primary().map(|artist| (artist.key, artist.spotify_id.clone())));
    let by_track = |scope: &Scope| vector(scope, |play| Some((play.track.key, play.track.spotify_id.clone())));
    let (a, b) = (by_artist(&one), by_artist(&other));
    json!({
        "score": cosine(&a, &b),
        "sharedArtists": shared(&a, &b, first),
        "sharedTracks": shared(&by_track(&one), &by_track(&other), first),
    })
}

/// Plays by thing: its key, and Spotify's id of it.
type Vector = BTreeMap<(i32, String), i64>;

fn vector(scope: &Scope, thing: impl Fn(&Heard) -> Option<(i32, String)>) -> Vector {
    let mut vector = Vector::new();
    for thing in scope.plays.iter().filter_map(thing) {
        *vector.entry(thing).or_default() += 1;
    }
    vector
}

fn cosine(a: &Vector, b: &Vector) -> f64 {
    let length = |vector: &Vector| (vector.values().map(|plays| plays * plays).sum::<i64>() as f64).sqrt();
    let product: i64 = a.iter().map(|(thing, plays)| plays * b.get(thing).unwrap_or(&0)).sum();
    if a.is_empty() || b.is_empty() { 0.0 } else { product as f64 / (length(a) * length(b)) }
}

fn shared(a: &Vector, b: &Vector, first: usize) -> Value {
    let mut both: Vec<_> = a.iter().filter_map(|(thing, plays)| Some((thing, *plays, *b.get(thing)?))).collect();
    both.sort_by_key(|(thing, a, b)| (Reverse(*a.min(b)), Reverse(a + b), thing.0));
    both.iter().take(first).map(|(thing, ..)| json!({ "spotifyId": thing.1 })).collect()
}
