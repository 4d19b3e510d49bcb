//! From facts to rows: everything one document changes, in one transaction.
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
mod records;

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

/// Loads `batch` at `now`. Nothing is changed unless all of it is.
pub async fn load(db: &Db, origin: &Origin, batch: &Batch, now: Instant) -> Result<Loaded, Error> {
    let mut attempt = 1;
    loop {
        match load_once(db, origin, batch, now).await {
            // Two loads that touch the same catalogue rows may wait for each other; the database ends one of them.
            Err(Error::Database(error)) if attempt < ATTEMPTS_MAX && is_deadlock(&error) => attempt += 1,
            result => return result,
        }
    }
}

/// Eight accounts are loaded at a time; one that loses to each of its neighbours once is not lost.
pub(crate) const ATTEMPTS_MAX: u32 = 8;

async fn load_once(db: &Db, origin: &Origin, batch: &Batch, now: Instant) -> Result<Loaded, Error> {
    let transaction = db.begin().await?;
    let loaded = write(&transaction, origin, batch, now).await?;
    crash::point("load-written");
    transaction.commit().await?;
    Ok(loaded)
}

/// Writes everything that `batch` changes into a transaction that the caller commits.
pub(crate) async fn write(
    transaction: &DatabaseTransaction,
    origin: &Origin,
    batch: &Batch,
    now: Instant,
) -> Result<Loaded, Error> {
    if let Some(user) = origin.user {
        refuse_erased(transaction, user, origin.fetched_at).await?;
    }
    let object = index_object(transaction, origin).await?;
    let catalogue = catalogue::upsert(transaction, batch, origin.fetched_at).await?;
    let mut loaded = Loaded { rejected: batch.rejects.len(), ..Loaded::default() };
    let mut audiences = Vec::new();
    if let Some(user) = origin.user {
        let known = plays::Known::around(transaction, user, &batch.plays).await?;
        let change = plays::insert(transaction, user, object, &batch.plays, &catalogue, &known).await?;
        rollup::change(transaction, &change.added, &change.removed).await?;
        let new = change.added;
        loaded.plays_loaded = new.len() - change.removed.len().min(new.len());
        loaded.plays_known = batch.plays.len() - loaded.plays_loaded;
        loaded.gaps = usize::from(gaps::notice(transaction, user, batch, &known, now).await?);
        gaps::fill(transaction, user, &new, now).await?;
        if !new.is_empty() || !change.removed.is_empty() {
            audiences.extend([user.0, revision::EVERYONE]);
        }
    }
    set_aside(transaction, origin, object, &batch.rejects, now).await?;
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
async fn refuse_erased(db: &impl ConnectionTrait, user: UserId, received_at: Instant) -> Result<(), Error> {
    let is_here = records::lock(db, user).await?;
    if !is_here || erasure::refuses(db, user, received_at).await? {
        return Err(Error::Erased);
    }
    Ok(())
}

/// The object's row, made if it is new.
async fn index_object(db: &impl ConnectionTrait, origin: &Origin) -> Result<ArchiveObjectId, DbErr> {
    let row = archive_object::ActiveModel {
        key: Set(origin.key.to_string()),
        user_id: Set(origin.user),
        fetched_at: Set(origin.fetched_at),
        ..Default::default()
    };
    let once = OnConflict::column(archive_object::Column::Key).do_nothing().to_owned();
    archive_object::Entity::insert(row).on_conflict(once).exec_without_returning(db).await?;
    archive_object::Entity::find()
        .select_only()
        .column(archive_object::Column::Id)
        .filter(archive_object::Column::Key.eq(origin.key.to_string()))
        .into_tuple()
        .one(db)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("archive object {}", origin.key)))
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
