//! The gate before every call of one app: while Spotify asks to be left alone, nobody calls.
//!
//! A short wait is waited out by everyone; a long one is refused at once, so that a run ends and says why. Few calls are
//! open at a time. Polls go first: Spotify remembers a person's last 50 plays only, while the catalogue can wait. So an
//! enrichment call waits until no poll wants to pass, and there are only so many of them in Spotify's window of 30
//! seconds, whose size it does not publish.
//!
//! A wait is over when the clock says so or when it was really waited for: a test moves the clock, a laptop sleeps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::clock::SharedClock;
use entity::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant as Monotonic;

use super::Error;
use super::memory::Memory;

/// The longest wait that is waited out.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// The most enrichment calls of one process in any [`WINDOW`].
const ENRICHMENT_CALLS_IN_WINDOW: usize = 60;

/// Spotify counts calls over this long.
const WINDOW: Duration = Duration::from_secs(30);
/// How many calls may be open at a time.
const CALLS_AT_A_TIME: usize = 16;
/// How often a wait looks at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody's plays.
    Poll,
    /// The catalogue.
    Enrich,
}

/// Shared by all who call for one app.
#[derive(Clone)]
pub(super) struct Gate(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    memory: Option<Memory>,
    ban: Mutex<Ban>,
    open: Arc<Semaphore>,
    /// How many polls wait or are open.
    polls: watch::Sender<usize>,
    /// When the last enrichment calls passed, oldest first.
    enrichment: Mutex<VecDeque<Monotonic>>,
    window: Duration,
}

#[derive(Default)]
struct Ban {
    until: Option<Instant>,
    /// A ban that was really waited for, whatever the clock says.
    waited_out: Option<Instant>,
}

/// The right to make one call; dropped when it has been answered.
pub(super) struct Pass {
    _open: OwnedSemaphorePermit,
    _poll: Option<Poll>,
}

/// Counts as a poll while it lives.
struct Poll(Arc<Inner>);

impl Poll {
    fn new(inner: &Arc<Inner>) -> Self {
        inner.polls.send_modify(|polls| *polls += 1);
        Self(Arc::clone(inner))
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.polls.send_modify(|polls| *polls -= 1);
    }
}

impl Gate {
    /// An open gate, or one that is as open as `memory` says.
    pub(super) fn new(clock: SharedClock, memory: Option<Memory>) -> Self {
        Self::with_window(clock, memory, WINDOW)
    }

    fn with_window(clock: SharedClock, memory: Option<Memory>, window: Duration) -> Self {
        Self(Arc::new(Inner {
            clock,
            memory,
            ban: Mutex::default(),
            open: Arc::new(Semaphore::new(CALLS_AT_A_TIME)),
            polls: watch::Sender::new(0),
            enrichment: Mutex::default(),
            window,
        }))
    }

    /// Waits until a call is allowed; refuses if that takes longer than [`WAIT_MAX`].
    pub(super) async fn pass(&self, purpose: Purpose) -> Result<Pass, Error> {
        let poll = match purpose {
            Purpose::Poll => Some(Poll::new(&self.0)),
            Purpose::Enrich => {
                self.0.paced().await;
                let mut polls = self.0.polls.subscribe();
                polls.wait_for(|polls| *polls == 0).await.expect("the gate outlives its callers");
                None
            }
        };
        let open = Arc::clone(&self.0.open).acquire_owned().await.expect("the semaphore is never closed");
        self.0.unblocked().await?;
        Ok(Pass { _open: open, _poll: poll })
    }

    /// Notes that Spotify asks to stay away for `retry_after`. A shorter wait never shortens a longer one.
    pub(super) async fn block(&self, retry_after: Duration) {
        let until = self.0.clock.now() + i64::try_from(retry_after.as_millis()).unwrap_or(i64::MAX / 4);
        {
            let mut ban = self.0.ban();
            ban.until = ban.until.max(Some(until));
        }
        if let Some(memory) = &self.0.memory {
            memory.block_until(until).await;
        }
    }
}

impl Inner {
    /// Returns when nobody has asked to stay away.
    async fn unblocked(&self) -> Result<(), Error> {
        let remembered = match &self.memory {
            Some(memory) => memory.blocked_until().await,
            None => None,
        };
        {
            let mut ban = self.ban();
            ban.until = ban.until.max(remembered);
        }
        while let Some((until, left)) = self.left() {
            if left > WAIT_MAX {
                return Err(Error::RateLimited { retry_after: left, quota_exceeded: false });
            }
            self.wait(until, left).await;
        }
        Ok(())
    }

