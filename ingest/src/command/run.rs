//! `run`: drains the spool and fetches once every account that is due. What a timer calls; safe to call twice.

use std::process::ExitCode;

use clap::Args;
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::ingest_run::Outcome;
use tracing::{error, info, warn};

use super::{exit_code, stop};
use crate::config::Settings;
use crate::jobs::{Lock, Pace, Shift, Which, imports, pass};
use crate::load::Loaded;
use crate::spool::Drained;

/// Which accounts.
#[derive(Args)]
pub struct Options {
    /// Fetch every linked account, also those that are not due yet
    #[arg(long)]
    pub all: bool,
    /// Say what would be fetched and what waits in the spool, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, options: Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let which = if options.all { Which::Everyone } else { Which::FOR_RUN };
    if options.dry_run {
        let accounts = which.count(&super::open_untouched(settings).await?, clock.now()).await?;
        println!("{accounts} account(s) are due; {}", super::spool::waiting(&settings.spool()).await?);
        return Ok(ExitCode::SUCCESS);
    }
    let shift = shift(settings, Pace::default(), clock).await?;
    let Some(lock) = Lock::try_take(&settings.database_url()?, &shift.pipeline.db).await? else {
        info!("another run is at work; it fetches what is due");
        return Ok(ExitCode::SUCCESS);
    };
    let stop = stop::on_signal();
    shift.begin(&stop).await?;
    // One that was told to stop may have left something.
    let drained = stop.run_until_cancelled(drain(&shift)).await.unwrap_or(Drained { waiting: 1, ..Drained::default() });
    let mut tally = pass(&shift, "run", which, &stop).await?;
    tally.loaded = tally.loaded.and(Loaded { spooled: drained.waiting + drained.damaged, ..Loaded::default() });
    shift.conclude(&stop).await?;
    // Imports may take long, and keep nobody else from fetching meanwhile.
    drop(lock);
    let imported = match stop.is_cancelled() {
        true => Ok(0),
        false => imports(&shift.pipeline, &shift.imports, &settings.database_url()?, &stop).await,
    };
    if let Err(error) = &imported {
        error!("uploaded imports wait for the next run: {}", chain(&**error));
    }
    Ok(exit_code(match tally.outcome() {
        Outcome::Succeeded if imported.is_err() => Outcome::Partly,
        outcome => outcome,
    }))
}

/// What a job needs, from the settings.
pub(super) async fn shift(settings: &Settings, pace: Pace, clock: SharedClock) -> anyhow::Result<Shift> {
    let (app, keys, alerts) = (settings.spotify()?, settings.keys()?, settings.alerts()?);
    let pipeline = super::pipeline(settings, clock).await?;
    let app = app.remembering(&pipeline.db, &pipeline.clock);
    let (enrich_budget, imports) = (settings.enrich_budget(), settings.import_rules());
    let run_history_days = settings.run_history_days();
    let (keys, alerts) = (keys.into(), Some(alerts));
    Ok(Shift { pipeline, app, keys, pace, alerts, enrich_budget, run_history_days, imports })
}

/// What waits goes first: it is older than anything that can be fetched. A spool that cannot be read is told, and stops nobody.
async fn drain(shift: &Shift) -> Drained {
    match shift.pipeline.drain().await {
        Ok(drained) => drained,
        Err(error) => {
            warn!("the spool cannot be drained: {}", chain(&error));
            Drained { waiting: 1, ..Drained::default() }
        }
    }
}
