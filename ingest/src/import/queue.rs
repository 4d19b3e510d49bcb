//! Imports that wait: uploads which the API has put into the archive's inbox, done one after the other by whoever asks first.
//!
//! A process claims an import by writing that it runs, and says again and again that it still does; one that fell silent for
//! `LEASE_MS` is taken over by the next. Doing an import twice is doing it once, so the worst that a late process can do is
//! work in vain.

use std::sync::Arc;
use std::time::Duration;

use entity::archive::{self, UploadKey};
use entity::chain::chain;
use entity::erasure;
use entity::import::{ActiveModel, Column, Entity, Model, State};
use entity::time::Instant;
use entity::user;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Error, Limits, Options, Progress, Report, recorded};
use crate::pipeline::Pipeline;

/// What holds for every uploaded import.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How far an end in an export and one from the API may be apart.
    pub match_window_s: u32,
    /// What may be read.
    pub limits: Limits,
    /// Whether the uploaded file stays in the archive once it has been read.
    pub keep: bool,
}

/// A process that said nothing for so long is gone.
const LEASE_MS: i64 = 120_000;

/// An import that so many processes began and none ended is given up.
const ATTEMPTS_MAX: i32 = 5;

const SAID_EVERY: Duration = Duration::from_secs(2);

/// Does all imports that wait, one after the other, until none does or `stop` says so; how many it ended.
pub async fn work(pipeline: &Pipeline, rules: &Rules, stop: &CancellationToken) -> Result<usize, DbErr> {
    let mut ended = 0;
    while !stop.is_cancelled() {
        let Some(claimed) = claim(pipeline).await? else { break };
        let done = tokio::select! {
            done = end(pipeline, rules, &claimed) => done?,
            () = stop.cancelled() => false,
        };
        if !done {
            release(pipeline, &claimed).await?;
            break;
        }
        ended += 1;
    }
    Ok(ended)
}

/// Does imports as they come, beside whatever else this process does, until `stop` says so. On Postgres any number of workers
/// may watch: a claim is one process's.
pub async fn watch(pipeline: Pipeline, rules: Rules, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = work(&pipeline, &rules, &stop).await {
            warn!("uploaded imports wait until the database is back: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOKED_EVERY) => {}
        }
    }
}

const LOOKED_EVERY: Duration = Duration::from_secs(5);

fn waits(now: Instant) -> Condition {
    let silent = Column::State.eq(State::Running).and(Column::ClaimedAt.lt(now + -LEASE_MS));
    Condition::any().add(Column::State.eq(State::Pending)).add(silent)
}

/// Takes the oldest import that waits; of two processes that want the same one, one gets it.
async fn claim(pipeline: &Pipeline) -> Result<Option<Model>, DbErr> {
    let db = pipeline.db.write();
    loop {
        let now = pipeline.clock.now();
        let Some(found) = Entity::find().filter(waits(now)).order_by_asc(Column::Id).one(db).await? else {
            return Ok(None);
        };
        let claimed = Entity::update_many()
            .col_expr(Column::State, Expr::value(State::Running))
            .col_expr(Column::ClaimedAt, Expr::value(now))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.eq(found.id))
            .filter(Column::Attempts.eq(found.attempts))
            .filter(waits(now))
            .exec(db)
            .await?;
        if claimed.rows_affected > 0 {
            return Ok(Some(Model { state: State::Running, attempts: found.attempts + 1, ..found }));
        }
    }
}

/// Lets somebody else take what this process has claimed and will not end.
async fn release(pipeline: &Pipeline, claimed: &Model) -> Result<(), DbErr> {
    let row = ActiveModel { state: Set(State::Pending), attempts: Set(claimed.attempts - 1), ..ActiveModel::default() };
    write(pipeline, claimed, row).await
}

