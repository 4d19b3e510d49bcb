//! A little of the catalogue after every run: once an hour at most, however often accounts are polled and by however many
//! processes, because Spotify counts an app's calls over a day as well.

use entity::ingest_run::{Column, Entity};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use tracing::{info, warn};

use super::{Enriched, KINDS, Order, Stop, enrich};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::spotify::App;

/// How such an enrichment is called in the run history.
const COMMAND: &str = "enrich";

/// A timer that runs every hour is not always on time.
const HOUR_MS: i64 = 3_600_000 - 300_000;

/// Asks for a little of what is lacking. The plays are in: whatever goes wrong here is told, and fails nothing.
pub async fn hourly(pipeline: &Pipeline, app: &App, calls_max: u32) {
    if calls_max == 0 {
        return;
    }
    match once_an_hour(pipeline, app, calls_max).await {
        Ok(None | Some(Enriched { calls: 0, stopped: None | Some(Stop::Busy), .. })) => {}
        Ok(Some(Enriched { stopped: Some(Stop::Trouble(what)), .. })) => {
            warn!("the catalogue could not be filled in further: {what}");
        }
        Ok(Some(Enriched { calls, found, absent, .. })) => {
            let found: u64 = found.values().sum();
            info!(calls, found, absent, "filled in {found} things of the catalogue with {calls} calls");
        }
        Err(error) => warn!("the catalogue could not be filled in: {error}"),
    }
}

async fn once_an_hour(pipeline: &Pipeline, app: &App, calls_max: u32) -> Result<Option<Enriched>, DbErr> {
    // A pass that found nothing lacking left no row, and cost no call.
    let lately = Entity::find()
        .filter(Column::Command.eq(COMMAND))
        .filter(Column::StartedAt.gt(pipeline.clock.now() + -HOUR_MS))
        .count(pipeline.db.read())
        .await?;
    if lately > 0 {
        return Ok(None);
    }
    let order = Order { command: COMMAND, kinds: &KINDS, calls_max, reprobe: false };
    enrich(pipeline, app, &order, &Progress::hidden()).await.map(Some)
}
