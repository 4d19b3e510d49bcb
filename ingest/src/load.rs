//! From facts to rows: everything a document, or a few in a row, change, in one transaction.
//!
//! Catalogue, then plays (only those that are not known, so that loading twice is loading once), then the rollups, changed by
//! what really changed, gaps, records set aside, and last the revisions. Either all of it is there or none.
//!
//! [`export`] does the same with what a privacy export says.
//!
//! It asks nobody but the database, and never what time it is.

mod adoption;
pub(crate) mod bulk;
mod catalogue;
mod credits;
mod details;
pub mod export;
mod gaps;
mod names;
mod plays;
mod recognised;
pub(crate) mod records;

use std::collections::HashMap;

use entity::archive::ArchiveKey;
use entity::archive_object;
use entity::db::Db;
use entity::ids::{ArchiveObjectId, UserId};
use entity::time::Instant;
use entity::{erasure, revision};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use crate::batch::{Batch, Reject};
use crate::{crash, rollup};

pub use crate::settle::MATCH_WINDOW_S;
pub(crate) use plays::newest;

/// Where a batch comes from: the archived bytes.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The object.
    pub key: ArchiveKey,
    /// Whose plays it holds; `None` for the catalogue's documents.
    pub user: Option<UserId>,
    /// When it was received.
    pub fetched_at: Instant,
}

/// What a load changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Plays that were new.
    pub plays_loaded: usize,
    /// Plays that were known already.
    pub plays_known: usize,
    /// Records set aside.
    pub rejected: usize,
    /// Gaps noticed.
    pub gaps: usize,
    /// Raw answers that wait in the spool, because the archive did not take them.
    pub spooled: usize,
}

impl Loaded {
    /// What two loads changed together.
    pub fn and(self, other: Self) -> Self {
        Self {
            plays_loaded: self.plays_loaded + other.plays_loaded,
            plays_known: self.plays_known + other.plays_known,
            rejected: self.rejected + other.rejected,
            gaps: self.gaps + other.gaps,
            spooled: self.spooled + other.spooled,
        }
    }
}

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its person wanted it gone: it was received before their data were erased, or while that is still to be done.
    #[error("it belongs to somebody whose data were erased")]
    Erased,
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Loads documents of one person, or of the catalogue, in the order they were received: as if one came after the other, but
/// in one transaction. A play that an export told of may have ended `match_window_s` apart.
pub async fn load(
    db: &Db,
    documents: &[(&Origin, &Batch)],
    match_window_s: u32,
    now: Instant,
) -> Result<Loaded, Error> {
    let mut attempt = 1;
    loop {
        match load_once(db, documents, match_window_s, now).await {
            // Two loads that touch the same catalogue rows may wait for each other; the database ends one of them.
            Err(Error::Database(error)) if attempt < ATTEMPTS_MAX && is_deadlock(&error) => attempt += 1,
            result => return result,
        }
    }
}

/// Eight accounts are loaded at a time; one that loses to each of its neighbours once is not lost.
pub(crate) const ATTEMPTS_MAX: u32 = 8;

async fn load_once(
    db: &Db,
    documents: &[(&Origin, &Batch)],
    match_window_s: u32,
    now: Instant,
) -> Result<Loaded, Error> {
    let transaction = db.begin().await?;
    let loaded = Box::pin(write(&transaction, documents, match_window_s, now)).await?;
    crash::point("load-written");
    transaction.commit().await?;
    Ok(loaded)
}

/// Writes everything that `documents` change into a transaction that the caller commits.
pub(crate) async fn write(
    transaction: &DatabaseTransaction,
    documents: &[(&Origin, &Batch)],
    match_window_s: u32,
    now: Instant,
) -> Result<Loaded, Error> {
    let user = documents.first().and_then(|(origin, _)| origin.user);
    let documents = match user {
        Some(user) => without_erased(transaction, user, documents).await?,
        None => documents.to_vec(),
    };
    let objects = index_objects(transaction, &documents).await?;
    let catalogue = Box::pin(catalogue::upsert(transaction, &documents)).await?;
    let rejected = documents.iter().map(|(_, batch)| batch.rejects.len()).sum();
    let mut loaded = Loaded { rejected, ..Loaded::default() };
    let mut audiences = Vec::new();
    if let Some(user) = user {
        let pages: Vec<_> = objects.iter().copied().zip(documents.iter().map(|(_, batch)| *batch)).collect();
        let mut known = plays::Known::around(transaction, user, &pages).await?;
        let mut new = Vec::new();
        for (object, batch) in &pages {
            loaded.gaps += usize::from(gaps::notice(transaction, user, batch, &known, now).await?);
            new.extend(known.take(user, *object, &batch.plays, &catalogue));
        }
        let change = plays::insert(transaction, user, new, match_window_s).await?;
        rollup::change(transaction, &change.added, &change.removed).await?;
        let new = change.added;
        loaded.plays_loaded = new.len() - change.removed.len().min(new.len());
        loaded.plays_known = pages.iter().map(|(_, batch)| batch.plays.len()).sum::<usize>() - loaded.plays_loaded;
        gaps::fill(transaction, user, &new, now).await?;
        if !new.is_empty() || !change.removed.is_empty() {
            audiences.extend([user.0, revision::EVERYONE]);
        }
    }
    let window_ms = i64::from(match_window_s) * 1000;
    // Boxed, because hardly any load comes to it, and it would make the stack of each deeper.
    let recognised = recognised::tracks(transaction, &catalogue.changes.recognised, window_ms);
    let mut changed = Box::pin(recognised).await?;
    let moved = recognised::follow(transaction, user, &catalogue.changes.came, window_ms);
    changed.extend(Box::pin(moved).await?);
    audiences.extend((!changed.is_empty()).then_some(revision::EVERYONE));
    audiences.extend(changed.iter().map(|user| user.0));
    for ((origin, batch), object) in documents.iter().zip(objects) {
        set_aside(transaction, origin, object, &batch.rejects, now).await?;
    }
    if catalogue.changes.insights {
        audiences.push(revision::CATALOGUE);
    }
    if catalogue.changes.shown {
        audiences.push(revision::SHOWN);
    }
    revision::raise(transaction, &audiences, now).await?;
    Ok(loaded)
}

