//! Who listened to what, as a list; and a catalogue small enough to look through.

use super::time::Ms;

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The people. Everything else that speaks of a listener, a track, an artist or an album names its place in its list.
    pub listeners: Vec<Listener>,
    /// The catalogue's tracks.
    pub tracks: Vec<Track>,
    /// The catalogue's artists.
    pub artists: Vec<Artist>,
    /// The catalogue's albums.
    pub albums: Vec<Album>,
    /// What counts.
    pub plays: Vec<Play>,
    /// What was cut short.
    pub skips: Vec<Skip>,
    /// Where plays were missed.
    pub gaps: Vec<Gap>,
    /// When all of it was loaded.
    pub loaded_at: Ms,
}

/// A person.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The username.
    pub username: String,
    /// The IANA name of the zone in which this person's days begin.
    pub time_zone: String,
    /// The number in whose order listeners stand, once they are stored.
    pub key: i32,
}

/// A track.
#[derive(Clone, Debug)]
pub struct Track {
    /// Spotify's id.
    pub spotify_id: String,
    /// The title.
    pub name: String,
    /// Full length; `None` while unknown.
    pub duration_ms: Option<i32>,
    /// What Spotify says; `None` if nothing.
    pub explicit: Option<bool>,
    /// Place of its album.
    pub album: Option<usize>,
    /// Places of its artists, the primary one first.
    pub artists: Vec<usize>,
    /// In the order of [`FEATURES`].
    pub features: Option<[f64; FEATURES.len()]>,
    /// The number in whose order tracks stand, once they are stored.
    pub key: i32,
    /// The id that the API gives it.
    pub id: String,
}

/// The names of the audio features.
pub const FEATURES: [&str; 9] = [
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "liveness",
    "loudnessDb",
    "speechiness",
    "tempoBpm",
    "valence",
];

/// An artist.
#[derive(Clone, Debug)]
pub struct Artist {
    /// Spotify's id.
    pub spotify_id: String,
    /// The name, which another may have too.
    pub name: String,
    /// Genres.
    pub genres: Vec<String>,
    /// The number in whose order artists stand, once they are stored.
    pub key: i32,
    /// The id that the API gives it.
    pub id: String,
}

/// An album.
#[derive(Clone, Debug)]
pub struct Album {
    /// Spotify's id.
    pub spotify_id: String,
    /// The title.
    pub name: String,
    /// `1981`, `1981-12` or `1981-12-15`; `None` while unknown.
    pub release_date: Option<String>,
    /// The number in whose order albums stand, once they are stored.
    pub key: i32,
    /// The id that the API gives it.
    pub id: String,
}

/// One listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// Place of the listener.
    pub listener: usize,
    /// Place of the track.
    pub track: usize,
    /// When it ended.
    pub at: Ms,
    /// How long it took, if that was measured.
    pub measured_ms: Option<i32>,
    /// Whether an export told of it.
    pub exported: bool,
    /// What it was played from.
    pub context_uri: Option<String>,
}

/// A stream that was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Place of the listener.
    pub listener: usize,
    /// Place of the track.
    pub track: usize,
    /// When it stopped.
    pub at: Ms,
}

/// A window in which plays were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Place of the listener.
    pub listener: usize,
    /// The last play known before.
    pub after: Ms,
    /// The first play known after.
    pub before: Ms,
    /// When it was noticed.
    pub detected_at: Ms,
    /// When a play turned up inside.
    pub filled_at: Option<Ms>,
}

/// A play or a skip with everything it points to.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    /// Who.
    pub listener: &'a Listener,
    /// What.
    pub track: &'a Track,
    /// By whom, the primary artist first.
    pub artists: Vec<&'a Artist>,
    /// From what.
    pub album: Option<&'a Album>,
    /// When it ended.
    pub at: Ms,
    /// How long it took: measured, or the track's full length, or nothing if neither is known.
    pub listened_ms: i64,
    /// Whether that was measured.
    pub measured: bool,
    /// Whether an export told of it.
    pub exported: bool,
    /// What it was played from.
    pub context_uri: Option<&'a str>,
}

impl<'a> Heard<'a> {
    /// The artist credited first.
    pub fn primary(&self) -> Option<&'a Artist> {
        self.artists.first().copied()
    }
}

impl History {
    /// All plays of all time by everyone.
    pub fn heard(&self) -> Vec<Heard<'_>> {
        let heard = |play: &'_ Play| {
            let assumed = self.tracks[play.track].duration_ms.unwrap_or(0);
            Heard {
                listened_ms: i64::from(play.measured_ms.unwrap_or(assumed)),
                measured: play.measured_ms.is_some(),
                exported: play.exported,
                ..self.stream(play.listener, play.track, play.at)
            }
        };
        self.plays.iter().map(|play| Heard { context_uri: play.context_uri.as_deref(), ..heard(play) }).collect()
    }

    /// All skips of all time by everyone.
    pub fn skipped(&self) -> Vec<Heard<'_>> {
        self.skips.iter().map(|skip| self.stream(skip.listener, skip.track, skip.at)).collect()
    }

    fn stream(&self, listener: usize, track: usize, at: Ms) -> Heard<'_> {
        let track = &self.tracks[track];
        Heard {
            listener: &self.listeners[listener],
            track,
            artists: track.artists.iter().map(|artist| &self.artists[*artist]).collect(),
            album: track.album.map(|album| &self.albums[album]),
            at,
            listened_ms: 0,
            measured: false,
            exported: false,
            context_uri: None,
        }
    }
}
