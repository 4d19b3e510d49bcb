//! Places at which a test may kill the program, one at each boundary between two steps: whatever was done stays done, nothing
//! else is, and the next run must mend it.
//!
//! Only a debug build knows `REFRAIN_CRASH_AT=NAME`; a release build has no such switch, and `point` is nothing there.

/// Every place, in the order in which one account's run passes them, then those of a spool that is drained.
pub const POINTS: [&str; 11] = [
    "refreshed",
    "fetched",
    "spooled",
    "archived",
    "transformed",
    "load-written",
    "loaded",
    "acknowledged",
    "journaled",
    "drain-uploaded",
    "drain-loaded",
];

/// Ends the program here by SIGKILL, if it was asked to.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &'static str) {
    assert!(POINTS.contains(&name), "{name} is no crash point");
    if std::env::var("REFRAIN_CRASH_AT").is_ok_and(|wanted| wanted == name) {
        // The shell's parent is this program.
        std::process::Command::new("/bin/sh").args(["-c", "kill -9 $PPID"]).status().ok();
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_: &'static str) {}
