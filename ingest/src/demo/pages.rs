//! Which plays each fetch brought: pages of one listener's plays, each play on exactly one.

use std::ops::Range;

use super::dice::Dice;
use super::timeline::Play;

/// The most that Spotify gives at once, and all it remembers.
pub(super) const PAGE_PLAYS_MAX: usize = 50;
/// A pause that may hide plays that nobody fetched in time.
const SUSPICIOUS_PAUSE_MS: i64 = 36 * 3_600_000;

/// One fetch of one listener's recently played tracks.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) fetched_at_ms: i64,
    pub(super) listener: usize,
    /// Positions in the listener's plays, oldest first; never empty.
    pub(super) plays: Range<usize>,
}

/// Cuts a listener's plays, oldest first, into pages, oldest first.
///
/// Nearly every page is shorter than [`PAGE_PLAYS_MAX`]: the ingest reads a full page that holds nothing known as a
/// sign of lost plays. A few are full on purpose, after a pause of days, so that there are gaps to show.
pub(super) fn pages(dice: &mut Dice, listener: usize, plays: &[Play]) -> Vec<Page> {
    let mut pages = Vec::with_capacity(plays.len() / 36 + 1);
    let mut first = 0;
    while first < plays.len() {
        let suspicious =
            first > 0 && plays[first].ended_ms - plays[first - 1].ended_ms > SUSPICIOUS_PAUSE_MS && dice.chance(0.12);
        let size = match suspicious {
            true => PAGE_PLAYS_MAX,
            false => dice.between(26, PAGE_PLAYS_MAX as i64 - 1) as usize,
        };
        let until = (first + size).min(plays.len());
        // Between this page's newest play and the end of the next one there is always a whole track.
        let fetched_at_ms = plays[until - 1].ended_ms + dice.between(2_000, 25_000);
        pages.push(Page { fetched_at_ms, listener, plays: first..until });
        first = until;
    }
    pages
}
