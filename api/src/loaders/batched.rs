//! One relation, read in batches by the `dataloader` crate.
//!
//! What an earlier request has read is looked up before ([`super::memory`]). For the rest, fields ask for one key each, and a list asks for all of its keys in one breath. The crate collects them: whoever comes
//! first waits [`YIELDS`] rounds of the executor and then takes everything that has gathered as one batch, of [`KEYS_MAX`]
//! keys at most; the others find theirs in the loader, which remembers them until the request ends. Where a list of keys is
//! in hand, [`Batched::get_all`] asks for all of it at once, which spares the rounds of all keys but one.
//!
//! What this file adds to the crate: a batch is handed out as soon as it is *made*, and read outside of the crate's lock, in a
//! task of its own. What the loader remembers for a key is the [`Batch`] it is in, for which everyone waits together. Left to
//! itself the crate reads while it holds its lock. Then those who wait go on one after the other, and those who come
//! meanwhile are let in one by one: a list of a hundred was read in up to seven batches, and two lists that lead to the same
//! relation in up to forty. It also loses the keys of a batch whose leader is dropped (the sibling of a field that failed),
//! and answers a key without a row with an error, or a panic. Here a key without a row has an answer, which is none; a failure
//! is shared by all who waited for it; and whoever is dropped takes nobody's key along.
//!
//! One condition is left, and it is not kept here: tokio interrupts whoever takes its locks every 128 times, so whoever
//! executes a request does it in [`tokio::task::unconstrained`] (`http::graphql`, `http::guarded`). Waiting for the database
//! ends such a turn anyway.
//!
//! What a level of nesting costs, measured with a statement that takes no time (in a build without optimisations, 2 cores):
//!
//! | rounds | 1 key | 100 keys, one by one | 100 keys in hand | lists split |
//! |---|---|---|---|---|
//! | 1 | 20 µs | 0.56 ms | 0.27 ms | in each of three runs |
//! | 2 | 26 µs | 0.57 ms | 0.28 ms | in none of three |
//! | 3 | 32 µs | 0.67 ms | 0.28 ms | in none of three |
//! | 5 | 41 µs | 0.78 ms | 0.28 ms | not counted |
//! | 10, the crate's own | | 1.03 ms | 0.30 ms | not counted |
//!
//! Three, then: one more than was needed.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::at::At;
use super::memory::{Number, Row};

/// How many rounds of the executor a batch waits for more keys.
const YIELDS: usize = 3;

/// The most keys of one statement.
const KEYS_MAX: usize = 500;

/// What belongs to a key; one failure is shared by all who waited for it.
pub(crate) type Answer<V> = Result<Option<Arc<V>>, Arc<DbErr>>;

