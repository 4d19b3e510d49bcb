//! Batches the catalogue reads of one request: however long a list is, its names cost the same number of statements.
//!
//! One loader of the `dataloader` crate per relation and request, dropped with the request. A key that has no row is
//! answered `None` (or an empty list), and remembered; one failure is shared by all who waited for it. Nothing is kept
//! between requests but under its revision ([`Memory`]).

mod albums;
mod artists;
mod at;
mod batched;
mod memory;
mod runs;
mod tracks;
mod users;

use std::collections::HashMap;
use std::hash::Hash;

use entity::db::Db;
use entity::ids::{AlbumId, ArtistId, RunId, TrackId, UserId};
use entity::revision::{PEOPLE, SHOWN};
use entity::{album, album_image, artist, artist_image, ingest_step, track, track_features, user};

use at::At;
pub use at::Reading;
pub(crate) use batched::Answer;
pub use batched::Batched;
pub use memory::{Memory, Number, Row};

/// The loaders of one request.
pub struct Loaders {
    /// A track's row.
    pub tracks: One<TrackId, track::Model>,
    /// A track's artists, in order of credit.
    pub track_artists: Many<TrackId, ArtistId>,
    /// A track's popularity, as last observed.
    pub track_popularity: One<TrackId, i32>,
    /// A track's audio features.
    pub track_features: One<TrackId, track_features::Model>,
    /// An artist's row.
    pub artists: One<ArtistId, artist::Model>,
    /// An artist's genres, in alphabetical order.
    pub artist_genres: Many<ArtistId, String>,
    /// An artist's pictures, largest first.
    pub artist_images: Many<ArtistId, artist_image::Model>,
    /// An artist's popularity, as last observed.
    pub artist_popularity: One<ArtistId, i32>,
    /// How many follow an artist, as last observed.
    pub artist_followers: One<ArtistId, i64>,
    /// An album's row.
    pub albums: One<AlbumId, album::Model>,
    /// An album's artists, in order of credit.
    pub album_artists: Many<AlbumId, ArtistId>,
    /// An album's pictures, largest first.
    pub album_images: Many<AlbumId, album_image::Model>,
    /// A listener's row.
    pub users: One<UserId, user::Model>,
    /// A run's steps, in order; of a very large run the first ones, failures before all others.
    pub ingest_steps: Many<RunId, ingest_step::Model>,
}

impl Loaders {
    /// Loaders that know nothing but what is kept, and read `db` as `reading` says.
    pub fn new(db: &Db, reading: &Reading) -> Self {
        let db = db.read();
        let shown = |relation| At::numbered(reading, relation, SHOWN);
        Self {
            tracks: Batched::new(db, shown("track"), tracks::rows),
            track_artists: Batched::new(db, shown("track_artist"), tracks::artists),
            track_popularity: Batched::new(db, shown("track_popularity"), tracks::popularity),
            track_features: Batched::new(db, shown("track_features"), tracks::features),
            artists: Batched::new(db, shown("artist"), artists::rows),
            artist_genres: Batched::new(db, shown("artist_genre"), artists::genres),
            artist_images: Batched::new(db, shown("artist_image"), artists::images),
            artist_popularity: Batched::new(db, shown("artist_popularity"), artists::popularity),
            artist_followers: Batched::new(db, shown("artist_followers"), artists::followers),
            albums: Batched::new(db, shown("album"), albums::rows),
            album_artists: Batched::new(db, shown("album_artist"), albums::artists),
            album_images: Batched::new(db, shown("album_image"), albums::images),
            users: Batched::new(db, At::numbered(reading, "user", PEOPLE), users::rows),
            ingest_steps: Batched::new(db, At::unnumbered(reading, "ingest_step"), runs::steps),
        }
    }
}

/// A relation with at most one row per key.
pub type One<K, V> = Batched<K, V>;
/// A relation with a list of rows per key.
pub type Many<K, V> = Batched<K, Vec<V>>;

/// Rows in the order read, as a list per key.
fn lists<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        lists.entry(key).or_default().push(value);
    }
    lists
}
