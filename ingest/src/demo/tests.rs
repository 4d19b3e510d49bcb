//! What the generated history promises.

use std::collections::{HashMap, HashSet};

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::catalogue::{Catalogue, Track};
use super::genre::{GENRES, index_of};
use super::{Document, Kind, Options, history, listeners};

/// 22 November 2026, 09:12 UTC: in the middle of a Sunday in Europe.
const UNTIL_MS: i64 = 1_795_338_720_000;

struct Played {
    listener: usize,
    ended_ms: i64,
    duration_ms: i64,
    track: String,
}

fn small() -> Options {
    Options { plays: 3_000, ..Options::new(7, UNTIL_MS) }
}

fn json(document: &Document) -> Value {
    serde_json::from_slice(&document.bytes).unwrap()
}

/// Every play of every page, in the order of fetching, oldest first within a page.
fn played(options: &Options) -> Vec<Played> {
    let mut played = Vec::new();
    for document in history(options) {
        let Kind::RecentlyPlayed { listener } = document.kind else { continue };
        for item in json(&document)["items"].as_array().unwrap().iter().rev() {
            let played_at: Timestamp = item["played_at"].as_str().unwrap().parse().unwrap();
            played.push(Played {
                listener,
                ended_ms: played_at.as_millisecond(),
                duration_ms: item["track"]["duration_ms"].as_i64().unwrap(),
                track: item["track"]["id"].as_str().unwrap().into(),
            });
        }
    }
    played
}

/// Plays of the listener called `username`, as local times.
fn local_times(options: &Options, username: &str) -> Vec<Zoned> {
    let listeners = listeners(options);
    let number = listeners.iter().position(|listener| listener.username == username).unwrap();
    let zone = TimeZone::get(listeners[number].time_zone).unwrap();
    let of_listener = played(options).into_iter().filter(|play| play.listener == number);
    of_listener.map(|play| Timestamp::from_millisecond(play.ended_ms).unwrap().to_zoned(zone.clone())).collect()
}

fn part<T>(items: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    items.iter().filter(|item| holds(item)).count() as f64 / items.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let documents = |seed| history(&Options { seed, ..small() }).collect::<Vec<_>>();
    assert_eq!(documents(7), documents(7));
    assert_ne!(documents(7), documents(8));
}

#[test]
fn there_are_exactly_as_many_plays_as_were_asked_for() {
    for (listeners, plays) in [(6, 2_500), (1, 1), (6, 3), (11, 900), (3, 0), (0, 100)] {
        let options = Options { listeners, plays, ..Options::new(3, UNTIL_MS) };
        let expected = if listeners == 0 { 0 } else { plays as usize };
        assert_eq!(played(&options).len(), expected, "{listeners} listeners, {plays} plays");
    }
}

#[test]
fn every_play_comes_once_and_begins_after_the_one_before_has_ended() {
    // The second asks for more than four days can hold.
    for options in [small(), Options { plays: 3_000, span_days: 4, ..small() }] {
        let mut newest: HashMap<usize, i64> = HashMap::new();
        for play in played(&options) {
            if let Some(ended_ms) = newest.insert(play.listener, play.ended_ms) {
                assert!(play.ended_ms - play.duration_ms >= ended_ms, "plays overlap at {}", play.ended_ms);
            }
            assert!(play.ended_ms < UNTIL_MS);
        }
        assert_eq!(newest.len(), 6);
    }
}

#[test]
fn plays_lie_within_the_span_and_newcomers_come_late() {
    let mut oldest: HashMap<usize, i64> = HashMap::new();
    for play in played(&small()) {
        oldest.entry(play.listener).or_insert(play.ended_ms);
    }
    let days_ago = |listener: usize| (UNTIL_MS - oldest[&listener]) / 86_400_000;
    assert!((700..=731).contains(&days_ago(0)), "{}", days_ago(0));
    assert!((60..=93).contains(&days_ago(5)), "{}", days_ago(5));
}

