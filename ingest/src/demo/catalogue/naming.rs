//! Who and what is called how: phrases of the lexicon, without accidental repeats, and two deliberate namesakes.

use std::collections::HashSet;

use super::super::dice::Dice;
use super::super::genre::index_of;
use super::super::lexicon::Lexicon;
use super::{Artist, ArtistIndex};

/// Draws that a name gets before a repeat is accepted: real catalogues have some, too.
const DRAWS_MAX: usize = 60;

/// Names given so far.
#[derive(Debug, Default)]
pub(super) struct Titles {
    artists: HashSet<String>,
    albums: HashSet<String>,
    tracks: HashSet<String>,
}

impl Titles {
    /// A name that shares no longer word with another artist, so that nobody is taken for somebody else by accident.
    pub(super) fn artist(&mut self, dice: &mut Dice, lexicon: &Lexicon) -> String {
        let shares_a_word = |taken: &HashSet<String>, name: &str| words(name).any(|word| taken.contains(word));
        let draws = (0..DRAWS_MAX).map(|_| phrase(dice, lexicon, lexicon.artists));
        let mut name = String::new();
        for drawn in draws {
            name = drawn;
            if !shares_a_word(&self.artists, &name) {
                break;
            }
        }
        self.artists.extend(words(&name).map(str::to_owned));
        name
    }

    /// The title of an album.
    pub(super) fn album(&mut self, dice: &mut Dice, lexicon: &Lexicon) -> String {
        unused(&mut self.albums, || phrase(dice, lexicon, lexicon.albums))
    }

    /// The title of a concert's recording.
    pub(super) fn live(&mut self, dice: &mut Dice, lexicon: &Lexicon) -> String {
        unused(&mut self.albums, || lexicon.phrase(dice, "Live in {city} | {city}, {month} (Live) | Live: {city}"))
    }

    /// The title of a track.
    pub(super) fn track(&mut self, dice: &mut Dice, lexicon: &Lexicon) -> String {
        unused(&mut self.tracks, || phrase(dice, lexicon, lexicon.tracks))
    }
}

/// Two artists of different genres get one name, as happens; they must not be taken for one.
pub(super) fn make_namesakes(dice: &mut Dice, artists: &mut [Artist]) {
    let name = dice.pick(&["Tidewrack", "Hollowmere", "Umbrel", "Lanternfold"]);
    for genre in [index_of("ambient"), index_of("metal")] {
        let of_genre: Vec<ArtistIndex> = (0..artists.len()).filter(|index| artists[*index].genre == genre).collect();
        artists[of_genre[dice.below(4)]].name = name.to_owned();
    }
}

fn unused(taken: &mut HashSet<String>, mut draw: impl FnMut() -> String) -> String {
    let mut title = draw();
    for _ in 1..DRAWS_MAX {
        if !taken.contains(&title) {
            break;
        }
        title = draw();
    }
    taken.insert(title.clone());
    title
}

/// A phrase in which no longer word comes twice ("Snow on Snow").
fn phrase(dice: &mut Dice, lexicon: &Lexicon, templates: &'static str) -> String {
    loop {
        let phrase = lexicon.phrase(dice, templates);
        let mut seen = HashSet::new();
        if words(&phrase).all(|word| seen.insert(word)) {
            return phrase;
        }
    }
}

fn words(phrase: &str) -> impl Iterator<Item = &str> {
    const TOO_COMMON: &[&str] = &["Trio", "Quartet", "Quintet", "Sextet", "the", "The", "and"];
    let words = phrase.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.chars().count() > 2 && !TOO_COMMON.contains(word))
}
