//! Listening over time.

use serde_json::{Value, json};

use super::refused;
use super::scope::Scope;
use super::time::{Step, text};

const BUCKETS_MAX: usize = 1000;

/// The key of the answer.
pub(super) fn alias(step: Step) -> String {
    format!("seriesBy{step:?}")
}

/// What is asked.
pub(super) fn field(step: Step) -> String {
    format!("series(granularity: {}) {{ from until plays listenTimeMs }}", step.name())
}

/// One bucket per step, oldest first.
pub(super) fn series(scope: &Scope, step: Step) -> Value {
    let first = match scope.range.from {
        Some(from) => from,
        None => match scope.plays.iter().map(|play| play.at).min() {
            Some(first) => step.begins(first, scope.zone),
            None => return json!([]),
        },
    };
    let mut buckets = Vec::new();
    let mut from = first;
    while from < scope.range.until {
        if buckets.len() == BUCKETS_MAX {
            return refused("BAD_USER_INPUT");
        }
        let until = step.ends(from, scope.zone).min(scope.range.until);
        let inside = || scope.plays.iter().filter(|play| from <= play.at && play.at < until);
        buckets.push(json!({
            "from": text(from),
            "until": text(until),
            "plays": inside().count(),
            "listenTimeMs": inside().map(|play| play.listened_ms).sum::<i64>(),
        }));
        from = until;
    }
    Value::from(buckets)
}
