//! An import in the run history, so that `runs` shows it beside the polls.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entity::chain::chain;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ingest_run::Outcome;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Error, Options, Progress, Report, import};
use crate::journal::{Journal, Step};
use crate::load::Loaded;
use crate::rollup;

/// More often than a run counts as crashed.
const ALIVE_EVERY: Duration = Duration::from_secs(60);

/// Imports until `stop`, and records it as a run.
pub async fn recorded(
    db: &Db,
    clock: &SharedClock,
    paths: Vec<PathBuf>,
    options: &Options,
    progress: Arc<Progress>,
    stop: &CancellationToken,
) -> Result<Report, Error> {
    let (journal, began_at) = (Journal::begin(db, clock, "import").await?, clock.now());
    let importing = import(db, clock, paths, options, progress);
    // Side by side: on SQLite, what is recorded waits for the one connection that the import has.
    let living = async {
        loop {
            tokio::time::sleep(ALIVE_EVERY).await;
            if let Err(error) = journal.alive().await {
                warn!("that the import goes on could not be recorded: {error}");
            }
        }
    };
    let result = tokio::select! {
        result = importing => result,
        () = living => unreachable!("it lives for ever"),
        () = stop.cancelled() => Err(Error::Stopped),
    };
    let message = result.as_ref().err().map(|error| chain(error));
    let duration_ms = clock.now() - began_at;
    let step = Step { user: Some(options.user), name: "import", started_at: began_at, duration_ms, message };
    journal.steps(vec![step]).await?;
    journal.end(outcome(result.as_ref()), 1, result.as_ref().map_or_else(|_| Loaded::default(), loaded)).await?;
    if result.is_ok() {
        rollup::keep_packed(db, clock, stop).await;
    }
    result
}

/// How an import ended, as the run history and exit codes have it.
pub fn outcome(result: Result<&Report, &Error>) -> Outcome {
    match result {
        Ok(report) if report.is_whole() => Outcome::Succeeded,
        Ok(_) => Outcome::Partly,
        Err(Error::Stopped) => Outcome::Skipped,
        Err(_) => Outcome::Failed,
    }
}

fn loaded(report: &Report) -> Loaded {
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Loaded {
        plays_loaded: count(report.plays_added),
        plays_known: count(report.already_known + report.plays_merged + report.repeated),
        rejected: count(report.unreadable),
        gaps: 0,
        spooled: 0,
    }
}
