//! A privacy export, from its files to plays: years of history in a minute.
//!
//! ```text
//!   source ──▶ rows ──▶ row ──▶ reader ──▶ load::export
//!   files      bytes    Stream   Part       plays, skips, echoes, totals
//! ```
//!
//! Reading and loading go side by side, and memory is bounded by what is on the way between them. Nothing here asks Spotify
//! anything: tracks are known by id and name at once, and wait for the enrichment like all that lack detail.
//!
//! An import may be interrupted anywhere and begun again, files may overlap and come in any order: the same rows make the same
//! database (`crate::settle` says why).

mod progress;
mod reader;
mod recorded;
mod row;
mod rows;
pub mod source;
pub mod uploaded;

use std::path::PathBuf;
use std::sync::Arc;

use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::time::Instant;
use jiff::tz::TimeZone;
use sea_orm::DbErr;
use tokio::sync::mpsc;

pub use entity::import_report::{Reason, Report};
pub use progress::{Progress, Seen};
pub use recorded::{outcome, recorded};
pub use source::Limits;

use crate::load::export::{Loader, Taken};
use crate::settle::MATCH_WINDOW_S;

/// How an import is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose listening it tells of.
    pub user: UserId,
    /// The zone in which the report's days are told.
    pub zone: TimeZone,
    /// Whether to leave everything as it is, and only tell what would be done.
    pub dry_run: bool,
    /// How far an end in the export and one from the API may be apart.
    pub match_window_s: u32,
    /// What may be read.
    pub limits: Limits,
    /// Since when the files are here; from when the import begins, if nothing is said.
    pub received_at: Option<Instant>,
}

impl Options {
    /// As the command does it if nothing else is said.
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            zone: TimeZone::UTC,
            dry_run: false,
            match_window_s: MATCH_WINDOW_S,
            limits: Limits::default(),
            received_at: None,
        }
    }
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to read.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// There was something, and not a row of it could be read.
    #[error("{file} cannot be read: {why}")]
    Nothing {
        /// The first file.
        file: String,
        /// Why.
        why: String,
    },
    /// The database did not take it. What was loaded before stays; the same import again goes on.
    #[error("the database did not take the plays; begin the same import again, it goes on where it stopped")]
    Database(#[from] DbErr),
    /// Somebody wanted it to stop. What was loaded before stays; the same import again goes on.
    #[error("it was told to stop; begin the same import again, it goes on where it stopped")]
    Stopped,
    /// The reader's thread is gone.
    #[error("the reading of the files was interrupted")]
    Interrupted,
}

/// Imports what lies at `paths`.
pub async fn import(
    db: &Db,
    clock: &SharedClock,
    paths: Vec<PathBuf>,
    options: &Options,
    progress: Arc<Progress>,
) -> Result<Report, Error> {
    let began_at = clock.now();
    let (send, mut receive) = mpsc::channel(1);
    let (limits, begun) = (options.limits.on(db.backend()), Arc::clone(&progress));
    let reading = tokio::task::spawn_blocking(move || {
        let sources = source::look(&paths)?;
        begun.begin(sources.found.iter().map(|found| found.bytes).sum());
        Ok::<Report, source::Error>(reader::read(&sources, limits, began_at, &send))
    });
    let mut loader = Loader::new(options.user, options.match_window_s, options.received_at.unwrap_or(began_at));
    if options.dry_run {
        loader = loader.rehearsing();
    }
    // A dry run does all of it in one transaction, and takes it back.
    let rehearsal = if options.dry_run { Some(db.begin().await?) } else { None };
    let mut taken = Vec::new();
    while let Some(reader::Part { mut chunk, bytes, rows }) = receive.recv().await {
        chunk.streams.sort_unstable();
        taken.push(match &rehearsal {
            Some(transaction) => loader.load_in(transaction, &chunk, clock.now()).await?,
            None => loader.load(db, &chunk, clock.now()).await?,
        });
        progress.loaded(bytes, rows);
    }
    if let Some(transaction) = rehearsal {
        transaction.rollback().await?;
    }
    let mut report = reading.await.map_err(|_| Error::Interrupted)??;
    for taken in taken {
        take(&mut report, &taken, &options.zone);
    }
    report.dry_run = options.dry_run;
    report.duration_ms = clock.now() - began_at;
    if let (0, Some(file)) = (report.rows, report.files.iter().find(|file| file.problem.is_some())) {
        let why = file.problem.clone().unwrap_or_default();
        return Err(Error::Nothing { file: file.name.clone(), why });
    }
    Ok(report)
}

/// Adds to the report what became of streams; days are those of `zone`.
fn take(report: &mut Report, taken: &Taken, zone: &TimeZone) {
    report.plays_added += taken.plays_added;
    report.plays_merged += taken.plays_merged;
    report.already_known += taken.already_known;
    report.repeated += taken.repeated;
    report.skips_kept += taken.skips_kept;
    report.gaps_filled += taken.gaps_filled;
    let day = |at: Instant| at.in_zone(zone).strftime("%Y-%m-%d").to_string();
    report.first_day = report.first_day.take().into_iter().chain(taken.first_at.map(day)).min();
    report.last_day = report.last_day.take().into_iter().chain(taken.last_at.map(day)).max();
}
