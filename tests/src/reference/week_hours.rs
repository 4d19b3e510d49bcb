//! Listening over the local week.

use serde_json::{Value, json};

use super::history::Heard;
use super::scope::Scope;

/// What is asked.
pub(super) const FIELD: &str = "weekHours { weekday hour plays listenTimeMs }";

/// 168 hours from Monday 0 o'clock.
pub(super) fn week_hours(scope: &Scope) -> Value {
    let shown = |play: &Heard| {
        let clock = scope.zone.clock(play.at);
        (clock.weekday().to_monday_one_offset(), clock.hour())
    };
    let shown: Vec<_> = scope.plays.iter().map(|play| (shown(play), play.listened_ms)).collect();
    let hour = |weekday: i8, hour: i8| {
        let inside = || shown.iter().filter(move |(at, _)| *at == (weekday, hour));
        json!({
            "weekday": weekday,
            "hour": hour,
            "plays": inside().count(),
            "listenTimeMs": inside().map(|(_, listened_ms)| listened_ms).sum::<i64>(),
        })
    };
    let hour = &hour;
    (1..=7).flat_map(|weekday| (0..24).map(move |of_day| hour(weekday, of_day))).collect()
}
