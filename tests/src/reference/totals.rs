//! How much, and how many different things.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scope::Scope;

/// What is asked.
pub(super) const FIELD: &str = "totals { plays listenTimeMs listenTime measuredShare tracks artists credited: artists(credit: ALL) albums listeners }";

/// The totals of the plays that count.
pub(super) fn totals(scope: &Scope) -> Value {
    let plays = &scope.plays;
    let listened_ms = scope.listened_ms();
    let measured_ms: i64 = plays.iter().filter(|play| play.measured).map(|play| play.listened_ms).sum();
    json!({
        "plays": plays.len(),
        "listenTimeMs": listened_ms,
        "listenTime": listen_time(listened_ms / 1000),
        "measuredShare": if listened_ms == 0 { 0.0 } else { measured_ms as f64 / listened_ms as f64 },
        "tracks": different(plays.iter().map(|play| play.track.key)),
        "artists": different(plays.iter().filter_map(super::history::Heard::primary).map(|artist| artist.key)),
        "credited": different(plays.iter().flat_map(|play| &play.artists).map(|artist| artist.key)),
        "albums": different(plays.iter().filter_map(|play| play.album).map(|album| album.key)),
        "listeners": different(plays.iter().map(|play| play.listener.key)),
    })
}

fn different(keys: impl Iterator<Item = i32>) -> usize {
    keys.collect::<BTreeSet<_>>().len()
}

/// `3d 4h 5m 6s`, without the zeros in front.
fn listen_time(seconds: i64) -> String {
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let told = units.iter().skip_while(|(number, unit)| *number == 0 && *unit != "s");
    told.map(|(number, unit)| format!("{number}{unit}")).collect::<Vec<_>>().join(" ")
}
