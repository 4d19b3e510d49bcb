//! Says in a few words who listened to what, and loads it as the ingest loads a page of Spotify's.
//!
//! The way of the plays is the real one from [`ingest::load`] on: catalogue, plays, rollups and revisions. What lies before
//! (Spotify, the archive, the transform) is left out, because the tests that use this are about counting.

use std::collections::{BTreeMap, BTreeSet};

use entity::archive::{ArchiveKey, Kind};
use entity::db::Db;
use entity::ids::UserId;
use entity::play::Source;
use entity::time::Instant;
use entity::user;
use ingest::batch::{Album, Artist, Batch, Image, Play, Track};
use ingest::command::accounts::{self, Add};
use ingest::load::{Loaded, Origin};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{NOW, at};

/// Length of a track that nobody says more about, in milliseconds.
const DURATION_MS: i32 = 200_000;

/// What was listened to. Words say what the next ones are about: a listener, then a track, then its plays.
///
/// Tracks, artists and albums are called by their Spotify id, which is also their name unless [`History::named`] or
/// [`History::artist`] say another.
///
/// ```no_run
/// # async fn example(db: &entity::db::Db) {
/// use tests::api::history;
///
/// let history = history().listener("ada").track("A").by(["x", "y"]).album("b").played_at("2026-11-01T10:00:00Z");
/// history.track("B").by(["y"]).played_at("2026-11-01T10:05:00Z").load(db).await;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is loaded before `load`"]
pub struct History {
    /// Time zone by username.
    listeners: BTreeMap<String, String>,
    tracks: BTreeMap<String, Track>,
    artists: BTreeMap<String, Artist>,
    albums: BTreeMap<String, Album>,
    /// With the username before each.
    plays: Vec<(String, Play)>,
    listener: Option<String>,
    track: Option<String>,
}

/// A history in which nothing has been played yet.
pub fn history() -> History {
    History::default()
}

impl History {
    /// This listener, whose days begin in UTC; made if need be.
    pub fn listener(self, username: &str) -> Self {
        self.listener_in(username, "UTC")
    }

    /// This listener, whose days begin in that zone; made if need be.
    pub fn listener_in(mut self, username: &str, time_zone: &str) -> Self {
        self.listeners.entry(username.to_owned()).or_insert_with(|| time_zone.to_owned());
        self.listener = Some(username.to_owned());
        self
    }

    /// This track.
    pub fn track(mut self, id: &str) -> Self {
        self.tracks.entry(id.to_owned()).or_insert_with(|| Track {
            spotify_id: id.to_owned(),
            name: Some(id.to_owned()),
            duration_ms: Some(DURATION_MS),
            ..Track::default()
        });
        self.track = Some(id.to_owned());
        self
    }

    /// The track's title.
    pub fn named(mut self, name: &str) -> Self {
        self.current().name = Some(name.to_owned());
        self
    }

    /// The track's length.
    pub fn lasting_ms(mut self, duration_ms: i32) -> Self {
        self.current().duration_ms = Some(duration_ms);
        self
    }

