//! Which plays count beyond who and when. Lists are alternatives; fields must all hold.

use entity::time::{TimeRange, unit_ms};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::sql::Binds;

const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 was a Thursday: so many days after a Monday.
const EPOCH_WEEKDAY: i64 = 3;

/// Conditions on a play; `None` does not restrict, an empty list of alternatives admits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// The track.
    pub tracks: Option<Vec<i32>>,
    /// An artist credited on the track, at any position.
    pub artists: Option<Vec<i32>>,
    /// The track's album.
    pub albums: Option<Vec<i32>>,
    /// A genre of the track's primary artist.
    pub genres: Option<Vec<String>>,
    /// No artist credited on the track is one of these.
    pub excluded_artists: Vec<i32>,
    /// The track's primary artist has none of these genres.
    pub excluded_genres: Vec<String>,
    /// The local weekday on which the play ended, 1 (Monday) to 7.
    pub weekdays: Option<Vec<i32>>,
    /// What Spotify says of the track; tracks of which it says nothing are neither.
    pub explicit: Option<bool>,
}

impl Filter {
    /// Whether every play passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a play passes because of its track alone, and not of when it was.
    pub(super) fn is_of_tracks(&self) -> bool {
        self.weekdays.is_none()
    }

    /// Whether a play passes because of when it was alone, and not of its track.
    pub(super) fn is_of_times(&self) -> bool {
        *self == Self { weekdays: self.weekdays.clone(), ..Self::default() }
    }

    /// Whether it names what passes, which then is little, rather than what does not.
    pub(super) fn names_what_passes(&self) -> bool {
        self.tracks.is_some() || self.artists.is_some() || self.albums.is_some() || self.genres.is_some()
    }

    /// This filter in two: which plays by when they were, and which by the genres of what was played. `None` if there is more
    /// to it.
    pub(super) fn by_time_and_genre(&self) -> Option<(Self, Self)> {
        let by_time = Self { weekdays: self.weekdays.clone(), ..Self::default() };
        let by_genre = Self { weekdays: None, ..self.clone() };
        let genres_alone =
            Self { genres: self.genres.clone(), excluded_genres: self.excluded_genres.clone(), ..Self::default() };
        (by_genre == genres_alone).then_some((by_time, by_genre))
    }

    /// Whether it names what does not pass, and nothing else.
    pub(super) fn only_excludes(&self) -> bool {
        let exclusions = Self {
            excluded_artists: self.excluded_artists.clone(),
            excluded_genres: self.excluded_genres.clone(),
            ..Self::default()
        };
        !self.is_empty() && *self == exclusions
    }

    /// `SELECT` of the tracks that do not pass because they are excluded: `track_id`.
    pub(super) fn excluded_tracks(&self, binds: &mut Binds) -> String {
        let (artists, genres) = (of_artists(&self.excluded_artists, binds), of_genres(&self.excluded_genres, binds));
        format!("{artists} UNION ALL {genres}")
    }

    /// Whether it asks what the catalogue says of a play's track, and not only which track or when.
    pub fn reads_catalogue(&self) -> bool {
        let plays_alone = Self { tracks: self.tracks.clone(), weekdays: self.weekdays.clone(), ..Self::default() };
        *self != plays_alone
    }

    /// The conditions as SQL over a row with `track_id` and the instant `at`.
    pub(super) fn conditions(&self, at: &str, range: &TimeRange, zone: &TimeZone, binds: &mut Binds) -> Vec<String> {
        let mut conditions = Vec::new();
        if let Some(tracks) = &self.tracks {
            conditions.push(format!("track_id IN {}", list(tracks, binds)));
        }
        if let Some(artists) = &self.artists {
            conditions.push(format!("track_id IN ({})", of_artists(artists, binds)));
        }
        if let Some(albums) = &self.albums {
            conditions.push(format!("track_id IN (SELECT id FROM track WHERE album_id IN {})", list(albums, binds)));
        }
        if let Some(genres) = &self.genres {
            conditions.push(format!("track_id IN ({})", of_genres(genres, binds)));
        }
        if !self.excluded_artists.is_empty() {
            conditions.push(format!("track_id NOT IN ({})", of_artists(&self.excluded_artists, binds)));
        }
        if !self.excluded_genres.is_empty() {
            conditions.push(format!("track_id NOT IN ({})", of_genres(&self.excluded_genres, binds)));
        }
        if let Some(weekdays) = &self.weekdays {
            let weekday = local_weekday(at, range, zone, binds);
            conditions.push(format!("{weekday} IN {}", list(weekdays, binds)));
        }
        if let Some(explicit) = self.explicit {
            conditions.push(format!("track_id IN (SELECT id FROM track WHERE explicit = {})", binds.bind(explicit)));
        }
        conditions
    }
}

/// `SELECT` of the tracks that some artists are credited on: `track_id`.
fn of_artists(artists: &[i32], binds: &mut Binds) -> String {
    format!("SELECT track_id FROM track_artist WHERE artist_id IN {}", list(artists, binds))
}

/// `SELECT` of the tracks of some genres: `track_id`.
fn of_genres(genres: &[String], binds: &mut Binds) -> String {
    let artists = artists_of_genres(genres, binds);
    format!("SELECT c.track_id FROM ({artists}) g JOIN track_artist c ON c.artist_id = g.artist_id AND c.position = 0")
}

/// `SELECT` of the artists of some genres, each for every one of them: `artist_id`.
pub(super) fn artists_of_genres(genres: &[String], binds: &mut Binds) -> String {
    // No genre holds U+0000, and Postgres refuses to compare with a text that does.
    let genres: Vec<String> = genres.iter().filter(|genre| !genre.contains('\0')).cloned().collect();
    format!("SELECT artist_id FROM artist_genre WHERE genre IN {}", list(&genres, binds))
}

/// `(a, b, …)`; for no values, a list that holds nothing.
fn list<V: Clone + Into<sea_orm::Value>>(values: &[V], binds: &mut Binds) -> String {
    if values.is_empty() {
        return "(NULL)".to_owned();
    }
    let places: Vec<String> = values.iter().map(|value| binds.bind(value.clone())).collect();
    format!("({})", places.join(", "))
}

/// The local weekday of the instant `at`, 1 (Monday) to 7, by arithmetic that both databases do: the offsets that `zone` has
/// within the range stand in the statement, so no database's own idea of time zones comes in.
fn local_weekday(at: &str, range: &TimeRange, zone: &TimeZone, binds: &mut Binds) -> String {
    let from = range.from().unwrap_or(entity::time::Instant::from_ms(0)).timestamp();
    let offset_ms = |at: jiff::Timestamp| i64::from(zone.to_offset(at).seconds()) * 1000;
    let mut offset = offset_ms(from);
    let mut cases = String::new();
    for transition in zone.following(from).take_while(|t| t.timestamp() < range.until().timestamp()) {
        let until = binds.bind(transition.timestamp().as_millisecond());
        cases.push_str(&format!("WHEN {at} < {until} THEN {} ", binds.bind(offset)));
        offset = offset_ms(transition.timestamp());
    }
    let last = binds.bind(offset);
    let offset = if cases.is_empty() { last } else { format!("CASE {cases} ELSE {last} END") };
    format!("((({at} + {offset}) / {DAY_MS} + {EPOCH_WEEKDAY}) % 7 + 1)")
}

/// The unit in which a range can be folded without mixing local hours; see [`entity::time::unit_ms`].
pub(super) fn local_unit_ms(range: &TimeRange, zone: &TimeZone) -> i64 {
    unit_ms(zone, range.from(), range.until())
}
