//! A generated world: a catalogue, listeners and what they played in five years, as rows for the tables.
//!
//! Popularity and activity follow power laws, as they do in real listening: few tracks and few listeners have most of the
//! plays. A listener mostly returns to a repertoire of their own, itself drawn from what is popular, and listens in sessions.
//! It touches no database and asks no clock: the last instant is a constant.

use entity::search::fold;
use entity::time::Instant;

use crate::dice::Dice;
use crate::words;

/// When the world ends: what every range is resolved at, 2026-11-22T12:00:00Z.
pub(crate) const NOW: Instant = Instant::from_ms(1_795_348_800_000);

const DAY_MS: i64 = 86_400_000;
const YEARS_MS: i64 = 5 * 365 * DAY_MS;
/// The exponent of listeners' activity: with it, 5,000 listeners share 10 million plays from some 250,000 down.
const ACTIVITY: f64 = 0.7;
const POPULARITY: f64 = 0.85;
const RETURNING: f64 = 0.9;

// Streams of chance: drawing more in one place does not change another.
const ARTISTS: u64 = 1;
const ALBUMS: u64 = 2;
const TRACKS: u64 = 3;
const LISTENERS: u64 = 4;
const PERMUTATION: u64 = 5;
const PLAYS: u64 = 1 << 32;
const REPERTOIRES: u64 = 2 << 32;

/// How much of everything there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Plays, about: those that would coincide are left out.
    pub(crate) plays: u32,
    /// Listeners.
    pub(crate) listeners: u32,
    /// Tracks.
    pub(crate) tracks: u32,
    /// Artists.
    pub(crate) artists: u32,
    /// Albums.
    pub(crate) albums: u32,
}

impl Size {
    /// The world of so many plays: at 10 million, 5,000 listeners and 320,000 tracks.
    pub(crate) fn of(plays: u32) -> Self {
        let tracks = (f64::from(plays).sqrt() * 101.2) as u32;
        Self { plays, listeners: (plays / 2_000).max(20), tracks, artists: tracks / 8, albums: tracks / 6 }
    }
}

/// An artist with genres.
pub(crate) struct Artist {
    pub(crate) spotify_id: String,
    pub(crate) name: String,
    pub(crate) search_name: String,
    pub(crate) genres: Vec<String>,
}

/// An album of an artist.
pub(crate) struct Album {
    pub(crate) spotify_id: String,
    pub(crate) name: String,
    pub(crate) search_name: String,
    pub(crate) release_year: Option<i32>,
    /// Index of the artist.
    pub(crate) artist: u32,
}

/// A track, mostly on an album.
pub(crate) struct Track {
    pub(crate) spotify_id: String,
    pub(crate) name: String,
    pub(crate) search_name: String,
    pub(crate) duration_ms: i32,
    pub(crate) explicit: bool,
    /// Index of the album.
    pub(crate) album: Option<u32>,
    /// Indices of the artists, in order of credit.
    pub(crate) artists: Vec<u32>,
    /// In the order of the table's columns.
    pub(crate) features: Option<[f64; 9]>,
}

/// A listener.
pub(crate) struct Listener {
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) time_zone: &'static str,
    pub(crate) joined_at: i64,
    /// How many plays.
    plays: u32,
    /// Plays that ended before this are known from a privacy export.
    exported_until: Option<i64>,
}

/// A play, or a stream that was cut short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    pub(crate) ended_at: i64,
    /// Index of the listener.
    pub(crate) listener: u32,
    /// Index of the track.
    pub(crate) track: u32,
    pub(crate) listened_ms: i32,
    /// Whether a privacy export told of it, with its measured duration.
    pub(crate) exported: bool,
}

/// Everything but the streams.
pub(crate) struct World {
    seed: u64,
    pub(crate) artists: Vec<Artist>,
    pub(crate) albums: Vec<Album>,
    pub(crate) tracks: Vec<Track>,
    pub(crate) listeners: Vec<Listener>,
    /// Index of the track of each rank of popularity, so that ids tell nothing of it.
    by_popularity: Vec<u32>,
}

impl World {
    /// The world of that size and seed.
    pub(crate) fn new(size: Size, seed: u64) -> Self {
        let artists = artists(size, seed);
        let albums = albums(size, seed, &artists);
        let tracks = tracks(size, seed, &albums);
        let mut by_popularity: Vec<u32> = (0..size.tracks).collect();
        Dice::new(seed, PERMUTATION).shuffle(&mut by_popularity);
        Self { seed, listeners: listeners(size, seed), artists, albums, tracks, by_popularity }
    }

    /// All plays and all skips, each in the order in which they ended.
    pub(crate) fn streams(&self) -> (Vec<Stream>, Vec<Stream>) {
        let (mut plays, mut skips) = (Vec::new(), Vec::new());
        for (index, listener) in (0..).zip(&self.listeners) {
            self.listen(index, listener, &mut plays, &mut skips);
        }
        for streams in [&mut plays, &mut skips] {
            streams.sort_unstable();
            streams.dedup_by_key(|stream| (stream.ended_at, stream.listener, stream.track));
        }
        (plays, skips)
    }

