//! Classic rock.

use super::{Genre, Lexicon, Sound};

/// Recorded long ago, remastered since.
pub(super) const ROCK: Genre = Genre {
    name: "rock",
    tags: &["classic rock", "rock", "psychedelic rock", "blues rock", "progressive rock"],
    artists: 9,
    lexicon: Lexicon {
        artists: "{copper} {caravan} | The {copper} {caravan} | {first} {last} Band | {first} {last}",
        tracks: "{copper} {woman} | {copper} {woman} | {road} Rider | {road} {hour} | Ballad of {name} | {whole} |
                 {whole} | {name}'s {caravan} | {going} to {city} | Queen of the {road} | {hour} on the {road} |
                 {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {copper} {woman} | {going} to {city} | {copper} {caravan}",
        slots: &[
            ("copper", "Copper | Marble | Crimson | Wooden | Thunder | Painted | Hollow | Silver | Restless"),
            ("caravan", "Caravan | Hounds | Carousel | Locomotive | Telegraph | Pilgrims | Almanac | Sundial"),
            ("first", "Dale | Rosalie | Vernon | Jed | Lorna | Clyde"),
            ("last", "Hutchins | Marchbanks | Calloway | Stroud | Vickery"),
            ("woman", "Woman | Sky | Morning | Mountain | Lady | Engine | River | Serenade | Horses"),
            ("road", "Highway | Freight Train | Dust Road | Canyon | Interstate | Delta | Mesa | Coastline"),
            ("hour", "Blues | Midnight | Sundown | Daybreak | Fever | Rain"),
            ("name", "Evangeline | Captain Rye | Billy Sorrow | Old Magnus | Maggie Lane | Sister Ruth"),
            (
                "whole",
                "Shake the Dust | Gasoline Sunday | Turn the Wheel | Tall Grass | Wires in the Wind |
                 Nine Miles from Nowhere | Let It Burn Low | Stone by Stone | The Hermit's Telephone |
                 Lightning Season | Kaleidoscope Kitchen | Mister Weatherman | Ride the Static | Glass Onion Soup |
                 Wake Up the Neighbours | Long Shadow | Second Sunrise | Bottle Rocket | Whiskey & Wool | Sundog |
                 Carry the Fire | Empty Saddle | House of Amplifiers | The Wizard of Wichita | Iron Weather |
                 Drifter's Alarm Clock | Paint the Moon | Seven Cigarettes | Riverbed Confession | Hurricane Parade |
                 Stranger's Coat | Tambourine Thief | Wheels of Amber | Radio Prophet | Burn the Map |
                 Devil's Day Off | Northbound | Loose Thunder | Velvet Hammer Blues | Where the Pavement Ends |
                 Mirage Hotel | Electric Preacher | Tin Star | Sleepless in the Saddle | Hold the Line, Operator |
                 Magnetic North | Castle of Smoke | Rust Never Asks | Juke Joint Prophecy | Ten Thousand Candles |
                 Borrowed Wings | The Clockmaker's Dream, Pt. 1 | The Clockmaker's Dream, Pt. 2 |
                 Good Morning, Goodbye | Wild Geese | Slow Train Coming Apart | Peppermint Eclipse |
                 Mountain of Wires | Rattlesnake Summer | Sky Full of Engines | No Rest for the Roadies |
                 Ghost Town Choir | Orange Sky Above Me | The Lamplighter's Waltz",
            ),
            ("going", "Flying | Hitching | Goin' Back | Runaway | Last Bus | Telegram"),
            (
                "record",
                "Electric Almanac | Songs from the Engine Room | The Third Horizon | Dust & Chrome |
                 Live at the Armoury | Kingdom of Wires | Long Players | The Orchard Tapes | Roadhouse Psalms |
                 Half Moon Hotel",
            ),
        ],
    },
    eras: &[(1966, 1976, 7.0), (1977, 1984, 2.0), (2008, 2018, 1.0)],
    length_s: (258.0, 100.0),
    explicit: 0.0,
    featured: 0.0,
    countries: &["GB", "US", "AU"],
    sound: Sound {
        acousticness: (0.2, 0.24),
        danceability: (0.48, 0.14),
        energy: (0.7, 0.22),
        instrumentalness: (0.06, 0.15),
        loudness_db: (-9.5, 3.0),
        speechiness: (0.045, 0.025),
        tempo_bpm: (121.0, 32.0),
        valence: (0.58, 0.28),
    },
};
