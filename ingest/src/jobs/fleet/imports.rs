//! Uploaded imports as jobs of the fleet: for its workers, and for a process that does nothing else until none waits.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use entity::chain::chain;
use entity::db::Db;
use entity::ids::ImportId;
use entity::import::{TASK, queue_forgotten};
use graphile_worker::recovery::SweepStaleWorkersOptions;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerStart};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Fleet;
use crate::import::uploaded::{self, Attempt, Rules};
use crate::pipeline::Pipeline;

/// Attempt one import.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Import {
    import: i32,
}

impl TaskHandler for Import {
    const IDENTIFIER: &'static str = TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let at = context.get_ext::<AtImports>().ok_or_else(|| "a worker without imports".to_owned())?;
        let attempt = uploaded::attempt(&at.pipeline, &at.rules, ImportId(self.import), &at.stop).await;
        match attempt.map_err(|error| chain(&error))? {
            Attempt::Needless => Ok(()),
            Attempt::Ended => {
                at.ended.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Attempt::Again => Err("what was in the way may pass".to_owned()),
            Attempt::Stopped => Err("the worker was told to stop".to_owned()),
        }
    }
}

/// What the task needs.
#[derive(Clone)]
pub(super) struct AtImports {
    pub(super) pipeline: Pipeline,
    pub(super) rules: Rules,
    pub(super) stop: CancellationToken,
    pub(super) ended: Arc<AtomicUsize>,
}

impl fmt::Debug for AtImports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtImports(…)")
    }
}

/// How often a process that works until no import waits looks whether any does.
const LOOKED_EVERY: Duration = Duration::from_millis(200);

impl Fleet {
    /// Joins the fleet for the imports that wait, until none does or `stop` says so; how many it ended. One that has to wait for
    /// its next attempt, or for one that somebody else is at, is left to others.
    pub async fn imports(&self, pipeline: &Pipeline, rules: &Rules, stop: &CancellationToken) -> anyhow::Result<usize> {
        super::check_migrated(&pipeline.db).await?;
        queue_forgotten(pipeline.db.write()).await?;
        let (stop, ended, name) = (stop.child_token(), Arc::new(AtomicUsize::new(0)), Arc::new(OnceLock::new()));
        let at = AtImports { pipeline: pipeline.clone(), rules: *rules, stop: stop.clone(), ended: Arc::clone(&ended) };
        let told = Arc::clone(&name);
        let worker = self.options(&pipeline.db, &stop).add_extension(at).define_job::<Import>();
        let worker = worker.on(WorkerStart, move |started| {
            told.get_or_init(|| started.worker_id);
            async {}
        });
        let worker = super::begin(worker).await?;
        // At once: a worker that is soon done leaves before its first look for dead ones.
        let dead = SweepStaleWorkersOptions { sweep_threshold: Some(self.settings.dead_after), ..Default::default() };
        worker
            .create_utils()
            .sweep_stale_workers(dead)
            .await
            .context("the queue's dead workers cannot be looked for")?;
        let until_none_waits = async {
            while !stop.is_cancelled() {
                let waits = match name.get() {
                    Some(name) => wait_or_are_mine(&pipeline.db, name).await,
                    None => Ok(true),
                };
                match waits {
                    Ok(true) => {}
                    Ok(false) => stop.cancel(),
                    Err(error) => warn!("whether imports wait cannot be read now: {}", chain(&error)),
                }
                tokio::time::sleep(LOOKED_EVERY).await;
            }
        };
        let worked = async {
            let worked = worker.run().await;
            stop.cancel();
            worked
        };
        let (worked, ()) = tokio::join!(worked, until_none_waits);
        worked?;
        Ok(ended.load(Ordering::Relaxed))
    }
}

/// Whether the worker `name` has a job of an import in its hands, or could take one.
async fn wait_or_are_mine(db: &Db, name: &str) -> Result<bool, DbErr> {
    let jobs = "SELECT EXISTS (
        SELECT 1 FROM graphile_worker.jobs job
        WHERE task_identifier = $1 AND (locked_by = $2 OR (
            locked_at IS NULL AND run_at <= now() AND attempts < max_attempts AND NOT EXISTS (
                SELECT 1 FROM graphile_worker.jobs other
                WHERE other.queue_name = job.queue_name AND other.locked_at IS NOT NULL))))";
    let jobs = Statement::from_sql_and_values(DbBackend::Postgres, jobs, [TASK.into(), name.into()]);
    let jobs = db.write().query_one_raw(jobs).await?;
    jobs.ok_or_else(|| DbErr::Custom("an existence is one row".to_owned()))?.try_get_by_index(0)
}