    /// Session after session until the listener's plays are used up.
    fn listen(&self, index: u32, listener: &Listener, plays: &mut Vec<Stream>, skips: &mut Vec<Stream>) {
        let mut dice = Dice::new(self.seed, PLAYS + u64::from(index));
        let repertoire = (listener.plays * 2 / 5).max(25);
        let mut left = listener.plays;
        while left > 0 {
            let day = dice.between(listener.joined_at / DAY_MS, NOW.ms() / DAY_MS - 1);
            let mut at = day * DAY_MS + (dice.bell(17.0, 12.0) * 3_600_000.0) as i64;
            for _ in 0..(2 + dice.zipf(60, 1.4)).min(left) {
                let track = self.choose(index, repertoire, &mut dice);
                let duration_ms = self.tracks[track as usize].duration_ms;
                let exported = listener.exported_until.is_some_and(|until| at < until);
                if exported && dice.chance(0.2) {
                    let listened_ms = dice.between(1_000, 29_000) as i32;
                    at += i64::from(listened_ms) + 500;
                    skips.push(Stream { ended_at: at, listener: index, track, listened_ms, exported });
                }
                let listened_ms = match exported {
                    true => (f64::from(duration_ms) * (0.4 + 0.6 * dice.unit())) as i32,
                    false => duration_ms,
                };
                at += i64::from(listened_ms) + dice.between(100, 20_000);
                if at < NOW.ms() {
                    plays.push(Stream { ended_at: at, listener: index, track, listened_ms, exported });
                }
                left -= 1;
            }
        }
    }

    fn choose(&self, listener: u32, repertoire: u32, dice: &mut Dice) -> u32 {
        let ranks = u32::try_from(self.by_popularity.len()).expect("tracks are counted in 32 bits");
        let rank = if dice.chance(RETURNING) {
            // The repertoire is not stored: its n-th piece is a stream of chance of its own.
            let piece = dice.zipf(repertoire, 0.75);
            Dice::new(self.seed ^ u64::from(listener) << 20, REPERTOIRES + u64::from(piece)).zipf(ranks, POPULARITY)
        } else {
            dice.zipf(ranks, POPULARITY)
        };
        self.by_popularity[rank as usize]
    }
}

fn artists(size: Size, seed: u64) -> Vec<Artist> {
    let mut dice = Dice::new(seed, ARTISTS);
    let artist = |_| {
        let name = words::name(&mut dice, 2);
        let mut genres = Vec::new();
        if dice.chance(0.85) {
            for _ in 0..=dice.zipf(4, 1.5) {
                genres.push(words::genre(&mut dice));
            }
        }
        genres.sort_unstable();
        genres.dedup();
        Artist { spotify_id: dice.spotify_id(), search_name: fold(&name), name, genres }
    };
    (0..size.artists).map(artist).collect()
}

fn albums(size: Size, seed: u64, artists: &[Artist]) -> Vec<Album> {
    let mut dice = Dice::new(seed, ALBUMS);
    let artists = u32::try_from(artists.len()).expect("artists are counted in 32 bits");
    let album = |_| {
        let name = words::name(&mut dice, 3);
        let release_year = dice.chance(0.98).then(|| 2026 - dice.zipf(70, 0.6) as i32);
        let artist = dice.below(artists);
        Album { spotify_id: dice.spotify_id(), search_name: fold(&name), name, release_year, artist }
    };
    (0..size.albums).map(album).collect()
}

fn tracks(size: Size, seed: u64, albums: &[Album]) -> Vec<Track> {
    let mut dice = Dice::new(seed, TRACKS);
    let count = u32::try_from(albums.len()).expect("albums are counted in 32 bits");
    let track = |_| {
        let name = words::name(&mut dice, 4);
        let album = dice.below(count);
        let mut artists = vec![albums[album as usize].artist];
        while artists.len() < 6 && dice.chance(0.25) {
            let guest = dice.below(size.artists);
            if !artists.contains(&guest) {
                artists.push(guest);
            }
        }
        let features = dice.chance(0.85).then(|| {
            let mut features: [f64; 9] = std::array::from_fn(|_| dice.unit());
            features[5] = dice.bell(-12.0, 11.0);
            features[7] = dice.bell(120.0, 60.0);
            features
        });
        Track {
            spotify_id: dice.spotify_id(),
            search_name: fold(&name),
            name,
            duration_ms: dice.bell(215_000.0, 140_000.0) as i32,
            explicit: dice.chance(0.15),
            album: dice.chance(0.99).then_some(album),
            artists,
            features,
        }
    };
    (0..size.tracks).map(track).collect()
}

fn listeners(size: Size, seed: u64) -> Vec<Listener> {
    const ZONES: [&str; 6] =
        ["Europe/Berlin", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo"];
    let mut dice = Dice::new(seed, LISTENERS);
    let mut ranks: Vec<u32> = (1..=size.listeners).collect();
    let whole: f64 = ranks.iter().map(|rank| f64::from(*rank).powf(-ACTIVITY)).sum();
    dice.shuffle(&mut ranks);
    let listener = |rank: u32| {
        let plays = (f64::from(size.plays) * f64::from(rank).powf(-ACTIVITY) / whole).round() as u32;
        // The most active have been here from the beginning; of the others, half joined on the way.
        let late = if rank > 20 && dice.chance(0.5) { dice.unit() * 0.8 } else { 0.0 };
        Listener {
            username: format!("listener-{rank:05}"),
            display_name: words::name(&mut dice, 2),
            time_zone: ZONES[dice.below(6) as usize],
            joined_at: NOW.ms() - YEARS_MS + (YEARS_MS as f64 * late) as i64,
            plays: plays.max(1),
            exported_until: dice.chance(0.1).then(|| NOW.ms() - (YEARS_MS as f64 * dice.unit()) as i64),
        }
    };
    ranks.into_iter().map(listener).collect()
}