/// Turns away what an erasure has taken or is about to take. The person's row is locked against an erasure until the
/// commit, and the question is asked behind that lock: either this load is seen by the erasure, or it sees it.
async fn without_erased<'a>(
    db: &impl ConnectionTrait,
    user: UserId,
    documents: &[(&'a Origin, &'a Batch)],
) -> Result<Vec<(&'a Origin, &'a Batch)>, Error> {
    if !records::lock(db, user).await? {
        return Err(Error::Erased);
    }
    let mut left = Vec::with_capacity(documents.len());
    for (place, document) in documents.iter().enumerate() {
        if !erasure::refuses(db, user, document.0.fetched_at).await? {
            // Nor any that was received later.
            left.extend_from_slice(&documents[place..]);
            break;
        }
    }
    if left.is_empty() { Err(Error::Erased) } else { Ok(left) }
}

/// The documents' objects, in their order, each made if it is new.
async fn index_objects(
    db: &impl ConnectionTrait,
    documents: &[(&Origin, &Batch)],
) -> Result<Vec<ArchiveObjectId>, DbErr> {
    use archive_object::{ActiveModel, Column, Entity};
    let keys: Vec<String> = documents.iter().map(|(origin, _)| origin.key.to_string()).collect();
    let rows = documents.iter().zip(&keys).map(|((origin, _), key)| ActiveModel {
        key: Set(key.clone()),
        user_id: Set(origin.user),
        fetched_at: Set(origin.fetched_at),
        ..Default::default()
    });
    let once = OnConflict::column(Column::Key).do_nothing().to_owned();
    Entity::insert_many(rows).on_conflict(once).exec_without_returning(db).await?;
    let ids: HashMap<String, ArchiveObjectId> = Entity::find()
        .select_only()
        .columns([Column::Key, Column::Id])
        .filter(Column::Key.is_in(keys.iter().map(String::as_str)))
        .into_tuple::<(String, ArchiveObjectId)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let id = |key: &String| ids.get(key).copied().ok_or_else(|| DbErr::RecordNotFound(format!("archive object {key}")));
    keys.iter().map(id).collect()
}

async fn set_aside(
    db: &impl ConnectionTrait,
    origin: &Origin,
    object: ArchiveObjectId,
    rejects: &[Reject],
    now: Instant,
) -> Result<(), DbErr> {
    use entity::reject::{ActiveModel, Column, Entity};
    if rejects.is_empty() {
        return Ok(());
    }
    let rows = rejects.iter().map(|reject| ActiveModel {
        archive_object_id: Set(object),
        position: Set(i32::try_from(reject.position).expect("a page holds few items")),
        user_id: Set(origin.user),
        reason: Set(reject.reason.clone()),
        bytes: Set(reject.bytes.clone()),
        rejected_at: Set(now),
    });
    let once = OnConflict::columns([Column::ArchiveObjectId, Column::Position]).do_nothing().to_owned();
    Entity::insert_many(rows).on_conflict(once).exec_without_returning(db).await?;
    Ok(())
}

/// Postgres ends one of two transactions that wait for each other with SQLSTATE 40P01.
pub(crate) fn is_deadlock(error: &DbErr) -> bool {
    use sea_orm::RuntimeErr::SqlxError;
    use sea_orm::sqlx::error::DatabaseError;
    match error {
        DbErr::Exec(SqlxError(error)) | DbErr::Query(SqlxError(error)) => {
            error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "40P01")
        }
        _ => false,
    }
}
