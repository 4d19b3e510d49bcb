//! The plays themselves.

use serde_json::{Value, json};

use super::history::Heard;
use super::scope::Scope;
use super::time::text;

/// What is asked of a play.
pub const PLAY: &str = "{ playedAt listenTimeMs measured contextUri track { spotifyId } }";

/// The plays that count, newest first; of several at one instant, in descending order of id.
pub fn plays(scope: &Scope) -> Vec<Value> {
    let mut plays: Vec<&Heard> = scope.plays.iter().collect();
    plays.sort_by_key(|play| (play.at, play.track.key));
    plays.into_iter().rev().map(play).collect()
}

/// The earliest play; of several at one instant, the first in order of listener and track.
pub(super) fn first_play(scope: &Scope) -> Value {
    scope.plays.iter().min_by_key(|play| (play.at, play.listener.key, play.track.key)).map_or(Value::Null, play)
}

/// The latest play; of several at one instant, the last in order of listener and track.
pub(super) fn last_play(scope: &Scope) -> Value {
    scope.plays.iter().max_by_key(|play| (play.at, play.listener.key, play.track.key)).map_or(Value::Null, play)
}

fn play(play: &Heard) -> Value {
    json!({
        "playedAt": text(play.at),
        "listenTimeMs": play.listened_ms,
        "measured": play.measured,
        "contextUri": play.context_uri,
        "track": { "spotifyId": play.track.spotify_id },
    })
}
