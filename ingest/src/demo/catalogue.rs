//! The invented catalogue: artists, their albums, and the tracks on them.
//!
//! It is a function of the seed and of the newest day, since nothing may be released after that. It knows nothing of
//! listeners. Vectors are indexed by plain positions (`ArtistIndex` …): ids are attributes here, as they are in the
//! database.

mod discography;
mod naming;
mod recording;

use jiff::civil::Date;

use super::dice::Dice;
use super::features::{Features, Lean};
use super::genre::{GENRES, Genre};
use naming::Titles;

/// Position in [`Catalogue::artists`].
pub(super) type ArtistIndex = usize;
/// Position in [`Catalogue::albums`].
pub(super) type AlbumIndex = usize;
/// Position in [`Catalogue::tracks`].
pub(super) type TrackIndex = usize;

/// Everything there is to play.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) artists: Vec<Artist>,
    pub(super) albums: Vec<Album>,
    pub(super) tracks: Vec<Track>,
}

/// Someone who records.
#[derive(Debug)]
pub(super) struct Artist {
    pub(super) spotify_id: String,
    pub(super) name: String,
    /// Position in [`GENRES`].
    pub(super) genre: usize,
    /// Genre strings as Spotify has them; about one artist in ten has none.
    pub(super) tags: Vec<&'static str>,
    /// The last 24 digits of the image ids; a few artists have no image.
    pub(super) image: Option<String>,
    /// 0 to 100.
    pub(super) popularity: i64,
    /// On the newest day.
    pub(super) followers: i64,
    /// How likely a listener of the genre knows this artist, against the others of the genre.
    pub(super) weight: f64,
    /// Oldest release first; never empty.
    pub(super) albums: Vec<AlbumIndex>,
    /// Nothing by this artist is older.
    debut: Date,
    lean: Lean,
    /// Country and registrant, the first five characters of this artist's ISRCs.
    registrant: String,
}

/// What a release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlbumKind {
    Single,
    Ep,
    Album,
    Compilation,
}

/// How exactly a release date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Year,
    Month,
    Day,
}

/// One release.
#[derive(Debug)]
pub(super) struct Album {
    pub(super) spotify_id: String,
    pub(super) name: String,
    pub(super) kind: AlbumKind,
    pub(super) artist: ArtistIndex,
    /// The last 24 digits of the image ids; a few albums have no cover.
    pub(super) image: Option<String>,
    pub(super) released: Date,
    pub(super) precision: Precision,
    /// In order; never empty.
    pub(super) tracks: std::ops::Range<TrackIndex>,
}

/// One track on one release. A single that reappears on an album is two tracks with one ISRC.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) spotify_id: String,
    pub(super) album: AlbumIndex,
    pub(super) disc: usize,
    /// On its disc, from 1.
    pub(super) number: usize,
    pub(super) recording: Recording,
    pub(super) popularity: i64,
    /// Digits of the preview's address; most tracks have no preview.
    pub(super) preview: Option<String>,
    /// How likely this track is played, against the others of its artist.
    pub(super) weight: f64,
    /// Bits that decide how popularity wanders and who likes this track.
    pub(super) bits: u64,
}

/// What was recorded once, wherever it is released.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub(super) name: String,
    /// In order of credit.
    pub(super) artists: Vec<ArtistIndex>,
    pub(super) duration_ms: i64,
    pub(super) explicit: bool,
    pub(super) isrc: String,
    /// About one recording in twenty has none.
    pub(super) features: Option<Features>,
}

impl Catalogue {
    /// The catalogue of `seed` as it stands on `newest`.
    pub(super) fn new(seed: u64, newest: Date) -> Self {
        let mut dice = Dice::new(seed, 0);
        let mut titles = Titles::default();
        let mut catalogue = Self::default();
        for (genre, Genre { artists, .. }) in GENRES.iter().enumerate() {
            for rank in 0..*artists {
                catalogue.artists.push(artist(&mut dice, &mut titles, genre, rank, newest));
            }
        }
        naming::make_namesakes(&mut dice, &mut catalogue.artists);
        for artist in 0..catalogue.artists.len() {
            discography::record(&mut catalogue, &mut dice, &mut titles, artist, newest);
        }
        catalogue
    }

    /// The genre of an artist.
    pub(super) fn genre(&self, artist: ArtistIndex) -> &'static Genre {
        &GENRES[self.artists[artist].genre]
    }

    /// The artists of one genre.
    pub(super) fn artists_of(&self, genre: usize) -> impl Iterator<Item = ArtistIndex> {
        (0..self.artists.len()).filter(move |index| self.artists[*index].genre == genre)
    }

    /// An artist's releases up to and including `day`, oldest first.
    pub(super) fn released(&self, artist: ArtistIndex, day: Date) -> impl Iterator<Item = AlbumIndex> + Clone {
        let albums = self.artists[artist].albums.iter().copied();
        albums.take_while(move |album| self.albums[*album].released <= day)
    }
}

/// Ways out for days on which hardly anything had been recorded: a span may reach back further than the eras.
impl Catalogue {
    /// The artist with the oldest release.
    pub(super) fn oldest(&self) -> ArtistIndex {
        self.albums.iter().min_by_key(|album| album.released).map(|album| album.artist).expect("there are albums")
    }

    /// The first track of an artist's oldest release.
    pub(super) fn first_track(&self, artist: ArtistIndex) -> TrackIndex {
        self.albums[self.artists[artist].albums[0]].tracks.start
    }
}

/// The artist who is `rank`th in fame within a genre, from 0.
fn artist(dice: &mut Dice, titles: &mut Titles, genre: usize, rank: usize, newest: Date) -> Artist {
    let Genre { lexicon, tags, countries, eras, .. } = &GENRES[genre];
    let fame = 1.0 / (1.0 + 0.35 * rank as f64);
    let tags = match dice.chance(0.1) {
        true => Vec::new(),
        false => draw_tags(dice, tags),
    };
    let registrant: String = (0..3).map(|_| char::from(b'A' + dice.below(26) as u8)).collect();
    Artist {
        spotify_id: dice.spotify_id(),
        name: titles.artist(dice, lexicon),
        genre,
        tags,
        image: dice.chance(0.95).then(|| dice.hex(24)),
        popularity: (18.0 + 55.0 * fame + dice.bell(0.0, 12.0)) as i64,
        followers: (dice.bell(2_600_000.0, 1_900_000.0) * fame * fame * fame) as i64 + dice.between(300, 9_000),
        weight: fame,
        albums: Vec::new(),
        debut: discography::debut(dice, eras, newest),
        lean: Lean::draw(dice),
        registrant: format!("{}{registrant}", dice.pick(countries)),
    }
}

/// The genre's general string or not, and one or two of the narrower ones.
fn draw_tags(dice: &mut Dice, tags: &'static [&'static str]) -> Vec<&'static str> {
    let mut drawn: Vec<_> = tags[1..].to_vec();
    dice.shuffle(&mut drawn);
    drawn.truncate(1 + dice.below(2));
    if dice.chance(0.75) {
        drawn.insert(0, tags[0]);
    }
    drawn
}