#[test]
fn pages_have_the_shape_of_spotifys() {
    let options = Options { plays: 6_000, ..small() };
    let mut full = 0;
    let mut fetched_at_ms = i64::MIN;
    for document in history(&options) {
        assert!(document.fetched_at_ms >= fetched_at_ms && document.fetched_at_ms <= UNTIL_MS);
        fetched_at_ms = document.fetched_at_ms;
        let Kind::RecentlyPlayed { listener } = document.kind else { continue };
        assert!(listener < 6);
        let page = json(&document);
        let items = page["items"].as_array().unwrap();
        assert!((1..=50).contains(&items.len()));
        full += usize::from(items.len() == 50);
        let played_at =
            |item: &Value| item["played_at"].as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond();
        assert!(items.is_sorted_by(|a, b| played_at(a) > played_at(b)), "newest first");
        let (newest, oldest) = (played_at(&items[0]), played_at(items.last().unwrap()));
        assert!((1..=30_000).contains(&(fetched_at_ms - newest)), "fetched just after the newest play");
        assert_eq!(page["cursors"]["after"], newest.to_string());
        assert_eq!(page["cursors"]["before"], oldest.to_string());
        for item in items {
            let track = &item["track"];
            assert_eq!(item["played_at"].as_str().unwrap().len(), "2026-11-22T09:12:00.000Z".len());
            for thing in [track, &track["album"], &track["artists"][0], &track["album"]["artists"][0]] {
                let (id, kind) = (thing["id"].as_str().unwrap(), thing["type"].as_str().unwrap());
                assert!(id.len() == 22 && id.chars().all(|digit| digit.is_ascii_alphanumeric()), "{id}");
                assert_eq!(thing["uri"], format!("spotify:{kind}:{id}"));
                assert_eq!(thing["href"], format!("https://api.spotify.com/v1/{kind}s/{id}"));
                assert!(!thing["name"].as_str().unwrap().is_empty());
            }
            let isrc = track["external_ids"]["isrc"].as_str().unwrap();
            assert!(isrc.len() == 12 && isrc[..2].chars().all(|letter| letter.is_ascii_uppercase()), "{isrc}");
            let images = track["album"]["images"].as_array().unwrap();
            assert!(images.is_empty() || images.iter().map(|image| &image["width"]).eq([640, 300, 64].iter()));
            let precision = track["album"]["release_date_precision"].as_str().unwrap();
            let released = track["album"]["release_date"].as_str().unwrap();
            assert_eq!(released.len(), HashMap::from([("year", 4), ("month", 7), ("day", 10)])[precision]);
            assert!(released[..4].parse::<i32>().unwrap() <= 2026);
        }
    }
    assert!((1..=20).contains(&full), "a few full pages, which read as gaps: {full}");
}

#[test]
fn nothing_is_played_before_it_is_released() {
    for document in history(&small()).filter(|document| matches!(document.kind, Kind::RecentlyPlayed { .. })) {
        for item in json(&document)["items"].as_array().unwrap() {
            let released = item["track"]["album"]["release_date"].as_str().unwrap();
            // The listener's day may be a day ahead of the UTC day.
            let played_at: Timestamp = item["played_at"].as_str().unwrap().parse().unwrap();
            let day = (played_at + jiff::SignedDuration::from_hours(24)).to_string();
            assert!(released <= &day[..released.len()], "{released} was played on {day}");
        }
    }
}

#[test]
fn what_is_played_is_enriched_and_little_is_unknown() {
    let (mut played, mut credited) = (HashSet::new(), HashSet::new());
    let (mut featured, mut described) = (HashMap::new(), HashMap::new());
    let mut unknown = 0;
    for document in history(&small()) {
        let body = json(&document);
        match document.kind {
            Kind::RecentlyPlayed { .. } => {
                for item in body["items"].as_array().unwrap() {
                    played.insert(item["track"]["id"].as_str().unwrap().to_owned());
                    let artists = item["track"]["artists"].as_array().unwrap();
                    credited.extend(artists.iter().map(|artist| artist["id"].as_str().unwrap().to_owned()));
                }
            }
            Kind::Artists => {
                let artists = body["artists"].as_array().unwrap();
                assert!((1..=50).contains(&artists.len()));
                for artist in artists {
                    assert!(artist["followers"]["total"].as_i64().unwrap() > 0);
                    assert!((0..=100).contains(&artist["popularity"].as_i64().unwrap()));
                    described.insert(artist["id"].as_str().unwrap().to_owned(), artist["genres"].clone());
                }
            }
            Kind::AudioFeatures => {
                let features = body["audio_features"].as_array().unwrap();
                assert!((1..=100).contains(&features.len()));
                unknown += features.iter().filter(|features| features.is_null()).count();
                for known in features.iter().filter(|features| !features.is_null()) {
                    assert!(featured.insert(known["id"].as_str().unwrap().to_owned(), known.clone()).is_none());
                }
            }
        }
    }
    assert_eq!(described.keys().cloned().collect::<HashSet<_>>(), credited);
    assert!(featured.keys().all(|track| played.contains(track)));
    assert_eq!(featured.len() + unknown, played.len());
    let unknown = unknown as f64 / played.len() as f64;
    assert!((0.02..0.09).contains(&unknown), "{unknown}");
    let bare = described.values().filter(|genres| genres.as_array().unwrap().is_empty()).count();
    assert!((1..=credited.len() / 4).contains(&bare), "{bare} artists without a genre");
}

