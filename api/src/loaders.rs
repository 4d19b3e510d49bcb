//! Batches the catalogue reads of one request: however long a list is, its names cost the same number of statements.
//!
//! One loader per relation and request, made by [`Loaders::new`] and dropped with the request. A key that has no row is
//! answered `None` (or an empty list), and remembered; one failure is shared by all who waited for it. Nothing is kept
//! between requests.
//!
//! The policy, and why: two yields gather the keys of one level of a list in one batch; more only add latency per level.

mod albums;
mod artists;
mod tracks;
mod users;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use dataloader::BatchFn;
use dataloader::cached::Loader;
use entity::db::Db;
use entity::ids::{AlbumId, ArtistId, TrackId, UserId};
use entity::{album, album_image, artist, artist_image, track, track_features, user};
use sea_orm::{DatabaseConnection, DbErr};

const YIELDS: usize = 2;
const BATCH_KEYS_MAX: usize = 500;

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
        }
    }
}

/// A relation with at most one row per key.
pub type One<K, V> = Batched<K, V>;
/// A relation with a list of rows per key.
pub type Many<K, V> = Batched<K, Vec<V>>;

type Answer<V> = Result<Option<Arc<V>>, Arc<DbErr>>;
type Query<K, V> = Box<
    dyn Fn(DatabaseConnection, Vec<K>) -> futures::future::BoxFuture<'static, Result<HashMap<K, V>, DbErr>>
        + Send
        + Sync,
>;

/// A relation, read in batches.
pub struct Batched<K: Eq + Hash + Copy, V>(Loader<K, Answer<V>, Batch<K, V>>);

struct Batch<K, V> {
    db: DatabaseConnection,
    query: Query<K, V>,
}

impl<K, V> Batched<K, V>
where
    K: Copy + Eq + Hash + std::fmt::Debug + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn new<F, R>(db: &DatabaseConnection, query: F) -> Self
    where
        F: Fn(DatabaseConnection, Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<HashMap<K, V>, DbErr>> + Send + 'static,
    {
        let query: Query<K, V> = Box::new(move |db, keys| Box::pin(query(db, keys)));
        let loader = Loader::new(Batch { db: db.clone(), query });
        Self(loader.with_yield_count(YIELDS).with_max_batch_size(BATCH_KEYS_MAX))
    }

    /// What belongs to `key`; `None` if nothing does.
    pub async fn get(&self, key: K) -> Answer<V> {
        // The loader fails only when a key was left without an answer, which `Batch` never does.
        self.0.try_load(key).await.unwrap_or_else(|error| Err(Arc::new(DbErr::Custom(error.to_string()))))
    }
}

impl<K: Copy + Eq + Hash, V> BatchFn<K, Answer<V>> for Batch<K, V> {
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Answer<V>> {
        match (self.query)(self.db.clone(), keys.to_vec()).await {
            Ok(mut rows) => keys.iter().map(|key| (*key, Ok(rows.remove(key).map(Arc::new)))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (*key, Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

/// Rows in the order read, as a list per key.
fn lists<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        lists.entry(key).or_default().push(value);
    }
    lists
}
