//! Windows in which plays were missed.

use serde_json::{Value, json};

use super::history::{Gap, History, Listener};
use super::time::{Range, text};

/// The windows of a listener that reach into `range` (all if `None`), newest first.
pub fn gaps(history: &History, listener: &Listener, range: Option<Range>) -> Value {
    let reaches_into =
        |gap: &Gap, range: Range| gap.after < range.until && range.from.is_none_or(|from| from < gap.before);
    let theirs = |gap: &&Gap| history.listeners[gap.listener].username == listener.username;
    let gaps = history.gaps.iter().filter(theirs);
    let mut gaps: Vec<&Gap> = gaps.filter(|gap| range.is_none_or(|range| reaches_into(gap, range))).collect();
    gaps.sort_by_key(|gap| -gap.after);
    let gap = |gap: &Gap| {
        json!({
            "after": text(gap.after),
            "before": text(gap.before),
            "detectedAt": text(gap.detected_at),
            "filledAt": gap.filled_at.map(text),
        })
    };
    gaps.into_iter().map(gap).collect()
}
