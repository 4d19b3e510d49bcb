//! Draining the spool: each response goes to the archive and into the database, and leaves when both have it.
//!
//! Either may be done already, here or by somebody else who drains at the same time: putting and loading twice is doing it
//! once. What still cannot be done waits on.

use entity::archive::{ArchiveKey, Error, Kind};
use entity::chain::chain;
use entity::{erasure, user};
use sea_orm::EntityTrait;
use tracing::{error, info, warn};

use crate::crash;
use crate::load::Loaded;
use crate::pipeline::{Failure, Pipeline};

/// What became of the responses that waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Responses that are in the archive and the database now.
    pub done: usize,
    /// Responses that wait on.
    pub waiting: usize,
    /// Responses that were damaged on disk and put aside.
    pub damaged: usize,
    /// Responses of people who are gone.
    pub dropped: usize,
    /// What the database took.
    pub loaded: Loaded,
}

enum Fate {
    Done(Loaded),
    Waiting,
    Damaged,
    Dropped,
}

impl Pipeline {
    /// Brings all that waits in the spool to the archive and into the database.
    pub async fn drain(&self) -> Result<Drained, Error> {
        let mut drained = Drained::default();
        let mut listing = self.spool.list();
        while let Some(keys) = listing.next_page().await? {
            for key in keys {
                match self.drain_one(&key).await {
                    Fate::Done(loaded) => {
                        drained.done += 1;
                        drained.loaded = drained.loaded.and(loaded);
                    }
                    Fate::Waiting => drained.waiting += 1,
                    Fate::Damaged => drained.damaged += 1,
                    Fate::Dropped => drained.dropped += 1,
                }
            }
        }
        if drained.done + drained.waiting > 0 {
            info!(
                done = drained.done,
                waiting = drained.waiting,
                plays_loaded = drained.loaded.plays_loaded,
                "spool: {} responses went to archive and database, {} wait on",
                drained.done,
                drained.waiting
            );
        }
        Ok(drained)
    }

    async fn drain_one(&self, key: &ArchiveKey) -> Fate {
        let bytes = match self.spool.get(key).await {
            Ok(bytes) => bytes,
            Err(damaged @ Error::Damaged { .. }) => return self.set_aside(key, &damaged).await,
            Err(Error::Missing { .. }) => return Fate::Done(Loaded::default()), // Somebody else has drained it.
            Err(error) => {
                warn!("{key} waits on in the spool: {}", chain(&error));
                return Fate::Waiting;
            }
        };
        match self.is_known(key).await {
            Ok(true) => {}
            Ok(false) if self.is_nobody_here().await => {
                warn!(
                    "{key} waits on in the spool: nobody is in the database; `refrain-ingest replay --from-archive` brings people back"
                );
                return Fate::Waiting;
            }
            Ok(false) => {
                info!("{key} leaves the spool: this person is not here any more");
                return self.forget(key, Fate::Dropped).await;
            }
            Err(error) => {
                warn!("{key} waits on in the spool: {}", chain(&error));
                return Fate::Waiting;
            }
        }
        let uploaded = self.put(key, &bytes, true).await;
        crash::point("drain-uploaded");
        let loaded = match self.load_archived(key, &bytes).await {
            // The bytes are kept as what they are; nothing can be loaded from them.
            Err(Failure::Transform { .. }) => Ok(Loaded::default()),
            loaded => loaded,
        };
        crash::point("drain-loaded");
        match (uploaded, loaded) {
            (Ok(()), Ok(loaded)) => self.forget(key, Fate::Done(loaded)).await,
            (uploaded, loaded) => {
                let why = uploaded.err().map(|error| chain(&error)).or(loaded.err().map(|error| chain(&error)));
                warn!("{key} waits on in the spool: {}", why.unwrap_or_default());
                Fate::Waiting
            }
        }
    }

    async fn set_aside(&self, key: &ArchiveKey, damaged: &Error) -> Fate {
        match self.spool.set_aside(key).await {
            Ok(path) => error!("{damaged}; the spool's file is {} now", path.display()),
            Err(error) => error!("{damaged}; it could not be put aside: {error}"),
        }
        Fate::Damaged
    }

    async fn forget(&self, key: &ArchiveKey, fate: Fate) -> Fate {
        match self.spool.remove(key).await {
            Ok(()) => fate,
            Err(error) => {
                warn!("{key} stays in the spool, although it is done: {}", chain(&error));
                Fate::Waiting
            }
        }
    }

    /// Whether the database is a new one, which knows of nobody whether they have left. If that cannot be read, it may be.
    async fn is_nobody_here(&self) -> bool {
        !matches!(user::Entity::find().one(self.db.write()).await, Ok(Some(_)))
    }

    /// Whether the person is still here and has not erased what came then; catalogue documents are everyone's.
    async fn is_known(&self, key: &ArchiveKey) -> Result<bool, sea_orm::DbErr> {
        match key.kind().user() {
            Some(user) => {
                let is_here = user::Entity::find_by_id(user).one(self.db.write()).await?.is_some();
                Ok(is_here && !erasure::refuses(self.db.write(), user, key.fetched_at()).await?)
            }
            None => Ok(!matches!(key.kind(), Kind::Probe)),
        }
    }
}
