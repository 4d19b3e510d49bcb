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
    sweep(pipeline, rules).await;
    match pipeline.db.backend() {
        DbBackend::Postgres => Fleet::default().imports(pipeline, rules, stop).await,
        _ => Ok(alone(pipeline, rules, database_url, stop).await?.ended),
    }
}

/// Deletes uploaded files that were left lying. That it cannot is no reason not to import.
pub(super) async fn sweep(pipeline: &Pipeline, rules: &Rules) {
    if let Err(error) = uploaded::sweep(pipeline, rules).await {
        warn!("uploaded files that nobody needs may stay in the archive: {}", chain(&error));
    }
}

const LOOKED_EVERY: Duration = Duration::from_secs(5);

/// How long what may pass is given to pass.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Does imports as they come, on SQLite, until `stop` says so.
pub(super) async fn watch_alone(pipeline: &Pipeline, rules: &Rules, database_url: &str, stop: &CancellationToken) {
    sweep(pipeline, rules).await;
    while !stop.is_cancelled() {
        let pause = match alone(pipeline, rules, database_url, stop).await {
            Ok(Alone { again: 0, .. }) => LOOKED_EVERY,
            Ok(_) => AGAIN_AFTER,
            Err(error) => {
                warn!("uploaded imports wait until the database is back: {}", chain(&*error));
                LOOKED_EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What came of the imports that waited.
#[derive(Clone, Copy, Default)]
struct Alone {
    ended: usize,
    again: usize,
}

async fn alone(
    pipeline: &Pipeline,
    rules: &Rules,
    database_url: &str,
    stop: &CancellationToken,
) -> anyhow::Result<Alone> {
    let Some(_lock) = Lock::try_take_imports(database_url)? else { return Ok(Alone::default()) };
    let (mut alone, mut after) = (Alone::default(), None);
    while !stop.is_cancelled()
        && let Some(id) = uploaded::next(pipeline, after).await?
    {
        match uploaded::attempt(pipeline, rules, id, stop).await? {
            Attempt::Ended => alone.ended += 1,
            Attempt::Again => alone.again += 1,
            Attempt::Needless | Attempt::Stopped => {}
        }
        after = Some(id);
    }
    Ok(alone)
}
