//! At which revision a request reads what it loads, and where that is noted.

use std::sync::{Arc, Mutex, PoisonError};

use entity::revision::CLEARED;
use sea_orm::DbErr;
use tokio::sync::OnceCell;

use super::memory::{Memory, Number, Row};
use crate::cache::{Rests, Sampling};
use crate::revision::{Pinned, Revision};

/// What the rows of a relation are numbered with: the revision of the data, and how often caches were cleared.
pub(super) type Numbers = (Revision, Revision);

/// At which revision one relation is read by one request.
pub(super) struct At {
    relation: &'static str,
    /// Whose revision numbers the relation; nobody's if nothing tells when it changes.
    audience: Option<i32>,
    moment: Option<Reading>,
    noted: OnceCell<Option<Numbers>>,
}

/// How a request reads: at which revisions, where it notes what its answer rests on, and whether it insists on the database.
#[derive(Clone)]
pub struct Reading {
    /// The revisions.
    pub pinned: Arc<Pinned>,
    /// What the answer rests on.
    pub rests: Arc<Mutex<Rests>>,
    /// What is kept from one request to the next.
    pub memory: Memory,
    /// Whether what is kept must not be used.
    pub fresh: bool,
}

impl At {
    /// A relation that `audience` numbers.
    pub(super) fn numbered(reading: &Reading, relation: &'static str, audience: i32) -> Self {
        Self { relation, audience: Some(audience), moment: Some(reading.clone()), noted: OnceCell::new() }
    }

    /// A relation that nobody numbers.
    pub(super) fn unnumbered(reading: &Reading, relation: &'static str) -> Self {
        Self { relation, audience: None, moment: Some(reading.clone()), noted: OnceCell::new() }
    }

    /// A relation that is read outside of any request.
    #[cfg(test)]
    pub(super) fn nothing() -> Self {
        Self { relation: "nothing", audience: None, moment: None, noted: OnceCell::new() }
    }

    /// The numbers at which the relation is read, which the answer rests on from now on. To be awaited before anything is read.
    pub(super) async fn note(&self) -> Result<(), Arc<DbErr>> {
        let note = async || {
            let Some(reading) = &self.moment else { return Ok(None) };
            let Some(audience) = self.audience else {
                reading.rests.lock().unwrap_or_else(PoisonError::into_inner).unkept = true;
                return Ok(None);
            };
            let (data, cleared) = (reading.pinned.of(audience).await?, reading.pinned.of(CLEARED).await?);
            let mut rests = reading.rests.lock().unwrap_or_else(PoisonError::into_inner);
            rests.add(audience, Sampling::Usual, data);
            rests.add(CLEARED, Sampling::Usual, cleared);
            Ok(Some((data.revision, cleared.revision)))
        };
        self.noted.get_or_try_init(note).await.map(|_| ())
    }

    /// What is kept of `key`.
    pub(super) fn kept<K: Number, V: Row>(&self, key: K) -> Option<Option<Arc<V>>> {
        let reading = self.moment.as_ref().filter(|reading| !reading.fresh)?;
        reading.memory.get(self.relation, key, self.noted()?)
    }

    /// Keeps what was read of `key` at the numbers that were noted before.
    pub(super) fn keep<K: Number, V: Row>(&self, key: K, row: Option<&Arc<V>>) {
        if let (Some(reading), Some(numbers)) = (&self.moment, self.noted()) {
            reading.memory.keep(self.relation, key, numbers, row);
        }
    }

    fn noted(&self) -> Option<Numbers> {
        self.noted.get().copied().flatten()
    }
}
