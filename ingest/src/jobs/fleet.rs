//! The engine with a queue: any number of processes on any number of hosts share the work, through graphile_worker's tables in
//! Postgres.
//!
//! Every minute one of them finds the accounts that are due and queues a job for each, in the transaction that makes them due
//! again later; whoever is free does it. What keeps that whole when processes are killed:
//!
//! - *Recovery* is on: workers give signs of life, and what a dead one held is taken from it. By default it stays locked.
//! - A job that was held by a dead worker *has failed once* (`JobRecovery → FailWithBackoff`). By default it would count as
//!   never tried, and a job that kills its worker would kill them all, for ever.
//! - The *local queue* is on: a worker takes many jobs ahead by one statement, and gives back what it has not begun when it
//!   stops. By default each job is fetched by itself.
//! - Every account has a *queue* of its own, so that no two jobs of one account ever run at once, and its poll a *key*, so
//!   that there is never more than one waiting.
//! - A job that fails waits longer and longer, which stands in the queue and so outlives the worker.
//!
//! Uploaded imports are jobs, too, which the API queues in the transaction that makes their row.

mod imports;
mod tasks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use graphile_worker::{
    Cron, CrontabFill, JobRecovery, JobRecoveryResult, LocalQueueConfig, Worker, WorkerOptions, WorkerRecoveryConfig,
};
use graphile_worker_migrations::sql::GRAPHILE_WORKER_MIGRATIONS;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::imports::sweep;
use super::{ACCOUNTS_AT_A_TIME, Engine, GRACE, Shift};
use entity::chain::chain;
use entity::db::Db;

/// How a worker of the fleet behaves.
#[derive(Clone, Copy, Debug)]
pub struct FleetSettings {
    /// How often a worker gives a sign of life.
    pub heartbeat: Duration,
    /// After how long without one it counts as dead.
    pub dead_after: Duration,
    /// How often it looks for dead ones, and for jobs whose time has come.
    pub sweep: Duration,
    /// How often it looks for jobs that nobody told it of.
    pub poll: Duration,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(10),
            dead_after: Duration::from_secs(60),
            sweep: Duration::from_secs(20),
            poll: Duration::from_secs(1),
        }
    }
}

/// A worker of the fleet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fleet {
    /// How it behaves.
    pub settings: FleetSettings,
}

/// How soon work that a stop has interrupted may be taken up by somebody else.
const HANDED_BACK_AFTER: Duration = Duration::from_secs(1);

/// How long to wait before working again after the queue could not be reached.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How far back missed ticks are made up for. One is enough: what is due stands in the database.
const CATCH_UP_MINUTES: u32 = 60;

impl Engine for Fleet {
    async fn work(&self, shift: Shift, stop: CancellationToken) -> anyhow::Result<()> {
        check_migrated(&shift.pipeline.db).await?;
        let tick = shift.pace.tick();
        sweep(&shift.pipeline, &shift.imports).await;
        while !stop.is_cancelled() {
            let chores = tasks::chores_now_and_then(&shift, tick, stop.clone());
            let worked = async {
                let worker = self.worker(shift.clone(), stop.clone()).await?;
                tasks::tick_now(&worker).await?;
                anyhow::Ok(worker.run().await?)
            };
            // A stop ends chores where they can be ended, and then those that have no end of their own where they are.
            let chores = async {
                tokio::select! {
                    () = chores => {}
                    () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {}
                }
            };
            let (worked, ()) = tokio::join!(worked, chores);
            if let Err(error) = worked {
                warn!("the queue cannot be worked on, trying again in {} s: {}", RETRY_AFTER.as_secs(), chain(&*error));
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(RETRY_AFTER) => {}
                }
            }
        }
        info!("this worker has left the fleet");
        Ok(())
    }
}

impl Fleet {
    /// A worker for everything.
    async fn worker(&self, shift: Shift, stop: CancellationToken) -> anyhow::Result<Worker> {
        let tick = Cron::every_minute::<tasks::Tick>()
            .fill(CrontabFill::minutes(CATCH_UP_MINUTES))
            .job_key(tasks::TICK_KEY)
            .payload(tasks::Tick {})?;
        let at_imports = imports::AtImports {
            pipeline: shift.pipeline.clone(),
            rules: shift.imports,
            stop: stop.clone(),
            ended: Arc::default(),
        };
        let options = self.options(&shift.pipeline.db, &stop).add_extension(OnShift(shift)).add_extension(at_imports);
        let options = options.define_job::<tasks::Tick>().define_job::<tasks::Poll>().define_job::<imports::Import>();
        begin(options.with_cron(tick)).await
    }

    /// What holds for every worker.
    fn options(&self, db: &Db, stop: &CancellationToken) -> WorkerOptions {
        let FleetSettings { heartbeat, dead_after, sweep, poll } = self.settings;
        let recovery = WorkerRecoveryConfig::default()
            .heartbeat_interval(heartbeat)
            .sweep_threshold(dead_after)
            .sweep_interval(sweep)
            .enabled(true);
        WorkerOptions::default()
            .pg_pool(db.write().get_postgres_connection_pool().clone())
            .concurrency(ACCOUNTS_AT_A_TIME)
            .poll_interval(poll)
            .worker_recovery(recovery)
            .on(JobRecovery, |_| async { JobRecoveryResult::FailWithBackoff })
            .local_queue(LocalQueueConfig::default().with_size(2 * ACCOUNTS_AT_A_TIME))
            .listen_os_shutdown_signals(false)
            .shutdown_signal(stop.clone().cancelled_owned())
            .shutdown_grace_period(GRACE)
            .shutdown_interrupted_job_retry_delay(HANDED_BACK_AFTER)
    }
}

async fn begin(options: WorkerOptions) -> anyhow::Result<Worker> {
    options.init().await.context("the queue's tables cannot be used")
}

/// A worker's `init` would bring the queue's tables up to date; only `migration` may, so it must find nothing to do.
async fn check_migrated(db: &Db) -> anyhow::Result<()> {
    let newest = "SELECT coalesce(max(id), 0) FROM graphile_worker.migrations";
    let newest = db.write().query_one_raw(Statement::from_string(DbBackend::Postgres, newest)).await?;
    let newest: i32 = newest.context("a maximum is one row")?.try_get_by_index(0)?;
    let wanted = GRAPHILE_WORKER_MIGRATIONS.len();
    if usize::try_from(newest).is_ok_and(|newest| newest < wanted) {
        bail!(
            "the queue's tables are at step {newest} of {wanted}: run `migration up` with the same DATABASE_URL first"
        );
    }
    Ok(())
}

/// The shift as a task finds it; it holds keys, so nothing of it is shown.
#[derive(Clone)]
struct OnShift(Shift);

impl fmt::Debug for OnShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnShift(…)")
    }
}
