//! Which plays count, as a client says it.

use async_graphql::{ID, InputObject, Result};

use super::id::Kind;
use crate::error::bad_user_input;
use crate::insights::Filter;

/// The most entries of one list.
const ENTRIES_MAX: usize = 100;

/// Which plays count. Lists are alternatives, at most 100 each; fields must all hold. A list without entries admits no play,
/// an exclusion without entries excludes none; leave a field out to not filter by it. Ids that name nothing are alternatives
/// that no play meets.
#[derive(InputObject, Default)]
pub(super) struct PlayFilter {
    /// Plays of these tracks.
    track_ids: Option<Vec<ID>>,
    /// Plays of tracks on which one of these artists is credited, at any position.
    artist_ids: Option<Vec<ID>>,
    /// Plays of tracks on these albums.
    album_ids: Option<Vec<ID>>,
    /// Plays whose primary artist has one of these genres, written as in `Artist.genres`.
    genres: Option<Vec<String>>,
    /// No plays of tracks on which one of these artists is credited, at any position.
    exclude_artist_ids: Option<Vec<ID>>,
    /// No plays whose primary artist has one of these genres.
    exclude_genres: Option<Vec<String>>,
    /// Plays that ended on these weekdays in the time zone in force; 1 is Monday, 7 is Sunday.
    weekdays: Option<Vec<i32>>,
    /// Plays of tracks that Spotify marks as explicit, or as not; tracks of which it does not say are neither.
    explicit: Option<bool>,
}

impl PlayFilter {
    /// The filter that is meant, or a sentence that says what was expected.
    pub(super) fn resolve(self) -> Result<Filter> {
        let ids = |name: &str, kind: Kind, ids: Option<Vec<ID>>| {
            let ids = bounded(name, ids)?;
            let keys = ids.map(|ids| ids.iter().filter_map(|id| kind.key(id)).collect::<Vec<i32>>());
            Ok::<_, async_graphql::Error>(keys.map(in_order))
        };
        let weekdays = bounded("weekdays", self.weekdays)?;
        if let Some(wrong) = weekdays.iter().flatten().find(|weekday| !(1..=7).contains(*weekday)) {
            return Err(bad_user_input(format!("`weekdays` holds {wrong}: expected 1 (Monday) to 7 (Sunday)")));
        }
        Ok(Filter {
            tracks: ids("trackIds", Kind::Track, self.track_ids)?,
            artists: ids("artistIds", Kind::Artist, self.artist_ids)?,
            albums: ids("albumIds", Kind::Album, self.album_ids)?,
            genres: bounded("genres", self.genres)?.map(in_order),
            excluded_artists: ids("excludeArtistIds", Kind::Artist, self.exclude_artist_ids)?.unwrap_or_default(),
            excluded_genres: bounded("excludeGenres", self.exclude_genres)?.map(in_order).unwrap_or_default(),
            weekdays: weekdays.map(in_order),
            explicit: self.explicit,
        })
    }
}

/// Alternatives in one order and once each, so that filters which mean the same are the same.
fn in_order<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}

fn bounded<T>(name: &str, list: Option<Vec<T>>) -> Result<Option<Vec<T>>> {
    match list {
        Some(list) if list.len() > ENTRIES_MAX => Err(bad_user_input(format!(
            "`{name}` has {} entries: expected at most {ENTRIES_MAX}; ask in several parts, or filter by artist or album",
            list.len()
        ))),
        list => Ok(list),
    }
}
