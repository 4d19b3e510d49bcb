//! Names of things that nobody made.

use crate::dice::Dice;

const FIRST: [&str; 40] = [
    "amber", "blue", "broken", "burning", "cold", "crystal", "distant", "electric", "empty", "endless", "faded",
    "gentle", "golden", "hidden", "hollow", "last", "little", "lonely", "lost", "midnight", "neon", "northern", "open",
    "paper", "perfect", "quiet", "red", "restless", "sacred", "secret", "silent", "silver", "slow", "southern",
    "stolen", "sudden", "sweet", "velvet", "wild", "young",
];
const SECOND: [&str; 48] = [
    "angels",
    "ashes",
    "birds",
    "bridges",
    "cities",
    "clouds",
    "daughters",
    "devils",
    "dreams",
    "engines",
    "fields",
    "fires",
    "flowers",
    "ghosts",
    "gods",
    "hearts",
    "highways",
    "horses",
    "houses",
    "islands",
    "kings",
    "letters",
    "lights",
    "lions",
    "lovers",
    "machines",
    "mirrors",
    "mountains",
    "oceans",
    "palaces",
    "prayers",
    "queens",
    "rivers",
    "roses",
    "satellites",
    "shadows",
    "signals",
    "sisters",
    "songs",
    "stars",
    "stones",
    "storms",
    "summers",
    "tigers",
    "trains",
    "voices",
    "wolves",
    "words",
];
const THIRD: [&str; 20] = [
    "again",
    "alive",
    "alone",
    "at dawn",
    "below",
    "for déjà vu",
    "forever",
    "in motion",
    "in the rain",
    "of gold",
    "of home",
    "of tomorrow",
    "on fire",
    "tonight",
    "underground",
    "until morning",
    "with you",
    "without end",
    "(live)",
    "(remix)",
];
const MOODS: [&str; 20] = [
    "alternative",
    "ambient",
    "art",
    "baroque",
    "chamber",
    "classic",
    "dark",
    "deep",
    "dream",
    "experimental",
    "future",
    "garage",
    "hard",
    "indie",
    "melodic",
    "minimal",
    "modern",
    "post",
    "progressive",
    "psychedelic",
];
const STYLES: [&str; 20] = [
    "blues",
    "classical",
    "country",
    "dance",
    "disco",
    "drone",
    "folk",
    "funk",
    "hip hop",
    "house",
    "jazz",
    "metal",
    "pop",
    "punk",
    "r&b",
    "reggae",
    "rock",
    "soul",
    "techno",
    "trance",
];

/// A name of about `length` words.
pub(crate) fn name(dice: &mut Dice, length: u32) -> String {
    let mut words = vec![pick(dice, &FIRST), pick(dice, &SECOND)];
    if length > 2 {
        words.push(pick(dice, &THIRD));
    }
    if length > 3 && dice.chance(0.5) {
        words.insert(0, pick(dice, &FIRST));
    }
    let mut name = words.join(" ");
    name[..1].make_ascii_uppercase();
    name
}

/// One of 400 genres, some far more common than others.
pub(crate) fn genre(dice: &mut Dice) -> String {
    let rank = dice.zipf(400, 0.8) as usize;
    format!("{} {}", MOODS[rank % 20], STYLES[(rank / 20 + rank) % 20])
}

fn pick(dice: &mut Dice, words: &[&'static str]) -> &'static str {
    words[dice.below(u32::try_from(words.len()).expect("a short list")) as usize]
}
