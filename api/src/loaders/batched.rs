//! One relation, read in batches.
//!
//! Fields ask for one key each, and a list asks for all of its keys in one breath. The first one opens a batch; the batch
//! closes when the executor has gone round twice without anyone joining, and only then reads. Everyone in it waits for the
//! same future and any of them may drive it, so a field that is given up takes nobody's key with it, and nobody queues
//! behind a lock: what comes out of one batch is in one breath, too.
//!
//! Made for this, and not taken from a crate: `dataloader` (0.18) waits for a fixed number of rounds and lets those who wait
//! go on one after the other, through locks that the runtime interrupts every 128 times. A list of fifty was read in two
//! batches, and a list of a hundred in up to seven.

use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use futures::task::AtomicWaker;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::task::yield_now;

/// How often the executor goes round without a new key before a batch is read. What one round wakes asks in the next.
const QUIET_ROUNDS: u32 = 2;

/// The most keys of one statement.
const STATEMENT_KEYS_MAX: usize = 500;

/// What belongs to a key; one failure is shared by all who waited for it.
pub(super) type Answer<V> = Result<Option<Arc<V>>, Arc<DbErr>>;

type Rows<K, V> = Result<HashMap<K, Arc<V>>, Arc<DbErr>>;
type Batch<K, V> = Shared<BoxFuture<'static, Arc<Rows<K, V>>>>;
type Query<K, V> = dyn Fn(DatabaseConnection, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, DbErr>> + Send + Sync;

/// A relation of one request. What was read once is remembered, also that there is nothing.
pub struct Batched<K, V> {
    db: DatabaseConnection,
    query: Arc<Query<K, V>>,
    known: Mutex<Known<K, V>>,
}

struct Known<K, V> {
    /// The batch that each key is in, open, under way or read.
    batches: HashMap<K, Batch<K, V>>,
    newest: Option<Newest<K, V>>,
}

/// The batch that was opened last, with its keys.
struct Newest<K, V> {
    keys: Arc<Keys<K>>,
    batch: Batch<K, V>,
}

/// The keys of a batch; none once it is closed.
struct Keys<K>(Mutex<Option<Vec<K>>>);

impl<K, V> Batched<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// The relation that `query` reads from `db`.
    pub(super) fn new<F, R>(db: &DatabaseConnection, query: F) -> Self
    where
        F: Fn(DatabaseConnection, Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<HashMap<K, V>, DbErr>> + Send + 'static,
    {
        let known = Mutex::new(Known { batches: HashMap::new(), newest: None });
        Self { db: db.clone(), query: Arc::new(move |db, keys| query(db, keys).boxed()), known }
    }

    /// What belongs to `key`; `None` if nothing does.
    pub async fn get(&self, key: K) -> Answer<V> {
        let batch = self.batch_of(key);
        match &*batch.await {
            Ok(rows) => Ok(rows.get(&key).map(Arc::clone)),
            Err(error) => Err(Arc::clone(error)),
        }
    }

    fn batch_of(&self, key: K) -> Batch<K, V> {
        let mut known = locked(&self.known);
        if let Some(batch) = known.batches.get(&key) {
            return batch.clone();
        }
        let joined = known.newest.as_ref().filter(|newest| newest.keys.join(key)).map(|newest| newest.batch.clone());
        let batch = joined.unwrap_or_else(|| {
            let keys = Arc::new(Keys(Mutex::new(Some(vec![key]))));
            let batch = read(self.db.clone(), Arc::clone(&self.query), Arc::clone(&keys)).boxed().shared();
            known.newest = Some(Newest { keys, batch: batch.clone() });
            batch
        });
        known.batches.insert(key, batch.clone());
        batch
    }
}

impl<K> Keys<K> {
    /// Adds a key, unless the batch is closed.
    fn join(&self, key: K) -> bool {
        locked(&self.0).as_mut().map(|keys| keys.push(key)).is_some()
    }

    fn count(&self) -> usize {
        locked(&self.0).as_ref().map_or(0, Vec::len)
    }

    /// Closes the batch.
    fn close(&self) -> Vec<K> {
        locked(&self.0).take().unwrap_or_default()
    }
}

async fn read<K, V>(db: DatabaseConnection, query: Arc<Query<K, V>>, keys: Arc<Keys<K>>) -> Arc<Rows<K, V>>
where
    K: Copy + Eq + Hash,
{
    let (mut count, mut quiet) = (0, 0);
    while quiet < QUIET_ROUNDS {
        round().await;
        quiet = if keys.count() == count { quiet + 1 } else { 0 };
        count = keys.count();
    }
    let mut rows = HashMap::new();
    for keys in keys.close().chunks(STATEMENT_KEYS_MAX) {
        match query(db.clone(), keys.to_vec()).await {
            Ok(read) => rows.extend(read.into_iter().map(|(key, value)| (key, Arc::new(value)))),
            Err(error) => return Arc::new(Err(Arc::new(error))),
        }
    }
    Arc::new(Ok(rows))
}

/// Ends when the executor has run everything that could run when this began.
///
/// Tokio's own `yield_now` ends as soon as it is polled again, and everyone who joins a batch polls it. So the executor is
/// given a waker of our own, and only that one counts.
async fn round() {
    let round = Arc::new(Round::default());
    let waker = Waker::from(Arc::clone(&round));
    let yielded = pin!(yield_now());
    // Pending, as the first poll always is; from here on the executor has the waker.
    let _: Poll<()> = yielded.poll(&mut Context::from_waker(&waker));
    poll_fn(|context| {
        round.waiting.register(context.waker());
        if round.is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[derive(Default)]
struct Round {
    is_over: AtomicBool,
    waiting: AtomicWaker,
}

impl Wake for Round {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.waiting.wake();
    }
}

/// Nothing here can panic between a lock and its end.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;

    use super::*;

    type Batches = Arc<Mutex<Vec<usize>>>;

    /// Knows the doubles of even numbers, and writes down how many keys each read had.
    fn doubles() -> (Batched<i32, i32>, Batches) {
        let batches = Batches::default();
        let written = Arc::clone(&batches);
        let batched = Batched::new(&DatabaseConnection::default(), move |_, keys: Vec<i32>| {
            locked(&written).push(keys.len());
            async move {
                round().await;
                if keys.contains(&13) {
                    return Err(DbErr::Custom("an unlucky number".to_owned()));
                }
                Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, 2 * key)).collect())
            }
        });
        (batched, batches)
    }

    #[tokio::test]
    async fn what_is_asked_in_one_breath_is_read_at_once_however_much_it_is() {
        let (doubles, batches) = doubles();
        let answers = join_all((0..400).map(|n| doubles.get(20 + n / 4))).await;
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
        join_all((100..200).map(nested)).await;
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
        let answers = join_all((0..1_200).map(|key| doubles.get(2 * key))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().is_some()));
        assert_eq!(*locked(&batches), [500, 500, 200]);
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
        // The one who opened the batch leaves before it is closed or while it is read.
        for rounds in 0..5 {
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
            assert_eq!(*locked(&batches), [if rounds == 0 { 1 } else { 2 }], "left after {rounds} rounds");
        }
    }
}
