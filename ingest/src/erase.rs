//! Erasing a person's data: plays, skips, gaps, records set aside, raw bytes; and what was counted of them in everyone's
//! totals.
//!
//! It is asked for in one transaction with the end of the link (`accounts disconnect --erase`, or the API's mutation), and
//! carried out here, at once or by the next pass. Rows and totals go in one transaction, then the archive's objects; an
//! interrupted erasure is carried out again, as often as it takes. The request stays as a tombstone: what was received
//! before it is refused by every later load.
//!
//! What stays: the account and its settings (`accounts remove` takes those, too), the run history, and the catalogue, which
//! is nobody's.

use entity::archive::{self, Prefix};
use entity::chain::chain;
use entity::db::Db;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::spotify_account::{self, State};
use entity::time::Instant;
use entity::{archive_object, echo, erasure, gap, import, play, reject, revision, skip, user};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::crash;
use crate::journal::{Journal, Step};
use crate::load::{self, is_deadlock};
use crate::pipeline::Pipeline;
use crate::rollup;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Plays.
    pub plays: u64,
    /// Streams from an export that did not count as plays.
    pub skips: u64,
    /// Windows in which plays were missed.
    pub gaps: u64,
    /// Records set aside.
    pub rejects: u64,
    /// Objects of the archive.
    pub objects: u64,
}

