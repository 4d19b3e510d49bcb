//! The engine without a queue: this process works through the accounts that are due, a few at a time.

use std::sync::Mutex;
use std::sync::PoisonError;

use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::time::Instant;
use futures::stream::{self, Stream};
use futures::{StreamExt, TryStreamExt};
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::imports::watch_alone;
use super::{ACCOUNTS_AT_A_TIME, Engine, GRACE, Lock, Shift, Which, due};
use crate::journal::Journal;
use crate::load::Loaded;
use crate::progress::Progress;
use entity::chain::chain;

/// Works in this process, where nobody else may at the same time.
pub struct Inline {
    /// `DATABASE_URL`, beside whose database the lock lies.
    pub database_url: String,
}

impl Engine for Inline {
    async fn work(&self, shift: Shift, stop: CancellationToken) -> anyhow::Result<()> {
        let ticking = async {
            while !stop.is_cancelled() {
                match self.tick(&shift, &stop).await {
                    Ok(()) => {}
                    Err(error) => warn!("this tick failed, the next one makes up for it: {}", chain(&*error)),
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(shift.pace.tick()) => {}
                }
            }
        };
        let importing = watch_alone(&shift.pipeline, &shift.imports, &self.database_url, &stop);
        let ((), ()) = tokio::join!(ticking, importing);
        Ok(())
    }
}

impl Inline {
    async fn tick(&self, shift: &Shift, stop: &CancellationToken) -> anyhow::Result<()> {
        let Some(_lock) = Lock::try_take(&self.database_url, &shift.pipeline.db).await? else { return Ok(()) };
        shift.begin(stop).await?;
        stop.run_until_cancelled(shift.pipeline.drain()).await.transpose()?;
        let now = shift.pipeline.clock.now();
        if due::next(&shift.pipeline.db, Which::FOR_WATCH, None, now).await?.is_empty() {
            return Ok(()); // A run that does nothing is not worth a row.
        }
        pass(shift, "watch", Which::FOR_WATCH, stop).await?;
        shift.conclude(stop).await?;
        Ok(())
    }
}

/// What became of the accounts of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accounts that were worked on to an end.
    pub accounts: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// What they loaded.
    pub loaded: Loaded,
}

impl Tally {
    /// How a pass with this tally ended. What waits in the spool is work that is left.
    pub fn outcome(&self) -> Outcome {
        match (self.accounts, self.failed) {
            (_, 0) if self.loaded.spooled == 0 => Outcome::Succeeded,
            (all, failed) if failed == all && all > 0 => Outcome::Failed,
            _ => Outcome::Partly,
        }
    }
}

/// Works once through the accounts that `which` names, as a run of `command`; what became of them. A stop lets those under
/// way finish for [`GRACE`]; what is dropped then was not committed, and the next pass does it.
pub async fn pass(shift: &Shift, command: &str, which: Which, stop: &CancellationToken) -> anyhow::Result<Tally> {
    let pipeline = &shift.pipeline;
    let journal = Journal::begin(&pipeline.db, &pipeline.clock, command).await?;
    let tally = Mutex::new(Tally::default());
    let progress = Progress::new("fetching", which.count(&pipeline.db, pipeline.clock.now()).await?);
    let work = accounts(shift, which, pipeline.clock.now()).take_until(stop.cancelled()).try_for_each_concurrent(
        ACCOUNTS_AT_A_TIME,
        |user| {
            let (journal, tally, progress) = (&journal, &tally, &progress);
            async move {
                let result = shift.poll(user, journal).await;
                progress.advance(1);
                let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                match result {
                    Ok(Some(loaded)) => {
                        tally.accounts += 1;
                        tally.loaded = tally.loaded.and(loaded);
                    }
                    Ok(None) => {}
                    Err(_) => {
                        tally.accounts += 1;
                        tally.failed += 1;
                    }
                }
                Ok(())
            }
        },
    );
    let result = tokio::select! {
        result = work => result,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {
            warn!("some accounts were not done in time; the next run fetches them");
            Ok(())
        }
    };
    let tally = *tally.lock().unwrap_or_else(PoisonError::into_inner);
    let outcome = if result.is_err() { Outcome::Failed } else { tally.outcome() };
    let Tally { accounts, failed, loaded } = tally;
    if accounts == 0 && which == Which::Everyone && !stop.is_cancelled() {
        info!("no account is linked: add one with `refrain-ingest accounts add NAME --refresh-token-file FILE`");
    }
    info!(
        run.id = journal.run().0,
        accounts,
        failed,
        plays_loaded = loaded.plays_loaded,
        plays_known = loaded.plays_known,
        rejected = loaded.rejected,
        gaps = loaded.gaps,
        spooled = loaded.spooled,
        "run {}: {} plays loaded, {} already known, {failed} of {accounts} accounts failed",
        journal.run(),
        loaded.plays_loaded,
        loaded.plays_known,
    );
    journal.end(outcome, accounts, loaded).await?;
    result?;
    Ok(tally)
}

/// The accounts, read a few hundred at a time.
fn accounts(shift: &Shift, which: Which, now: Instant) -> impl Stream<Item = Result<UserId, DbErr>> + '_ {
    let pages = stream::try_unfold(Some(None), move |after: Option<Option<UserId>>| async move {
        let Some(after) = after else { return Ok::<_, DbErr>(None) };
        let page = due::next(&shift.pipeline.db, which, after, now).await?;
        let next = page.last().map(|last| Some(*last));
        Ok((!page.is_empty()).then(|| (stream::iter(page.into_iter().map(Ok)), next)))
    });
    pages.try_flatten()
}
