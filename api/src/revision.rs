//! At which revision each audience's data is: what tells a kept answer from a stale one, and subscriptions of news.
//!
//! On Postgres the database pushes every number that rises (`follow`), and while it proves that nothing is missing, the
//! numbers in memory are believed: at most [`Freshness::lease`] old, in practice the milliseconds that a notification
//! travels. Without that proof, and on SQLite, the row is read: never old at all. Everyone's number, which rises with every
//! play, and the catalogue's two are *sampled* on top: one number is used for [`Freshness::sample`].
//!
//! So an answer about one listener is at most a lease old, and one about everyone at most a sample and a lease. Whoever has to
//! be sure that a change of their own is seen says [`Revisions::forget`].
//!
//! It reads numbers only. Raising them is for whoever changes data: [`entity::revision::raise`].

mod follow;
mod pinned;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant as Moment};

use entity::db::Db;
use entity::revision::{CATALOGUE, CLEARED, Column, EVERYONE, Entity, SHOWN};
use entity::time::Instant;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
pub use pinned::{Pin, Pinned};

/// A revision of an audience's data. Both parts tell revisions apart, so that no number means two things, not even after a
/// backup was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    /// Rises by one with every change.
    pub number: i64,
    /// When it last rose.
    pub changed_at: Instant,
}

impl Revision {
    /// The revision of data that nothing has changed yet.
    pub const NONE: Self = Self { number: 0, changed_at: Instant::from_ms(0) };
}

/// How old a revision may be when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// For how long one number of everyone's and of the catalogue's is used; zero: for one request.
    pub sample: Duration,
    /// For how long numbers that the database pushed are believed without a new proof that nothing is missing; zero: never,
    /// so that every request reads its rows.
    pub lease: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { sample: Duration::from_secs(60), lease: Duration::from_secs(1) }
    }
}

/// The revisions, as this instance knows them. Clones share one follower, which ends with the last of them or with
/// [`Self::stop`].
#[derive(Clone)]
pub struct Revisions(Arc<Inner>);

struct Inner {
    db: Db,
    freshness: Freshness,
    pushed: RwLock<Pushed>,
    /// When `vouched_us` counts from.
    epoch: Moment,
    /// Microseconds after the epoch at which everything in `pushed` was known to be current; 0 if nothing vouches for it.
    vouched_us: AtomicU64,
    samples: Mutex<HashMap<i32, Sample>>,
    everyone: watch::Sender<i64>,
    /// How often caches have been cleared; `None` until it was looked at.
    cleared: Mutex<Option<i64>>,
    on_cleared: Box<dyn Fn() + Send + Sync>,
    stopped: CancellationToken,
}

/// What the database has pushed, or was asked while it was pushing.
#[derive(Default)]
struct Pushed {
    /// Rises with every beginning and end of a connection: what was read before it may not be added after it.
    session: u64,
    numbers: HashMap<i32, Revision>,
}

#[derive(Clone, Copy)]
struct Sample {
    revision: Revision,
    taken: Moment,
}

/// The most audiences that are remembered; beyond, all are forgotten and asked for again.
const AUDIENCES_MAX: usize = 100_000;

impl Revisions {
    /// Starts to follow the revisions in `db`; must be called within a runtime. `on_cleared` runs whenever an operator has
    /// emptied the caches, on whatever instance.
    pub fn follow(
        db: &Db,
        freshness: Freshness,
        metrics: &Metrics,
        on_cleared: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let stopped = CancellationToken::new();
        let inner = Arc::new(Inner {
            db: db.clone(),
            freshness,
            pushed: RwLock::default(),
            epoch: Moment::now(),
            vouched_us: AtomicU64::new(0),
            samples: Mutex::default(),
            everyone: watch::Sender::new(0),
            cleared: Mutex::default(),
            on_cleared: Box::new(on_cleared),
            stopped: stopped.clone(),
        });
        let pushed = metrics.gauge(
            "refrain_revisions_pushed",
            "1 while the database pushes revisions, 0 while they are read row by row.",
        );
        let follower = follow::follow(db.clone(), Arc::downgrade(&inner), pushed);
        tokio::spawn(async move { stopped.run_until_cancelled(follower).await });
        Self(inner)
    }

