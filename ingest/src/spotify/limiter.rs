//! The gate before every call of one app: while Spotify asks to be left alone, nobody calls.
//!
//! A short wait is waited out by everyone; a long one is refused at once, so that a run ends and says why. It knows nothing of
//! earlier runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Error;

/// The longest wait that is waited out.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);

/// Shared by every session of an app.
#[derive(Clone, Default)]
pub(super) struct Limiter {
    blocked_until: Arc<Mutex<Option<Instant>>>,
}

impl Limiter {
    /// Waits until a call is allowed; refuses if that takes longer than [`WAIT_MAX`].
    pub(super) async fn pass(&self) -> Result<(), Error> {
        while let Some(retry_after) = self.remaining() {
            if retry_after > WAIT_MAX {
                return Err(Error::RateLimited { retry_after });
            }
            tokio::time::sleep(retry_after).await;
        }
        Ok(())
    }

    /// Notes that Spotify asks to stay away for `retry_after`. A shorter wait never shortens a longer one.
    pub(super) fn block(&self, retry_after: Duration) {
        let until = Instant::now() + retry_after;
        let mut blocked_until = self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        *blocked_until = (*blocked_until).max(Some(until));
    }

    fn remaining(&self) -> Option<Duration> {
        let until = (*self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_ban_is_refused_without_a_call_and_is_not_shortened() {
        let limiter = Limiter::default();
        limiter.pass().await.unwrap();
        limiter.block(Duration::from_secs(74_000));
        limiter.block(Duration::from_secs(1));
        let Err(Error::RateLimited { retry_after }) = limiter.clone().pass().await else { panic!("it passed") };
        assert!(retry_after > Duration::from_secs(73_000));
    }
}