    /// Waits `left`, or less if the clock is at `until` sooner.
    async fn wait(&self, until: Instant, left: Duration) {
        let end = Monotonic::now() + left;
        while self.clock.now() < until && Monotonic::now() < end {
            tokio::time::sleep_until(end.min(Monotonic::now() + LOOK_EVERY)).await;
        }
        let mut ban = self.ban();
        ban.waited_out = ban.waited_out.max(Some(until));
    }

    /// Until when nobody may call, and how long that is.
    fn left(&self) -> Option<(Instant, Duration)> {
        let now = self.clock.now();
        let ban = self.ban();
        let until = ban.until.filter(|until| now < *until && ban.waited_out < Some(*until))?;
        Some((until, Duration::from_millis(u64::try_from(until - now).unwrap_or(0))))
    }

    /// Returns when the window has room for one more enrichment call.
    async fn paced(&self) {
        loop {
            let now = Monotonic::now();
            let free_at = {
                let mut passed = self.enrichment.lock().unwrap_or_else(PoisonError::into_inner);
                while passed.front().is_some_and(|first| *first + self.window <= now) {
                    passed.pop_front();
                }
                if passed.len() < ENRICHMENT_CALLS_IN_WINDOW {
                    passed.push_back(now);
                    return;
                }
                passed[0] + self.window
            };
            tokio::time::sleep_until(free_at).await;
        }
    }

    fn ban(&self) -> std::sync::MutexGuard<'_, Ban> {
        self.ban.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::clock::FixedClock;

    const WINDOW: Duration = Duration::from_millis(200);

    fn gate() -> (Gate, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::new(Instant::from_ms(0)));
        (Gate::with_window(clock.clone(), None, WINDOW), clock)
    }

    #[tokio::test]
    async fn a_long_ban_is_refused_without_a_call_and_is_not_shortened() {
        let (gate, clock) = gate();
        gate.pass(Purpose::Poll).await.unwrap();
        gate.block(Duration::from_secs(74_000)).await;
        gate.block(Duration::from_secs(1)).await;
        for purpose in [Purpose::Poll, Purpose::Enrich] {
            let Err(Error::RateLimited { retry_after, .. }) = gate.clone().pass(purpose).await else {
                panic!("it passed");
            };
            assert_eq!(retry_after, Duration::from_secs(74_000));
        }
        clock.set(Instant::from_ms(74_000_000));
        gate.pass(Purpose::Poll).await.unwrap();
    }

    #[tokio::test]
    async fn a_short_ban_is_waited_out_by_all_though_the_clock_stands_still() {
        let (gate, _) = gate();
        let ban = Duration::from_millis(80);
        gate.block(ban).await;
        let begun = Monotonic::now();
        let (one, other) = tokio::join!(gate.pass(Purpose::Poll), gate.pass(Purpose::Poll));
        assert!(one.is_ok() && other.is_ok() && begun.elapsed() >= ban);
        assert_eq!(gate.0.left(), None, "once is enough");
    }

    #[tokio::test]
    async fn a_ban_ends_when_the_clock_says_so() {
        let (gate, clock) = gate();
        gate.block(Duration::from_secs(60)).await;
        let passes = tokio::spawn(async move { gate.pass(Purpose::Poll).await.is_ok() });
        tokio::task::yield_now().await;
        assert!(!passes.is_finished());
        clock.set(Instant::from_ms(60_000));
        assert!(passes.await.unwrap());
    }

    #[tokio::test]
    async fn enrichment_waits_for_polls_and_for_its_window() {
        let (gate, _) = gate();
        let poll = gate.pass(Purpose::Poll).await.unwrap();
        let begun = Monotonic::now();
        let enrich = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass(Purpose::Enrich).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!enrich.is_finished(), "a poll is open");
        drop(poll);
        assert!(enrich.await.unwrap());
        for _ in 0..ENRICHMENT_CALLS_IN_WINDOW {
            gate.pass(Purpose::Enrich).await.unwrap();
        }
        assert!(begun.elapsed() >= WINDOW, "one more than the window has room for");
    }
}
