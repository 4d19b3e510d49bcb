//! Pop.

use super::{Genre, Lexicon, Sound};

/// Short, bright, new, and full of guests.
pub(super) const POP: Genre = Genre {
    name: "pop",
    tags: &["pop", "dance pop", "electropop", "synth-pop", "alt pop"],
    artists: 11,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {mono} | {mono} | {mono}",
        tracks: "{call} Me {how} | {sweet} {thing} | {sweet} {thing} | {whole} | {whole} | {when} in {city} |
                 I Only {act} When {clause} | {act} Like {clause} | {count} {units} | {who} Again |
                 Don't {act} Without Me | {sweet} | {whole} | {whole} | {whole} | {whole}",
        albums: "{sweet} {thing} | {whole} | {record} | {record} | {count} {units} | {when}",
        slots: &[
            ("first", "Callie | Dara | Elodie | Remy | Tamsyn | Noor | Saskia | Leonie | Wren | Mateo | Isolde | Kit"),
            ("last", "Vossberg | Winslow | Castellane | Marchetti | Okafor | Lindell | Hathersage | Amari | Quist"),
            (
                "mono",
                "Solenne | Odaline | Mirabeth | Kitsuné Row | Junipera | Lovelace Ave | Velia | Maribou |
                 Peach Ballet | Sunday Alibi | Talulla | Ozella",
            ),
            ("call", "Call | Text | Find | Kiss | Hold | Miss | Leave | Wake | Forget | Haunt"),
            (
                "how",
                "Tomorrow | Slowly | Anyway | Later | First | at Midnight | in the Morning | Like Before |
                 on the Weekend | from the Airport | Twice",
            ),
            (
                "sweet",
                "Cherry | Neon | Velvet | Sugar | Silver | Paper | Honey | Electric | Plastic | Glitter | Lilac |
                 Magnetic | Tangerine | Crystal | Champagne",
            ),
            (
                "thing",
                "Static | Hearts | Weekend | Fever | Lipstick | Skyline | Daydream | Mirrors | Getaway | Satellite |
                 Ceiling | Alibi | Gravity | Telephone | Halo | Motel | Rush",
            ),
            (
                "whole",
                "Overthinking | Butterflies | Good for Me | Not Your Type | Front Row | Passenger Side | Same Shoes |
                 Two-Way Mirror | Crush Season | Group Chat | Main Character | Plus One | Lost Property |
                 Best Worst Idea | Soft Launch | Aftertaste | Window Seat | Slow Goodbye | Read Receipts |
                 Half Your Hoodie | Lock Screen | Rooftop | Blush | Bad Timing | Encore | Heart Emoji |
                 First to Leave | Low Battery | Thunderstruck Eyes | Pretty Liar | Strangers Again | Better in Blue |
                 Voice Note | Wallflower | Tell the Moon | Ice in My Drink | Getaway Girl | Swimming in June |
                 Say It Back | Fake Flowers | Last Slow Song | Double Text | Sleepover | Carousel | Two Tickets |
                 What We Said in the Car | Nobody Like Nobody | Baby Steps | Seasick | Holding Pattern |
                 Pocket Mirror | Ceiling Fan | Rebound | Late Checkout | Backup Dancer | Kiss and Tell the Truth |
                 My Favourite Mistake Was June | Spare Key | Wish You Were Worse | Polite Disaster | Airplane Mode |
                 The Afterparty's Over | Good News, Bad News | Trampoline | Snow Globe | Extra Credit |
                 Goosebumps in August | Cinderella Shift | Lucky Strike Out | Matching Scars",
            ),
            ("when", "Midnight | Last Call | New Year's | Golden Hour | One Night | {month} | {weekday}s | Sunrise"),
            ("act", "Cry | Dance | Smile | Sing | Fall | Talk | Party | Breathe | Dream"),
            (
                "clause",
                "It's Raining | You're Around | the Lights Go Out | No One's Home | We're Famous | I Mean It |
                 the Bass Drops | It's {month} | You're Mine | Nobody's Watching",
            ),
            ("units", "Missed Calls | Blocks Away | Days Later | Wishes | Red Lights | Candles | Lies | Exits"),
            ("who", "You | Us | Your Ex | That Boy | Her Name | The DJ | Seventeen | My Phone | Your Song"),
            (
                "record",
                "Afterglow Avenue | Hotel Heart | The Art of Leaving Early | Good Girl, Bad Signal |
                 Dressed for the Wrong Party | Crying in Colour | Postcards to My Ex | Main Stage Nerves |
                 Everything I Deleted | Bedroom Arena | Tender Season | Love, Etc. | Glass Sneakers | Mood Ring |
                 Confetti at Noon",
            ),
        ],
    },
    eras: &[(2008, 2016, 3.0), (2017, 2025, 7.0)],
    length_s: (192.0, 45.0),
    explicit: 0.12,
    featured: 0.18,
    countries: &["US", "GB", "SE", "AU"],
    sound: Sound {
        acousticness: (0.18, 0.25),
        danceability: (0.69, 0.16),
        energy: (0.70, 0.2),
        instrumentalness: (0.0, 0.02),
        loudness_db: (-5.5, 2.5),
        speechiness: (0.06, 0.06),
        tempo_bpm: (117.0, 28.0),
        valence: (0.56, 0.32),
    },
};