/// Where an erasure stopped. It is carried out again by the next pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// At the database.
    #[error("the database did not erase it; the next run tries again")]
    Database(#[from] DbErr),
    /// At the archive; the database is rid of it.
    #[error("the archive still has raw bytes of this person; the next run tries again")]
    Archive(#[from] archive::Error),
}

/// Carries out every erasure that was asked for; how many stay to be done. A failure is told, recorded, and stops no other.
/// A `stop` ends it where it is: it is carried out again by the next pass.
pub async fn all(pipeline: &Pipeline, stop: &CancellationToken) -> Result<usize, DbErr> {
    let users = erasure::pending(pipeline.db.write()).await?;
    if users.is_empty() {
        return Ok(0);
    }
    let journal = Journal::begin(&pipeline.db, &pipeline.clock, "erase").await?;
    let (mut steps, mut done, mut failed) = (Vec::new(), 0, 0);
    for user in &users {
        let started_at = pipeline.clock.now();
        let message = match stop.run_until_cancelled(one(pipeline, *user)).await {
            Some(Ok(_)) => {
                done += 1;
                None
            }
            Some(Err(error)) => {
                failed += 1;
                error!(user.id = user.0, "{}", chain(&error));
                Some(chain(&error))
            }
            None => {
                info!("told to stop: {} erasure(s) are left to the next run", users.len() - done);
                break;
            }
        };
        let duration_ms = (pipeline.clock.now() - started_at).max(0);
        steps.push(Step { user: Some(*user), name: "erase", started_at, duration_ms, message });
    }
    journal.steps(steps).await?;
    let outcome = match (done, failed) {
        (done, 0) if done == users.len() => Outcome::Succeeded,
        (0, 0) => Outcome::Skipped,
        (0, _) => Outcome::Failed,
        _ => Outcome::Partly,
    };
    journal.end(outcome, done + failed, load::Loaded::default()).await?;
    Ok(users.len() - done)
}

/// Carries out what was asked for of `user`.
pub async fn one(pipeline: &Pipeline, user: UserId) -> Result<Erased, Error> {
    let mut attempt = 1;
    let (mut erased, until, is_linked) = loop {
        match rows(&pipeline.db, user, pipeline.clock.now()).await {
            Err(error) if attempt < load::ATTEMPTS_MAX && is_deadlock(&error) => attempt += 1,
            result => break result?,
        }
    };
    crash::point("rows-erased");
    erased.objects += pipeline.spool.erase(user).await? as u64;
    for prefix in Prefix::personal(user) {
        erased.objects += objects(&pipeline.archive, &prefix, until, is_linked).await?;
    }
    if is_linked {
        erased.objects += uploads(&pipeline.archive, user, until).await?;
    }
    crash::point("archive-erased");
    let done =
        erasure::ActiveModel { user_id: Set(user), done_at: Set(Some(pipeline.clock.now())), ..Default::default() };
    erasure::Entity::update_many()
        .set(done)
        .filter(erasure::Column::UserId.eq(user))
        // Asked for again meanwhile, it is to be done again.
        .filter(erasure::Column::ErasedUntil.eq(until))
        .exec(pipeline.db.write())
        .await?;
    let Erased { plays, skips, gaps, rejects, objects } = erased;
    info!(user.id = user.0, plays, skips, gaps, rejects, objects, "erased {plays} plays and {objects} archived pages");
    Ok(erased)
}

/// What an erasure of `user` would take from the database.
pub async fn preview(db: &Db, user: UserId) -> Result<Erased, DbErr> {
    Ok(Erased {
        plays: play::Entity::find().filter(play::Column::UserId.eq(user)).count(db.read()).await?,
        skips: skip::Entity::find().filter(skip::Column::UserId.eq(user)).count(db.read()).await?,
        gaps: gap::Entity::find().filter(gap::Column::UserId.eq(user)).count(db.read()).await?,
        rejects: reject::Entity::find().filter(reject::Column::UserId.eq(user)).count(db.read()).await?,
        objects: archive_object::Entity::find()
            .filter(archive_object::Column::UserId.eq(user))
            .count(db.read())
            .await?,
    })
}

/// Rows and totals, in one transaction; what went, until when, and whether the person has connected again meanwhile.
async fn rows(db: &Db, user: UserId, now: Instant) -> Result<(Erased, Instant, bool), DbErr> {
    let transaction = db.begin().await?;
    // Loads hold this row while they write: none is half-way through, and the next one sees what stands below.
    user::Entity::find_by_id(user).lock(LockType::Update).one(&transaction).await?;
    let request = erasure::Entity::find_by_id(user).one(&transaction).await?;
    let request = request.ok_or_else(|| DbErr::RecordNotFound(format!("an erasure of user {user}")))?;
    rollup::forget(&transaction, user).await?;
    let mut erased = Erased::default();
    // What an import kept beside the plays, and the imports that wait or tell of themselves.
    echo::Entity::delete_many().filter(echo::Column::UserId.eq(user)).exec(&transaction).await?;
    // What was uploaded after the request stays, to be told: it is imported for who has connected again, and refused else.
    import::Entity::delete_many()
        .filter(import::Column::UserId.eq(user))
        .filter(import::Column::UploadedAt.lte(request.requested_at))
        .exec(&transaction)
        .await?;
    let plays = play::Entity::delete_many().filter(play::Column::UserId.eq(user));
    erased.plays = plays.exec(&transaction).await?.rows_affected;
    let skips = skip::Entity::delete_many().filter(skip::Column::UserId.eq(user));
    erased.skips = skips.exec(&transaction).await?.rows_affected;
    let gaps = gap::Entity::delete_many().filter(gap::Column::UserId.eq(user));
    erased.gaps = gaps.exec(&transaction).await?.rows_affected;
    let rejects = reject::Entity::delete_many().filter(reject::Column::UserId.eq(user));
    erased.rejects = rejects.exec(&transaction).await?.rows_affected;
    archive_object::Entity::delete_many().filter(archive_object::Column::UserId.eq(user)).exec(&transaction).await?;
    let account = spotify_account::Entity::find_by_id(user).one(&transaction).await?;
    let is_linked = account.is_some_and(|account| account.state != State::Disconnected);
    // Somebody who has connected again meanwhile may have pages already that are to stay.
    let until = if is_linked { request.requested_at } else { now.max(request.requested_at) };
    let row = erasure::ActiveModel { user_id: Set(user), erased_until: Set(Some(until)), ..Default::default() };
    erasure::Entity::update(row).exec(&transaction).await?;
    // The last: what the API has kept of this person is not only never asked for again, but forgotten.
    revision::raise(&transaction, &[user.0, revision::EVERYONE, revision::CLEARED], now).await?;
    transaction.commit().await?;
    Ok((erased, until, is_linked))
}

/// The files that `user` had uploaded until then; how many.
async fn uploads(archive: &archive::Archive, user: UserId, until: Instant) -> Result<u64, archive::Error> {
    let (mut listing, mut count) = (archive.uploads(Some(user)), 0);
    while let Some(page) = listing.next_uploads().await? {
        for key in page.iter().filter(|key| key.uploaded_at() <= until) {
            archive.delete_upload(key).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// The archive's objects below `prefix` that were received until then; how many. Where nobody is linked any more, that is
/// everything, also what has no key's name.
async fn objects(
    archive: &archive::Archive,
    prefix: &Prefix,
    until: Instant,
    is_linked: bool,
) -> Result<u64, archive::Error> {
    if !is_linked {
        return Ok(archive.delete(prefix).await? as u64);
    }
    let (mut listing, mut count) = (archive.list(prefix), 0);
    while let Some(page) = listing.next_page().await? {
        for key in page.iter().filter(|key| key.fetched_at() <= until) {
            archive.remove(key).await?;
            count += 1;
        }
    }
    Ok(count)
}
