//! Which plays count: by whom, when, and which of them.

use serde_json::json;

use super::history::{Heard, History, Listener};
use super::time::{Ms, Range, Zone};

/// Who, when and which, with the plays that are meant.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// Everything that happened.
    pub history: &'a History,
    /// Whose plays; everyone's if `None`.
    pub listener: Option<&'a Listener>,
    /// When.
    pub range: Range,
    /// Where days begin.
    pub zone: &'a Zone,
    /// Which of them.
    pub filter: &'a Filter,
    /// When it is asked.
    pub now: Ms,
    /// The plays, in the order in which the history tells them.
    pub plays: Vec<Heard<'a>>,
}

/// Which plays count. `None` does not restrict; a list holds alternatives, and without any it admits nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Ids of tracks, as the API gives them.
    pub track_ids: Option<Vec<String>>,
    /// Ids of artists, credited at any position.
    pub artist_ids: Option<Vec<String>>,
    /// Ids of albums.
    pub album_ids: Option<Vec<String>>,
    /// Genres of the primary artist.
    pub genres: Option<Vec<String>>,
    /// Ids of artists none of whom may be credited.
    pub exclude_artist_ids: Option<Vec<String>>,
    /// Genres none of which the primary artist may have.
    pub exclude_genres: Option<Vec<String>>,
    /// 1 is Monday.
    pub weekdays: Option<Vec<i8>>,
    /// What Spotify says of the track.
    pub explicit: Option<bool>,
}

impl<'a> Scope<'a> {
    /// The plays of `listener` (everyone if `None`) in `range` that pass `filter`.
    pub fn new(
        history: &'a History,
        listener: Option<&'a Listener>,
        range: Range,
        zone: &'a Zone,
        filter: &'a Filter,
        now: Ms,
    ) -> Self {
        let mut scope = Self { history, listener, range, zone, filter, now, plays: Vec::new() };
        scope.plays = history.heard().into_iter().filter(|play| scope.holds(play)).collect();
        scope
    }

    /// Whether a play or a skip counts.
    pub fn holds(&self, heard: &Heard) -> bool {
        self.listener.is_none_or(|listener| listener.username == heard.listener.username)
            && self.range.holds(heard.at)
            && self.filter.admits(heard, self.zone)
    }

    /// The same in the range just before.
    pub fn previous(&self) -> Option<Self> {
        let range = self.range.previous(self.zone)?;
        Some(Self::new(self.history, self.listener, range, self.zone, self.filter, self.now))
    }

    /// Milliseconds of all plays together.
    pub fn listened_ms(&self) -> i64 {
        self.plays.iter().map(|play| play.listened_ms).sum()
    }
}

impl Filter {
    fn admits(&self, heard: &Heard, zone: &Zone) -> bool {
        let is_credited = |id: &String| heard.artists.iter().any(|artist| artist.id == *id);
        let is_its_genre = |genre: &String| heard.primary().is_some_and(|artist| artist.genres.contains(genre));
        let is_its_weekday = |day: &i8| zone.clock(heard.at).date().weekday().to_monday_one_offset() == *day;
        let is_its_album = |id: &String| heard.album.is_some_and(|album| album.id == *id);

        self.track_ids.as_ref().is_none_or(|ids| ids.contains(&heard.track.id))
            && self.artist_ids.as_ref().is_none_or(|ids| ids.iter().any(is_credited))
            && self.album_ids.as_ref().is_none_or(|ids| ids.iter().any(is_its_album))
            && self.genres.as_ref().is_none_or(|genres| genres.iter().any(is_its_genre))
            && self.exclude_artist_ids.as_ref().is_none_or(|ids| !ids.iter().any(is_credited))
            && self.exclude_genres.as_ref().is_none_or(|genres| !genres.iter().any(is_its_genre))
            && self.weekdays.as_ref().is_none_or(|days| days.iter().any(is_its_weekday))
            && self.explicit.is_none_or(|explicit| heard.track.explicit == Some(explicit))
    }

    /// As it stands in a query; empty if it restricts nothing.
    pub fn literal(&self) -> String {
        let mut fields = Vec::new();
        for (name, texts) in [
            ("trackIds", &self.track_ids),
            ("artistIds", &self.artist_ids),
            ("albumIds", &self.album_ids),
            ("genres", &self.genres),
            ("excludeArtistIds", &self.exclude_artist_ids),
            ("excludeGenres", &self.exclude_genres),
        ] {
            fields.extend(texts.as_ref().map(|texts| format!("{name}: {}", json!(texts))));
        }
        fields.extend(self.weekdays.as_ref().map(|days| format!("weekdays: {}", json!(days))));
        fields.extend(self.explicit.map(|explicit| format!("explicit: {explicit}")));
        if fields.is_empty() { String::new() } else { format!("{{ {} }}", fields.join(", ")) }
    }
}
