//! Replay: makes catalogue and plays anew from the archive, through the same transform and load as a live page.
//!
//! Into an empty database it is a restore, into a damaged one a repair, into a whole one nothing: loading twice is loading
//! once. Each person's pages are loaded in the order they were fetched, several people at a time; the catalogue's documents
//! follow. While some are loaded, the next ones are read and transformed.

mod people;
mod verify;

use entity::archive::{Archive, ArchiveKey, Error, Kind, Listing, Prefix};
use entity::archive_object::{Column, Entity};
use entity::chain::chain;
use entity::db::Db;
use entity::ids::UserId;
use entity::time::Instant;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use sea_orm::{ColumnTrait, Condition, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tracing::{error, info, warn};

use crate::batch::Batch;
use crate::load::{self, Loaded, Origin};
use crate::pipeline::{Failure, Pipeline, transform};

pub use verify::{Verified, verify};

/// Which objects.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Of one person only.
    pub user: Option<UserId>,
    /// Received then or later.
    pub since: Option<Instant>,
    /// Where the keys come from.
    pub source: Source,
}

/// Who says which objects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The database's own index: for a damaged database, without listing a large bucket.
    Index,
    /// The archive itself: for an empty database. People who are not here are added.
    Archive,
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Objects that were read.
    pub pages: usize,
    /// People that were added.
    pub people: usize,
    /// What was loaded.
    pub loaded: Loaded,
    /// Objects that are not what their kind is: kept, and nothing to load.
    pub senseless: usize,
    /// Objects that could not be read: damaged, or gone although the index names them.
    pub unreadable: usize,
}

impl Replayed {
    fn and(self, other: Self) -> Self {
        Self {
            pages: self.pages + other.pages,
            people: self.people + other.people,
            loaded: self.loaded.and(other.loaded),
            senseless: self.senseless + other.senseless,
            unreadable: self.unreadable + other.unreadable,
        }
    }
}

/// How many people are replayed at a time, how many of a person's objects are loaded in one transaction, and how many are
/// read ahead of that.
const PEOPLE_AT_A_TIME: usize = 4;
const AT_A_TIME: usize = 40;
const READ_AHEAD: usize = 40;

/// Loads every object of `scope`.
pub async fn replay(pipeline: &Pipeline, scope: Scope) -> Result<Replayed, Failure> {
    let (people, added) = people(pipeline, scope).await?;
    // SQLite has one writer: others would wait for its connection, and on a slow machine give up.
    let at_a_time = if pipeline.db.backend() == DbBackend::Sqlite { 1 } else { PEOPLE_AT_A_TIME };
    let replayed = stream::iter(people.into_iter().map(|user| load_all(pipeline, scope, Kind::Plays(user))))
        .buffer_unordered(at_a_time)
        .try_fold(Replayed { people: added, ..Replayed::default() }, async |sum, one| Ok(sum.and(one)))
        .await?;
    if scope.user.is_some() {
        return Ok(replayed);
    }
    stream::iter(Kind::CATALOGUE.map(|kind| load_all(pipeline, scope, kind)))
        .buffered(1)
        .try_fold(replayed, async |sum, one| Ok(sum.and(one)))
        .await
}

/// How many objects a replay of `scope` would read.
pub async fn count(pipeline: &Pipeline, scope: Scope) -> Result<usize, Failure> {
    let mut count = 0;
    let people = match scope.user {
        Some(user) => vec![user],
        None => known(pipeline, scope.source).await?,
    };
    let kinds = people.into_iter().map(Kind::Plays);
    for kind in kinds.chain(Kind::CATALOGUE.into_iter().filter(|_| scope.user.is_none())) {
        let mut keys = Keys::of(&pipeline.db, &pipeline.archive, scope, kind);
        while let Some(page) = keys.next_page().await? {
            count += page.len();
        }
    }
    Ok(count)
}

/// Whose pages are to be loaded, all of whom are in the database then; how many were added.
async fn people(pipeline: &Pipeline, scope: Scope) -> Result<(Vec<UserId>, usize), Failure> {
    let people = match scope.user {
        Some(user) => vec![user],
        None => known(pipeline, scope.source).await?,
    };
    let added = match scope.source {
        Source::Index => 0,
        Source::Archive => people::add_missing(pipeline, &people).await?,
    };
    Ok((people, added))
}

async fn known(pipeline: &Pipeline, source: Source) -> Result<Vec<UserId>, Failure> {
    Ok(match source {
        Source::Archive => pipeline.archive.people().await.map_err(Failure::Read)?,
        Source::Index => {
            Entity::find()
                .select_only()
                .column(Column::UserId)
                .distinct()
                .filter(Column::UserId.is_not_null())
                .order_by_asc(Column::UserId)
                .into_tuple()
                .all(pipeline.db.read())
                .await?
        }
    })
}