    /// The track's artists, the primary one first.
    pub fn by<'a>(mut self, artists: impl IntoIterator<Item = &'a str>) -> Self {
        let artists: Vec<String> = artists.into_iter().map(str::to_owned).collect();
        for id in &artists {
            self = self.artist_once(id);
        }
        self.current().artists = Some(artists);
        self
    }

    /// The track's album.
    pub fn album(mut self, id: &str) -> Self {
        self.albums.entry(id.to_owned()).or_insert_with(|| Album {
            spotify_id: id.to_owned(),
            name: Some(id.to_owned()),
            ..Album::default()
        });
        self.current().album = Some(id.to_owned());
        self
    }

    /// The artists of the track's album.
    pub fn album_by<'a>(mut self, artists: impl IntoIterator<Item = &'a str>) -> Self {
        let artists: Vec<String> = artists.into_iter().map(str::to_owned).collect();
        for id in &artists {
            self = self.artist_once(id);
        }
        self.current_album().artists = Some(artists);
        self
    }

    /// The pictures of the track's album by their width, largest first.
    pub fn covers(mut self, widths: impl IntoIterator<Item = i32>) -> Self {
        let id = self.current_album().spotify_id.clone();
        let image = |width| Image { url: format!("{id}/{width}"), width: Some(width), height: Some(width) };
        let images = widths.into_iter().map(image).collect();
        self.current_album().images = Some(images);
        self
    }

    /// The name of an artist, where it is not the id.
    pub fn artist(mut self, id: &str, name: &str) -> Self {
        self = self.artist_once(id);
        self.artists.get_mut(id).expect("it was just added").name = Some(name.to_owned());
        self
    }

    /// The listener played the track; the play ended then.
    pub fn played_at(self, end: &str) -> Self {
        self.play(at(end), None)
    }

    /// The same, and it is known that it took so long.
    pub fn measured_at(self, end: &str, listened_ms: i32) -> Self {
        self.play(at(end), Some(listened_ms))
    }

    /// The listener played the track so many times; the first play ended then, and each other a minute later.
    pub fn played_times(mut self, times: i64, first_end: &str) -> Self {
        for minute in 0..times {
            self = self.play(at(first_end) + minute * 60_000, None);
        }
        self
    }

    /// Loads everything, the catalogue first and then one page for each listener, and says what was new.
    ///
    /// # Panics
    /// When the database does not take it.
    pub async fn load(self, db: &Db) -> Loaded {
        self.load_at(db, NOW).await
    }

    /// The same, as if it were then.
    ///
    /// # Panics
    /// When the database does not take it.
    pub async fn load_at(self, db: &Db, now: &str) -> Loaded {
        let now = at(now);
        let catalogue = Batch {
            tracks: self.tracks.into_values().collect(),
            artists: self.artists.into_values().collect(),
            albums: self.albums.into_values().collect(),
            ..Batch::default()
        };
        let mut total = load(db, Kind::Artists, None, &catalogue, now).await;
        for (username, time_zone) in &self.listeners {
            let theirs = self.plays.iter().filter(|(listener, _)| listener == username);
            let mut plays: Vec<Play> = theirs.map(|(_, play)| play.clone()).collect();
            plays.sort_by_key(|play| play.played_at);
            let named: BTreeSet<&String> = plays.iter().map(|play| &play.track).collect();
            // More is not said of them here, and what is not said does not overwrite what is known.
            let track = |id: &String| Track { spotify_id: id.clone(), ..Track::default() };
            let tracks = named.into_iter().map(track).collect();
            let user = user_of(db, username, time_zone).await;
            let page = Batch { tracks, plays, ..Batch::default() };
            total = total.and(load(db, Kind::Plays(user), Some(user), &page, now).await);
        }
        total
    }

    fn play(mut self, played_at: Instant, measured_ms: Option<i32>) -> Self {
        let listener = self.listener.clone().expect("`listener` comes before the plays");
        let track = self.current().spotify_id.clone();
        let source = if measured_ms.is_some() { Source::Export } else { Source::Api };
        self.plays.push((listener, Play { played_at, track, measured_ms, source, context_uri: None }));
        self
    }

    fn artist_once(mut self, id: &str) -> Self {
        self.artists.entry(id.to_owned()).or_insert_with(|| Artist {
            spotify_id: id.to_owned(),
            name: Some(id.to_owned()),
            ..Artist::default()
        });
        self
    }

    fn current(&mut self) -> &mut Track {
        let id = self.track.as_ref().expect("`track` comes before what is said of it");
        self.tracks.get_mut(id).expect("the current track was added")
    }

    fn current_album(&mut self) -> &mut Album {
        let id = self.current().album.clone().expect("`album` comes before what is said of it");
        self.albums.get_mut(&id).expect("the current album was added")
    }
}

async fn load(db: &Db, kind: Kind, user: Option<UserId>, batch: &Batch, fetched_at: Instant) -> Loaded {
    let key = ArchiveKey::new(kind, fetched_at, format!("{batch:?}").as_bytes());
    let origin = Origin { key, user, fetched_at };
    crate::ingest::load(db, &origin, batch, fetched_at).await.unwrap_or_else(|error| panic!("{error}: {batch:#?}"))
}

/// The listener of that username, who is added through the same door as a real one.
async fn user_of(db: &Db, username: &str, time_zone: &str) -> UserId {
    let find = || user::Entity::find().filter(user::Column::Username.eq(username)).one(db.write());
    if let Some(known) = find().await.expect("the database answers") {
        return known.id;
    }
    let add = Add {
        name: username.to_owned(),
        refresh_token_file: None,
        display_name: None,
        time_zone: time_zone.to_owned(),
        listed: true,
        dry_run: false,
    };
    accounts::add(db, &add, None, at(NOW)).await.unwrap_or_else(|error| panic!("{username}: {error:#}"));
    find().await.expect("the database answers").expect("the listener was just added").id
}
