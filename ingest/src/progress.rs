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
        Self::shown(what, "{msg} {wide_bar} {human_pos}/{human_len}, {eta} left", total)
    }

    /// A line about something whose amount is told by and by (`reach`), if standard error is a terminal.
    pub fn unmeasured(what: &'static str) -> Self {
        Self::shown(what, "{msg} …", 0)
    }

    fn shown(what: &'static str, template: &str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::new(total).with_message(what).with_style(style(template));
        bar.tick();
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

    /// `done` of `total` are done, which `what` tells in words.
    pub fn reach(&self, done: u64, total: u64, what: String) {
        // What is known first, so that no line is drawn with half of it.
        self.0.set_position(done);
        if self.0.length() != Some(total) {
            self.0.set_length(total);
            self.0.set_message(what);
            self.0.set_style(style("{msg} {wide_bar} {percent} %, {eta} left"));
        } else {
            self.0.set_message(what);
        }
    }

    /// Whether there is a line to look at.
    pub fn is_shown(&self) -> bool {
        !self.0.is_hidden()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is well-formed")
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
