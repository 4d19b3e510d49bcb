//! What the generated history promises.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

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
fn print_sample() {
    let seed = std::env::var("SEED").map_or(7, |s| s.parse().unwrap());
    let c = super::catalogue::Catalogue::new(seed, jiff::civil::date(2026, 11, 22));
    eprintln!("{} artists {} albums {} tracks", c.artists.len(), c.albums.len(), c.tracks.len());
    for a in &c.artists {
        eprintln!(
            "== {} [{}] {:?} pop {} fol {}",
            a.name,
            super::genre::GENRES[a.genre].name,
            a.tags,
            a.popularity,
            a.followers
        );
        for al in &a.albums {
            let al = &c.albums[*al];
            let t: Vec<_> = c.tracks[al.tracks.clone()].iter().map(|t| t.recording.name.as_str()).collect();
            eprintln!("   {:?} {} ({}) : {}", al.kind, al.name, al.released, t.join(" / "));
        }
    }
}
