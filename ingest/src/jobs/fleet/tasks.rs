//! The tasks of the fleet: what a row of the queue asks for. A task unpacks its payload, calls the job, and says whether the
//! queue should try again. Payloads are numbers only.

use std::time::Duration;

use entity::chain::chain;
use entity::ids::{RunId, UserId};
use graphile_worker::{IntoTaskHandlerResult, JobSpec, TaskHandler, Worker, WorkerContext};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::OnShift;
use crate::jobs::Shift;
use crate::journal::Journal;
use crate::load::Loaded;
use crate::pipeline::Failure;

/// There is never more than one tick waiting.
pub(super) const TICK_KEY: &str = "tick";

/// How often the queue tries a poll before the account is left until it is due again.
const ATTEMPTS_MAX: i16 = 3;

/// Queue a poll for every account that is due.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tick {}

impl TaskHandler for Tick {
    const IDENTIFIER: &'static str = "tick";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let shift = on_shift(&context)?;
        queue_due(shift).await.map_err(|error| chain(&error))
    }
}

/// Fetch one account's newest plays.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Poll {
    user: i32,
    run: i32,
}

impl TaskHandler for Poll {
    const IDENTIFIER: &'static str = "poll";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let shift = on_shift(&context)?;
        let journal = Journal::resume(&shift.pipeline.db, &shift.pipeline.clock, RunId(self.run));
        let result = shift.poll(UserId(self.user), &journal).await;
        match &result {
            // Nothing is recorded of who is not to be fetched any more, so the run does not wait for it.
            Ok(None) => journal.account_gone().await,
            Ok(Some(loaded)) => journal.account_done(*loaded).await,
            Err(_) => journal.account_done(Loaded::default()).await,
        }
        .map_err(|error| chain(&error))?;
        match result {
            // The database may be what is wrong, so when to try again cannot stand with the account: the queue keeps it.
            Err(Failure::Database(error)) => Err(chain(&error)),
            // All else is recorded, and the account is due again soon.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn on_shift(context: &WorkerContext) -> Result<&Shift, String> {
    context.get_ext::<OnShift>().map(|on| &on.0).ok_or_else(|| "a worker without a shift".to_owned())
}

/// Makes a tick now: whoever joins the fleet does not wait for the minute.
pub(super) async fn tick_now(worker: &Worker) -> anyhow::Result<()> {
    let spec = JobSpec { job_key: Some(TICK_KEY.to_owned()), ..JobSpec::default() };
    worker.create_utils().add_job(Tick {}, spec).await?;
    Ok(())
}

/// What is each process's own, or anybody's: its spool, which only it can drain, and the chores, which say themselves whether
/// somebody else is at them.
pub(super) async fn chores_now_and_then(shift: &Shift, every: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Some(Err(error)) = stop.run_until_cancelled(shift.pipeline.drain()).await {
            warn!("the spool could not be drained: {}", chain(&error));
        }
        if let Err(error) = chores(shift, &stop).await {
            warn!("the chores of this tick were not done: {}", chain(&error));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn chores(shift: &Shift, stop: &CancellationToken) -> Result<(), DbErr> {
    shift.begin(stop).await?;
    shift.conclude(stop).await
}

/// In one transaction: a run, a job for each account that is due, and when each is due again should its job never end. Any
/// number of accounts is one statement. Whoever waits already, in an earlier run, waits there.
async fn queue_due(shift: &Shift) -> Result<(), DbErr> {
    let (db, now) = (&shift.pipeline.db, shift.pipeline.clock.now());
    let transaction = db.begin().await?;
    let run = Journal::begin_in(&transaction, now, "watch").await?;
    let queued = transaction
        .query_one_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            QUEUE_DUE,
            [now.ms().into(), shift.pace.next(&[], now).ms().into(), run.0.into(), i32::from(ATTEMPTS_MAX).into()],
        ))
        .await?
        .ok_or_else(|| DbErr::Custom("a count is one row".to_owned()))?;
    let accounts: i64 = queued.try_get_by_index(0)?;
    if accounts == 0 {
        // A run that does nothing is not worth a row.
        Journal::take_back(&transaction, run).await?;
        return transaction.commit().await;
    }
    Journal::expect(&transaction, run, accounts).await?;
    transaction.commit().await?;
    info!(run.id = run.0, accounts, "run {run}: {accounts} accounts are due");
    Ok(())
}

/// Raw, because the queue is not ours: its function `add_job` is its door.
const QUEUE_DUE: &str = "WITH due AS (
        UPDATE spotify_account SET due_at = $2, requested_at = NULL
        WHERE state IN ('pending', 'active') AND (due_at <= $1 OR requested_at IS NOT NULL)
        RETURNING user_id
    ),
    unasked AS (
        SELECT user_id FROM due WHERE NOT EXISTS (
            SELECT 1 FROM graphile_worker.jobs
            WHERE key = 'poll:' || due.user_id AND locked_at IS NULL AND attempts < max_attempts)
    )
    SELECT count(graphile_worker.add_job('poll', json_build_object('user', user_id, 'run', $3::int),
                                         queue_name := 'account:' || user_id, max_attempts := $4::int,
                                         job_key := 'poll:' || user_id))
    FROM unasked";
