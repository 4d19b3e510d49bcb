//! Who knows what time it is. Everything that needs the present takes a [`Clock`]; only [`SystemClock`] asks the
//! operating system, so a test (or a replay) can stand at any instant it likes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::Instant;

/// A source of the present instant.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// A clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::from_ms(jiff::Timestamp::now().as_millisecond())
    }
}

/// A clock that stands still until it is told otherwise; for tests and generated histories.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `at`.
    pub fn new(at: Instant) -> Self {
        Self(AtomicI64::new(at.ms()))
    }

    /// Moves the clock to `at`, forwards or back.
    pub fn set(&self, at: Instant) {
        self.0.store(at.ms(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::SeqCst))
    }
}
