//! One recording: its title, who is credited, how long it is.

use jiff::civil::Date;

use super::super::dice::Dice;
use super::super::features::Features;
use super::super::genre::Genre;
use super::naming::Titles;
use super::{ArtistIndex, Catalogue, Recording};

/// Records one new piece by `artist`, released on `released`; `live` ones before an audience.
pub(super) fn record(
    catalogue: &Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    artist: ArtistIndex,
    released: Date,
    live: bool,
) -> Recording {
    let Genre { lexicon, length_s, explicit, sound, .. } = catalogue.genre(artist);
    let title = titles.track(dice, lexicon);
    let guests = guests(catalogue, dice, artist, released);
    // Each release year and artist count on by themselves; five digits are enough for both.
    let isrc =
        format!("{}{:02}{:05}", catalogue.artists[artist].registrant, released.year() % 100, dice.below(100_000));
    Recording {
        name: credit(catalogue, dice, title, &guests, live, released),
        artists: std::iter::once(artist).chain(guests).collect(),
        duration_ms: (1_000.0 * dice.bell(length_s.0, length_s.1 * 1.3).max(41.0)) as i64 + dice.between(0, 999),
        explicit: dice.chance(*explicit),
        isrc,
        features: dice.chance(0.95).then(|| Features::draw(dice, sound, &catalogue.artists[artist].lean, live)),
    }
}

/// Nobody mostly; else one or two others, of the same genre three times in four.
fn guests(catalogue: &Catalogue, dice: &mut Dice, artist: ArtistIndex, released: Date) -> Vec<ArtistIndex> {
    if !dice.chance(catalogue.genre(artist).featured) {
        return Vec::new();
    }
    let count = if dice.chance(0.25) { 2 } else { 1 };
    let own = catalogue.artists[artist].genre;
    let hosts: &[&str] = &["pop", "hip hop", "soul", "electronic", "latin", "indie"];
    let mut guests: Vec<ArtistIndex> = Vec::new();
    for _ in 0..count {
        let stay = dice.chance(0.75) || !hosts.contains(&catalogue.genre(artist).name);
        let genre = if stay { own } else { super::super::genre::index_of(dice.pick(hosts)) };
        let active = |other: &ArtistIndex| {
            let debut = catalogue.artists[*other].debut;
            debut <= released && released.year() - debut.year() < 20
        };
        let others: Vec<_> = catalogue.artists_of(genre).filter(active).collect();
        match others.is_empty() {
            true => continue,
            false => guests.push(others[dice.below(others.len())]),
        }
    }
    guests.retain(|guest| *guest != artist);
    guests.dedup();
    guests
}

/// The title with what is written behind it: guests, the remix, the audience, the remaster.
fn credit(
    catalogue: &Catalogue,
    dice: &mut Dice,
    title: String,
    guests: &[ArtistIndex],
    live: bool,
    released: Date,
) -> String {
    let name = |index: usize| &catalogue.artists[guests[index]].name;
    let title = match guests.len() {
        // Some collaborations are credited without being part of the title.
        0 => title,
        _ if dice.chance(0.3) => title,
        1 => format!("{title} (feat. {})", name(0)),
        _ => format!("{title} (feat. {} & {})", name(0), name(1)),
    };
    match released.year() {
        _ if live => format!("{title} - Live"),
        ..1980 if dice.chance(0.2) => format!("{title} - {} Remaster", 2002 + dice.below(18)),
        _ => title,
    }
}
