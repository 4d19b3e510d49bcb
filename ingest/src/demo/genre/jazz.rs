//! Jazz.

use super::{Genre, Lexicon, Sound};

/// Two good decades then, and a third one now.
pub(super) const JAZZ: Genre = Genre {
    name: "jazz",
    tags: &["jazz", "hard bop", "modal jazz", "jazz fusion", "contemporary jazz", "spiritual jazz"],
    artists: 9,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {first} {last} {band} | The {street} Orchestra",
        tracks: "Blues for {name} | Waltz for {name} | {name}'s {dance} | {street} {dance} | {street} {dance} |
                 {whole} | {whole} | {hour} at {club} | Minor {dance} | {weather} over {city} |
                 {weather} Suite, Pt. {roman} | The {trade}'s {dance} | {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | Live at {club} | {street} {dance} | {hour} at {club} | {weather} Suite",
        slots: &[
            ("first", "Thaddeus | Lucille | Cleo | Rufus | Delphine | Emory | Amara | Silas | Roscoe | Yusra"),
            ("last", "Castleberry | Pettway | Moncrieff | Abernethy | Vandermeer | Okonjo | Lindqvist | Beaumarche"),
            ("band", "Trio | Quartet | Quintet | Sextet"),
            ("club", "the Blue Heron | Moreau's | the Ferry House | the Lantern Room | Pier 9 | the Copper Cup"),
            ("name", "Naomi | Mr. Percy | Lorraine | Augustin | Little Ada | Wilhelmina | Clarence | Odessa"),
            ("dance", "Strut | Shuffle | Stroll | Bounce | Walk | Reverie | Lament | Two-Step | Changes | Lullaby"),
            (
                "street",
                "Canal Street | Seventh Avenue | Delancey | Rue Sauvage | Harbor Road | Uptown | Tenement |
                 Peachtree | Boardwalk | Backstage",
            ),
            (
                "whole",
                "Not Yet, Naomi | Loose Change | The Long Intermission | Cat on the Fire Escape | Smoke Signals |
                 Second Helping | Half Past Everything | Elegy in Brass | Sideways Glance | Tall Order |
                 Ask the Bassist | Unpaid Bills | Sugar in the Rain | Low Ceiling | Departures | Blue Enough |
                 Almost Spring | Tip Jar | Late Set | Slow Elevator | Umber | Prayer for Two Horns | Nickel Coffee |
                 Something for Later | Pigeon Toes | Mind the Gap | Easy Does It Twice | Brass Tacks |
                 The Wrong Umbrella | Last of the Rent | Kind of Late | Paper Moonlight | Red Hook Rendezvous |
                 Old Friends, New Shoes | Three Stops Early | Snake Oil | A Hat for Every Sorrow | Turnstile |
                 Five Flights Up | Gone Fishing with Lucille | Inside Voices | Matchbook | Where's the Bridge? |
                 Corner Booth | Night Watchman | Soft Shoes, Hard Floor | Ginger Snap | Wide Awake |
                 The Quiet Guest | Ballad for a Closed Café | Spilled Ink | Good Money After Bad | Ten Past Nowhere |
                 Hush Money | What Odessa Knew | Lamplighter | Far from Kansas Street | Crooked Tie |
                 All the Lonely Trombones | Silk Pocket | Barefoot on Basin Street | Postcard from Nowhere Special",
            ),
            ("hour", "Midnight | Sunday | Closing Time | An Evening | After Hours | One A.M."),
            ("weather", "Rain | Fog | Winter | Moonlight | First Snow | Thunder | Harvest Moon"),
            ("trade", "Tailor | Doorman | Cartographer | Night Clerk | Ferryman | Piano Tuner"),
            (
                "record",
                "Conversations in Brass | The Patient Hour | Round the Block | Inner Courtyards | Quiet Riot Act |
                 Portraits & Departures | First Take | The Seventh Guest | Cellar Light | Ways to Leave Town |
                 Ancestral Avenue | Open Windows",
            ),
        ],
    },
    eras: &[(1965, 1974, 5.0), (1988, 1998, 1.0), (2012, 2023, 3.0)],
    length_s: (352.0, 130.0),
    explicit: 0.0,
    featured: 0.08,
    countries: &["US", "FR", "GB"],
    sound: Sound {
        acousticness: (0.72, 0.25),
        danceability: (0.5, 0.15),
        energy: (0.36, 0.2),
        instrumentalness: (0.62, 0.36),
        loudness_db: (-14.0, 4.0),
        speechiness: (0.045, 0.02),
        tempo_bpm: (118.0, 44.0),
        valence: (0.5, 0.28),
    },
};
