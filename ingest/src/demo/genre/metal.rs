//! Metal.

use super::{Genre, Lexicon, Sound};

/// Loud, long-winded, about ruins.
pub(super) const METAL: Genre = Genre {
    name: "metal",
    tags: &["metal", "doom metal", "post-metal", "progressive metal", "black metal"],
    artists: 8,
    lexicon: Lexicon {
        artists: "{rime}{warden} | {rime}{warden} | {sunless} {reliquary} | {sunless} {reliquary} | {band}",
        tracks: "{bury} the {king} | {bury} the {king} | {reliquary} of {ash} | {reliquary} of {ash} |
                 Beneath {sunless} {stones} | {whole} | {whole} | The {sunless} {king} | {ash} and {ash} |
                 {stones} {roman} | {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {reliquary} of {ash} | {bury} the {king} | The {sunless} {king}",
        slots: &[
            ("rime", "Rime | Thorn | Oath | Pyre | Blight | Crow | Hallow | Iron"),
            ("warden", "warden | wright | moor | spire | root | mantle | barrow"),
            ("sunless", "Sunless | Ashen | Drowned | Starless | Nameless | Unburied | Weeping | Frozen"),
            ("reliquary", "Reliquary | Covenant | Monolith | Procession | Cathedral | Litany | Throne | Testament"),
            ("band", "Vault of Winters | Anvil Saints | The Tenth Plague Doctor | Wolves at Vespers"),
            ("bury", "Bury | Crown | Devour | Forsake | Summon | Unmake | Follow | Mourn"),
            ("king", "King | Leviathan | Pilgrim | Seer | Mother | Tyrant | Shepherd | Serpent | Sun"),
            ("ash", "Ash | Bone | Salt | Iron | Ruin | Ember | Frost | Rust | Silence | Teeth"),
            ("stones", "Stones | Waters | Skies | Gates | Roots | Spires | Graves"),
            (
                "whole",
                "Black Harvest | Tectonic | The Hanged Cartographer | Ossuary Hymn | Nine Winters Deep | Obsidian |
                 Carrion Choir | Wolfmonth | Breach | Plague Bells | Gravity Well | Famine Year | Hollow Earth |
                 Eclipse Engine | The Long Siege | Marrow | Widow's Watch | Storm Liturgy | Magma Mother |
                 Salt the Fields | Anhedonia | The Worm and the Tower | Funeral Tide | Black Meridian |
                 Serrated Dawn | A Crown of Antlers | Deathless | Gallows Orchard | Thirteen Bells |
                 Wreathed in Lead | Colossus Asleep | The Grey Pilgrimage | Iconoclast | Blood Moon Fasting |
                 Catacomb Choir | Torchbearer | No Gods in the North | Winter's Tithe | Erosion |
                 Wrath of Small Kings | Hourglass of Bone | The Lighthouse Is Lying | Sepulchre | Abyssal Plain |
                 Oath and Axe | Heretic's Lullaby | Pale Horse, Paler Rider | The Mountain Remembers | Sulphur |
                 Ritual Exhaustion | Last Rites for a Star | Beast of the Fens | Charnel Light |
                 War Drums in the Fog | Kingdom of Flies | Avalanche | Nightmare Cartography | Unmarked |
                 The Raven's Inheritance",
            ),
            (
                "record",
                "Where the Sun Was Buried | Hymns for the Siege | A Cathedral Underwater | The Weight of Winters |
                 Oathbreaker's Lament | Geology of Grief | Ruin Almanac | Night Without Shore | Tombs of the North",
            ),
        ],
    },
    eras: &[(1984, 1995, 2.0), (2001, 2012, 4.0), (2013, 2023, 3.0)],
    length_s: (372.0, 140.0),
    explicit: 0.12,
    featured: 0.02,
    countries: &["NO", "FI", "US", "SE"],
    sound: Sound {
        acousticness: (0.01, 0.03),
        danceability: (0.33, 0.13),
        energy: (0.91, 0.09),
        instrumentalness: (0.3, 0.35),
        loudness_db: (-5.8, 2.0),
        speechiness: (0.08, 0.06),
        tempo_bpm: (128.0, 40.0),
        valence: (0.22, 0.18),
    },
};
