//! Piano and chamber music, written recently.

use super::{Genre, Lexicon, Sound};

/// Living composers only: the dead ones are real.
pub(super) const CLASSICAL: Genre = Genre {
    name: "classical",
    tags: &["neoclassical", "classical", "modern classical", "classical piano", "chamber music"],
    artists: 7,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {first} {last} | {group}",
        tracks: "{form} in {key} | {form} in {key} | {form} No. {number} in {key} | {form} for {name} |
                 {number}. {tempo} | {whole} | {whole} | {french} | {french} | {form} ({french}) | {whole} |
                 {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {forms} & {forms} | {count} {forms} | {french}",
        slots: &[
            ("first", "Ludmila | Aurelio | Clémence | Henrik | Ilona | Matthias | Setsuko | Ottavia"),
            (
                "last",
                "Varga | Castelnuovo | Ravnsborg | Haldorsen | Lambrecht | Ishimura | Zelenka-Roth | Bellini-Roux",
            ),
            ("group", "Aldgate Quartet | Kammerensemble Lindau | Trio Serein"),
            ("form", "Prelude | Nocturne | Étude | Waltz | Elegy | Impromptu | Sarabande | Berceuse | Intermezzo"),
            (
                "key",
                "C Minor | D Minor | E-Flat Major | F Major | F-Sharp Minor | G Minor | A-Flat Major | B Minor |
                 D-Flat Major",
            ),
            ("forms", "Preludes | Nocturnes | Études | Waltzes | Elegies | Impromptus | Sarabandes"),
            ("number", "1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9"),
            ("name", "Left Hand | Clara | an Empty House | Sister Agnes | Two Pianos | Sleepless Children | Viola"),
            ("tempo", "Andante | Largo | Lento | Allegretto | Adagio sostenuto | Moderato | Vivace | Tranquillo"),
            (
                "whole",
                "The Clockmaker's Hour | Snowfield | Unsent | Letters, Unopened | Murmuration | Lake Effect |
                 A Chair by the Window | Pendulum | First Frost | Orchard at Dusk | Small Departures | Vigil |
                 The Glass Harmonium | Swallows | Sundial | Ink | Parting at the Station | Candlemas | Ashlight |
                 Barcarolle for No One | The Weight of Snow | Afterimage | Halfway Home | Threnody |
                 The Empty Theatre | Ostinato in Grey | Lullaby for Ilse | Reflections on a Pond | Kept Time |
                 Winter Garden | Aubade | Prelude to a Long Silence | The Watchmaker's Daughter | Refrain |
                 Vesper Bell | Music Box, Broken | The Last Page | Toccata for Typewriter | Tides | Ricercar |
                 Stillness, with Birds | Counting Steps | Nightfall in Blue | Corridor | Paper Birds |
                 Invention in Rain | Canon at the Window | Twilight Étude | Grace Note | Lament for a Lighthouse |
                 Slow Weather | Passacaglia | The Hour Before | Fragment | Kaddish for Winter | Evensong |
                 Unfinished Letter | Mirror Fugue",
            ),
            (
                "french",
                "Le jardin fermé | Pluie d'avril | Les heures lentes | Au bord du canal | Lumière oblique |
                 La maison vide | Neige ancienne | Petite marche | Le dernier bal | Sous les tilleuls",
            ),
            (
                "record",
                "The Unhurried Hand | Winter Keys | Rooms for Piano | Quiet Architecture | Solitudes |
                 Book of Hours | Seven Windows | The Listening Year | Still Lives",
            ),
        ],
    },
    eras: &[(1982, 1998, 2.0), (2004, 2014, 3.0), (2015, 2024, 3.0)],
    length_s: (228.0, 100.0),
    explicit: 0.0,
    featured: 0.03,
    countries: &["DE", "FR", "IT", "JP"],
    sound: Sound {
        acousticness: (0.96, 0.035),
        danceability: (0.34, 0.14),
        energy: (0.12, 0.1),
        instrumentalness: (0.9, 0.08),
        loudness_db: (-23.0, 5.0),
        speechiness: (0.042, 0.012),
        tempo_bpm: (98.0, 34.0),
        valence: (0.2, 0.18),
    },
};
