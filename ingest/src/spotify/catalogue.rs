//! Tracks, artists, albums and audio features, with the app's own token (client credentials): nobody's grant is needed for
//! what everybody may read, and nobody's is worn out by it.
//!
//! It knows how much goes into one call. What is lacking and in which order it is asked for is the enrichment's business.

use std::collections::HashMap;

use entity::enrichment::Kind;
use tokio::sync::Mutex;

use super::gate::Purpose;
use super::{App, Caller, Error};

/// The most ids of one call: Spotify's *Get Several Tracks*, *Artists* and *Tracks' Audio Features*. *Get Several Albums*
/// says 20, though more is often taken.
pub fn ids_max(kind: Kind) -> usize {
    match kind {
        Kind::Track | Kind::Artist => 50,
        Kind::Album => 20,
        Kind::Features => 100,
        Kind::Name => 1,
    }
}

/// What a batch calls its list.
pub fn list(kind: Kind) -> &'static str {
    match kind {
        Kind::Track | Kind::Name => "tracks",
        Kind::Artist => "artists",
        Kind::Album => "albums",
        Kind::Features => "audio_features",
    }
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Features => "audio-features",
        kind => list(kind),
    }
}

/// What is meant is among the first. (An app in Development Mode may ask for no more than 10 since 2026.)
const FOUND_MAX: &str = "5";

/// As much of a name finds it; Spotify refuses long questions.
const NAME_CHARACTERS_MAX: usize = 80;

/// The app's own access. A token is fetched for the first call, and again when Spotify no longer takes it.
pub struct Catalogue {
    app: App,
    caller: Mutex<Option<Caller>>,
}

impl App {
    /// The app's own access to the catalogue.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue { app: self.clone(), caller: Mutex::new(None) }
    }
}

impl Catalogue {
    /// What Spotify says of one, as received.
    pub async fn one(&self, kind: Kind, id: &str) -> Result<String, Error> {
        self.get(&format!("{}/{id}", path(kind)), &HashMap::new()).await
    }

    /// What Spotify says of several, as received; [`ids_max`] at most.
    pub async fn several(&self, kind: Kind, ids: &[&str]) -> Result<String, Error> {
        let ids = ids.join(",");
        self.get(path(kind), &HashMap::from([("ids", ids.as_str())])).await
    }

    /// The tracks that Spotify finds by the name of a track and an artist, as received; the best first.
    pub async fn search(&self, track: &str, artist: &str) -> Result<String, Error> {
        // Quotation marks end a name, and there is no way to write one in it.
        let [track, artist] =
            [track, artist].map(|name| name.replace('"', " ").chars().take(NAME_CHARACTERS_MAX).collect::<String>());
        let wanted = format!("track:\"{track}\" artist:\"{artist}\"");
        let query = HashMap::from([("q", wanted.as_str()), ("type", "track"), ("limit", FOUND_MAX)]);
        self.get("search", &query).await
    }

    async fn get(&self, path: &str, query: &HashMap<&str, &str>) -> Result<String, Error> {
        // One call at a time: the lock is this value's own, and enrichment is in no hurry.
        let mut caller = self.caller.lock().await;
        let known = match caller.take() {
            Some(known) => known,
            None => self.caller().await?,
        };
        match known.get(path, query).await {
            Err(Error::Unauthorized) => {
                let fresh = self.caller().await?;
                let result = fresh.get(path, query).await;
                *caller = Some(fresh);
                result
            }
            result => {
                *caller = Some(known);
                result
            }
        }
    }

    async fn caller(&self) -> Result<Caller, Error> {
        let form = HashMap::from([("grant_type", "client_credentials")]);
        let token = self.app.token(&form, Purpose::Enrich).await?;
        Ok(self.app.caller(token, Purpose::Enrich))
    }
}
