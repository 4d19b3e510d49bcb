//! Ambient.

use super::{Genre, Lexicon, Sound};

/// Hardly any energy, hardly any voice.
pub(super) const AMBIENT: Genre = Genre {
    name: "ambient",
    tags: &["ambient", "drone", "dark ambient", "space ambient", "field recordings"],
    artists: 8,
    lexicon: Lexicon {
        artists: "{slow} {harbour} | {slow} {harbour} | {project} | {first} {last}",
        tracks: "{matter} on {surface} | {matter} on {surface} | {whole} | {whole} | {matter}, {manner} |
                 {slow} {harbour} | {harbour} {roman} | {hour} ({matter}) | Of {matter} and {matter} | {whole} |
                 {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {matter} on {surface} | {slow} {harbour} | Music for {purpose}",
        slots: &[
            ("slow", "Slow | Pale | Still | Hollow | Far | Submerged | Northern | Weightless | Dim"),
            ("harbour", "Harbour | Meridian | Estuary | Archive | Lanterns | Glacier | Choir | Tide Tables"),
            ("project", "Hoarfrost | Lichen Atlas | Umbra Fields | Isobar | Fathom & Fathom | Aerial Survey"),
            ("first", "Signe | Haruki | Eluned | Pascal"),
            ("last", "Ravnholt | Morioka | Prosser | Delacourt"),
            ("matter", "Snow | Rain | Ash | Salt | Dust | Light | Fog | Moss | Breath | Pollen | Smoke | Frost"),
            ("surface", "Glass | Water | Slate | Linen | Wool | Stone | Tin Roofs | the Lake | Fallen Leaves"),
            (
                "whole",
                "Unlit | Thermocline | What the River Kept | Aphelion | Hibernal | Shelter | Long Wave | Nightjar |
                 Vespertine Hours | The Lighthouse Keeper Sleeps | Distant Engines | Foxfire | Slack Water |
                 Inland Sea | Perigee | A Room Filling Slowly | Bathymetry | Ember Days | Halocline | Cloud Chamber |
                 The Last Ferry Empty | Tundra | Afterlight | Sleep Laboratory | Evaporation | Peat |
                 A Field Recorded in October | Low Sun | Seawall | Drowned Bells | Undertone | The Attic in Summer |
                 Half-Remembered | Carried by Wind | Quartz | Outer Hebrides | Radiator Hymn | Sleeping Volcano |
                 Slow Ceiling | Where the Road Ends | Cirrus | Deep Field | Migration | Glasshouse at Night |
                 Stillwater | Hours of Moths | Sonar | Alluvium | The Long Exhale | Candle, Unlit | Anemone |
                 Empty Aquarium | Silt | Afternoon of a Satellite | Polar Night | Saltmarsh | Distant Mowers |
                 Isthmus | Leaving Orbit | Barometer | Lantern Fish | Whale Fall | Equinox | Northern Line of Trees",
            ),
            ("manner", "Falling | Drifting | Settling | Remembered | from Above | at Rest | Before Dawn"),
            ("hour", "3:14 a.m. | 4:40 a.m. | First Light | Blue Hour | Nautical Twilight | Solstice"),
            ("purpose", "Empty Stations | Sleeping Trains | Greenhouses | Night Nurses | Long Corridors"),
            (
                "record",
                "The Weather Inside | Low Pressure | Cartography of Sleep | Winter Count | Tidal Memory |
                 Unpeopled | Northern Windows | Sediment | Horizon Studies | Held Breath | An Index of Clouds",
            ),
        ],
    },
    eras: &[(1978, 1992, 1.5), (2002, 2013, 3.0), (2014, 2024, 4.0)],
    length_s: (372.0, 190.0),
    explicit: 0.0,
    featured: 0.06,
    countries: &["IS", "GB", "JP", "NO"],
    sound: Sound {
        acousticness: (0.83, 0.17),
        danceability: (0.2, 0.13),
        energy: (0.13, 0.12),
        instrumentalness: (0.9, 0.09),
        loudness_db: (-22.0, 6.0),
        speechiness: (0.04, 0.015),
        tempo_bpm: (92.0, 30.0),
        valence: (0.14, 0.13),
    },
};
