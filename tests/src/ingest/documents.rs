//! Documents of Spotify's shape for a test that needs to say what is in them: only what the ingest reads.

use serde_json::{Value, json};

/// One play of a page.
#[derive(Clone, Debug)]
pub struct Item {
    /// When it ended, Unix milliseconds.
    pub at_ms: i64,
    /// What was played.
    pub track: Track,
}

/// What a page says of a track. Ids are letters and digits; names follow from them.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Spotify's id.
    pub id: String,
    /// Milliseconds.
    pub duration_ms: Option<i64>,
    /// Ids in order of credit.
    pub artists: Option<Vec<String>>,
    /// Its id.
    pub album: Option<String>,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
}

impl Track {
    /// A track of three minutes that nothing else is said of.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), duration_ms: Some(180_000), ..Self::default() }
    }

    /// Credited to these artists, in order.
    pub fn by(self, artists: &[&str]) -> Self {
        Self { artists: Some(artists.iter().map(|artist| (*artist).to_owned()).collect()), ..self }
    }

    /// On this album.
    pub fn on(self, album: &str) -> Self {
        Self { album: Some(album.to_owned()), ..self }
    }

    /// A recording of this code.
    pub fn recorded_as(self, isrc: &str) -> Self {
        Self { isrc: Some(isrc.to_owned()), ..self }
    }

    /// Played, and ended then.
    pub fn at(self, at_ms: i64) -> Item {
        Item { at_ms, track: self }
    }

    fn json(&self) -> Value {
        let named = |kind: &str, id: &String| json!({ "id": id, "name": format!("{kind} {id}") });
        let mut track = named("Track", &self.id);
        if let Some(duration_ms) = self.duration_ms {
            track["duration_ms"] = json!(duration_ms);
        }
        if let Some(artists) = &self.artists {
            track["artists"] = artists.iter().map(|id| named("Artist", id)).collect();
        }
        if let Some(album) = &self.album {
            track["album"] = named("Album", album);
        }
        if let Some(isrc) = &self.isrc {
            track["external_ids"] = json!({ "isrc": isrc });
        }
        track
    }
}

/// `GET /v1/me/player/recently-played`, newest first as Spotify has it if `items` are.
pub fn page(items: &[Item]) -> Vec<u8> {
    let played_at = |at_ms: i64| entity::time::Instant::from_ms(at_ms).to_string();
    let items: Vec<Value> = items
        .iter()
        .map(|item| json!({ "played_at": played_at(item.at_ms), "track": item.track.json(), "context": null }))
        .collect();
    json!({ "items": items, "next": null, "cursors": null, "limit": 50 }).to_string().into_bytes()
}