    /// A receiver that is told of every change of everyone's plays from now on.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.everyone.subscribe()
    }

    /// The revisions that one request rests on, none of them read yet. A `fresh` request reads all of them from their rows,
    /// and renews the samples.
    pub fn pinned(&self, fresh: bool) -> Pinned {
        Pinned::new(self.clone(), fresh)
    }

    /// The revisions of these audiences as they are, from memory if that is vouched for, else from their rows.
    pub async fn current(&self, audiences: &[i32]) -> Result<Vec<Revision>, Arc<DbErr>> {
        match self.0.vouched_for(audiences) {
            Some(known) => Ok(known),
            None => self.read(audiences).await,
        }
    }

    /// The same from their rows, whatever is in memory.
    pub async fn read(&self, audiences: &[i32]) -> Result<Vec<Revision>, Arc<DbErr>> {
        let session = self.0.pushed.read().unwrap_or_else(PoisonError::into_inner).session;
        let rows = Entity::find().filter(Column::Audience.is_in(audiences.iter().copied()));
        let rows = rows.all(self.0.db.read()).await.map_err(Arc::new)?;
        let row = |audience: &i32| rows.iter().find(|row| row.audience == *audience);
        let revision = |audience: &i32| {
            row(audience).map_or(Revision::NONE, |row| Revision { number: row.number, changed_at: row.changed_at })
        };
        let read: Vec<Revision> = audiences.iter().map(revision).collect();
        self.0.add(session, audiences.iter().copied().zip(read.iter().copied()));
        Ok(read)
    }

    /// The number of a sampled audience and for how long it may be used; `None` when it is time for a new one.
    fn sampled(&self, audience: i32) -> Option<(Revision, Duration)> {
        let sample = *locked(&self.0.samples).get(&audience)?;
        let left = self.0.freshness.sample.checked_sub(sample.taken.elapsed())?;
        (!left.is_zero()).then_some((sample.revision, left))
    }

    /// Whether `read` are the revisions that a request would rest on now, as far as memory tells: as [`Pinned::of`] would say,
    /// and [`Pinned::everyone_now`] of `everyone_now`. `None` where a row has to be read to know.
    pub fn stand(
        &self,
        mut read: impl Iterator<Item = (i32, Revision)>,
        everyone_now: Option<Revision>,
    ) -> Option<bool> {
        if !self.0.is_vouched() {
            return None;
        }
        let pushed = self.0.pushed.read().unwrap_or_else(PoisonError::into_inner);
        let stands = |audience, revision| match audience {
            EVERYONE | CATALOGUE | SHOWN => self.sampled(audience).map(|(sample, _)| sample == revision),
            _ => pushed.numbers.get(&audience).map(|known| *known == revision),
        };
        if let Some(revision) = everyone_now
            && *pushed.numbers.get(&EVERYONE)? != revision
        {
            return Some(false);
        }
        read.try_fold(true, |all, (audience, revision)| Some(all && stands(audience, revision)?))
    }

    /// Forgets what is known of these audiences, so that whoever asks next reads their rows.
    pub fn forget(&self, audiences: &[i32]) {
        let mut pushed = self.0.pushed.write().unwrap_or_else(PoisonError::into_inner);
        // Nothing that was read before this is added after it.
        pushed.session += 1;
        pushed.numbers.retain(|audience, _| !audiences.contains(audience));
        drop(pushed);
        locked(&self.0.samples).retain(|audience, _| !audiences.contains(audience));
    }

    /// Completes when [`Self::stop`] was called.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.stopped.clone().cancelled_owned()
    }

    /// Ends following, and everything that waits for changes.
    pub fn stop(&self) {
        self.0.stopped.cancel();
    }

    fn sample(&self, audience: i32, revision: Revision, taken: Moment) {
        if !self.0.freshness.sample.is_zero() {
            locked(&self.0.samples).insert(audience, Sample { revision, taken });
        }
    }
}

impl Inner {
    /// Whether what is in memory is current.
    fn is_vouched(&self) -> bool {
        let vouched_us = self.vouched_us.load(Ordering::Acquire);
        vouched_us != 0 && self.epoch.elapsed() < Duration::from_micros(vouched_us) + self.freshness.lease
    }

    /// The numbers in memory, if they are all there and current.
    fn vouched_for(&self, audiences: &[i32]) -> Option<Vec<Revision>> {
        if !self.is_vouched() {
            return None;
        }
        let pushed = self.pushed.read().unwrap_or_else(PoisonError::into_inner);
        audiences.iter().map(|audience| pushed.numbers.get(audience).copied()).collect()
    }

    /// Adds numbers that were read during `session`, but for those that the database has pushed meanwhile.
    fn add(&self, session: u64, read: impl Iterator<Item = (i32, Revision)>) {
        let mut pushed = self.pushed.write().unwrap_or_else(PoisonError::into_inner);
        if pushed.session != session {
            return;
        }
        if pushed.numbers.len() > AUDIENCES_MAX {
            // What others are reading now may be older than what is forgotten here, so none of it is taken in.
            pushed.session += 1;
            pushed.numbers.clear();
        }
        for (audience, revision) in read {
            pushed.numbers.entry(audience).or_insert(revision);
        }
    }

    /// Takes in a number that has risen.
    fn risen(&self, audience: i32, revision: Revision) {
        let mut pushed = self.pushed.write().unwrap_or_else(PoisonError::into_inner);
        if pushed.numbers.len() > AUDIENCES_MAX {
            pushed.session += 1;
            pushed.numbers.clear();
        }
        // A row may have been read before the news of an earlier change arrived.
        let known = pushed.numbers.entry(audience).or_insert(revision);
        if revision.number > known.number {
            *known = revision;
        }
        drop(pushed);
        self.tell(audience, revision.number);
    }

    /// Tells those who wait for it of a number.
    fn tell(&self, audience: i32, number: i64) {
        match audience {
            EVERYONE => {
                self.everyone.send_if_modified(|told| std::mem::replace(told, number) != number);
            }
            CLEARED => {
                let before = locked(&self.cleared).replace(number);
                if before.is_some_and(|before| before != number) {
                    self.forget_all();
                    (self.on_cleared)();
                }
            }
            _ => {}
        }
    }

    /// Everything in memory is as the database had it at `vouched_us`.
    fn vouch(&self, vouched_us: u64) {
        self.vouched_us.fetch_max(vouched_us, Ordering::AcqRel);
    }

    fn forget_all(&self) {
        let mut pushed = self.pushed.write().unwrap_or_else(PoisonError::into_inner);
        pushed.session += 1;
        pushed.numbers.clear();
        drop(pushed);
        locked(&self.samples).clear();
    }

    /// A connection to the pushing database begins or ends: nothing is vouched for, and nothing known from before counts. The
    /// samples stay: they are used for a bounded time whatever happens.
    fn turn(&self) {
        self.vouched_us.store(0, Ordering::Release);
        let mut pushed = self.pushed.write().unwrap_or_else(PoisonError::into_inner);
        pushed.session += 1;
        pushed.numbers.clear();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stopped.cancel();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
