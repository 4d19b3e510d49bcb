//! When an artist releases what: singles first, albums every year or two, a compilation at the end of a long career.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::super::dice::Dice;
use super::naming::Titles;
use super::{Album, AlbumIndex, AlbumKind, ArtistIndex, Catalogue, Precision, Recording, Track, recording};

/// Records everything that `artist` releases up to `newest`.
pub(super) fn record(
    catalogue: &mut Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    artist: ArtistIndex,
    newest: Date,
) {
    let mut released = catalogue.artists[artist].debut;
    let mut ahead: Vec<Recording> = Vec::new(); // Singles that the next album will hold again.
    for number in 0..[1, 2, 3, 3, 4, 4, 5, 6][dice.below(8)] {
        if released > newest {
            break;
        }
        let kind = kind(dice, number, released);
        let album = Album {
            spotify_id: dice.spotify_id(),
            name: String::new(),
            kind,
            artist,
            image: dice.chance(0.97).then(|| dice.hex(24)),
            released,
            precision: precision(dice, released),
            tracks: 0..0,
        };
        let first = catalogue.tracks.len();
        let recordings = recordings(catalogue, dice, titles, &album, &mut ahead);
        let name = name(catalogue, dice, titles, &album, &recordings);
        press(catalogue, dice, recordings);
        let tracks = first..catalogue.tracks.len();
        catalogue.artists[artist].albums.push(catalogue.albums.len());
        catalogue.albums.push(Album { name, tracks, ..album });
        released = friday(released.saturating_add(dice.between(70, 720).days()));
    }
}

/// When an artist of a genre with these eras releases the first thing: at the latest a year before `newest`.
pub(super) fn debut(dice: &mut Dice, eras: &[(i16, i16, f64)], newest: Date) -> Date {
    let era = dice.weighted(eras.iter().map(|(_, _, weight)| *weight)).expect("every genre has an era");
    let (from, until, _) = eras[era];
    let year = dice.between(from.into(), until.into()).min(i64::from(newest.year()) - 1);
    let first = Date::new(year as i16, 1, 1).expect("eras are years that exist");
    friday(first.saturating_add(dice.between(0, 364).days()))
}

/// Records come out on Fridays, since 2015 worldwide.
fn friday(day: Date) -> Date {
    if day.year() < 2015 {
        return day;
    }
    day.saturating_sub(i64::from(day.weekday().since(Weekday::Friday)).days())
}

fn kind(dice: &mut Dice, number: usize, released: Date) -> AlbumKind {
    // Before streaming, hardly any single or EP survives in a catalogue as such.
    let shares = match (released.year() < 2005, number) {
        (true, 0..=2) => [0.08, 0.04, 0.88, 0.0],
        (true, _) => [0.06, 0.04, 0.70, 0.20],
        (false, 0) => [0.42, 0.22, 0.36, 0.0],
        (false, 1..=3) => [0.26, 0.18, 0.56, 0.0],
        (false, _) => [0.30, 0.16, 0.48, 0.06],
    };
    let kinds = [AlbumKind::Single, AlbumKind::Ep, AlbumKind::Album, AlbumKind::Compilation];
    kinds[dice.weighted(shares.into_iter()).expect("the shares are above zero")]
}

fn precision(dice: &mut Dice, released: Date) -> Precision {
    match released.year() {
        ..1990 if dice.chance(0.45) => Precision::Year,
        ..1990 if dice.chance(0.1) => Precision::Month,
        _ => Precision::Day,
    }
}

fn recordings(
    catalogue: &Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    album: &Album,
    ahead: &mut Vec<Recording>,
) -> Vec<Recording> {
    let (from, until) = match album.kind {
        AlbumKind::Single => (1, 2),
        AlbumKind::Ep => (4, 6),
        AlbumKind::Album if dice.chance(0.05) => (16, 20),
        AlbumKind::Album => (8, 13),
        AlbumKind::Compilation => (12, 16),
    };
    let count = dice.between(from, until) as usize;
    let live = matches!(album.kind, AlbumKind::Album | AlbumKind::Ep) && dice.chance(0.03);
    let mut recordings: Vec<_> =
        (0..count).map(|_| recording::record(catalogue, dice, titles, album.artist, album.released, live)).collect();
    match album.kind {
        AlbumKind::Single => ahead.push(recordings[0].clone()),
        AlbumKind::Ep => {}
        AlbumKind::Album => {
            for (place, single) in recordings.iter_mut().step_by(2).zip(ahead.drain(..)) {
                *place = single;
            }
        }
        AlbumKind::Compilation => {
            // The best of what came before, and a few new ones at the end.
            let earlier = catalogue.artists[album.artist].albums.iter().map(|album| &catalogue.albums[*album]);
            let best = earlier.flat_map(|album| album.tracks.clone().take(2));
            for (place, track) in best.take(count - 2).enumerate() {
                recordings[place] = catalogue.tracks[track].recording.clone();
            }
        }
    }
    recordings
}

fn name(
    catalogue: &Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    album: &Album,
    recordings: &[Recording],
) -> String {
    let artist = &catalogue.artists[album.artist];
    match album.kind {
        AlbumKind::Single => recordings[0].name.clone(),
        AlbumKind::Ep if dice.chance(0.4) => {
            format!("{} EP", titles.album(dice, &catalogue.genre(album.artist).lexicon))
        }
        AlbumKind::Compilation => match dice.below(3) {
            0 => format!("The Best of {}", artist.name),
            1 => format!("{}: The Collection", artist.name),
            _ => format!("Anthology {}–{}", catalogue.albums[artist.albums[0]].released.year(), album.released.year()),
        },
        // An artist calls one album after oneself at most.
        AlbumKind::Album if artist.albums.is_empty() && dice.chance(0.15) => artist.name.clone(),
        _ => {
            let title = titles.album(dice, &catalogue.genre(album.artist).lexicon);
            match album.released.year() {
                ..1985 if dice.chance(0.35) => format!("{title} (Remastered)"),
                2010.. if dice.chance(0.05) => format!("{title} (Deluxe Edition)"),
                _ => title,
            }
        }
    }
}

fn press(catalogue: &mut Catalogue, dice: &mut Dice, recordings: Vec<Recording>) {
    let album: AlbumIndex = catalogue.albums.len();
    // Long ones are double albums.
    let on_first_disc = if recordings.len() >= 16 { recordings.len() / 2 } else { recordings.len() };
    let hit = dice.below(recordings.len().min(4));
    for (place, recording) in recordings.into_iter().enumerate() {
        let fame = catalogue.artists[recording.artists[0]].popularity as f64;
        let weight = if place == hit { 1.0 } else { 0.12 + 0.5 * dice.unit() * dice.unit() };
        catalogue.tracks.push(Track {
            spotify_id: dice.spotify_id(),
            album,
            disc: 1 + place / on_first_disc.max(1),
            number: 1 + place % on_first_disc.max(1),
            popularity: (fame * (0.4 + 0.6 * weight)) as i64,
            preview: dice.chance(0.15).then(|| dice.hex(40)),
            weight,
            bits: dice.bits(),
            recording,
        });
    }
}
