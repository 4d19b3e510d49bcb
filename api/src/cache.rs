//! Answers kept in memory: every field's, in one budget, each asked of the database once.
//!
//! The rule: a [`Key`] holds everything that an answer depends on, the revisions of the data among it. So an entry is never
//! changed, never wrong, and never expires; it is only not asked for any more. What time does is bound memory, not truth.
//!
//! [`Cache::ask`] looks into the store, then joins or begins a flight, which asks the
//! database: in that flight, what instances share is looked into before, and filled after.
//! [`Rests`] is the other half: what a whole answer rests on, for those who keep
//! whole answers or say how long theirs may be kept.
//!
//! It knows neither GraphQL nor HTTP, decides nothing about who may see what, and never reads a revision: whoever makes a key
//! has read it before.

mod answer;
mod field;
mod flight;
mod key;
mod report;
mod rests;
mod shared;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use futures::FutureExt;
use sea_orm::DbErr;
use tracing::debug;

pub use answer::Answer;
pub use field::{Field, Policy, Sampling};
pub use key::Key;
pub use report::{FieldReport, Report};
pub use rests::Rests;

use crate::metrics::Metrics;
use crate::redis::Redis;
pub(crate) use flight::{Boarding, Flights};
use report::{Counts, Outcome};
use shared::{Found, Shared, Turn};
use store::{Kept, Store};

/// A failed question, shared by all who waited for its answer.
pub type Failure = Arc<DbErr>;

/// The cache of one instance. Clones share it.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    /// None with a budget of 0: then answers are shared by those who ask at once, and kept for nobody else.
    store: Option<Store>,
    flights: Flights<Key, Result<Kept, Failure>>,
    /// None where instances share nothing.
    shared: Option<Shared>,
    counts: Counts,
}

impl Cache {
    /// A cache of at most `budget` bytes; 0 keeps nothing.
    pub fn new(budget: u64, metrics: &Metrics) -> Self {
        Self::sharing(budget, metrics, None)
    }

    /// The same, with a second level that it shares with other instances.
    pub fn sharing(budget: u64, metrics: &Metrics, redis: Option<Redis>) -> Self {
        let shared = redis.map(|redis| Shared::new(redis, metrics));
        let store = (budget > 0).then(|| Store::new(budget));
        let cache = Self(Arc::new(Inner { store, flights: Flights::new(), shared, counts: Counts::new(metrics) }));
        let weak = Arc::downgrade(&cache.0);
        metrics.before_rendering(move || {
            if let Some(inner) = weak.upgrade() {
                let (entries, bytes) = inner.size();
                inner.counts.set_size(entries, bytes);
            }
        });
        cache
    }

    /// The answer to `key`: from memory, from whoever is asking already, or from the database through `question`.
    ///
    /// The revisions in `key` must have been read before this is called, and `question` must read the data only when it is
    /// polled. A failure is returned to all who wait for this answer now, and kept for nobody.
    pub async fn ask<T, Q>(&self, key: Key, question: Q) -> Result<Arc<T>, Failure>
    where
        T: Answer,
        Q: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let begun = Instant::now();
        let inner = &self.0;
        if let Some(kept) = inner.kept(&key) {
            inner.counts.note(&key, Outcome::Hit, begun.elapsed());
            return Ok(kept.answer());
        }
        let key = Arc::new(key);
        let was_shared = Arc::new(AtomicBool::new(false));
        let take_off = || Arc::clone(inner).find(Arc::clone(&key), question, Arc::clone(&was_shared)).boxed();
        let (outcome, answer) = match inner.flights.board(&key, || inner.kept(&key).map(Ok), take_off) {
            Boarding::Needless(answer) => (Outcome::Hit, answer),
            Boarding::Joined(flight) => (Outcome::Wait, flight.await),
            Boarding::TookOff(flight) => {
                let answer = flight.await;
                (if was_shared.load(Relaxed) { Outcome::Shared } else { Outcome::Miss }, answer)
            }
        };
        inner.counts.note(&key, outcome, begun.elapsed());
        answer.map(Kept::answer)
    }

    /// The answer to `key` from the database, whatever is kept; it takes the place of what is.
    pub async fn refresh<T, Q>(&self, key: Key, question: Q) -> Result<Arc<T>, Failure>
    where
        T: Answer,
        Q: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let begun = Instant::now();
        let key = Arc::new(key);
        let turn = self.0.shared.as_ref().map(|shared| shared.turn(key.to_string()));
        let answer = Arc::clone(&self.0).fetch(Arc::clone(&key), question, turn).await;
        self.0.counts.note(&key, Outcome::Refresh, begun.elapsed());
        answer.map(Kept::answer)
    }

    /// Drops everything that is about `audience`, or everything; how many entries that were.
    pub fn clear(&self, audience: Option<i32>) -> u64 {
        let Some(store) = &self.0.store else { return 0 };
        let (before, _) = store.size();
        store.clear(audience);
        before.saturating_sub(store.size().0)
    }

    /// What is kept, and how often it was of use.
    pub fn report(&self) -> Report {
        let mut report = self.0.counts.report();
        if let Some(store) = &self.0.store {
            store.each(|field, bytes| report.add(field, bytes));
        }
        report
    }
}

impl Inner {
    fn kept(&self, key: &Key) -> Option<Kept> {
        self.store.as_ref().and_then(|store| store.get(key))
    }

    fn size(&self) -> (u64, u64) {
        self.store.as_ref().map_or((0, 0), Store::size)
    }

    /// From what instances share, which `was_shared` then says, or from the database.
    async fn find<T: Answer>(
        self: Arc<Self>,
        key: Arc<Key>,
        question: impl Future<Output = Result<T, DbErr>> + Send + 'static,
        was_shared: Arc<AtomicBool>,
    ) -> Result<Kept, Failure> {
        let turn = match &self.shared {
            Some(shared) => match shared.find(key.to_string()).await {
                Found::Answer(answer) => {
                    was_shared.store(true, Relaxed);
                    return Ok(self.keep(key, Kept::new::<T>(answer)));
                }
                Found::Turn(turn) => Some(turn),
            },
            None => None,
        };
        self.fetch(key, question, turn).await
    }

    /// From the database; the answer is shared with whoever waits for this turn.
    async fn fetch<T: Answer>(
        self: Arc<Self>,
        key: Arc<Key>,
        question: impl Future<Output = Result<T, DbErr>> + Send + 'static,
        turn: Option<Turn>,
    ) -> Result<Kept, Failure> {
        let begun = Instant::now();
        let answer = question.await.map_err(Arc::new)?;
        if let Some(turn) = turn {
            turn.fill(&answer);
        }
        let kept = Kept::new(answer);
        let duration = begun.elapsed();
        self.counts.filled(&key, duration);
        debug!(cache.key = %key, duration_us = duration.as_micros() as u64, "cache fill: {}", key.field());
        Ok(self.keep(key, kept))
    }

    fn keep(&self, key: Arc<Key>, kept: Kept) -> Kept {
        if let Some(store) = &self.store {
            store.keep(key, kept.clone());
        }
        kept
    }
}
