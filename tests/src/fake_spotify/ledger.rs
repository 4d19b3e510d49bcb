//! Every play ever issued to a listener: what the product must end up knowing, and so the tests' oracle.
//!
//! Its sums are written to be obviously right, not fast. It does not know what the product has fetched.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Range,
};

/// How many plays Spotify ever shows: "only the last 50 plays exist, in total".
const WINDOW: usize = 50;

/// One play, as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// When the play ended, in Unix milliseconds.
    pub played_at_ms: i64,
    /// From when on recently-played may show it, in Unix milliseconds: later than it was played for an offline play.
    pub surfaces_at_ms: i64,
    /// The track, as index into [`World::tracks`](super::World::tracks).
    pub track: usize,
    /// The track's id.
    pub track_id: String,
    /// The id of the track's album.
    pub album_id: String,
    /// The ids of the credited artists, the primary one first.
    pub artist_ids: Vec<String>,
    /// The track's length, in milliseconds. Spotify tells no other duration of a play.
    pub duration_ms: i64,
    /// What it was played from.
    pub context: Option<Context>,
}

/// What a track was played from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// An album, by id.
    Album(String),
    /// An artist's page, by id.
    Artist(String),
    /// A playlist, by id.
    Playlist(String),
}

/// What was ever issued, in the order it was issued.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    plays: Vec<Play>,
    /// (instant, track) of every play of one listener; a merged ledger takes no more plays and has none.
    known: HashSet<(i64, usize)>,
}

/// Sums over some plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How many plays.
    pub plays: u64,
    /// The sum of the tracks' lengths, in milliseconds.
    pub listen_time_ms: i64,
    /// How many distinct track ids.
    pub tracks: u64,
    /// How many distinct artist ids, credited at any position.
    pub artists: u64,
    /// How many distinct artist ids among primary artists.
    pub primary_artists: u64,
    /// How many distinct album ids.
    pub albums: u64,
}

impl Ledger {
    /// Several ledgers as one: what everyone heard. Distinct counts do not add up, so this is how to get them.
    pub fn merged(ledgers: impl IntoIterator<Item = Self>) -> Self {
        let plays = ledgers.into_iter().flat_map(|ledger| ledger.plays).collect();
        Self { plays, known: HashSet::new() }
    }

    /// Every play, in the order it was issued.
    pub fn plays(&self) -> &[Play] {
        &self.plays
    }

    /// What recently-played shows at an instant: of the plays that have surfaced, the newest 50, newest first.
    pub fn window(&self, now_ms: i64) -> Vec<&Play> {
        let mut plays: Vec<&Play> = self.plays.iter().filter(|play| play.surfaces_at_ms <= now_ms).collect();
        plays.sort_by_key(|play| std::cmp::Reverse((play.played_at_ms, play.track)));
        plays.truncate(WINDOW);
        plays
    }

    /// Sums over the plays of a half-open range of `played_at`, in Unix milliseconds.
    pub fn totals(&self, range_ms: Range<i64>) -> Totals {
        let mut totals = Totals { plays: 0, listen_time_ms: 0, tracks: 0, artists: 0, primary_artists: 0, albums: 0 };
        let (mut tracks, mut artists, mut primary_artists, mut albums) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for play in self.plays.iter().filter(|play| range_ms.contains(&play.played_at_ms)) {
            totals.plays += 1;
            totals.listen_time_ms += play.duration_ms;
            tracks.insert(&play.track_id);
            artists.extend(&play.artist_ids);
            primary_artists.insert(&play.artist_ids[0]);
            albums.insert(&play.album_id);
        }
        totals.tracks = tracks.len() as u64;
        totals.artists = artists.len() as u64;
        totals.primary_artists = primary_artists.len() as u64;
        totals.albums = albums.len() as u64;
        totals
    }

    /// Sums over every play ever issued.
    pub fn totals_ever(&self) -> Totals {
        self.totals(i64::MIN..i64::MAX)
    }

    /// How often each track was played, by track id, in a half-open range of Unix milliseconds.
    pub fn plays_by_track(&self, range_ms: Range<i64>) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for play in self.plays.iter().filter(|play| range_ms.contains(&play.played_at_ms)) {
            *counts.entry(play.track_id.clone()).or_default() += 1;
        }
        counts
    }

    /// How often each credited artist was played, by artist id, in a half-open range of Unix milliseconds. A play counts
    /// once for each of its artists.
    pub fn plays_by_artist(&self, range_ms: Range<i64>) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for play in self.plays.iter().filter(|play| range_ms.contains(&play.played_at_ms)) {
            for artist_id in &play.artist_ids {
                *counts.entry(artist_id.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// Writes a play down. False when it is there already: (listener, instant, track) is what makes a play one play.
    pub(super) fn issue(&mut self, play: Play) -> bool {
        let new = self.known.insert((play.played_at_ms, play.track));
        if new {
            self.plays.push(play);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(played_at_ms: i64, track: usize, artist_ids: &[&str]) -> Play {
        Play {
            played_at_ms,
            surfaces_at_ms: played_at_ms,
            track,
            track_id: format!("track {track}"),
            album_id: "album".to_owned(),
            artist_ids: artist_ids.iter().map(|&id| id.to_owned()).collect(),
            duration_ms: 1_000 * track as i64,
            context: None,
        }
    }

    fn ledger(plays: impl IntoIterator<Item = Play>) -> Ledger {
        let mut ledger = Ledger::default();
        for play in plays {
            assert!(ledger.issue(play));
        }
        ledger
    }

    #[test]
    fn totals_count_plays_in_the_half_open_range() {
        let ledger = ledger([play(10, 1, &["a"]), play(20, 1, &["a"]), play(29, 2, &["b", "a"]), play(30, 3, &["c"])]);
        let expected = Totals { plays: 2, listen_time_ms: 3_000, tracks: 2, artists: 2, primary_artists: 2, albums: 1 };
        assert_eq!(ledger.totals(20..30), expected);
        assert_eq!(ledger.totals_ever().plays, 4);
        assert_eq!(ledger.plays_by_artist(0..30)["a"], 3);
        assert_eq!(ledger.plays_by_track(0..30)["track 1"], 2);
    }

    #[test]
    fn distinct_counts_of_merged_ledgers_do_not_add_up() {
        let merged = Ledger::merged([ledger([play(1, 1, &["a"])]), ledger([play(1, 1, &["a"])])]);
        assert_eq!((merged.totals_ever().plays, merged.totals_ever().tracks), (2, 1));
    }

    #[test]
    fn the_window_is_the_newest_fifty_that_have_surfaced() {
        let late = Play { surfaces_at_ms: 1_000, ..play(55, 9, &["a"]) };
        let ledger = ledger((0..60).map(|at| play(at, 1, &["a"])).chain([late]));
        let window = ledger.window(999);
        assert_eq!((window.len(), window[0].played_at_ms, window[49].played_at_ms), (50, 59, 10));
        let window = ledger.window(1_000);
        assert_eq!((window.len(), window[4].track, window[49].played_at_ms), (50, 9, 11));
    }

    #[test]
    fn the_same_play_is_not_issued_twice() {
        let mut ledger = ledger([play(1, 1, &["a"])]);
        assert!(!ledger.issue(play(1, 1, &["a"])));
        assert!(ledger.issue(play(1, 2, &["a"])), "two tracks may end in one millisecond");
    }
}
