//! Runs of plays.

use serde_json::{Value, json};

use super::history::Heard;
use super::scope::Scope;
use super::time::{Ms, text};

/// What is asked.
pub(super) fn field(gap_minutes: i64, first: usize) -> String {
    format!(
        "sessions(gapMinutes: {gap_minutes}, first: {first}) \
         {{ count medianMinutes longest {{ from until plays listenTimeMs }} }}"
    )
}

/// The runs between pauses of `gap_minutes`; nothing for everyone.
pub(super) fn sessions(scope: &Scope, gap_minutes: i64, first: usize) -> Value {
    if scope.listener.is_none() {
        return Value::Null;
    }
    let mut plays: Vec<&Heard> = scope.plays.iter().collect();
    plays.sort_by_key(|play| (play.at, play.track.key));
    let mut runs: Vec<Vec<&Heard>> = Vec::new();
    for play in plays {
        match runs.last_mut() {
            Some(run) if begins(play) - run[run.len() - 1].at < gap_minutes * 60_000 => run.push(play),
            _ => runs.push(vec![play]),
        }
    }
    runs.sort_by_key(|run| (-length(run), from(run)));
    let longest = runs.iter().take(first).map(|run| {
        json!({
            "from": text(from(run)),
            "until": text(until(run)),
            "plays": run.len(),
            "listenTimeMs": run.iter().map(|play| play.listened_ms).sum::<i64>(),
        })
    });
    json!({ "count": runs.len(), "medianMinutes": median(&runs) / 60_000.0, "longest": longest.collect::<Vec<_>>() })
}

fn begins(play: &Heard) -> Ms {
    play.at - play.listened_ms
}

fn from(run: &[&Heard]) -> Ms {
    run.iter().map(|play| begins(play)).min().expect("a run holds a play")
}

fn until(run: &[&Heard]) -> Ms {
    run.iter().map(|play| play.at).max().expect("a run holds a play")
}

fn length(run: &[&Heard]) -> Ms {
    until(run) - from(run)
}

/// The one in the middle, or the mean of the two.
fn median(runs: &[Vec<&Heard>]) -> f64 {
    let mut lengths: Vec<Ms> = runs.iter().map(|run| length(run)).collect();
    lengths.sort_unstable();
    match lengths.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => lengths[odd / 2] as f64,
        even => (lengths[even / 2 - 1] + lengths[even / 2]) as f64 / 2.0,
    }
}
