//! How far a long command is: a line that moves on a terminal, nothing elsewhere, where the log tells.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// The line that is on the terminal now, which log lines must not be written across.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// A progress line, or none.
pub struct Progress(ProgressBar);

impl Progress {
    /// A line about `total` of something, if standard error is a terminal.
    pub fn new(what: &'static str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::new(total).with_message(what);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len}, {eta} left");
        bar.set_style(style.expect("the template is well-formed"));
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self(bar)
    }

    /// No line.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// So many more are done.
    pub fn advance(&self, done: u64) {
        self.0.inc(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Standard error for log lines: the progress line steps aside for each of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stderr;

impl std::io::Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match shown {
            Some(bar) => bar.suspend(|| std::io::stderr().write(bytes)),
            None => std::io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
