//! `rollup`: makes the totals anew from the plays, or tells whether they are true.

use std::process::ExitCode;

use clap::Subcommand;
use entity::clock::SharedClock;

use super::{open, open_untouched};
use crate::config::Settings;
use crate::rollup;

/// What to do with the totals.
#[derive(Subcommand)]
pub enum Command {
    /// Make every total anew from the plays
    Rebuild {
        /// Say which totals would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Compare every total with the plays; exit code 1 if one is off
    Verify,
}

pub(super) async fn execute(settings: &Settings, command: Command, clock: SharedClock) -> anyhow::Result<ExitCode> {
    match command {
        Command::Rebuild { dry_run: true } => {
            let differences = rollup::verify(&open_untouched(settings).await?).await?;
            for difference in &differences {
                println!("{} would be mended", difference.table);
            }
            if differences.is_empty() {
                println!("every total agrees with the plays: none would change");
            }
        }
        Command::Rebuild { dry_run: false } => {
            let db = open(settings).await?;
            rollup::rebuild(&db, clock.now()).await?;
            rollup::pack(&db, rollup::PLAYS_MIN, clock.now(), &super::stop::on_signal()).await?;
            println!("every total was made anew from the plays");
        }
        Command::Verify => {
            let differences = rollup::verify(&open(settings).await?).await?;
            for difference in &differences {
                println!(
                    "{} is off: {} row(s) missing or wrong, {} row(s) too many",
                    difference.table, difference.missing, difference.false_rows
                );
            }
            if !differences.is_empty() {
                println!("`refrain-ingest rollup rebuild` makes them anew");
                return Ok(ExitCode::FAILURE);
            }
            println!("every total agrees with the plays");
        }
    }
    Ok(ExitCode::SUCCESS)
}
