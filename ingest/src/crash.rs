//! Places at which a test may kill the program, one at each boundary between two steps: whatever was done stays done, nothing
//! else is, and the next run must mend it.
//!
//! Only a debug build knows `REFRAIN_CRASH_AT=NAME`; a release build has no such switch, and `point` is nothing there.

/// Those of one account's run, in the order in which it passes them.
pub const OF_A_RUN: [&str; 9] = [
    "refreshed",
    "fetched",
    "spooled",
    "archived",
    "transformed",
    "load-written",
    "loaded",
    "acknowledged",
    "journaled",
];

/// Those of a spool that is drained.
pub const OF_A_DRAIN: [&str; 2] = ["drain-uploaded", "drain-loaded"];

/// Those of an answer about the catalogue, after those of a run that it passes as well.
pub const OF_AN_ENRICHMENT: [&str; 6] =
    ["archived", "transformed", "load-written", "loaded", "answer-loaded", "answer-noted"];

/// Those of an import.
pub const OF_AN_IMPORT: [&str; 2] = ["chunk-written", "chunk-loaded"];

/// Those of an erasure.
pub const OF_AN_ERASURE: [&str; 2] = ["rows-erased", "archive-erased"];

/// Those of an alert.
pub const OF_AN_ALERT: [&str; 2] = ["alert-claimed", "alert-sent"];

/// Ends the program here by SIGKILL, if it was asked to.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &'static str) {
    let all = [&OF_A_RUN[..], &OF_A_DRAIN, &OF_AN_ENRICHMENT, &OF_AN_IMPORT, &OF_AN_ERASURE, &OF_AN_ALERT];
    assert!(all.concat().contains(&name), "{name} is no crash point");
    if std::env::var("REFRAIN_CRASH_AT").is_ok_and(|wanted| wanted == name) {
        // The shell's parent is this program.
        std::process::Command::new("/bin/sh").args(["-c", "kill -9 $PPID"]).status().ok();
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_: &'static str) {}
