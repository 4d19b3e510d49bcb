//! What one listener likes, and how that changes: a circle of artists, discoveries, moods, obsessions.

use jiff::civil::Date;

use super::catalogue::{AlbumIndex, AlbumKind, ArtistIndex, Catalogue, TrackIndex};
use super::dice::Dice;
use super::genre::{GENRES, index_of};
use super::persona::{Leaning, Persona};

/// Days between two turns of someone's mood towards an artist.
const MOOD_DAYS: i64 = 40;
/// Days for which something newly found is played more.
const HONEYMOON_DAYS: i64 = 26;
/// Part of the circle that is known from the first day.
const KNOWN: f64 = 0.45;

/// One listener's taste over all days of the span.
#[derive(Debug)]
pub(super) struct Taste {
    circle: Vec<Liked>,
    obsessions: Vec<Obsessed>,
    share: f64,
    repeat: f64,
    daytime: Option<(usize, i8)>,
    /// Decides which tracks of an artist this listener prefers.
    salt: u64,
    span_days: i64,
}

/// One artist in someone's circle.
#[derive(Debug)]
struct Liked {
    artist: ArtistIndex,
    genre: usize,
    /// Liking on the first and on the last day.
    first: f64,
    last: f64,
    /// The day on which this listener finds the artist.
    found: i64,
    /// A factor every [`MOOD_DAYS`].
    moods: Vec<f64>,
}

/// Two to four weeks with one artist.
#[derive(Debug)]
struct Obsessed {
    days: std::ops::Range<i64>,
    liked: usize,
}

/// How much each artist of the circle is liked in one session: the same order as the circle.
#[derive(Debug)]
pub(super) struct Mood {
    weights: Vec<f64>,
    obsession: Option<ArtistIndex>,
}

impl Taste {
    /// A taste of `persona`'s kind over `span_days` days.
    pub(super) fn draw(dice: &mut Dice, persona: &Persona, catalogue: &Catalogue, span_days: i64) -> Self {
        let mut circle = circle(dice, persona, catalogue);
        dice.shuffle(&mut circle);
        let known = (circle.len() as f64 * KNOWN) as usize;
        for (number, liked) in circle.iter_mut().enumerate() {
            liked.found = match number {
                number if number < known => i64::MIN / 2,
                // Somebody has just been found.
                number if number == known => (span_days - dice.between(3, 16)).max(0),
                _ => dice.between(0, span_days - 1),
            };
            liked.moods = (0..span_days / MOOD_DAYS + 2).map(|_| 0.12 + 2.0 * dice.unit() * dice.unit()).collect();
        }
        let mut taste = Self {
            circle,
            obsessions: Vec::new(),
            share: persona.obsession.share,
            repeat: persona.obsession.repeat,
            daytime: persona.daytime.map(|(genre, hour)| (index_of(genre), hour)),
            salt: dice.bits(),
            span_days,
        };
        taste.obsess(dice, persona.obsession.pause_days);
        taste
    }

    fn obsess(&mut self, dice: &mut Dice, (shortest, longest): (i64, i64)) {
        let mut day = dice.between(0, shortest);
        while day < self.span_days {
            let until = day + dice.between(14, 28);
            let candidates = self.circle.iter().map(|liked| if liked.found <= day { liked.liking(0.5) } else { 0.0 });
            if let Some(liked) = dice.weighted(candidates) {
                self.obsessions.push(Obsessed { days: day..until, liked });
            }
            day = until + dice.between(shortest, longest);
        }
    }

    /// What this listener is in the mood for on day number `number`, the civil day `day`, at `hour`.
    pub(super) fn mood(&self, catalogue: &Catalogue, number: i64, day: Date, hour: i8) -> Mood {
        let part = number as f64 / self.span_days as f64;
        // Nobody listens to one single all the time, however well liked; and nothing released is nothing to hear.
        let repertoire = |liked: &Liked| {
            let albums = catalogue.released(liked.artist, day).map(|album| catalogue.albums[album].tracks.len());
            let tracks = albums.sum::<usize>() as f64;
            tracks / (tracks + 5.0)
        };
        let weight = |liked: &Liked| match liked.found <= number {
            true => {
                let liking = liked.liking(part) * liked.mood(number);
                liking * repertoire(liked) * self.time_of_day(liked.genre, hour)
            }
            false => 0.0,
        };
        let obsessed = self.obsessions.iter().find(|obsessed| obsessed.days.contains(&number));
        let obsession = obsessed.map(|obsessed| &self.circle[obsessed.liked]).filter(|liked| weight(liked) > 0.0);
        Mood { weights: self.circle.iter().map(weight).collect(), obsession: obsession.map(|liked| liked.artist) }
    }

    /// Before the hour one genre and little else, after it everything else.
    fn time_of_day(&self, genre: usize, hour: i8) -> f64 {
        let Some((daytime, until)) = self.daytime else { return 1.0 };
        match (hour < until, genre == daytime) {
            (true, true) | (false, false) => 1.0,
            (true, false) => 0.1,
            (false, true) => 0.0,
        }
    }

