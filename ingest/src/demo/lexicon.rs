//! How invented names and titles are put together: templates with slots, and the words that every genre shares.
//!
//! A template such as `"{when} in {city}"` is filled from the slots of its genre, then from [`COMMON`]; fillers may
//! hold slots themselves. The genres bring their own words (`genre/*.rs`); who gets a name is decided in `catalogue`.
//! No real artist is meant. With two words each, a coincidence cannot be excluded.

use super::dice::Dice;

/// A slot's name, and what may fill it.
pub(super) type Slot = (&'static str, &'static str);

/// How one genre names its artists, its tracks and its albums.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// Templates of artists' names.
    pub(super) artists: &'static str,
    /// Templates of track titles.
    pub(super) tracks: &'static str,
    /// Templates of album titles.
    pub(super) albums: &'static str,
    /// What fills them.
    pub(super) slots: &'static [Slot],
}

impl Lexicon {
    /// One of `templates`, with its slots filled, beginning with a capital.
    pub(super) fn phrase(&self, dice: &mut Dice, templates: &'static str) -> String {
        let mut phrase = String::new();
        let template = draw(dice, templates);
        self.fill(dice, template, &mut phrase);
        let mut letters = phrase.chars();
        let phrase: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        phrase.replace("s's ", "s' ")
    }

    fn fill(&self, dice: &mut Dice, template: &'static str, phrase: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("every slot of the lexicon is closed");
            phrase.push_str(before);
            let words = self.slot(name).expect("every slot of the lexicon has words");
            let word = draw(dice, words);
            self.fill(dice, word, phrase);
            rest = after;
        }
        phrase.push_str(rest);
    }

    fn slot(&self, name: &str) -> Option<&'static str> {
        self.slots.iter().chain(COMMON).find(|(slot, _)| *slot == name).map(|(_, words)| *words)
    }
}

/// The entries of a list: written with ` | ` between them, over as many lines as it takes.
fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split('|').map(str::trim)
}

fn draw(dice: &mut Dice, list: &'static str) -> &'static str {
    let index = dice.below(entries(list).count());
    entries(list).nth(index).expect("the index is below the count")
}

/// Words that belong to no genre.
const COMMON: &[Slot] = &[
    (
        "city",
        "Lisbon | Trieste | Oslo | Leeds | Tucson | Porto | Montréal | Ghent | Kraków | Naples | Osaka |
         Valparaíso | Tbilisi | Bergen | Marseille | Glasgow | Savannah | Duluth | Hobart | Tangier",
    ),
    (
        "month",
        "January | February | March | April | May | June | July | August | September | October | November | December",
    ),
    ("weekday", "Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday"),
    ("season", "Spring | Summer | Autumn | Winter"),
    ("count", "Two | Three | Four | Five | Six | Seven | Nine | Ten | Twelve"),
    ("roman", "I | II | III | IV | V | VI | VII"),
];

#[cfg(test)]
mod tests {
    use super::{Lexicon, entries};
    use crate::demo::genre::GENRES;

    /// Follows a template to its words, whether or not a seed would ever draw it.
    fn check(lexicon: &Lexicon, template: &'static str, depth: usize) {
        assert!(depth < 8, "{template} fills itself for ever");
        assert!(!template.is_empty(), "an empty entry");
        let mut rest = template;
        while let Some((_, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect(template);
            let words = lexicon.slot(name).unwrap_or_else(|| panic!("{template}: no slot {name}"));
            entries(words).for_each(|word| check(lexicon, word, depth + 1));
            rest = after;
        }
    }

    #[test]
    fn every_template_of_every_genre_can_be_filled() {
        for genre in GENRES {
            let Lexicon { artists, tracks, albums, .. } = &genre.lexicon;
            for template in [artists, tracks, albums].into_iter().flat_map(|list| entries(list)) {
                check(&genre.lexicon, template, 0);
            }
        }
    }

    #[test]
    fn no_slot_is_left_unused() {
        for genre in GENRES {
            let Lexicon { artists, tracks, albums, slots } = &genre.lexicon;
            let mut text = [*artists, *tracks, *albums].concat();
            slots.iter().for_each(|(_, words)| text.push_str(words));
            for (slot, _) in *slots {
                assert!(text.contains(&format!("{{{slot}}}")), "{}: nothing asks for {slot}", genre.name);
            }
        }
    }
}
