//! Which of the names that exports say of a track stand: the first of each, until Spotify tells.

use entity::name_only;

use super::Named;
use super::standing::Standing;

/// What several rows of exports name a track, taken together.
pub(super) struct Said<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) artist: Option<&'a str>,
    /// With its artist.
    pub(super) album: Option<(&'a str, &'a str)>,
}

impl<'a> Said<'a> {
    /// The first of each; names that are spelled differently only are one.
    pub(super) fn of(said: &[&'a Named]) -> Self {
        Self {
            name: said.iter().filter_map(|named| named.name.as_deref()).min(),
            artist: said.iter().filter_map(|named| named.artist.as_deref()).min_by_key(|artist| name_only::key(artist)),
            album: said.iter().filter_map(|named| named.album()).min_by_key(|said| album_key(*said)),
        }
    }
}

fn album_key((album, artist): (&str, &str)) -> (String, String) {
    (name_only::key(album), name_only::key(artist))
}

/// What the names that are said of a track change about it.
pub(super) struct Better<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) artist: Option<&'a str>,
    pub(super) album: Option<(&'a str, &'a str)>,
}

impl<'a> Better<'a> {
    pub(super) fn of(row: &Standing, said: &Said<'a>) -> Self {
        let untold = !row.is_told();
        let yields = |(album, artist, is_name_only): (String, String, bool), said| {
            (untold || is_name_only) && album_key(said) < (album, artist)
        };
        Self {
            name: said.name.filter(|said| untold && row.name().is_none_or(|name| *said < name)),
            artist: said.artist.filter(|said| untold && row.artist_key().is_none_or(|key| name_only::key(said) < key)),
            album: said.album.filter(|said| row.album_key().is_none_or(|stands| yields(stands, *said))),
        }
    }

    pub(super) fn is_any(&self) -> bool {
        self.name.is_some() || self.artist.is_some() || self.album.is_some()
    }
}
