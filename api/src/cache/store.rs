//! The answers in memory: one budget in bytes for all of them.

use std::any::Any;
use std::mem::size_of;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::answer::Answer;
use super::key::Key;

/// What an entry takes beyond its key and its answer: two reference counts, the table's slot and its share of the remembered
/// keys that fell out, and what the allocator adds to five allocations.
const ENTRY_BYTES: usize = 240;

/// What the allocator takes for what it gives, as a ratio: blocks come in sizes, and those that fell out leave holes. Both are
/// estimates: `cargo bench -p tests --bench cache` shows how near they are.
const ALLOCATED: (u64, u64) = (3, 2);

/// What an answer weighs on average, to begin with the right number of shards.
const ANSWER_BYTES: u64 = 2_048;

/// An answer of any field; the field knows its type.
#[derive(Clone)]
pub(super) struct Kept {
    answer: Arc<dyn Any + Send + Sync>,
    bytes: u32,
}

impl Kept {
    /// `answer`, weighed.
    pub(super) fn new<T: Answer>(answer: T) -> Self {
        let bytes = size_of::<T>() + answer.heap_bytes();
        Self { answer: Arc::new(answer), bytes: u32::try_from(bytes).unwrap_or(u32::MAX) }
    }

    /// The answer of a field whose answers are `T`.
    pub(super) fn answer<T: Answer>(self) -> Arc<T> {
        self.answer.downcast().expect("a key names its field, and a field has one type of answer")
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Arc<Key>, Kept> for ByBytes {
    fn weight(&self, key: &Arc<Key>, kept: &Kept) -> u64 {
        weight(key, kept)
    }
}

fn weight(key: &Key, kept: &Kept) -> u64 {
    (ENTRY_BYTES as u64 + key.bytes() as u64 + u64::from(kept.bytes)) * ALLOCATED.0 / ALLOCATED.1
}

/// The answers in memory. What is asked for again stays, what is not makes room.
pub(super) struct Store {
    answers: Cache<Arc<Key>, Kept, ByBytes>,
}

impl Store {
    /// A store of at most `budget` bytes; an answer that is larger than its share of it is not kept.
    pub(super) fn new(budget: u64) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(usize::try_from(budget / ANSWER_BYTES).unwrap_or(usize::MAX).max(1))
            .weight_capacity(budget)
            .build()
            .expect("a capacity in items and one in weight are all that is asked for");
        Self {
            answers: Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), DefaultLifecycle::default()),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Kept> {
        self.answers.get(key)
    }

    pub(super) fn keep(&self, key: Arc<Key>, kept: Kept) {
        self.answers.insert(key, kept);
    }

    /// How many there are, and their weight.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.answers.len() as u64, self.answers.weight())
    }

    /// Every entry's field and weight.
    pub(super) fn each(&self, mut look: impl FnMut(&'static str, u64)) {
        for (key, kept) in self.answers.iter() {
            look(key.field(), weight(&key, &kept));
        }
    }

    /// Drops what is about `audience`, or everything.
    pub(super) fn clear(&self, audience: Option<i32>) {
        match audience {
            None => self.answers.clear(),
            Some(audience) => self.answers.retain(|key, _| !key.is_about(audience)),
        }
    }
}