    /// The next artist in this mood. Whoever is obsessed plays little else.
    pub(super) fn artist(&self, dice: &mut Dice, catalogue: &Catalogue, mood: &Mood) -> ArtistIndex {
        match mood.obsession {
            Some(artist) if dice.chance(self.share) => artist,
            _ => match dice.weighted(mood.weights.iter().copied()) {
                Some(liked) => self.circle[liked].artist,
                // Nobody one likes has recorded anything yet: one takes what there is.
                None => catalogue.oldest(),
            },
        }
    }

    /// The next track of `artist` on `day`.
    pub(super) fn track(
        &self,
        dice: &mut Dice,
        catalogue: &Catalogue,
        mood: &Mood,
        artist: ArtistIndex,
        day: Date,
    ) -> TrackIndex {
        let albums = catalogue.released(artist, day);
        let tracks = albums.flat_map(|album| catalogue.albums[album].tracks.clone());
        let weight = |track: TrackIndex| self.preference(catalogue, track, day);
        if mood.obsession == Some(artist) && dice.chance(self.repeat) {
            let favourite = tracks.clone().max_by(|a, b| weight(*a).total_cmp(&weight(*b)));
            return favourite.unwrap_or_else(|| catalogue.first_track(artist));
        }
        match dice.weighted(tracks.clone().map(weight)).and_then(|place| tracks.clone().nth(place)) {
            Some(track) => track,
            None => catalogue.first_track(artist),
        }
    }

    /// An album of `artist` to hear from its first track on.
    pub(super) fn album(&self, dice: &mut Dice, catalogue: &Catalogue, artist: ArtistIndex, day: Date) -> AlbumIndex {
        let albums = catalogue.released(artist, day);
        let weight = |album: AlbumIndex| {
            let whole = match catalogue.albums[album].kind {
                AlbumKind::Album => 4.0,
                AlbumKind::Ep => 1.5,
                AlbumKind::Compilation => 1.0,
                AlbumKind::Single => 0.1,
            };
            whole * self.preference(catalogue, catalogue.albums[album].tracks.start, day)
        };
        let drawn = dice.weighted(albums.clone().map(weight)).and_then(|place| albums.clone().nth(place));
        drawn.unwrap_or_else(|| catalogue.artists[artist].albums[0])
    }

    /// How much this listener wants this track: its fame, one's own ear, and whether it has just come out.
    fn preference(&self, catalogue: &Catalogue, track: TrackIndex, day: Date) -> f64 {
        let track = &catalogue.tracks[track];
        let ear = (track.bits ^ self.salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let own = 0.15 + 1.85 * (ear as f64 / (1_u64 << 24) as f64);
        let age_days = day.since(catalogue.albums[track.album].released).map_or(i32::MAX, |span| span.get_days());
        let new = if age_days < 45 { 4.0 } else { 1.0 };
        track.weight * own * new
    }
}

impl Liked {
    fn liking(&self, part: f64) -> f64 {
        self.first + (self.last - self.first) * part
    }

    /// The mood of the day: straight from one turn to the next, and higher while the artist is new.
    fn mood(&self, number: i64) -> f64 {
        let number = number.max(0);
        let turn = (number / MOOD_DAYS) as usize;
        let part = (number % MOOD_DAYS) as f64 / MOOD_DAYS as f64;
        let mood = self.moods[turn] * (1.0 - part) + self.moods[turn + 1] * part;
        if number - self.found < HONEYMOON_DAYS { 2.0 + mood } else { mood }
    }
}

impl Mood {
    /// Whether tracks of `artist` are repeated at once.
    pub(super) fn repeats(&self, artist: ArtistIndex) -> bool {
        self.obsession == Some(artist)
    }
}

/// Draws artists of the genres that someone leans to, first or last: famous ones rather than unknown ones, so that
/// listeners who lean alike share some.
fn circle(dice: &mut Dice, persona: &Persona, catalogue: &Catalogue) -> Vec<Liked> {
    let (first, last) = (Shares::of(persona.leaning), Shares::of(persona.drifts_to));
    let mut circle = Vec::new();
    for genre in 0..GENRES.len() {
        let (first, last) = (first.of_genre(genre), last.of_genre(genre));
        if first + last <= 0.0 {
            continue;
        }
        let count = ((first + last) / 2.0 * persona.circle as f64).round() as usize;
        let mut artists: Vec<ArtistIndex> = catalogue.artists_of(genre).collect();
        let mut drawn = Vec::new();
        for _ in 0..count.clamp(2, artists.len()) {
            let weights = artists.iter().map(|artist| catalogue.artists[*artist].weight);
            let place = dice.weighted(weights).expect("every artist has some fame");
            drawn.push((artists.swap_remove(place), 0.25 + dice.unit() * dice.unit() * 2.0));
        }
        let total: f64 = drawn.iter().map(|(_, liking)| liking).sum();
        for (artist, liking) in drawn {
            let part = liking / total;
            circle.push(Liked { artist, genre, first: first * part, last: last * part, found: 0, moods: Vec::new() });
        }
    }
    circle
}

/// A leaning as parts of one.
struct Shares {
    leaning: Leaning,
    total: f64,
}

impl Shares {
    fn of(leaning: Leaning) -> Self {
        Self { leaning, total: leaning.iter().map(|(_, weight)| weight).sum() }
    }

    fn of_genre(&self, genre: usize) -> f64 {
        let weight =
            self.leaning.iter().find(|(name, _)| *name == GENRES[genre].name).map_or(0.0, |(_, weight)| *weight);
        weight / self.total
    }
}
