//! The revisions that one request rests on: each is read once, before any data is, and the same for all fields.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

use entity::revision::{CATALOGUE, CLEARED, EVERYONE, PEOPLE, SHOWN};
use sea_orm::DbErr;
use tokio::sync::OnceCell;

use super::{Revision, Revisions};

/// A revision that a request rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The revision.
    pub revision: Revision,
    /// For how long it may be used without looking again.
    pub max_age: Duration,
}

/// A failure is remembered like a number: in an outage, one field of a request waits for the database and not each of them.
type Once<T> = OnceCell<Result<T, Arc<DbErr>>>;

/// The revisions that one request rests on.
pub struct Pinned {
    revisions: Revisions,
    fresh: bool,
    common: Once<Common>,
    listeners: Mutex<HashMap<i32, Arc<Once<Revision>>>>,
}

/// Those that are nobody's own, read in one statement.
#[derive(Clone, Copy)]
struct Common {
    everyone: Pin,
    everyone_now: Revision,
    catalogue: Pin,
    shown: Pin,
    people: Revision,
    cleared: Revision,
}

impl Pinned {
    pub(super) fn new(revisions: Revisions, fresh: bool) -> Self {
        Self { revisions, fresh, common: OnceCell::new(), listeners: Mutex::default() }
    }

    /// The revision of an audience: everyone's and the catalogue's two as sampled, all others as they are.
    pub async fn of(&self, audience: i32) -> Result<Pin, Arc<DbErr>> {
        let now = |revision| Pin { revision, max_age: Duration::ZERO };
        match audience {
            EVERYONE => self.common().await.map(|common| common.everyone),
            CATALOGUE => self.common().await.map(|common| common.catalogue),
            SHOWN => self.common().await.map(|common| common.shown),
            PEOPLE => self.common().await.map(|common| now(common.people)),
            // Clearing makes no answer wrong, so it shortens no answer's time with a client.
            CLEARED => self.common().await.map(|common| Pin { revision: common.cleared, max_age: Duration::MAX }),
            listener => self.listener(listener).await.map(now),
        }
    }

    /// Everyone's revision as it is.
    pub async fn everyone_now(&self) -> Result<Pin, Arc<DbErr>> {
        self.common().await.map(|common| Pin { revision: common.everyone_now, max_age: Duration::ZERO })
    }

    async fn common(&self) -> Result<Common, Arc<DbErr>> {
        let read = async || {
            let taken = Moment::now();
            let current = self.read(&[EVERYONE, CATALOGUE, SHOWN, PEOPLE, CLEARED]).await?;
            let [everyone_now, catalogue_now, shown_now, people, cleared] = current[..] else {
                unreachable!("one revision per audience")
            };
            Ok(Common {
                everyone: self.sample(EVERYONE, everyone_now, taken),
                everyone_now,
                catalogue: self.sample(CATALOGUE, catalogue_now, taken),
                shown: self.sample(SHOWN, shown_now, taken),
                people,
                cleared,
            })
        };
        self.common.get_or_init(read).await.clone()
    }

    async fn listener(&self, audience: i32) -> Result<Revision, Arc<DbErr>> {
        let cell = {
            let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(listeners.entry(audience).or_default())
        };
        cell.get_or_init(async || Ok(self.read(&[audience]).await?[0])).await.clone()
    }

    async fn read(&self, audiences: &[i32]) -> Result<Vec<Revision>, Arc<DbErr>> {
        if self.fresh { self.revisions.read(audiences).await } else { self.revisions.current(audiences).await }
    }

    /// The sample in use, or `now`, which was read no earlier than `taken`, as the next one.
    fn sample(&self, audience: i32, now: Revision, taken: Moment) -> Pin {
        if !self.fresh
            && let Some((revision, max_age)) = self.revisions.sampled(audience)
        {
            return Pin { revision, max_age };
        }
        self.revisions.sample(audience, now, taken);
        Pin { revision: now, max_age: self.revisions.0.freshness.sample }
    }
}
