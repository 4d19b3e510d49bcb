//! How often an account is polled: Spotify shows the last 50 plays, so whoever fills them faster is looked at sooner.

use std::time::Duration;

use entity::ids::UserId;
use entity::time::Instant;

use crate::transform::PAGE_ITEMS_MAX;

/// The longest time between two polls of an account, and the shortest: a sixth of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    longest_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { longest_ms: 3_600_000 }
    }
}

/// A poll comes when half the window has filled, at the fastest pace seen: as much again may happen before plays are lost.
const PLAYS_BETWEEN_POLLS: i64 = PAGE_ITEMS_MAX as i64 / 2;

/// The pace is taken from this many plays in a row: enough for a habit, few enough for an evening of short tracks.
const PLAYS_OF_A_PACE: usize = 10;

/// How soon an account whose fetch failed is tried again by `watch`.
const RETRY_MS: i64 = 120_000;

impl Pace {
    /// Polls every `longest` or sooner.
    pub fn every(longest: Duration) -> Self {
        Self { longest_ms: i64::try_from(longest.as_millis()).unwrap_or(i64::MAX / 2).max(1) }
    }

    /// When to poll again somebody whose newest plays ended at `newest`, newest first, and who was polled at `now`.
    pub fn next(self, newest: &[Instant], now: Instant) -> Instant {
        let spans = newest.windows(PLAYS_OF_A_PACE).map(|plays| plays[0] - plays[PLAYS_OF_A_PACE - 1]);
        let fill_ms = spans.min().map_or(self.longest_ms, |span_ms| {
            span_ms.saturating_mul(PLAYS_BETWEEN_POLLS) / (PLAYS_OF_A_PACE as i64 - 1)
        });
        now + fill_ms.clamp(self.longest_ms / 6, self.longest_ms)
    }

    /// When to try again somebody whose poll failed at `now`: not everyone at the same moment.
    pub fn retry(self, user: UserId, now: Instant) -> Instant {
        let longest_ms = self.longest_ms.min(RETRY_MS);
        now + longest_ms / 2 + i64::from(user.0).wrapping_mul(7_919).rem_euclid(longest_ms / 2 + 1)
    }

    /// How often to look for accounts that are due.
    pub fn tick(self) -> Duration {
        Duration::from_millis(u64::try_from(self.longest_ms / 60).unwrap_or(0).clamp(100, 60_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_ms(1_795_338_000_000);

    /// Minutes until the next poll of somebody who plays a track every `every_s` seconds, `plays` of them.
    fn minutes(plays: i64, every_s: i64) -> i64 {
        let newest: Vec<Instant> = (0..plays).map(|n| NOW + -n * every_s * 1_000).collect();
        (Pace::default().next(&newest, NOW) - NOW) / 60_000
    }

    #[test]
    fn who_plays_faster_is_polled_sooner_within_bounds() {
        assert_eq!([minutes(0, 1), minutes(9, 1), minutes(50, 200)], [60, 60, 60]);
        assert_eq!([minutes(50, 120), minutes(50, 60), minutes(10, 36)], [50, 25, 15]);
        assert_eq!([minutes(50, 20), minutes(50, 0)], [10, 10]);
    }

    #[test]
    fn one_fast_hour_counts_although_the_rest_was_slow() {
        let fast = (0..10).map(|n| NOW + (-86_400_000 - n * 30_000));
        let newest: Vec<Instant> = (0..10).map(|n| NOW + -n * 3_600_000).chain(fast).collect();
        assert_eq!((Pace::default().next(&newest, NOW) - NOW) / 1_000, 750);
    }

    #[test]
    fn nobody_who_keeps_a_pace_fills_the_window_between_two_polls() {
        for every_s in [13, 20, 30, 45, 60, 90, 120, 180, 240] {
            assert!(minutes(50, every_s) * 60 / every_s < 50, "{every_s}");
        }
    }

    #[test]
    fn failures_are_tried_again_soon_and_not_all_at_once() {
        let at: Vec<i64> = (1..9).map(|user| Pace::default().retry(UserId(user), NOW) - NOW).collect();
        assert!(at.iter().all(|ms| (60_000..=120_000).contains(ms)), "{at:?}");
        assert!(at.iter().collect::<std::collections::BTreeSet<_>>().len() > 6, "{at:?}");
    }
}