#[test]
fn audio_features_keep_to_the_documented_ranges_and_to_their_genre() {
    let catalogue = Catalogue::new(7, date(2026, 11, 22));
    let features = |genre: &str| {
        let genre = index_of(genre);
        let of_genre = |track: &&Track| catalogue.artists[track.recording.artists[0]].genre == genre;
        let tracks = catalogue.tracks.iter().filter(of_genre);
        tracks.filter_map(|track| track.recording.features.clone()).collect::<Vec<_>>()
    };
    for genre in GENRES {
        for known in features(genre.name) {
            let shares = [
                known.acousticness,
                known.danceability,
                known.energy,
                known.instrumentalness,
                known.liveness,
                known.speechiness,
                known.valence,
            ];
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{known:?}");
            assert!(
                (-60.0..=0.0).contains(&known.loudness_db) && (50.0..=210.0).contains(&known.tempo_bpm),
                "{known:?}"
            );
            assert!(known.key <= 11 && known.mode <= 1 && (3..=7).contains(&known.time_signature), "{known:?}");
        }
    }
    let (ambient, metal) = (features("ambient"), features("metal"));
    assert!(part(&ambient, |known| known.energy < 0.35 && known.instrumentalness > 0.6) > 0.95);
    assert!(part(&metal, |known| known.energy > 0.7 && known.acousticness < 0.2) > 0.95);
}

#[test]
fn the_catalogue_is_of_the_promised_size_with_two_namesakes() {
    let catalogue = Catalogue::new(7, date(2026, 11, 22));
    assert!((110..=130).contains(&catalogue.artists.len()));
    assert!((300..=420).contains(&catalogue.albums.len()), "{}", catalogue.albums.len());
    assert!((2_200..=2_900).contains(&catalogue.tracks.len()), "{}", catalogue.tracks.len());
    let names: HashSet<_> = catalogue.artists.iter().map(|artist| &artist.name).collect();
    assert_eq!(names.len(), catalogue.artists.len() - 1, "one name is two artists'");
    let ids = catalogue.tracks.iter().map(|track| &track.spotify_id).collect::<HashSet<_>>();
    assert_eq!(ids.len(), catalogue.tracks.len());
    let collaborations = part(&catalogue.tracks, |track| track.recording.artists.len() > 1);
    assert!((0.04..0.2).contains(&collaborations), "{collaborations}");
    assert!(catalogue.albums.iter().all(|album| !album.name.is_empty() && !album.tracks.is_empty()));
    assert!(catalogue.albums.iter().all(|album| album.released <= date(2026, 11, 22)));
}

#[test]
fn the_commuter_listens_on_weekdays_in_the_two_rush_hours() {
    let times = local_times(&small(), "marcus");
    let weekdays = part(&times, |time| time.weekday().to_monday_zero_offset() < 5);
    assert!(weekdays > 0.85, "{weekdays}");
    let rush = part(&times, |time| matches!(time.hour(), 6..=9 | 16..=19));
    assert!(rush > 0.75, "{rush}");
}

#[test]
fn the_night_owl_listens_at_night_and_the_album_listener_at_weekends() {
    let options = small();
    let night = part(&local_times(&options, "lena"), |time| !(5..20).contains(&time.hour()));
    assert!(night > 0.8, "{night}");
    let weekend = part(&local_times(&options, "graham"), |time| time.weekday().to_monday_zero_offset() > 4);
    assert!(weekend > 0.75, "{weekend}");
}

#[test]
fn someone_has_listened_within_the_last_hour() {
    for seed in 0..5 {
        let mut now = HashSet::new();
        for play in played(&Options { seed, plays: 1_000, ..small() }) {
            if UNTIL_MS - play.ended_ms < 3_600_000 {
                now.insert(play.listener);
            }
        }
        assert!(now.is_superset(&HashSet::from([0, 1])), "seed {seed}: only {now:?}");
    }
}

#[test]
fn listeners_share_tracks_but_not_equally() {
    let mut tracks = vec![HashSet::new(); 6];
    for play in played(&small()) {
        tracks[play.listener].insert(play.track);
    }
    let shared = |a: usize, b: usize| tracks[a].intersection(&tracks[b]).count();
    let pairs: Vec<_> = (0..6).flat_map(|a| (0..a).map(move |b| shared(a, b))).collect();
    let (fewest, most) = (pairs.iter().min().unwrap(), pairs.iter().max().unwrap());
    assert!(*most > 20 && *fewest < most / 4, "{pairs:?}");
}

#[test]
fn any_instant_and_any_span_can_be_asked_for() {
    for (until_ms, span_days) in [(0, 0), (-86_400_000 * 365, 3), (UNTIL_MS, 20_000), (i64::MIN, 30), (i64::MAX, 30)] {
        let options = Options { until_ms, span_days, plays: 500, ..Options::new(1, 0) };
        let pages = history(&options).filter(|document| matches!(document.kind, Kind::RecentlyPlayed { .. })).count();
        assert!(pages >= 500 / 50, "{options:?}");
    }
}

#[test]
fn the_teenager_has_streaks_and_the_others_have_holidays() {
    let options = Options::new(7, UNTIL_MS);
    let days = |username| {
        let mut days: Vec<_> = local_times(&options, username).iter().map(Zoned::date).collect();
        days.dedup();
        days
    };
    let streaks = days("ananya");
    let streaks = streaks.chunk_by(|day, next| day.tomorrow().unwrap() == *next).map(<[_]>::len);
    assert!(streaks.max().unwrap() >= 20);
    let commutes = days("marcus");
    let pauses = commutes.windows(2).map(|pair| (pair[1] - pair[0]).get_days());
    assert!(pauses.max().unwrap() >= 7);
}