/// Brings a claimed import to its end; whether it has one. A failure that may pass leaves it to the next.
async fn end(pipeline: &Pipeline, rules: &Rules, claimed: &Model) -> Result<bool, DbErr> {
    let result = do_it(pipeline, rules, claimed).await;
    let now = pipeline.clock.now();
    let row = match &result {
        Ok(report) => {
            info!(
                import.id = claimed.id.0,
                user.id = claimed.user_id.0,
                rows = report.rows,
                plays_added = report.plays_added,
                "import {}: {} plays from {} rows",
                claimed.id,
                report.plays_added + report.plays_merged,
                report.rows
            );
            ActiveModel {
                state: Set(if report.is_whole() { State::Succeeded } else { State::Partly }),
                report: Set(Some(serde_json::to_string(report).expect("a report is made of texts and numbers"))),
                rows_read: Set(i64::try_from(report.rows).unwrap_or(i64::MAX)),
                ..ActiveModel::default()
            }
        }
        Err(failure) if failure.may_pass() && claimed.attempts < ATTEMPTS_MAX => {
            warn!(import.id = claimed.id.0, "import {} is tried again: {}", claimed.id, chain(failure));
            let row = ActiveModel { state: Set(State::Pending), ..ActiveModel::default() };
            write(pipeline, claimed, row).await?;
            return Ok(false);
        }
        Err(failure) => {
            error!(import.id = claimed.id.0, "import {} failed: {}", claimed.id, chain(failure));
            ActiveModel { state: Set(State::Failed), error: Set(Some(failure.to_string())), ..ActiveModel::default() }
        }
    };
    write(pipeline, claimed, ActiveModel { ended_at: Set(Some(now)), ..row }).await?;
    let is_erased = matches!(result, Err(Failure::Erased));
    if (is_erased || !rules.keep)
        && let Some(key) = UploadKey::parse(&claimed.object_key)
        && let Err(failure) = pipeline.archive.delete_upload(&key).await
    {
        warn!(import.id = claimed.id.0, "the uploaded file stays in the archive: {}", chain(&failure));
    }
    Ok(true)
}

/// Why an uploaded import has not come to its end. `Display` is for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the file that was uploaded is gone: upload it again")]
    Gone,
    #[error("this person's data was erased after the upload")]
    Erased,
    #[error("the uploaded file could not be fetched from where it is kept: upload it again later")]
    Archive(#[source] archive::Error),
    #[error("the ingest's disk did not take the file: upload it again later")]
    Disk(#[source] std::io::Error),
    #[error("the database did not take it: upload it again later")]
    Database(#[source] DbErr),
    #[error(transparent)]
    File(Error),
}

impl Failure {
    fn may_pass(&self) -> bool {
        match self {
            Self::Gone | Self::Erased => false,
            Self::Archive(_) | Self::Disk(_) | Self::Database(_) => true,
            Self::File(error) => matches!(error, Error::Interrupted),
        }
    }
}

async fn do_it(pipeline: &Pipeline, rules: &Rules, claimed: &Model) -> Result<Report, Failure> {
    let db = pipeline.db.write();
    let person = user::Entity::find_by_id(claimed.user_id).one(db).await.map_err(Failure::Database)?;
    let person = person.ok_or(Failure::Gone)?;
    if erasure::refuses(db, person.id, claimed.uploaded_at).await.map_err(Failure::Database)? {
        return Err(Failure::Erased);
    }
    let key = UploadKey::parse(&claimed.object_key).ok_or(Failure::Gone)?;
    let folder = tempfile::Builder::new().prefix("refrain-import-").tempdir().map_err(Failure::Disk)?;
    let path = folder.path().join("the upload");
    pipeline.archive.get_upload(&key, &path).await.map_err(|failure| match failure {
        archive::Error::Missing { .. } => Failure::Gone,
        failure => Failure::Archive(failure),
    })?;
    let options = Options {
        zone: entity::time::zone(&person.time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
        match_window_s: rules.match_window_s,
        limits: rules.limits,
        ..Options::new(person.id)
    };
    let progress = Arc::new(Progress::default());
    let importing = recorded(&pipeline.db, &pipeline.clock, vec![path], &options, Arc::clone(&progress));
    // Side by side: on SQLite, what is said waits for the one connection that the import has.
    let saying = async {
        loop {
            tokio::time::sleep(SAID_EVERY).await;
            say(pipeline, claimed, &progress).await;
        }
    };
    tokio::select! {
        result = importing => result.map_err(|error| match error {
            Error::Database(error) => Failure::Database(error),
            error => Failure::File(error),
        }),
        () = saying => unreachable!("it is said for ever"),
    }
}

/// Tells how far it is, and with that, that somebody works on it. That it cannot be told now is no reason to stop.
async fn say(pipeline: &Pipeline, claimed: &Model, progress: &Progress) {
    let seen = progress.seen();
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let row = ActiveModel {
        claimed_at: Set(Some(pipeline.clock.now())),
        rows_read: Set(count(seen.rows_loaded)),
        bytes_read: Set(count(seen.bytes_loaded)),
        bytes_total: Set((seen.bytes_total > 0).then(|| count(seen.bytes_total))),
        ..ActiveModel::default()
    };
    if let Err(error) = write(pipeline, claimed, row).await {
        warn!(import.id = claimed.id.0, "how far import {} is could not be told: {error}", claimed.id);
    }
}

/// Writes to the row of an import, if it is still this process's.
async fn write(pipeline: &Pipeline, claimed: &Model, row: ActiveModel) -> Result<(), DbErr> {
    let mine = Column::State.eq(State::Running).and(Column::Attempts.eq(claimed.attempts));
    let written = Entity::update_many().set(row).filter(Column::Id.eq(claimed.id)).filter(mine);
    written.exec(pipeline.db.write()).await.map(|_| ())
}
