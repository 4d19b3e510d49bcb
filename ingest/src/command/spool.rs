//! `spool`: what waits on local disk for the archive or the database.

use std::process::ExitCode;

use clap::Subcommand;
use entity::archive::Error;
use entity::clock::SharedClock;

use super::{pipeline, table};
use crate::config::Settings;
use crate::spool::Spool;

/// What to do with what waits.
#[derive(Subcommand)]
pub enum Command {
    /// List what waits, oldest first within each person
    List,
    /// Bring it to the archive and into the database; exit code 2 if something waits on
    Drain {
        /// Say how much waits, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn execute(settings: &Settings, command: Command, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let spool = settings.spool();
    match command {
        Command::List => list(&spool).await?,
        Command::Drain { dry_run: true } => println!("{}", waiting(&spool).await?),
        Command::Drain { dry_run: false } => {
            let drained = pipeline(settings, clock).await?.drain().await?;
            println!(
                "{} went to the archive and the database with {} new plays, {} wait on, {} were damaged, {} were of people who are gone",
                drained.done, drained.loaded.plays_loaded, drained.waiting, drained.damaged, drained.dropped
            );
            if drained.waiting + drained.damaged > 0 {
                return Ok(ExitCode::from(2));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(spool: &Spool) -> Result<(), Error> {
    let mut rows = table(&["FETCHED", "WAITS AS"]);
    let mut listing = spool.list();
    while let Some(keys) = listing.next_page().await? {
        for key in keys {
            rows.add_row([key.fetched_at().to_string(), key.to_string()]);
        }
    }
    if !rows.is_empty() {
        println!("{rows}");
    }
    println!("{}", waiting(spool).await?);
    Ok(())
}

/// One line that says how much waits.
pub(super) async fn waiting(spool: &Spool) -> Result<String, Error> {
    let mut count = 0;
    let mut listing = spool.list();
    while let Some(keys) = listing.next_page().await? {
        count += keys.len();
    }
    let folder = spool.folder().display();
    Ok(match spool.damaged().await? {
        0 => format!("{count} answer(s) wait in the spool {folder}"),
        damaged => format!(
            "{count} answer(s) wait in the spool {folder}, and {damaged} damaged one(s) lie in {folder}/.damaged"
        ),
    })
}
