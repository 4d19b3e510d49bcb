//! Uploaded imports: on Postgres the fleet's jobs, on SQLite one process's at a time, oldest first.

use std::time::Duration;

use sea_orm::DbBackend;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Fleet, Lock};
use crate::import::uploaded::{self, Attempt, Rules};
use crate::pipeline::Pipeline;
use entity::chain::chain;

/// Does the imports that wait, until none does or `stop` says so; how many it ended. Those that somebody else is at are his.
pub async fn imports(
    pipeline: &Pipeline,
    rules: &Rules,
    database_url: &str,
    stop: &CancellationToken,
) -> anyhow::Result<usize> {
    match pipeline.db.backend() {
        DbBackend::Postgres => Fleet::default().imports(pipeline, rules, stop).await,
        _ => alone(pipeline, rules, database_url, stop).await,
    }
}

const LOOKED_EVERY: Duration = Duration::from_secs(5);

/// Does imports as they come, on SQLite, until `stop` says so.
pub(super) async fn watch_alone(pipeline: &Pipeline, rules: &Rules, database_url: &str, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = alone(pipeline, rules, database_url, stop).await {
            warn!("uploaded imports wait until the database is back: {}", chain(&*error));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOKED_EVERY) => {}
        }
    }
}

async fn alone(
    pipeline: &Pipeline,
    rules: &Rules,
    database_url: &str,
    stop: &CancellationToken,
) -> anyhow::Result<usize> {
    let Some(_lock) = Lock::try_take_imports(database_url)? else { return Ok(0) };
    let (mut ended, mut after) = (0, None);
    while !stop.is_cancelled()
        && let Some(id) = uploaded::next(pipeline, after).await?
    {
        if uploaded::attempt(pipeline, rules, id, stop).await? == Attempt::Ended {
            ended += 1;
        }
        after = Some(id);
    }
    Ok(ended)
}
