//! Rows that are kept from one request to the next, under the rule of [`crate::cache`]: the revision at which a row was read is
//! part of its key, so a kept row is never changed and never wrong, and falls out by weight.
//!
//! Apart from the answers of fields, because those are asked for one at a time, and these by the hundred: a look here takes
//! some tens of nanoseconds and makes no text. Without it, a list of fifty tracks with artists and pictures would cost five
//! statements however warm it is.

use std::any::Any;
use std::sync::Arc;

use entity::ids::{AlbumId, ArtistId, RunId, TrackId, UserId};
use entity::{album, album_image, artist, artist_image, ingest_step, track, track_features, user};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::at::Numbers;

/// The rows that are kept, of all relations, in one budget. Clones share them.
#[derive(Clone)]
pub struct Memory(Arc<Cache<Key, Kept, ByBytes>>);

type Key = (&'static str, i64, Numbers);

/// What is known of a key: its row, or that there is none.
#[derive(Clone)]
struct Kept {
    row: Option<Arc<dyn Any + Send + Sync>>,
    bytes: u32,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        u64::from(kept.bytes)
    }
}

/// What an entry takes beside its row: the key, the table's slot, a reference count, the allocator's own.
const ENTRY_BYTES: usize = 160;

impl Memory {
    /// Room for `bytes`; with 0, nothing is kept.
    pub fn new(bytes: u64) -> Self {
        let count = usize::try_from(bytes / (2 * ENTRY_BYTES as u64)).unwrap_or(usize::MAX);
        Self(Arc::new(Cache::with_weighter(count.max(1), bytes, ByBytes)))
    }

    /// What is known of a key of `relation`.
    pub(super) fn get<K: Number, V: Row>(
        &self,
        relation: &'static str,
        key: K,
        numbers: Numbers,
    ) -> Option<Option<Arc<V>>> {
        let kept = self.0.get(&(relation, key.number(), numbers))?;
        Some(kept.row.map(|row| row.downcast().expect("a relation has rows of one type")))
    }

    /// Keeps what was read of a key of `relation`.
    pub(super) fn keep<K: Number, V: Row>(
        &self,
        relation: &'static str,
        key: K,
        numbers: Numbers,
        row: Option<&Arc<V>>,
    ) {
        let bytes = ENTRY_BYTES + row.map_or(0, |row| size_of::<V>() + row.heap_bytes());
        let row = row.map(|row| Arc::clone(row) as Arc<dyn Any + Send + Sync>);
        let kept = Kept { row, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) };
        self.0.insert((relation, key.number(), numbers), kept);
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.0.clear();
    }
}

/// A key as a number.
pub trait Number {
    /// The number.
    fn number(self) -> i64;
}

macro_rules! numbers {
    ($($id:ty),+) => { $(impl Number for $id {
        fn number(self) -> i64 {
            self.0.into()
        }
    })+ };
}

numbers!(TrackId, ArtistId, AlbumId, UserId, RunId);

/// What a relation has for a key.
pub trait Row: Send + Sync + 'static {
    /// The bytes that it owns beyond its own size.
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Row for i32 {}
impl Row for i64 {}
impl Row for ArtistId {}
impl Row for track_features::Model {}
impl Row for ingest_step::Model {}

impl Row for String {
    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

impl<T: Row> Row for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, Row::heap_bytes)
    }
}

impl<T: Row> Row for Vec<T> {
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(Row::heap_bytes).sum::<usize>()
    }
}

macro_rules! rows {
    ($($row:ty { $($text:ident),+ })+) => { $(impl Row for $row {
        fn heap_bytes(&self) -> usize {
            0 $(+ self.$text.heap_bytes())+
        }
    })+ };
}

rows! {
    track::Model { spotify_id, name, search_name, isrc, preview_url }
    artist::Model { spotify_id, name, search_name }
    album::Model { spotify_id, name, search_name, release_date }
    artist_image::Model { url }
    album_image::Model { url }
    user::Model { username, display_name, time_zone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Revision;

    impl Number for i32 {
        fn number(self) -> i64 {
            self.into()
        }
    }

    fn numbers(number: i64) -> Numbers {
        (Revision { number, ..Revision::NONE }, Revision::NONE)
    }

    #[test]
    fn a_row_is_known_at_the_revision_at_which_it_was_read_and_by_its_relation_only() {
        let memory = Memory::new(1_000_000);
        memory.keep("names", 7, numbers(1), Some(&Arc::new("seven".to_owned())));
        memory.keep::<i32, String>("names", 8, numbers(1), None);
        assert_eq!(memory.get::<_, String>("names", 7, numbers(1)).unwrap().as_deref(), Some(&"seven".to_owned()));
        assert_eq!(memory.get::<_, String>("names", 8, numbers(1)), Some(None));
        assert_eq!(memory.get::<_, String>("names", 7, numbers(2)), None);
        assert_eq!(memory.get::<_, i32>("ages", 7, numbers(1)), None);
    }

    #[test]
    fn memory_is_bounded_and_none_is_kept_without_a_budget() {
        let memory = Memory::new(100_000);
        for key in 0..10_000 {
            memory.keep("names", key, numbers(1), Some(&Arc::new("x".repeat(100))));
        }
        assert!(memory.0.weight() <= 100_000);
        let none = Memory::new(0);
        none.keep("names", 7, numbers(1), Some(&Arc::new(7)));
        assert_eq!(none.get::<_, i32>("names", 7, numbers(1)), None);
    }
}