/// Loads all objects of one kind in order, some in one transaction.
async fn load_all(pipeline: &Pipeline, scope: Scope, kind: Kind) -> Result<Replayed, Failure> {
    let mut replayed = Replayed::default();
    let mut objects = std::pin::pin!(read_ahead(pipeline, scope, kind).try_chunks(AT_A_TIME));
    while let Some(objects) = objects.try_next().await.map_err(|stopped| stopped.1)? {
        replayed.pages += objects.len();
        let mut documents = Vec::with_capacity(objects.len());
        for (key, read) in objects {
            match read {
                Ok(batch) => {
                    documents.push((Origin { user: key.kind().user(), fetched_at: key.fetched_at(), key }, batch));
                }
                Err(failure @ Failure::Transform { .. }) => {
                    warn!("{}", chain(&failure));
                    replayed.senseless += 1;
                }
                Err(Failure::Read(unreadable @ (Error::Damaged { .. } | Error::Missing { .. }))) => {
                    error!("{}", chain(&unreadable));
                    replayed.unreadable += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        let documents: Vec<_> = documents.iter().map(|(origin, batch)| (origin, batch)).collect();
        if documents.is_empty() {
            continue;
        }
        match load::load(&pipeline.db, &documents, pipeline.match_window_s, pipeline.clock.now()).await {
            Ok(loaded) => replayed.loaded = replayed.loaded.and(loaded),
            // An erasure is still to be carried out in the archive, which brings nobody back here.
            Err(load::Error::Erased) => {}
            Err(load::Error::Database(error)) => return Err(error.into()),
        }
    }
    if replayed.pages > 0 {
        info!(
            pages = replayed.pages,
            plays_loaded = replayed.loaded.plays_loaded,
            "{}: {} objects read, {} plays added",
            Prefix::of(kind),
            replayed.pages,
            replayed.loaded.plays_loaded
        );
    }
    Ok(replayed)
}

/// The objects of one kind in order, each read and transformed in a task of its own, a few ahead of whoever asks.
fn read_ahead(
    pipeline: &Pipeline,
    scope: Scope,
    kind: Kind,
) -> impl Stream<Item = Result<(ArchiveKey, Result<Batch, Failure>), Failure>> + '_ {
    let keys = Keys::of(&pipeline.db, &pipeline.archive, scope, kind);
    let pages = stream::try_unfold(keys, async |mut keys| {
        Ok::<_, Failure>(keys.next_page().await?.map(|page| (stream::iter(page.into_iter().map(Ok)), keys)))
    });
    pages
        .try_flatten()
        .map_ok(|key| {
            let archive = pipeline.archive.clone();
            let read = tokio::spawn(async move {
                let batch = read(&archive, &key).await;
                (key, batch)
            });
            async { read.await.map_err(|_| Failure::TimedOut) }
        })
        .try_buffered(READ_AHEAD)
}

async fn read(archive: &Archive, key: &ArchiveKey) -> Result<Batch, Failure> {
    let bytes = archive.get(key).await.map_err(Failure::Read)?;
    transform(key, &bytes)
}

/// The keys of one kind, page by page, from either source.
struct Keys {
    place: Place,
    since: Option<Instant>,
}

enum Place {
    Archive(Listing),
    Index { db: Db, user: Option<UserId>, after: Option<String> },
}

/// How many keys of the index are read at a time.
const KEYS_A_READ: u64 = 1_000;

impl Keys {
    fn of(db: &Db, archive: &Archive, scope: Scope, kind: Kind) -> Self {
        let place = match scope.source {
            Source::Archive => Place::Archive(archive.list(&Prefix::of(kind))),
            Source::Index => {
                let after = Some(Prefix::of(kind).to_string());
                Place::Index { db: db.clone(), user: kind.user(), after }
            }
        };
        Self { place, since: scope.since }
    }

    /// The next keys; `None` at the end.
    async fn next_page(&mut self) -> Result<Option<Vec<ArchiveKey>>, Failure> {
        let page = match &mut self.place {
            Place::Archive(listing) => listing.next_page().await.map_err(Failure::Read)?,
            Place::Index { db, user, after } => index_page(db, *user, after).await?,
        };
        let since = self.since;
        Ok(page.map(|mut keys| {
            keys.retain(|key| since.is_none_or(|since| key.fetched_at() >= since));
            keys
        }))
    }
}

/// The next keys of the index behind `after`, which begins as the prefix of a kind and stays below it.
async fn index_page(
    db: &Db,
    user: Option<UserId>,
    after: &mut Option<String>,
) -> Result<Option<Vec<ArchiveKey>>, DbErr> {
    let Some(behind) = after.take() else { return Ok(None) };
    let folder = behind.split("date=").next().unwrap_or_default().to_owned();
    let whose = user.map_or(Column::UserId.is_null(), |user| Column::UserId.eq(user));
    let keys: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Condition::all().add(whose).add(Column::Key.gt(behind)))
        .order_by_asc(Column::Key)
        .limit(KEYS_A_READ)
        .into_tuple()
        .all(db.read())
        .await?;
    let here: Vec<ArchiveKey> =
        keys.iter().filter(|key| key.starts_with(&folder)).filter_map(|key| ArchiveKey::parse(key)).collect();
    *after = here.last().map(ArchiveKey::to_string).filter(|_| here.len() == keys.len());
    Ok((!here.is_empty()).then_some(here))
}