type Rows<K, V> = Result<HashMap<K, Arc<V>>, Arc<DbErr>>;
type Query<K, V> = dyn Fn(DatabaseConnection, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, DbErr>> + Send + Sync;

/// A relation of one request. What was read once is remembered, also that there is nothing.
pub struct Batched<K, V>
where
    K: Number + Copy + Eq + Hash + Debug + Send + Sync + 'static,
    V: Row,
{
    at: Arc<At>,
    loader: Loader<K, Arc<Batch<K, V>>, Statement<K, V>>,
}

/// Keys that are read together.
///
/// Only one of those who wait is woken when the rows are there, and wakes all others: so they go on in one breath, whose keys
/// are the next batch. Were each woken from the outside, the first ones would be running while the last ones still sleep.
struct Batch<K, V> {
    rows: OnceCell<Rows<K, V>>,
    reading: Mutex<AbortOnDropHandle<Rows<K, V>>>,
}

impl<K, V> Batch<K, V>
where
    K: Number + Copy + Eq + Hash + Send + Sync + 'static,
    V: Row,
{
    /// Begins to read, in a task of its own, which ends early when nobody is there any more.
    fn begin(rows: BoxFuture<'static, Result<HashMap<K, V>, DbErr>>, keys: Vec<K>, at: Arc<At>) -> Self {
        let read = async move {
            let shared = |(key, value)| (key, Arc::new(value));
            let rows: HashMap<K, Arc<V>> = rows.await.map_err(Arc::new)?.into_iter().map(shared).collect();
            for key in keys {
                at.keep(key, rows.get(&key));
            }
            Ok(rows)
        };
        let reading = AbortOnDropHandle::new(tokio::spawn(read.in_current_span()));
        Self { rows: OnceCell::new(), reading: Mutex::new(reading) }
    }

    async fn answer(&self, key: K) -> Answer<V> {
        let broken = |failure: JoinError| Err(Arc::new(DbErr::Custom(format!("a batch broke off: {failure}"))));
        let read = async || (&mut *self.reading.lock().await).await.unwrap_or_else(broken);
        match self.rows.get_or_init(read).await {
            Ok(rows) => Ok(rows.get(&key).map(Arc::clone)),
            Err(error) => Err(Arc::clone(error)),
        }
    }
}

/// How a batch is read.
struct Statement<K, V> {
    db: DatabaseConnection,
    query: Box<Query<K, V>>,
    at: Arc<At>,
}

impl<K, V> BatchFn<K, Arc<Batch<K, V>>> for Statement<K, V>
where
    K: Number + Copy + Eq + Hash + Send + Sync + 'static,
    V: Row,
{
    /// Makes the batch of these keys.
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Arc<Batch<K, V>>> {
        let rows = (self.query)(self.db.clone(), keys.to_vec());
        let batch = Arc::new(Batch::begin(rows, keys.to_vec(), Arc::clone(&self.at)));
        keys.iter().map(|key| (*key, Arc::clone(&batch))).collect()
    }
}

impl<K, V> Batched<K, V>
where
    K: Number + Copy + Eq + Hash + Debug + Send + Sync + 'static,
    V: Row,
{
    /// The relation that `query` reads from `db`.
    pub(super) fn new<F, R>(db: &DatabaseConnection, at: At, query: F) -> Self
    where
        F: Fn(DatabaseConnection, Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<HashMap<K, V>, DbErr>> + Send + 'static,
    {
        let at = Arc::new(at);
        let query = Box::new(move |db, keys| query(db, keys).boxed());
        let statement = Statement { db: db.clone(), query, at: Arc::clone(&at) };
        let loader = Loader::new(statement).with_yield_count(YIELDS).with_max_batch_size(KEYS_MAX);
        Self { at, loader }
    }

    /// What belongs to `key`; `None` if nothing does.
    pub async fn get(&self, key: K) -> Answer<V> {
        self.at.note().await?;
        if let Some(kept) = self.at.kept(key) {
            return Ok(kept);
        }
        let batch = loop {
            // There is no batch only if whoever made it was interrupted and dropped; then it is somebody else's turn.
            if let Ok(batch) = self.loader.try_load(key).await {
                break batch;
            }
        };
        batch.answer(key).await
    }

    /// The same for several keys, in their order.
    pub async fn get_all(&self, keys: &[K]) -> Vec<Answer<V>> {
        if let Err(error) = self.at.note().await {
            return keys.iter().map(|_| Err(Arc::clone(&error))).collect();
        }
        let mut answers: HashMap<K, Answer<V>> =
            keys.iter().filter_map(|key| Some((*key, Ok(self.at.kept(*key)?)))).collect();
        let unknown: Vec<K> = keys.iter().copied().filter(|key| !answers.contains_key(key)).collect();
        if !unknown.is_empty() {
            let batches = loop {
                if let Ok(batches) = self.loader.try_load_many(unknown.clone()).await {
                    break batches;
                }
            };
            for key in unknown {
                answers.insert(key, batches[&key].answer(key).await);
            }
        }
        keys.iter().map(|key| answers[key].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::task::{unconstrained, yield_now};

    use super::*;

    type Batches = Arc<Mutex<Vec<usize>>>;

    /// Knows the doubles of even numbers, and writes down how many keys each read had.
    fn doubles() -> (Batched<i32, i32>, Batches) {
        let batches = Batches::default();
        let written = Arc::clone(&batches);
        let batched = Batched::new(&DatabaseConnection::default(), At::nothing(), move |_, keys: Vec<i32>| {
            locked(&written).push(keys.len());
            async move {
                for _ in 0..8 {
                    yield_now().await;
                }
                if keys.contains(&13) {
                    return Err(DbErr::Custom("an unlucky number".to_owned()));
                }
                Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, 2 * key)).collect())
            }
        });
        (batched, batches)
    }

    fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[tokio::test]
    async fn what_is_asked_in_one_breath_is_read_at_once_however_much_it_is() {
        let (doubles, batches) = doubles();
        let answers = unconstrained(join_all((0..400).map(|n| doubles.get(20 + n / 4)))).await;
        assert_eq!(answers[4 * 4].as_ref().unwrap().as_deref(), Some(&48));
        assert_eq!(answers[4 * 5].as_ref().unwrap(), &None);
        assert_eq!(*locked(&batches), [100]);
    }

    #[tokio::test]
    async fn lists_inside_lists_are_read_level_by_level() {
        let ((first, batches), (second, later_batches)) = (doubles(), doubles());
        let nested = |key: i32| {
            let (first, second) = (&first, &second);
            async move {
                let double = *first.get(2 * key).await.unwrap().unwrap();
                join_all((0..3).map(|n| second.get(double + 2 * n + 100))).await
            }
        };
        unconstrained(join_all((100..200).map(nested))).await;
        assert_eq!((&locked(&batches)[..], locked(&later_batches).len()), (&[100][..], 1));
    }

    #[tokio::test]
    async fn what_was_read_is_not_read_again_nor_what_was_not_there() {
        let (doubles, batches) = doubles();
        assert_eq!(doubles.get(2).await.unwrap().as_deref(), Some(&4));
        assert_eq!(doubles.get(3).await.unwrap(), None);
        join_all([doubles.get(2), doubles.get(3), doubles.get(4)]).await;
        assert_eq!(*locked(&batches), [1, 1, 1]);
    }

    #[tokio::test]
    async fn a_statement_has_a_bounded_number_of_keys() {
        let (doubles, batches) = doubles();
        let answers = unconstrained(join_all((0..1_200).map(|key| doubles.get(2 * key)))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().is_some()));
        assert_eq!(*locked(&batches), [500, 500, 200]);
    }

    #[tokio::test]
    async fn a_list_in_hand_is_read_at_once_and_answered_in_its_order() {
        let (doubles, batches) = doubles();
        let answers = doubles.get_all(&[8, 3, 2, 8]).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().as_deref().copied()).collect();
        assert_eq!(answers, [Some(16), None, Some(4), Some(16)]);
        assert_eq!(*locked(&batches), [3]);
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_all_who_waited() {
        let (doubles, batches) = doubles();
        let answers = join_all([doubles.get(12), doubles.get(13), doubles.get(14)]).await;
        let errors: Vec<_> = answers.into_iter().map(Result::unwrap_err).collect();
        assert!(errors.iter().all(|error| Arc::ptr_eq(error, &errors[0])));
        assert_eq!(*locked(&batches), [3]);
    }

    #[tokio::test]
    async fn whoever_gives_up_takes_nobodys_key_along() {
        // The one who came first leaves while the batch gathers, or while it is read.
        for rounds in 0..YIELDS + 4 {
            let (doubles, batches) = doubles();
            let (mut first, mut second) = (Box::pin(doubles.get(2)), Box::pin(doubles.get(4)));
            for _ in 0..rounds {
                assert!(futures::poll!(&mut first).is_pending(), "{rounds} rounds are too many");
                assert!(futures::poll!(&mut second).is_pending());
                yield_now().await;
            }
            drop(first);
            let answer = tokio::time::timeout(Duration::from_secs(5), second).await;
            assert_eq!(answer.expect("nobody waits for ever").unwrap().as_deref(), Some(&8));
            assert!(!locked(&batches).is_empty());
        }
    }
}
