//! Histories that are hard to count: ties, namesakes, unknowns, and plays exactly where days, ranges and sessions end.

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::tz::TimeZone;
use tests::reference::time::{HOUR, Ms, Step, Zone};
use tests::reference::{Album, Artist, Gap, History, Listener, Play, Skip, Track};

use super::dice::Dice;

/// Zones that turn their clocks at odd times, by odd amounts, at midnight, over a whole day, or never.
pub(super) const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Apia",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Chatham",
    "UTC",
];

/// When every history is loaded, whatever time it is when somebody asks: 2009-02-13T23:31:30.123Z.
const LOADED_AT: Ms = 1_234_567_890_123;

/// Some of them are the same but for case, accents and punctuation, and some are the same.
const NAMES: [&str; 12] = [
    "Echo",
    "echo!",
    "Écho",
    "The Echo Chamber",
    "An Echoing Echo",
    "Nico",
    "Nico",
    "Déjà Vu",
    "100% Pure_Love",
    "Björk & Üdo",
    "!!!",
    "椎名 (Live)",
];

pub(super) const GENRES: [&str; 7] = ["dream pop", "Dream Pop", "Zouk", "électro", "k-pop", "k pop", "drone"];

/// Begins with an instant around which everything happens, and how far.
pub(super) struct Era {
    pub(super) around: Ms,
    pub(super) spread: Ms,
}

impl Era {
    fn new(dice: &mut Dice) -> Self {
        let zone = dice.pick(&ZONES);
        let some_time = dice.between(at(2009, 1), at(2026, 11));
        let around = match dice.below(5) {
            0 => some_time,
            1 => Zone::named(zone).start_of(date(dice.pick(&[2012, 2016, 2020, 2024]), 2, 29)),
            2 => Zone::named(zone).start_of(date(dice.pick(&[2010, 2015, 2020, 2021, 2025]), 1, 1)),
            3 if zone == "Pacific/Apia" => Zone::named(zone).start_of(date(2011, 12, 31)),
            _ => {
                let from = jiff::Timestamp::from_millisecond(some_time).unwrap();
                let zone = TimeZone::get(zone).unwrap();
                let mut turns = zone.following(from).take_while(|turn| turn.timestamp().as_millisecond() < at(2027, 1));
                turns.next().map_or(some_time, |turn| turn.timestamp().as_millisecond())
            }
        };
        let days = |days: i64| days * 24 * HOUR;
        Self { around, spread: dice.pick(&[HOUR, days(1), days(3), days(20), days(100), days(900), days(3000)]) }
    }

    /// Some instant in it.
    pub(super) fn instant(&self, dice: &mut Dice) -> Ms {
        self.around + dice.between(-self.spread, self.spread)
    }

    /// Where a day, an hour, a week, a month or a year begins, or a millisecond beside it.
    pub(super) fn edge(&self, dice: &mut Dice) -> Ms {
        let zone = Zone::named(dice.pick(&ZONES));
        let step = dice.pick(&Step::ALL);
        let at = self.instant(dice);
        let edge = if dice.percent(50) { step.begins(at, &zone) } else { step.ends(at, &zone) };
        edge + dice.between(-1, 1)
    }
}

fn at(year: i16, month: i8) -> Ms {
    date(year, month, 1).to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond()
}

/// A history, and when it happened.
pub(super) fn history(dice: &mut Dice) -> (History, Era) {
    let era = Era::new(dice);
    let catalogue = History { artists: artists(dice), albums: albums(dice), ..History::default() };
    let mut history = History { loaded_at: LOADED_AT, ..catalogue };
    history.tracks = tracks(dice, &history);
    history.listeners = listeners(dice);
    history.plays = plays(dice, &history, &era);
    history.skips = skips(dice, &history, &era);
    history.gaps = gaps(dice, &history, &era);
    (history, era)
}

/// Spotify's ids are in no order that numbers given later are in.
fn spotify_id(dice: &mut Dice, kind: &str, place: usize) -> String {
    format!("{kind}{:03}x{place}", dice.below(1000))
}

fn listeners(dice: &mut Dice) -> Vec<Listener> {
    let names = ["ada", "Ada", "grace", "ben.j", "zoe_9"];
    let many = dice.below(names.len()) + 1;
    let listener = |name: &&str| Listener { username: (*name).to_owned(), time_zone: String::new(), key: 0 };
    let mut listeners: Vec<Listener> = names[..many].iter().map(listener).collect();
    for listener in &mut listeners {
        dice.pick(&ZONES).clone_into(&mut listener.time_zone);
    }
    listeners
}

fn artists(dice: &mut Dice) -> Vec<Artist> {
    let many = dice.below(9) + 1;
    let artist = |place| {
        let many = if dice.percent(30) { 0 } else { dice.below(3) + 1 };
        Artist {
            spotify_id: spotify_id(dice, "artist", place),
            name: dice.pick(&NAMES).to_owned(),
            genres: dice.some_of(GENRES.len(), many).into_iter().map(|genre| GENRES[genre].to_owned()).collect(),
            key: 0,
            id: String::new(),
        }
    };
    (0..many).map(artist).collect()
}

