//! House and techno.

use super::{Genre, Lexicon, Sound};

/// Long, even, made for rooms without windows.
pub(super) const ELECTRONIC: Genre = Genre {
    name: "electronic",
    tags: &["electronic", "deep house", "melodic techno", "minimal techno", "downtempo", "house"],
    artists: 10,
    lexicon: Lexicon {
        artists: "{glas}{raum} | {glas}{raum} | {first} {last} | {first} {last} | {unit}",
        tracks: "{place} | {place} {part} | {whole} | {whole} | {whole} - {mix} | {place} - {mix} |
                 {colour} {signal} | {colour} {signal} | {signal} {number} | {signal} at {hour} | {glas}{raum} |
                 {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {colour} {signal} | {place} Sessions | {signal} Studies",
        slots: &[
            ("glas", "Glas | Strom | Klar | Nebel | Halb | Kupfer | Stein | Ufer | Winter"),
            ("raum", "raum | linie | feld | werk | kreis | takt | haus | ton"),
            ("first", "Mareike | Tomasz | Yuki | Ilse | Anders | Paloma | Dorian | Sunniva"),
            ("last", "Ohmsen | Rehnquist | Adair | Vahl | Okuda | Solberg | Brandt | Navarre"),
            ("unit", "Forty Hertz Club | Ostkreuz Kollektiv | Low Pass Society | Carbon Ferry | Parallel Tram"),
            (
                "place",
                "Spreeufer | Halle 7 | Terminal | Observatory | Underpass | Dry Dock | Turbine Hall | Ringbahn |
                 Cold Storage | Warehouse | Viaduct | Substation | Planetarium | Freight Yard",
            ),
            ("part", "I | II | III | North | South | by Night | Reprise"),
            (
                "whole",
                "Afterimage | Phase Locked | Condensation | Lumen | Tessellate | Undulate | Half-Life | Slow Burn |
                 Gradient | Second Room | Doppler | Reverberant | Copper Wire | Permafrost | Ventilation |
                 Peripheral | Cascade | Orbital Decay | Fluorescent | Resonator | Kaleidoscope | Drift Mode |
                 Interference | Sidechain Romance | Zero Crossing | Moiré | Halftone | Parallax | Night Ferry |
                 Strobe Garden | Oblique | Isotherm | Pendulum Clock | Heatsink | Sodium Light | Monorail |
                 Aftershock Etiquette | Granular | Empty Carriage | Ozone | Concave | Murmur Engine | Soft Clip |
                 Membrane | Ferrite | Hall of Mirrors, Hall of Bass | Sleep Debt | Lattice | Vapour Trail Theory |
                 Dim Sum of Squares | Noise Floor | Signal Lost, Signal Found | Crossfade | Polder |
                 Glowstick Elegy | Catenary | Open Circuit Summer | Tram 21 | Refraction | Slipstream | Amplitude |
                 Hydraulic | Transit of Venus | Under the Autobahn | Sawtooth | Echo Location | Kilowatt Hours |
                 Static Bloom",
            ),
            ("mix", "Extended Mix | Original Mix | Club Mix | Dub | {first} {last} Remix | Edit"),
            ("colour", "Ultraviolet | Amber | Cobalt | Magenta | Chrome | Indigo | Graphite | Infrared"),
            ("signal", "Signal | Pulse | Circuit | Current | Voltage | Loop | Frequency | Sequence | Pattern"),
            ("number", "04 | 11 | 23 | 37 | 58 | 101 | 303 | 606"),
            ("hour", "4 a.m. | 5 a.m. | Dawn | Noon | Closing Time"),
            (
                "record",
                "Rooms Without Windows | Nachtbus | The Geometry of Crowds | Slow Machines | Last Train East |
                 Signals from the Floor | Concrete & Condensation | Between Stations | Soft Architecture |
                 All Night Elevator | Kinetic Sleep | Machine Gardens",
            ),
        ],
    },
    eras: &[(1994, 2004, 1.5), (2009, 2016, 4.0), (2017, 2025, 5.0)],
    length_s: (335.0, 110.0),
    explicit: 0.0,
    featured: 0.14,
    countries: &["DE", "NL", "GB", "PL"],
    sound: Sound {
        acousticness: (0.04, 0.1),
        danceability: (0.77, 0.12),
        energy: (0.75, 0.16),
        instrumentalness: (0.72, 0.28),
        loudness_db: (-8.2, 2.5),
        speechiness: (0.05, 0.03),
        tempo_bpm: (124.0, 8.0),
        valence: (0.36, 0.3),
    },
};
