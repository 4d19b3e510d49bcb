//! The commands: each opens what it needs from the settings, does one thing, and says what it did.

pub mod accounts;
pub mod backfill;
pub mod check;
pub mod demo;
pub mod import;
pub mod replay;
pub mod rollup;
pub mod run;
pub mod runs;
pub mod spool;
mod stop;
pub mod watch;

use std::process::ExitCode;

use comfy_table::{Table, presets};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ingest_run::Outcome;

use crate::config::{Cli, Command, Settings};
use crate::pipeline::Pipeline;

/// Runs one command; its exit code.
pub async fn execute(cli: Cli, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let settings = &cli.settings;
    match cli.command {
        // Boxed, like everything that holds a whole pipeline: the compiler counts how deep a future's layout goes.
        Command::Run(options) => Box::pin(run::execute(settings, options, clock)).await,
        Command::Watch(options) => Box::pin(watch::execute(settings, options, clock)).await,
        Command::Replay(options) => Box::pin(replay::execute(settings, options, clock)).await,
        Command::Verify(which) => Box::pin(replay::verify(settings, which, clock)).await,
        Command::Spool(command) => Box::pin(spool::execute(settings, command, clock)).await,
        Command::Accounts(command) => accounts::execute(settings, command, clock).await,
        Command::Backfill(options) => Box::pin(backfill::execute(settings, &options, clock)).await,
        Command::Runs { id, first } => runs::execute(settings, id, first).await,
        Command::Import(options) => import::execute(settings, options, clock).await,
        Command::Demo { options, dry_run } => demo::execute(settings, options, dry_run, clock).await,
        Command::Rollup(command) => rollup::execute(settings, command, clock).await,
        Command::Check(options) => check::execute(settings, options, clock).await,
    }
}

const CONNECTIONS_MAX: u32 = 16;

pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Db> {
    Ok(Db::open(&settings.database_url()?, CONNECTIONS_MAX).await?)
}

/// The database as it is, for a command that must change nothing: it is not made, not migrated, and takes no write.
async fn open_untouched(settings: &Settings) -> anyhow::Result<Db> {
    Ok(Db::open_untouched(&settings.database_url()?, CONNECTIONS_MAX).await?)
}

async fn pipeline(settings: &Settings, clock: SharedClock) -> anyhow::Result<Pipeline> {
    pipeline_over(open, settings, clock).await
}

/// The pipeline for a command that must change nothing.
async fn pipeline_untouched(settings: &Settings, clock: SharedClock) -> anyhow::Result<Pipeline> {
    pipeline_over(open_untouched, settings, clock).await
}

async fn pipeline_over(
    open: impl AsyncFn(&Settings) -> anyhow::Result<Db>,
    settings: &Settings,
    clock: SharedClock,
) -> anyhow::Result<Pipeline> {
    // What cannot be used is said before the database is touched.
    let archive = settings.archive()?;
    let mut pipeline = Pipeline::new(open(settings).await?, archive, settings.spool(), clock);
    pipeline.match_window_s = settings.import_rules().match_window_s;
    Ok(pipeline)
}

/// A table for people: aligned columns without frames.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    table
}

fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Succeeded | Outcome::Skipped => ExitCode::SUCCESS,
        Outcome::Partly => ExitCode::from(2),
        Outcome::Failed | Outcome::Crashed | Outcome::Running => ExitCode::FAILURE,
    }
}
