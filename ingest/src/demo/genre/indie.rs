//! Indie rock and dream pop.

use super::{Genre, Lexicon, Sound};

/// Guitars, reverb and small observations.
pub(super) const INDIE: Genre = Genre {
    name: "indie",
    tags: &["indie rock", "dream pop", "shoegaze", "bedroom pop", "indie pop"],
    artists: 11,
    lexicon: Lexicon {
        artists: "{pale} {swimmers} | {pale} {swimmers} | {band} | The {swimmers} | {first} {last}",
        tracks: "{pale} {light} | {pale} {light} | {whole} | {whole} | {doing} in the {room} | {doing} to {city} |
                 {season} {light} | The {room} | {friend}'s {object} | {friend}, {month} | {object} Song |
                 Nobody's {object} | {whole} | {whole} | {whole} | {whole}",
        albums: "{pale} {light} | {record} | {record} | {doing} in the {room} | A {room} for {friend}",
        slots: &[
            (
                "pale",
                "Pale | Minor | Distant | Borrowed | Early | Faded | Second-Hand | Quiet | Crooked | Ordinary |
                 Sleepy | Backlit | Suburban",
            ),
            (
                "swimmers",
                "Tandems | Weather | Cinema | Lifeguards | Postcards | Gardeners | Escalators | Aquariums |
                 Tennis Club | Understudies | Streetlamps | Neighbours",
            ),
            (
                "band",
                "Swim Lesson | Hotel Lobby Plants | Early Bus | Laundry Moon | Tall Ferns | Night Pharmacy |
                 Dog Eared Pages | Moth Season | Spare Room | Kite Repair | Polaroid Orchard",
            ),
            ("first", "Maren | Theo | Agnes | Otto | Hanne | Ezra"),
            ("last", "Fairweather | Brandvold | Pell | Sorrell | Kowalczyk | Ashdown"),
            (
                "light",
                "Light | Arcade | Afternoon | Holiday | Signal | Blue | Television | Teeth | Ghosts | Static |
                 Swimming Pool | Tape | Constellation | Parking Lot | Hallway | Lake",
            ),
            (
                "whole",
                "Slow Motion Sickness | Cardigan Weather | Half a Conversation | Ferry Timetable | Lawn Chairs |
                 Everyone's Moving Away | Kitchen Floor | The Year We Didn't | Bus Stop Philosophy | Undertow |
                 Instant Coffee | Sparkler | Long Exposure | Roommates | Overdue | Dial Tone | Goldfish |
                 Vending Machine | Paper Route | Streetlight Choir | Blanket Fort | Disposable Camera | Small Talk |
                 Motorway Services | Answering Machine | Cul-de-Sac | Leftovers | Tidal | Lighthouse Keeping |
                 The Smallest Parade | Crossword | Weekend Father | Slow News Day | Ghost of a Chance Encounter |
                 Fire Drill | Magnolia Court | Half-Price Sunday | Teenage Cartographer | Your Handwriting |
                 Nobody Swims Here | Carpool | Photobooth | Wet Paint | Borrowed Coat | Stay for the Credits |
                 Antenna | Sleepwalker's Guide | Tin Foil Stars | Houseplants | Satellite Dish | Bad Weather Friend |
                 Pool Closed | Terrace House | Map of the Ceiling | Oh, Henry | Tuesday People | Shallow End |
                 Leaving the Party Sideways | Postcode | Dog Days, Cat Nights | Sound of the Fridge | Northern Line |
                 Three Winters Ago | Velcro | Windbreaker | Matinee | Eleven Eleven |
                 Everything Is Under Construction",
            ),
            ("doing", "Sleeping | Waiting | Dancing | Driving | Falling | Writing | Whispering | Getting Lost"),
            (
                "room",
                "Spare Bedroom | Waiting Room | Back Seat | Swimming Hall | Greenhouse | Laundromat | Elevator |
                 Video Store | Deep End | School Library",
            ),
            ("friend", "Anna | Julian | Margot | Simon | Ingrid | Caroline | Felix | Dorothy | Elliot"),
            ("object", "Bicycle | Sweater | Camera | Record Player | Balcony | Umbrella | Telescope | Mixtape"),
            (
                "record",
                "What the Weather Left | Indoor Voices | Rooms We Painted Badly | The Long Way to the Lake |
                 Minor Emergencies | Soft Furniture | A Field Guide to Staying In | Lost & Found & Lost |
                 Weeknights | Nothing on Television | Sea Legs | Further Instructions | Low Season",
            ),
        ],
    },
    eras: &[(1989, 1999, 1.5), (2003, 2013, 3.0), (2014, 2024, 5.0)],
    length_s: (226.0, 60.0),
    explicit: 0.06,
    featured: 0.04,
    countries: &["GB", "US", "CA", "DE"],
    sound: Sound {
        acousticness: (0.25, 0.28),
        danceability: (0.52, 0.16),
        energy: (0.62, 0.24),
        instrumentalness: (0.12, 0.25),
        loudness_db: (-8.0, 3.0),
        speechiness: (0.04, 0.02),
        tempo_bpm: (120.0, 32.0),
        valence: (0.44, 0.3),
    },
};
