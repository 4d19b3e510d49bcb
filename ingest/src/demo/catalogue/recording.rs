//! One recording: its title, who is credited, how long it is, how it sounds.

use jiff::civil::Date;

use super::super::dice::Dice;
use super::super::features::Features;
use super::super::genre::{Genre, index_of};
use super::naming::Titles;
use super::{ArtistIndex, Catalogue, Recording};

/// Genres whose artists record with guests from one another.
const SOCIABLE: &[&str] = &["pop", "hip hop", "soul", "electronic", "latin", "indie"];

/// A new piece by `artist`, released on `released`.
pub(super) fn new(
    catalogue: &Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    artist: ArtistIndex,
    released: Date,
) -> Recording {
    let Genre { lexicon, length_s, explicit, .. } = catalogue.genre(artist);
    let title = titles.track(dice, lexicon);
    let skit = title.ends_with("(Skit)");
    let guests = if skit { Vec::new() } else { guests(catalogue, dice, artist, released) };
    let length_s = if skit { dice.bell(48.0, 22.0) } else { dice.bell(length_s.0, length_s.1 * 1.3).max(41.0) };
    Recording {
        name: credit(catalogue, dice, title, &guests),
        artists: std::iter::once(artist).chain(guests).collect(),
        duration_ms: (1_000.0 * length_s) as i64 + dice.between(0, 999),
        explicit: dice.chance(*explicit),
        isrc: isrc(catalogue, dice, artist, released),
        features: features(catalogue, dice, artist, false),
    }
}

/// `piece` once more, before an audience.
pub(super) fn live(catalogue: &Catalogue, dice: &mut Dice, piece: &Recording, released: Date) -> Recording {
    let artist = piece.artists[0];
    let live = Recording {
        duration_ms: piece.duration_ms + piece.duration_ms * dice.between(2, 30) / 100,
        isrc: isrc(catalogue, dice, artist, released),
        features: features(catalogue, dice, artist, true),
        ..piece.clone()
    };
    live.called("Live")
}

impl Recording {
    /// The same with a remark behind its title, as Spotify writes them.
    pub(super) fn called(self, remark: &str) -> Self {
        Self { name: format!("{} - {remark}", self.name), ..self }
    }
}

/// Country, registrant, year, and five digits that are as good as unique to an artist's year.
fn isrc(catalogue: &Catalogue, dice: &mut Dice, artist: ArtistIndex, released: Date) -> String {
    format!("{}{:02}{:05}", catalogue.artists[artist].registrant, released.year() % 100, dice.below(100_000))
}

fn features(catalogue: &Catalogue, dice: &mut Dice, artist: ArtistIndex, live: bool) -> Option<Features> {
    let known = dice.chance(0.95);
    known.then(|| Features::draw(dice, &catalogue.genre(artist).sound, &catalogue.artists[artist].lean, live))
}

/// Nobody mostly; else one or two others who are active then, of the same genre three times in four.
fn guests(catalogue: &Catalogue, dice: &mut Dice, artist: ArtistIndex, released: Date) -> Vec<ArtistIndex> {
    let Genre { name, featured, .. } = catalogue.genre(artist);
    let mut guests = Vec::new();
    if !dice.chance(*featured) {
        return guests;
    }
    for _ in 0..if dice.chance(0.25) { 2 } else { 1 } {
        let genre = match SOCIABLE.contains(name) && dice.chance(0.25) {
            true => index_of(dice.pick(SOCIABLE)),
            false => catalogue.artists[artist].genre,
        };
        let active = |other: &ArtistIndex| {
            let debut = catalogue.artists[*other].debut;
            debut <= released && released.year() - debut.year() < 20
        };
        let free = |other: &ArtistIndex| *other != artist && !guests.contains(other) && active(other);
        let others: Vec<_> = catalogue.artists_of(genre).filter(free).collect();
        if !others.is_empty() {
            guests.push(others[dice.below(others.len())]);
        }
    }
    guests
}

/// The title with the guests behind it, and before what kind of mix it is. Some guests are credited without that.
fn credit(catalogue: &Catalogue, dice: &mut Dice, title: String, guests: &[ArtistIndex]) -> String {
    let names: Vec<_> = guests.iter().map(|guest| catalogue.artists[*guest].name.as_str()).collect();
    if names.is_empty() || dice.chance(0.3) {
        return title;
    }
    let names = names.join(" & ");
    match title.split_once(" - ") {
        Some((title, mix)) => format!("{title} (feat. {names}) - {mix}"),
        None => format!("{title} (feat. {names})"),
    }
}
