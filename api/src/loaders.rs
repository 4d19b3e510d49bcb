//! Batches the catalogue reads of one request: however long a list is, its names cost the same number of statements.
//!
//! One loader of the `dataloader` crate per relation and request, made by [`Loaders::new`] and dropped with the request. A key that has no row is
//! answered `None` (or an empty list), and remembered; one failure is shared by all who waited for it. Nothing is kept
//! between requests.

mod albums;
mod artists;
mod batched;
mod runs;
mod tracks;
mod users;

use std::collections::HashMap;
use std::hash::Hash;

use entity::db::Db;
use entity::ids::{AlbumId, ArtistId, RunId, TrackId, UserId};
use entity::{album, album_image, artist, artist_image, ingest_step, track, track_features, user};

pub(crate) use batched::Answer;
pub use batched::Batched;

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
    /// Fresh loaders that read `db`.
    pub fn new(db: &Db) -> Self {
        let db = db.read();
        Self {
            tracks: Batched::new(db, tracks::rows),
            track_artists: Batched::new(db, tracks::artists),
            track_popularity: Batched::new(db, tracks::popularity),
            track_features: Batched::new(db, tracks::features),
            artists: Batched::new(db, artists::rows),
            artist_genres: Batched::new(db, artists::genres),
            artist_images: Batched::new(db, artists::images),
            artist_popularity: Batched::new(db, artists::popularity),
            artist_followers: Batched::new(db, artists::followers),
            albums: Batched::new(db, albums::rows),
            album_artists: Batched::new(db, albums::artists),
            album_images: Batched::new(db, albums::images),
            users: Batched::new(db, users::rows),
            ingest_steps: Batched::new(db, runs::steps),
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
