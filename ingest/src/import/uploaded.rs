//! An import that was uploaded: from the archive's inbox, where the API has put it, to its end.
//!
//! Who attempts which one when is the engine's business (`crate::jobs`). Doing an import twice is doing it once, so an attempt that
//! counts as dead and goes on all the same works in vain at worst: what it says is not heard any more, and it deletes nothing.
//!
//! The uploaded file is personal. It is deleted when the import has ended, unless the operator wants it kept; what a killed process
//! left lying is swept up.

use std::sync::Arc;
use std::time::Duration;

use entity::archive::{self, UploadKey};
use entity::chain::chain;
use entity::erasure;
use entity::ids::ImportId;
use entity::import::{ActiveModel, Column, Entity, Model, State};
use entity::user;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
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

/// An import that so many attempts began and none ended is given up: it kills whoever tries.
const ATTEMPTS_MAX: i32 = 5;

/// For so long, what may pass is waited for.
const PATIENCE_MS: i64 = 3 * 86_400_000;

/// A file that no import waits for is swept up when it is so old. Younger ones may be of an upload that is being recorded.
const SWEPT_AFTER_MS: i64 = 86_400_000;

const SAID_EVERY: Duration = Duration::from_secs(2);

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The import has ended, well or not.
    Ended,
    /// It had ended before, or is gone.
    Needless,
    /// What was in the way may pass: it waits for another attempt.
    Again,
    /// It was told to stop, and left the import to another attempt, which does not count this one.
    Stopped,
}

/// The oldest import that waits, of those after `after`.
pub async fn next(pipeline: &Pipeline, after: Option<ImportId>) -> Result<Option<ImportId>, DbErr> {
    let next = Entity::find().filter(waits()).filter(Column::Id.gt(after.map_or(0, |id| id.0)));
    Ok(next.order_by_asc(Column::Id).one(pipeline.db.write()).await?.map(|import| import.id))
}

/// How many imports wait, those included that somebody is at.
pub async fn waiting(pipeline: &Pipeline) -> Result<u64, DbErr> {
    Entity::find().filter(waits()).count(pipeline.db.read()).await
}

/// Tries to bring an import to its end. Nobody else may be at it; where somebody was, he is gone.
pub async fn attempt(
    pipeline: &Pipeline,
    rules: &Rules,
    id: ImportId,
    stop: &CancellationToken,
) -> Result<Attempt, DbErr> {
    let Some(begun) = begin(pipeline, id).await? else { return Ok(Attempt::Needless) };
    end(pipeline, rules, &begun, stop).await
}

/// Deletes what lies in the inbox and no import waits for, unless files are kept; how many files that were.
pub async fn sweep(pipeline: &Pipeline, rules: &Rules) -> Result<usize, SweepError> {
    if rules.keep {
        return Ok(0);
    }
    let (mut listing, mut swept) = (pipeline.archive.uploads(None), 0);
    while let Some(page) = listing.next_uploads().await? {
        for key in page.iter().filter(|key| key.uploaded_at() < pipeline.clock.now() + -SWEPT_AFTER_MS) {
            let waits = Entity::find().filter(waits()).filter(Column::ObjectKey.eq(key.to_string()));
            if waits.one(pipeline.db.write()).await?.is_none() {
                pipeline.archive.delete_upload(key).await?;
                swept += 1;
            }
        }
    }
    if swept > 0 {
        info!(swept, "{swept} uploaded files that no import waits for are deleted");
    }
    Ok(swept)
}

/// Why the inbox could not be swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The archive.
    #[error("the archive's inbox cannot be swept")]
    Archive(#[from] archive::Error),
    /// The database.
    #[error("which imports wait cannot be read")]
    Database(#[from] DbErr),
}

fn waits() -> Condition {
    Condition::all().add(Column::State.is_in([State::Pending, State::Running]))
}

/// Writes down that an attempt begins, which ends any other's say; `None` if nothing is left to do.
async fn begin(pipeline: &Pipeline, id: ImportId) -> Result<Option<Model>, DbErr> {
    let begun = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Running))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(id))
        .filter(waits())
        .exec_with_returning(pipeline.db.write())
        .await?;
    Ok(begun.into_iter().next())
}

