//! When an artist releases what: singles first, albums every year or two, a compilation at the end of a long career.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::super::dice::Dice;
use super::naming::Titles;
use super::{Album, AlbumIndex, AlbumKind, Artist, ArtistIndex, Catalogue, Precision, Recording, Track, recording};

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
    for number in 0..[1, 2, 3, 3, 3, 4, 4, 5][dice.below(8)] {
        if released > newest {
            break;
        }
        let form = form(catalogue, dice, artist, number, released);
        let recordings = recordings(catalogue, dice, titles, &mut ahead, artist, released, form);
        let name = name(catalogue, dice, titles, artist, released, form, &recordings);
        let first = catalogue.tracks.len();
        press(catalogue, dice, recordings);
        catalogue.artists[artist].albums.push(catalogue.albums.len());
        catalogue.albums.push(Album {
            spotify_id: dice.spotify_id(),
            name,
            kind: form.kind(),
            artist,
            image: dice.chance(0.97).then(|| dice.hex(24)),
            released,
            precision: precision(dice, released),
            tracks: first..catalogue.tracks.len(),
        });
        let pause_days = if form == Form::Single { dice.between(50, 260) } else { dice.between(200, 900) };
        released = friday(released.saturating_add(pause_days.days()));
    }
}

/// What a release holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Single,
    Ep,
    Album,
    /// An old album with `- 2009 Remaster` behind every title.
    Remaster(usize),
    /// Earlier pieces before an audience.
    Live,
    /// The best of what came before, and a few new ones at the end.
    Compilation,
}

impl Form {
    fn kind(self) -> AlbumKind {
        match self {
            Self::Single => AlbumKind::Single,
            Self::Ep => AlbumKind::Ep,
            Self::Album | Self::Remaster(_) | Self::Live => AlbumKind::Album,
            Self::Compilation => AlbumKind::Compilation,
        }
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

fn form(catalogue: &Catalogue, dice: &mut Dice, artist: ArtistIndex, number: usize, released: Date) -> Form {
    let artist = &catalogue.artists[artist];
    let years = released.year() - artist.debut.year();
    let albums = || artist.albums.iter().map(|album| &catalogue.albums[*album]);
    let tracks: usize = albums().map(|album| album.tracks.len()).sum();
    let retrospective = albums().any(|album| album.kind == AlbumKind::Compilation);
    if number >= 2 && years >= 3 && tracks >= 20 {
        match dice.below(100) {
            0..14 if !retrospective => return Form::Compilation,
            14..26 => return Form::Live,
            _ => {}
        }
    }
    // Before streaming, hardly any single or EP survives in a catalogue as such.
    let shares = match (released.year() < 2005, number) {
        (true, _) => [0.1, 0.05, 0.85],
        (false, 0) => [0.45, 0.2, 0.35],
        (false, _) => [0.32, 0.18, 0.5],
    };
    match dice.weighted(shares.into_iter()) {
        Some(0) => Form::Single,
        Some(1) => Form::Ep,
        _ if released.year() < 1985 && dice.chance(0.25) => Form::Remaster(2002 + dice.below(18)),
        _ => Form::Album,
    }
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
    ahead: &mut Vec<Recording>,
    artist: ArtistIndex,
    released: Date,
    form: Form,
) -> Vec<Recording> {
    let (from, until) = match form {
        Form::Single => (1, 2),
        Form::Ep => (4, 6),
        Form::Album | Form::Remaster(_) if dice.chance(0.04) => (16, 20),
        Form::Album | Form::Remaster(_) => (8, 12),
        Form::Live => (7, 10),
        Form::Compilation => (11, 15),
    };
    let count = dice.between(from, until) as usize;
    let mut new = |dice: &mut Dice| recording::new(catalogue, dice, titles, artist, released);
    match form {
        Form::Single => {
            let recordings: Vec<_> = (0..count).map(|_| new(dice)).collect();
            ahead.push(recordings[0].clone());
            recordings
        }
        Form::Ep => (0..count).map(|_| new(dice)).collect(),
        Form::Album => {
            let mut recordings: Vec<_> = (0..count).map(|_| new(dice)).collect();
            for (place, single) in recordings.iter_mut().step_by(2).zip(ahead.drain(..)) {
                *place = single;
            }
            recordings
        }
        Form::Remaster(year) => {
            let remaster = |recording: Recording| recording.called(&format!("{year} Remaster"));
            (0..count).map(|_| remaster(new(dice))).collect()
        }
        Form::Live => {
            let mut earlier = earlier(catalogue, artist, 6);
            dice.shuffle(&mut earlier);
            earlier.truncate(count);
            earlier.iter().map(|piece| recording::live(catalogue, dice, piece, released)).collect()
        }
        Form::Compilation => {
            let mut recordings = earlier(catalogue, artist, 4);
            recordings.truncate(count - 2);
            recordings.extend([new(dice), new(dice)]);
            recordings
        }
    }
}

/// The first few pieces of every studio release so far, each once.
fn earlier(catalogue: &Catalogue, artist: ArtistIndex, from_each: usize) -> Vec<Recording> {
    let albums = catalogue.artists[artist].albums.iter().map(|album| &catalogue.albums[*album]);
    let studio = albums.filter(|album| album.kind != AlbumKind::Compilation);
    let tracks = studio.flat_map(|album| album.tracks.clone().take(from_each));
    let mut pieces: Vec<Recording> = Vec::new();
    for recording in tracks.map(|track| &catalogue.tracks[track].recording) {
        let known = pieces.iter().any(|piece| piece.isrc == recording.isrc);
        if !known && !recording.name.contains(" - ") {
            pieces.push(recording.clone());
        }
    }
    pieces
}

fn name(
    catalogue: &Catalogue,
    dice: &mut Dice,
    titles: &mut Titles,
    artist: ArtistIndex,
    released: Date,
    form: Form,
    recordings: &[Recording],
) -> String {
    let Artist { name, albums, debut, .. } = &catalogue.artists[artist];
    let mut title = |dice: &mut Dice| titles.album(dice, &catalogue.genre(artist).lexicon);
    match form {
        Form::Single => recordings[0].name.clone(),
        Form::Ep if dice.chance(0.4) => format!("{} EP", title(dice)),
        Form::Live => titles.live(dice, &catalogue.genre(artist).lexicon),
        Form::Compilation if dice.chance(0.5) => format!("{name}: The Collection"),
        Form::Compilation => format!("Anthology {}–{}", debut.year(), released.year()),
        Form::Remaster(_) => format!("{} (Remastered)", title(dice)),
        // An artist calls one album after oneself at most.
        Form::Album if albums.is_empty() && dice.chance(0.15) => name.clone(),
        Form::Album if released.year() >= 2010 && dice.chance(0.06) => format!("{} (Deluxe Edition)", title(dice)),
        Form::Ep | Form::Album => title(dice),
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
