//! Punk and post-punk.

use super::{Genre, Lexicon, Sound};

/// Two minutes, one complaint.
pub(super) const PUNK: Genre = Genre {
    name: "punk",
    tags: &["punk", "post-punk", "garage rock", "egg punk", "pop punk"],
    artists: 7,
    lexicon: Lexicon {
        artists: "The {lanes} | The {lanes} | {band} | {band} | {wet} {lanes}",
        tracks: "{whole} | {whole} | {whole} | No More {nuisance} | I Hate {nuisance} | Death by {nuisance} |
                 Your {relative}'s {object} | {object} on Fire | {wet} {object} | {imperative} the {object} |
                 My {relative} Is a {object} | {weekday} Sucks | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | No More {nuisance} | {wet} {object} | {imperative} the {object}",
        slots: &[
            ("lanes", "Bus Lanes | Parking Wardens | Substitutes | Invoices | Bad Tenants | Cones | Lost Dogs"),
            ("band", "Wet Cement | Faulty Wiring | Office Birthday | Cash Only | Shin Guard | Rat Palace"),
            ("wet", "Wet | Cheap | Rotten | Nervous | Plastic | Public | Stolen"),
            ("nuisance", "Meetings | Landlords | Paperwork | Small Talk | Brunch | Leaflets | Deadlines | Brass Bands"),
            ("relative", "Dad | Boss | Landlord | Cousin | Dentist | Therapist | Roommate"),
            ("object", "Car | Carpet | Couch | Vending Machine | Shopping Cart | Fax Machine | Lawn | Trophy | Ferry"),
            (
                "whole",
                "Rent Day | Broken Escalator | Permanent Record | Out of Office | Cold Chips | Nightbus Riot |
                 Fluorescent | Static in My Teeth | Self-Checkout | Curfew | Bite the Bullet Train | Wrong Queue |
                 Detention | Expired Milk | Good Boy | Gutter Ball | Three Chord Trick | Bin Day | Sunburn |
                 Terms & Conditions | Nosebleed Section | Panic at Aisle Nine | Overdraft | Knees | Loud Shirt |
                 Low Ceiling | Spare Tyre | Council Flat Symphony | Cheap Seats | Hi-Vis | My Neighbour's Wi-Fi |
                 Pocket Full of Receipts | Traffic Cone Crown | The Manager Will See You Now | Lost Deposit |
                 Microwave Dinner | Ugly Sweater | Bored Meeting | Cancel the Parade | Skip Dive |
                 Tax Return to Sender | Second-Hand Smoke Alarm | Last Bus | Tinnitus | Mosh Pit Stop |
                 Photocopier Love | Rust Bucket | Chewing Gum | Alarm Clock Assassin | Kids on the Roof |
                 Dead Battery | Weekend Millionaire | Suburban Warfare | Kick the Vending Machine |
                 Get Off My Lunch | Sour Candy | Wrong Number | Borrowed Amp | Fire Exit | Queue Jumper | Beige |
                 Concrete Holiday | Pigeon Attack | Unsubscribe | Do Not Bend",
            ),
            ("imperative", "Smash | Return | Steal | Blame | Paint | Unplug"),
            (
                "record",
                "Complaints Department | Loud Neighbours | Everything Must Go | Two Left Feet First |
                 Unpaid Overtime | This Side Up | Sorry About the Wall | Twelve Songs, Twenty Minutes",
            ),
        ],
    },
    eras: &[(1977, 1984, 2.0), (1994, 2003, 2.0), (2014, 2025, 3.0)],
    length_s: (148.0, 42.0),
    explicit: 0.32,
    featured: 0.01,
    countries: &["GB", "US", "AU", "DE"],
    sound: Sound {
        acousticness: (0.02, 0.06),
        danceability: (0.46, 0.14),
        energy: (0.9, 0.09),
        instrumentalness: (0.05, 0.14),
        loudness_db: (-5.2, 2.0),
        speechiness: (0.08, 0.06),
        tempo_bpm: (152.0, 30.0),
        valence: (0.55, 0.26),
    },
};
