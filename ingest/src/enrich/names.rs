//! Tracks that are known by name only, from the short account data: a search for the name tells an id, under which Spotify is then
//! asked for the track like for any other. With that the row takes the id (`crate::load`).
//!
//! Only the same name by the same artist is taken for the same track.

use entity::enrichment::Kind;
use entity::{artist, name_only, track, track_artist};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde::Deserialize;

use super::lacking::{Lacking, Source};
use crate::pipeline::Pipeline;

pub(super) const SOURCE: Source = Source {
    kind: Kind::Name,
    table: "track",
    condition: "EXISTS (SELECT 1 FROM track_artist credit WHERE credit.track_id = s.id AND credit.position = 0)",
    ids: "s.spotify_id LIKE 'name:%'",
    totals: "LEFT JOIN track_total total ON total.track_id = s.id",
};

/// What is searched for.
pub(super) struct Names {
    pub(super) track: String,
    pub(super) artist: String,
}

/// The names of a track and its first artist; `None` if it is not known by name only (any more).
pub(super) async fn of(pipeline: &Pipeline, lacking: &Lacking) -> Result<Option<Names>, DbErr> {
    let found = track_artist::Entity::find()
        .filter(track_artist::Column::TrackId.eq(lacking.id))
        .filter(track_artist::Column::Position.eq(0))
        .find_also_related(track::Entity)
        .one(pipeline.db.write())
        .await?;
    let Some((credit, Some(row))) = found.filter(|(_, row)| row.as_ref().is_some_and(is_name_only)) else {
        return Ok(None);
    };
    let artist = artist::Entity::find_by_id(credit.artist_id).one(pipeline.db.write()).await?;
    Ok(artist.map(|artist| Names { track: row.name, artist: artist.name }))
}

fn is_name_only(track: &track::Model) -> bool {
    name_only::is_name_only(&track.spotify_id)
}

/// The id of the first track that a search has found and that has these names.
pub(super) fn id(bytes: &[u8], names: &Names) -> Result<Option<String>, serde_json::Error> {
    let found: Found = serde_json::from_slice(bytes)?;
    let wanted = name_only::track(&names.track, &names.artist);
    let is_wanted = |track: &Track| {
        let artist = track.artists.first().and_then(|artist| artist.name.as_deref());
        Some(&wanted)
            == track.name.as_deref().zip(artist).map(|(track, artist)| name_only::track(track, artist)).as_ref()
    };
    Ok(found.tracks.items.into_iter().flatten().filter(is_wanted).find_map(|track| track.id))
}

#[derive(Deserialize)]
struct Found {
    tracks: Items,
}

#[derive(Deserialize)]
struct Items {
    #[serde(default)]
    items: Vec<Option<Track>>,
}

#[derive(Deserialize)]
struct Track {
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    artists: Vec<Artist>,
}

#[derive(Deserialize)]
struct Artist {
    name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_names_are_the_same_track() {
        let names = Names { track: "Déjà Vu".to_owned(), artist: "Beyoncé".to_owned() };
        let found =
            br#"{"tracks":{"items":[null,{},{"id":"a","name":"Deja Vu (Live)","artists":[{"name":"Beyonc\u00e9"}]},
            {"id":"b","name":"Deja Vu","artists":[{"name":"Jay-Z"},{"name":"Beyonc\u00e9"}]},
            {"name":"Deja Vu","artists":[{"name":"BEYONCE"}]},
            {"id":"c","name":"Deja Vu","artists":[{"name":"BEYONCE"},{"name":"Jay-Z"}]}]}}"#;
        assert_eq!(id(found, &names).unwrap().as_deref(), Some("c"));
        assert_eq!(id(br#"{"tracks":{"items":[]}}"#, &names).unwrap(), None);
        assert!(id(b"<html></html>", &names).is_err());
    }
}