fn albums(dice: &mut Dice) -> Vec<Album> {
    let many = dice.below(7);
    let album = |place| {
        let dates = ["1981", "1981-12", "1981-12-15", "2024-02-29", "2012", "1999-01"];
        Album {
            spotify_id: spotify_id(dice, "album", place),
            name: dice.pick(&NAMES).to_owned(),
            release_date: (!dice.percent(25)).then(|| dice.pick(&dates).to_owned()),
            key: 0,
            id: String::new(),
        }
    };
    (0..many).map(album).collect()
}

fn tracks(dice: &mut Dice, history: &History) -> Vec<Track> {
    let many = dice.pick(&[1, 3, 8, 20, 40]);
    let track = |place| {
        let credits = if dice.percent(5) { 0 } else { dice.pick(&[1, 1, 1, 2, 3, 4]) };
        let is_on_album = !history.albums.is_empty() && !dice.percent(25);
        Track {
            spotify_id: spotify_id(dice, "track", place),
            name: dice.pick(&NAMES).to_owned(),
            // Few lengths, so that listen times tie; one of them is two of another.
            duration_ms: (!dice.percent(10)).then(|| dice.pick(&[100_000, 200_000, 200_000, 213_517, 1, 3_600_000])),
            explicit: dice.pick(&[None, Some(true), Some(false)]),
            album: is_on_album.then(|| dice.below(history.albums.len())),
            artists: dice.some_of(history.artists.len(), credits),
            features: (!dice.percent(30)).then(|| features(dice)),
            key: 0,
            id: String::new(),
        }
    };
    (0..many).map(track).collect()
}

/// In the order of [`tests::reference::FEATURES`], within Spotify's bounds.
fn features(dice: &mut Dice) -> [f64; 9] {
    let mut unit = || dice.between(0, 1000) as f64 / 1000.0;
    let mut features = [0.0; 9].map(|_: f64| unit());
    features[5] *= -60.0;
    features[7] *= 220.0;
    features
}

fn plays(dice: &mut Dice, history: &History, era: &Era) -> Vec<Play> {
    let many = dice.pick(&[0, 1, 2, 6, 20, 60, 150, 300]);
    let mut plays: Vec<Play> = Vec::new();
    let mut known = BTreeSet::new();
    for _ in 0..many {
        // Some people and some tracks are heard much more than others.
        let listener = dice.below(history.listeners.len()).min(dice.below(history.listeners.len()));
        let track = dice.below(history.tracks.len()).min(dice.below(history.tracks.len()));
        let measured_ms = dice.percent(50).then(|| dice.pick(&[0, 1, 30_000, 100_000, 200_000, 213_517]));
        let lasts = i64::from(measured_ms.or(history.tracks[track].duration_ms).unwrap_or(0));
        let before = if plays.is_empty() { None } else { Some(dice.pick(&plays)) };
        let at = match before {
            Some(before) if dice.percent(15) => before.at,
            Some(before) if dice.percent(40) => {
                // Right after it, after a pause that is about as long as those that end a session.
                let pause = dice.pick(&[0, 1, 5, 29, 30, 31, 60]) * 60_000 + dice.between(-1, 1);
                before.at + pause + lasts
            }
            _ if dice.percent(25) => era.edge(dice),
            _ => era.instant(dice),
        };
        if !known.insert((listener, track, at)) {
            continue;
        }
        plays.push(Play {
            listener,
            track,
            at,
            measured_ms,
            exported: if measured_ms.is_some() { dice.percent(90) } else { dice.percent(5) },
            context_uri: dice.percent(20).then(|| "spotify:album:x".to_owned()),
        });
    }
    plays
}

fn skips(dice: &mut Dice, history: &History, era: &Era) -> Vec<Skip> {
    let many = dice.pick(&[0, 0, 3, 40]);
    let mut skips: Vec<Skip> = Vec::new();
    for _ in 0..many {
        let skip = Skip {
            listener: dice.below(history.listeners.len()),
            track: dice.below(history.tracks.len()),
            at: if dice.percent(30) { era.edge(dice) } else { era.instant(dice) },
        };
        if !skips.contains(&skip) {
            skips.push(skip);
        }
    }
    skips
}

fn gaps(dice: &mut Dice, history: &History, era: &Era) -> Vec<Gap> {
    let many = dice.pick(&[0, 1, 4]);
    let mut gaps: Vec<Gap> = Vec::new();
    for _ in 0..many {
        let after = if dice.percent(30) { era.edge(dice) } else { era.instant(dice) };
        let before = after + dice.pick(&[1, HOUR, 30 * HOUR]);
        let listener = dice.below(history.listeners.len());
        if gaps.iter().any(|gap| (gap.listener, gap.after) == (listener, after)) {
            continue;
        }
        let filled_at = dice.percent(30).then_some(before + 2 * HOUR);
        gaps.push(Gap { listener, after, before, detected_at: before + HOUR, filled_at });
    }
    gaps
}
