//! A page of recently played tracks.
//!
//! Source of the shape: Spotify's *Get Recently Played Tracks*. Of an item only `played_at` and the track's id are required.

use entity::play::Source;
use entity::time::Instant;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::catalogue::{TrackJson, add_track};
use super::{Error, each_item, lenient};
use crate::batch::{Batch, Play};

/// The most items Spotify gives, in a page and in total.
pub const PAGE_ITEMS_MAX: usize = 50;

/// Facts of `GET /v1/me/player/recently-played`. An empty body is an empty page.
pub fn recently_played(bytes: &[u8]) -> Result<Batch, Error> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Option<Box<RawValue>>>,
    }
    if bytes.trim_ascii().is_empty() {
        return Ok(Batch::default());
    }
    let page: Page = serde_json::from_slice(bytes).map_err(Error::Json)?;
    let mut batch = Batch { is_full_page: page.items.len() >= PAGE_ITEMS_MAX, ..Batch::default() };
    let rejects = each_item(&page.items, |json| {
        let item: ItemJson = serde_json::from_str(json).map_err(|error| error.to_string())?;
        add_play(&mut batch, item)
    });
    batch.rejects = rejects;
    batch.plays.sort_by(|a, b| (a.played_at, &a.track).cmp(&(b.played_at, &b.track)));
    batch.plays.dedup_by(|a, b| (a.played_at, &a.track) == (b.played_at, &b.track));
    Ok(batch)
}

#[derive(Deserialize)]
struct ItemJson {
    #[serde(default, deserialize_with = "lenient::field")]
    played_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::field")]
    track: Option<TrackJson>,
    #[serde(default, deserialize_with = "lenient::field")]
    context: Option<ContextJson>,
}

#[derive(Deserialize)]
struct ContextJson {
    #[serde(default, deserialize_with = "lenient::field")]
    uri: Option<String>,
}

fn add_play(batch: &mut Batch, item: ItemJson) -> Result<(), String> {
    let played_at = item.played_at.ok_or("the item has no played_at")?;
    let played_at = Instant::parse(&played_at).map_err(|error| format!("played_at is no instant: {error}"))?;
    let track = item.track.and_then(|track| add_track(batch, track)).ok_or("the item names no track")?;
    let context_uri = lenient::text(item.context.and_then(|context| context.uri));
    batch.plays.push(Play { played_at, track, measured_ms: None, source: Source::Api, context_uri });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::recently_played;

    const PAGE: &str = r#"{"items":[
        {"played_at":"2026-11-22T09:00:00.123Z","context":{"type":"album","uri":"spotify:album:al1"},"track":
            {"id":"t1","name":"Song","duration_ms":200000,"explicit":false,"popularity":null,
             "external_ids":{"isrc":"usabc2600001"},"artists":[{"id":"a1","name":"One"},{"id":"a2","name":"Two"}],
             "album":{"id":"al1","name":"Album","release_date":"1981-12","artists":[{"id":"a1","name":"One"}],
                      "images":[{"url":"small","width":64,"height":64},{"url":"large","width":640,"height":640}]}}},
        {"played_at":"2026-11-22T08:00:00Z","context":null,"track":null},
        null,
        {"played_at":"yesterday","track":{"id":"t1"}},
        {"played_at":"2026-11-22T09:00:00.123Z","track":{"id":"t1"}},
        {"played_at":"2026-11-22T07:00:00Z","track":{"uri":"spotify:track:t2","name":7,"artists":"nobody","new":{}}}
    ],"cursors":null}"#;

    #[test]
    fn a_bad_item_is_set_aside_and_the_page_survives() {
        let batch = recently_played(PAGE.as_bytes()).unwrap();
        let plays: Vec<_> = batch.plays.iter().map(|p| (p.played_at.to_string(), p.track.as_str())).collect();
        assert_eq!(
            plays,
            [("2026-11-22T07:00:00Z".to_owned(), "t2"), ("2026-11-22T09:00:00.123Z".to_owned(), "t1")],
            "oldest first, each once"
        );
        let rejects: Vec<_> = batch.rejects.iter().map(|r| r.position).collect();
        assert_eq!(rejects, [1, 2, 3]);
        assert_eq!(batch.rejects[1].bytes, b"null");
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        let batch = recently_played(PAGE.as_bytes()).unwrap();
        let said = &batch.tracks[0];
        assert_eq!(
            (said.popularity, said.duration_ms, said.isrc.as_deref()),
            (None, Some(200_000), Some("USABC2600001"))
        );
        let bare = &batch.tracks[1];
        assert_eq!((bare.name.as_ref(), bare.artists.as_ref(), bare.duration_ms), (None, None, None));
        assert_eq!(batch.albums[0].images.as_ref().unwrap()[0].url, "large");
        assert_eq!(batch.artists.iter().filter(|artist| artist.spotify_id == "a1").count(), 1);
    }

    #[test]
    fn an_empty_body_is_an_empty_page_and_half_a_page_is_refused() {
        assert_eq!(recently_played(b" \n").unwrap().plays, []);
        assert!(recently_played(&PAGE.as_bytes()[..200]).is_err());
        assert!(recently_played(b"<html>Bad gateway</html>").is_err());
    }
}
