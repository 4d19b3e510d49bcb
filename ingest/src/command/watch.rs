//! `watch`: the built-in timer. On SQLite it works alone; on Postgres it is one of any number of workers.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use entity::clock::SharedClock;
use sea_orm::DbBackend;
use tracing::info;

use super::{run, stop};
use crate::config::Settings;
use crate::jobs::{Engine, Fleet, Inline, Pace, Which};

/// How often.
#[derive(Args)]
pub struct Options {
    /// The longest time between two polls of an account, such as 1h or 30m; who listens more is polled up to six times as often
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub every: Duration,
    /// Say what would be done first, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, options: Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    if options.dry_run {
        let db = super::open_untouched(settings).await?;
        let accounts = Which::FOR_WATCH.count(&db, clock.now()).await?;
        let is_fleet = db.backend() == DbBackend::Postgres;
        let engine = if is_fleet { "one of a fleet on Postgres" } else { "alone, on SQLite" };
        println!("would work as {engine}; {accounts} account(s) are due now");
        return Ok(ExitCode::SUCCESS);
    }
    let shift = run::shift(settings, Pace::every(options.every), clock).await?;
    let is_fleet = shift.pipeline.db.backend() == DbBackend::Postgres;
    let stop = stop::on_signal();
    if is_fleet {
        info!("watching, as one of a fleet");
        Fleet::default().work(shift, stop.clone()).await?;
    } else {
        info!("watching");
        Inline { database_url: settings.database_url()? }.work(shift, stop.clone()).await?;
    }
    info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Reads `90s`, `30m`, `1h` or `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("\"{text}\" is not a time: expected one such as 1h, 30m or 90s");
    let span: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(span).ok().filter(|span| *span >= Duration::from_secs(1)).ok_or_else(expected)
}
