//! Hip hop.

use super::{Genre, Lexicon, Sound};

/// Words first; nobody records alone.
pub(super) const HIP_HOP: Genre = Genre {
    name: "hip hop",
    tags: &["hip hop", "boom bap", "jazz rap", "alternative hip hop", "underground hip hop"],
    artists: 10,
    lexicon: Lexicon {
        artists: "{handle} {tail} | {handle} {tail} | {handle} {tail} | {crew}",
        tracks: "{place} {talk} | {place} {talk} | {whole} | {whole} | {count} {units} | {money} & {trouble} |
                 {trouble} Money | {talk} with {relative} | {relative}'s {place} | {place} (Skit) | No {trouble} |
                 {month} {talk} | {whole} | {whole} | {whole} | {whole}",
        albums: "{place} {talk} | {record} | {record} | {money} & {trouble} | {relative}'s {place}",
        slots: &[
            (
                "handle",
                "Deacon | Nickel | Marlo | Sable | Cassius | Kofi | Tobi | Ambrose | Lyric | Ozzie | Roe | Imani",
            ),
            ("tail", "Ferris | Lumen | Dusk | Okoro | Thorne | Quill | Bellweather | Adeyemi | Vance | Crane"),
            ("crew", "Northside Almanac | Third Rail Poets | The Corner Quorum | Brass Knuckle Choir"),
            (
                "place",
                "Stairwell | Corner Store | Rooftop | Barbershop | Back Porch | Basement | Platform | Penthouse |
                 Courthouse | Front Stoop | Kitchen | Parking Deck",
            ),
            (
                "talk",
                "Talk | Scripture | Blues | Gospel | Sermon | Politics | Theory | Economics | Prayers | Cypher |
                 Freestyle | Chess",
            ),
            (
                "whole",
                "Exact Change | Receipts | Day One | Last Train Uptown | Paper Route Kid | Cold Cuts |
                 Laundry Money | Ghostwriter | Sunday Best | Compound Interest | Window Tint | Plain Sight |
                 Overtime | Second Shift | Hand-Me-Downs | Heirloom | Paid in Full Moon | Brick by Brick |
                 Pressure Cooker | Dead Reckoning | Say Less | Double Dutch | Rent's Due | Fire Escape |
                 Open Mic Night | Blessings Pending | Rewind Selecta | Eulogy for a Pager | Proof of Work |
                 Bus Pass | Corner Table | Sixteen Candles, One Match | Long Way Up | Notary Public | Free Lunch |
                 Hold the Elevator | Pigeons | Borrowed Time | Two-Piece | Last Call at Leroy's | Good Credit |
                 Voicemail from Pops | Skyline Tax | Slow Drip | Church Parking Lot | Ledger | Night School |
                 Bread Winner | Motion Sensor | No Cosign | The Commissioner | Tollbooth | Wallet Chain |
                 Eight Count | Carpenter Hands | Sunday Dinner | Spare Change Philosophy | Overpass |
                 Crown Royal Blue | Test Pressing | Ten Toes | Quarter Water | Pawn Shop Pearls | Half the Rent |
                 Nosebleeds | Ankle Weights | Slang Dictionary | Winter Coat in July | Front Row Funeral",
            ),
            ("units", "Stacks | Summers | Bars | Blocks | Alibis | Rings | Missed Calls | Deep"),
            ("money", "Bread | Gold | Paper | Copper | Silk | Champagne | Loyalty"),
            ("trouble", "Smoke | Sorrow | Concrete | Static | Gravity | Sirens | Sleep | Pressure | Mercy"),
            (
                "relative",
                "Mama | Granddad | Auntie | My Brother | Uncle Ray | the Landlord | the Old Heads | My Younger Self",
            ),
            (
                "record",
                "Lessons from the Lobby | Public Transport Royalty | The Weight of Sneakers | Summer School |
                 Section 9 Lullabies | Black Coffee, No Sugar | Everybody Eats | Borrowed Crown | The Quiet Hustle |
                 Fables from the Fourth Floor | Ink on My Collar | Good Kids, Late Nights | City of Side Doors",
            ),
        ],
    },
    eras: &[(1991, 1999, 2.0), (2006, 2015, 3.0), (2016, 2024, 5.0)],
    length_s: (196.0, 62.0),
    explicit: 0.6,
    featured: 0.3,
    countries: &["US", "GB", "FR"],
    sound: Sound {
        acousticness: (0.2, 0.22),
        danceability: (0.75, 0.14),
        energy: (0.64, 0.18),
        instrumentalness: (0.01, 0.04),
        loudness_db: (-7.0, 2.5),
        speechiness: (0.24, 0.16),
        tempo_bpm: (96.0, 24.0),
        valence: (0.5, 0.28),
    },
};
