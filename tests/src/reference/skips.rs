//! How often streams were cut short.

use serde_json::{Value, json};

use super::history::Track;
use super::scope::Scope;

/// What is asked.
pub(super) const FIELD: &str = "skips { streams skips coverage mostSkipped { track { spotifyId } skips plays } }";

/// What exports tell of skips.
pub(super) fn skips(scope: &Scope) -> Value {
    let skipped: Vec<_> = scope.history.skipped().into_iter().filter(|skip| scope.holds(skip)).collect();
    let exported = scope.plays.iter().filter(|play| play.exported).count();
    let skips_of = |track: &Track| skipped.iter().filter(|skip| skip.track.key == track.key).count();
    let plays_of = |track: &Track| scope.plays.iter().filter(|play| play.track.key == track.key).count();

    let mut tracks: Vec<&Track> = scope.history.tracks.iter().filter(|track| skips_of(track) > 0).collect();
    tracks.sort_by_key(|track| (std::cmp::Reverse(skips_of(track)), plays_of(track), track.key));
    let most_skipped = tracks.iter().take(10).map(|track| {
        json!({ "track": { "spotifyId": track.spotify_id }, "skips": skips_of(track), "plays": plays_of(track) })
    });
    json!({
        "streams": exported + skipped.len(),
        "skips": skipped.len(),
        "coverage": if scope.plays.is_empty() { 0.0 } else { exported as f64 / scope.plays.len() as f64 },
        "mostSkipped": most_skipped.collect::<Vec<_>>(),
    })
}
