//! Who may not call before when: what a 429 with `Retry-After` starts.
//!
//! A ban is over when either clock says so, the fake's own or the machine's: a test that fixes the time and really waits
//! has waited, and so has a test that moves the time and does not wait.

use std::time::{Duration, Instant};

#[derive(Default)]
pub(super) struct Bans {
    bans: Vec<Ban>,
}

struct Ban {
    /// One listener, or the whole app.
    listener: Option<usize>,
    until_ms: i64,
    until: Instant,
}

impl Bans {
    /// Forbids the listener, or everyone, to call for a while.
    pub(super) fn begin(&mut self, listener: Option<usize>, now_ms: i64, now: Instant, length_ms: i64) {
        let length = Duration::from_millis(u64::try_from(length_ms).unwrap_or(0));
        self.bans.push(Ban { listener, until_ms: now_ms.saturating_add(length_ms), until: now + length });
    }

    /// How many whole seconds a call by this listener would have to wait, rounded up; none when it may call.
    pub(super) fn left_s(&mut self, listener: Option<usize>, now_ms: i64, now: Instant) -> Option<u64> {
        self.bans.retain(|ban| now_ms < ban.until_ms && now < ban.until);
        let binding = self.bans.iter().filter(|ban| ban.listener.is_none() || ban.listener == listener);
        let left_ms = binding.map(|ban| ban.until_ms - now_ms).max()?;
        Some(u64::try_from(left_ms).unwrap_or(0).div_ceil(1_000))
    }

    pub(super) fn lift(&mut self) {
        self.bans.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_binds_its_listener_and_an_app_ban_binds_everyone() {
        let (mut bans, now) = (Bans::default(), Instant::now());
        let left_s = |bans: &mut Bans| [Some(1), Some(2), None].map(|listener| bans.left_s(listener, 0, now));
        bans.begin(Some(1), 0, now, 2_500);
        assert_eq!(left_s(&mut bans), [Some(3), None, None]);
        bans.begin(None, 0, now, 1_000);
        assert_eq!(left_s(&mut bans), [Some(3), Some(1), Some(1)]);
    }

    #[test]
    fn a_ban_ends_by_either_clock() {
        let now = Instant::now();
        for (later_ms, later) in [(60_000, now), (0, now + Duration::from_secs(60))] {
            let mut bans = Bans::default();
            bans.begin(None, 0, now, 60_000);
            assert_eq!(bans.left_s(None, 0, now), Some(60));
            assert_eq!(bans.left_s(None, later_ms, later), None);
        }
    }
}
