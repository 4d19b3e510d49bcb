//! Audio features: how a recording sounds, around the centre of its genre.
//!
//! Ranges and roundings are those of Spotify's `GET /v1/audio-features`.

use super::dice::Dice;
use super::genre::Sound;

/// What Spotify measured in one recording. 0 to 1 unless a unit or a range is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Features {
    pub(super) acousticness: f64,
    pub(super) danceability: f64,
    pub(super) energy: f64,
    pub(super) instrumentalness: f64,
    /// 0 is C, 11 is B.
    pub(super) key: u8,
    pub(super) liveness: f64,
    /// -60 to 0.
    pub(super) loudness_db: f64,
    /// 1 is major, 0 is minor.
    pub(super) mode: u8,
    pub(super) speechiness: f64,
    pub(super) tempo_bpm: f64,
    /// Beats to a bar: 3, 4 or 5.
    pub(super) time_signature: u8,
    pub(super) valence: f64,
}

/// How far an artist stands from the centre of the genre, in spreads: -0.5 to 0.5 each.
/// It keeps one artist's tracks alike.
#[derive(Clone, Debug)]
pub(super) struct Lean {
    energy: f64,
    mood: f64,
    tempo: f64,
    texture: f64,
}

impl Lean {
    /// An artist's own.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut lean = || dice.bell(0.0, 0.5);
        Self { energy: lean(), mood: lean(), tempo: lean(), texture: lean() }
    }
}

impl Features {
    /// A recording by an artist who leans as `lean`; `live` ones were recorded before an audience.
    pub(super) fn draw(dice: &mut Dice, sound: &Sound, lean: &Lean, live: bool) -> Self {
        let mut near = |(centre, spread): (f64, f64), lean: f64| dice.bell(centre + lean * spread, spread * 0.8);
        let energy = share(near(sound.energy, lean.energy));
        // What is louder than its genre is more energetic and less acoustic than its genre.
        let push = energy - sound.energy.0;
        let acousticness = share(near(sound.acousticness, lean.texture) - 0.4 * push);
        let loudness_db = near(sound.loudness_db, 0.0) + 8.0 * push;
        let danceability = share(near(sound.danceability, lean.mood));
        let valence = share(near(sound.valence, lean.mood));
        let instrumentalness = share(near(sound.instrumentalness, lean.texture));
        let speechiness = share(near(sound.speechiness, 0.0)).max(0.023);
        let tempo_bpm = thousandths(near(sound.tempo_bpm, lean.tempo).clamp(52.0, 208.0));
        let major = if valence > 0.45 { 0.72 } else { 0.42 };
        Self {
            acousticness,
            danceability,
            energy,
            instrumentalness,
            key: dice.below(12) as u8,
            liveness: share(if live { dice.bell(0.82, 0.16) } else { dice.bell(0.15, 0.12) }),
            loudness_db: thousandths(loudness_db.clamp(-46.0, -0.5)),
            mode: u8::from(dice.chance(major)),
            speechiness,
            tempo_bpm,
            time_signature: [3, 4, 4, 4, 4, 4, 4, 4, 4, 5][dice.below(10)],
            valence,
        }
    }
}

fn share(value: f64) -> f64 {
    // Spotify never says a round 0 or 1 for a real recording, except for instrumentalness.
    thousandths(value.clamp(0.0, 0.996))
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