/// Brings a begun import to its end.
async fn end(pipeline: &Pipeline, rules: &Rules, begun: &Model, stop: &CancellationToken) -> Result<Attempt, DbErr> {
    let result = match begun.attempts > ATTEMPTS_MAX {
        true => Err(Failure::GivenUp),
        false => do_it(pipeline, rules, begun, stop).await,
    };
    let now = pipeline.clock.now();
    let row = match &result {
        Ok(report) => {
            info!(
                import.id = begun.id.0,
                user.id = begun.user_id.0,
                rows = report.rows,
                plays_added = report.plays_added,
                "import {}: {} plays from {} rows",
                begun.id,
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
        // Neither counts as an attempt: nothing is wrong with the import.
        Err(Failure::File(Error::Stopped)) => {
            let row =
                ActiveModel { state: Set(State::Pending), attempts: Set(begun.attempts - 1), ..ActiveModel::default() };
            write(pipeline, begun, row).await?;
            return Ok(Attempt::Stopped);
        }
        Err(failure) if failure.may_pass() && now < begun.uploaded_at + PATIENCE_MS => {
            warn!(import.id = begun.id.0, "import {} is tried again: {}", begun.id, chain(failure));
            let row =
                ActiveModel { state: Set(State::Pending), attempts: Set(begun.attempts - 1), ..ActiveModel::default() };
            write(pipeline, begun, row).await?;
            return Ok(Attempt::Again);
        }
        Err(failure) => {
            error!(import.id = begun.id.0, "import {} failed: {}", begun.id, chain(failure));
            ActiveModel { state: Set(State::Failed), error: Set(Some(failure.to_string())), ..ActiveModel::default() }
        }
    };
    if !write(pipeline, begun, ActiveModel { ended_at: Set(Some(now)), ..row }).await? {
        return Ok(Attempt::Needless);
    }
    let is_erased = matches!(result, Err(Failure::Erased));
    if (is_erased || !rules.keep)
        && let Some(key) = UploadKey::parse(&begun.object_key)
        && let Err(failure) = pipeline.archive.delete_upload(&key).await
    {
        warn!(import.id = begun.id.0, "the uploaded file stays in the archive: {}", chain(&failure));
    }
    Ok(Attempt::Ended)
}

/// Why an uploaded import has not come to its end. `Display` is for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the file that was uploaded is gone: upload it again")]
    Gone,
    #[error("{ATTEMPTS_MAX} attempts to read it were cut short: ask whoever runs this service")]
    GivenUp,
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
            Self::Gone | Self::GivenUp | Self::Erased => false,
            Self::Archive(_) | Self::Disk(_) | Self::Database(_) => true,
            Self::File(error) => matches!(error, Error::Interrupted),
        }
    }
}

async fn do_it(pipeline: &Pipeline, rules: &Rules, begun: &Model, stop: &CancellationToken) -> Result<Report, Failure> {
    let db = pipeline.db.write();
    let person = user::Entity::find_by_id(begun.user_id).one(db).await.map_err(Failure::Database)?;
    let person = person.ok_or(Failure::Gone)?;
    if erasure::refuses(db, person.id, begun.uploaded_at).await.map_err(Failure::Database)? {
        return Err(Failure::Erased);
    }
    let key = UploadKey::parse(&begun.object_key).ok_or(Failure::Gone)?;
    let folder = tempfile::Builder::new().prefix("refrain-import-").tempdir().map_err(Failure::Disk)?;
    let path = folder.path().join("the upload");
    let fetched = tokio::select! {
        fetched = pipeline.archive.get_upload(&key, &path) => fetched,
        () = stop.cancelled() => return Err(Failure::File(Error::Stopped)),
    };
    fetched.map_err(|failure| match failure {
        archive::Error::Missing { .. } => Failure::Gone,
        failure => Failure::Archive(failure),
    })?;
    let options = Options {
        zone: entity::time::zone(&person.time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
        match_window_s: rules.match_window_s,
        limits: rules.limits,
        received_at: Some(begun.uploaded_at),
        ..Options::new(person.id)
    };
    let progress = Arc::new(Progress::default());
    let importing = recorded(&pipeline.db, &pipeline.clock, vec![path], &options, Arc::clone(&progress), stop);
    // Side by side: on SQLite, what is said waits for the one connection that the import has.
    let saying = async {
        loop {
            tokio::time::sleep(SAID_EVERY).await;
            say(pipeline, begun, &progress).await;
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

/// Tells how far it is. That it cannot be told now is no reason to stop.
async fn say(pipeline: &Pipeline, begun: &Model, progress: &Progress) {
    let seen = progress.seen();
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let row = ActiveModel {
        rows_read: Set(count(seen.rows_loaded)),
        bytes_read: Set(count(seen.bytes_loaded)),
        bytes_total: Set((seen.bytes_total > 0).then(|| count(seen.bytes_total))),
        ..ActiveModel::default()
    };
    if let Err(error) = write(pipeline, begun, row).await {
        warn!(import.id = begun.id.0, "how far import {} is could not be told: {error}", begun.id);
    }
}

/// Writes to the row of an import, if no later attempt has begun; whether it did.
async fn write(pipeline: &Pipeline, begun: &Model, row: ActiveModel) -> Result<bool, DbErr> {
    let mine = Column::State.eq(State::Running).and(Column::Attempts.eq(begun.attempts));
    let written = Entity::update_many().set(row).filter(Column::Id.eq(begun.id)).filter(mine);
    written.exec(pipeline.db.write()).await.map(|written| written.rows_affected > 0)
}
