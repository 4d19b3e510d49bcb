//! `replay` and `verify`: the database from the archive, and whether it is.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::time::Instant;
use entity::user;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::config::Settings;
use crate::journal::Journal;
use crate::pipeline::Pipeline;
use crate::replay::{self, Replayed, Scope, Source};

/// Which part of the archive.
#[derive(Args)]
pub struct Which {
    /// Only this person: a username, or with --from-archive also the number in the archive's user=NUMBER
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Only what was received on this day (UTC) or later, such as 2026-11-22
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub since: Option<Instant>,
    /// Ask the archive itself what it holds, not the database's index of it: for an empty database
    #[arg(long)]
    pub from_archive: bool,
}

/// What to replay.
#[derive(Args)]
pub struct Options {
    /// Which part.
    #[command(flatten)]
    pub which: Which,
    /// Say how much would be read, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, options: Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let pipeline = match options.dry_run {
        true => super::pipeline_untouched(settings, clock).await?,
        false => super::pipeline(settings, clock).await?,
    };
    let scope = scope(&pipeline, &options.which).await?;
    if options.dry_run {
        println!("{} page(s) would be read and loaded", replay::count(&pipeline, scope).await?);
        return Ok(ExitCode::SUCCESS);
    }
    let journal = Journal::begin(&pipeline.db, &pipeline.clock, "replay").await?;
    let replayed = match replay::replay(&pipeline, scope).await {
        Ok(replayed) => replayed,
        Err(failure) => {
            journal.end(Outcome::Failed, 0, Default::default()).await?;
            bail!("the replay stopped half-way, and going on is doing it again: {}", chain(&failure));
        }
    };
    let Replayed { pages, people, loaded, senseless, unreadable } = replayed;
    let outcome = if unreadable == 0 { Outcome::Succeeded } else { Outcome::Partly };
    journal.end(outcome, people, loaded).await?;
    println!(
        "{pages} page(s) read: {} plays added, {} were there; {people} people added; {} records set aside, {senseless} page(s) without sense, {unreadable} unreadable",
        loaded.plays_loaded, loaded.plays_known, loaded.rejected
    );
    if pages == 0 && scope.source == Source::Index {
        println!("the database's index names no page: `refrain-ingest replay --from-archive` asks the archive itself");
    }
    Ok(super::exit_code(outcome))
}

pub(super) async fn verify(settings: &Settings, which: Which, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let pipeline = super::pipeline(settings, clock).await?;
    let scope = Scope { source: Source::Archive, ..scope(&pipeline, &which).await? };
    let verified = replay::verify(&pipeline, scope).await.map_err(|failure| anyhow::anyhow!(chain(&failure)))?;
    println!(
        "{} page(s) name {} plays: {} are not in the database; {} page(s) unreadable, {} without sense",
        verified.pages, verified.plays, verified.missing, verified.unreadable, verified.senseless
    );
    for difference in &verified.differences {
        println!(
            "{} is off: {} row(s) missing or wrong, {} row(s) too many",
            difference.table, difference.missing, difference.false_rows
        );
    }
    if verified.missing > 0 {
        println!("`refrain-ingest replay --from-archive` adds what is missing");
    }
    if !verified.differences.is_empty() {
        println!("`refrain-ingest rollup rebuild` makes the totals anew");
    }
    Ok(if verified.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn scope(pipeline: &Pipeline, which: &Which) -> anyhow::Result<Scope> {
    let user = match &which.user {
        None => None,
        Some(name) => {
            let row = user::Entity::find().filter(user::Column::Username.eq(name)).one(pipeline.db.read()).await?;
            let number = || name.parse().ok().filter(|_| which.from_archive).map(UserId);
            let user = row.map(|row| row.id).or_else(number);
            Some(
                user.with_context(|| format!("there is no \"{name}\": `refrain-ingest accounts list` names everyone"))?,
            )
        }
    };
    let source = if which.from_archive { Source::Archive } else { Source::Index };
    Ok(Scope { user, since: which.since, source })
}

fn day(text: &str) -> Result<Instant, String> {
    let day: jiff::civil::Date =
        text.parse().map_err(|_| format!("\"{text}\" is not a day: expected one such as 2026-11-22"))?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(midnight.timestamp().into())
}
