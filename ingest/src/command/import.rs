//! `import`: a privacy export, from its files into the database.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use entity::archive::{Archive, UploadKey};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::revision;
use entity::time::Instant;
use entity::user::{self, check_username};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use tracing::info;

use super::{exit_code, open, stop};
use crate::config::Settings;
use crate::import::{self, Limits, Progress, Report, uploaded};
use crate::jobs::imports;
use crate::progress;
use crate::settle::MATCH_WINDOW_S;

/// What to import, and for whom.
#[derive(Args)]
pub struct Options {
    /// my_spotify_data.zip as Spotify sends it, a folder, or files of JSON
    #[arg(required_unless_present = "waiting", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose listening it is
    #[arg(long, required_unless_present = "waiting", value_name = "NAME")]
    pub user: Option<String>,
    /// Do the imports that were uploaded to the API and wait, instead; `run` and `watch` do them too
    #[arg(long, conflicts_with_all = ["files", "user", "create_user", "json"])]
    pub waiting: bool,
    /// Make the account if there is none of that name
    #[arg(long)]
    pub create_user: bool,
    /// Where a new account's days begin, such as Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE", requires = "create_user")]
    pub time_zone: String,
    /// Read everything and tell what would be done, but leave the database as it is; other loads may wait meanwhile
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What holds for every import.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rules {
    /// A play of Spotify's API and a row of an export are one play if they ended at most so many seconds apart
    #[arg(long, env = "IMPORT_MATCH_WINDOW_S", default_value_t = MATCH_WINDOW_S, value_name = "SECONDS", global = true,
          value_parser = clap::value_parser!(u32).range(0..=600))]
    pub import_match_window_s: u32,
    /// The most history that is unpacked from an import's files
    #[arg(long, env = "IMPORT_UNPACKED_BYTES_MAX", default_value_t = Limits::default().unpacked_bytes_max,
          value_name = "BYTES", global = true)]
    pub import_unpacked_bytes_max: u64,
    /// Keep the raw file of every import in the archive, with the personal fields that never reach the database
    #[arg(long, env = "IMPORT_KEEP_FILE", global = true)]
    pub keep_file: bool,
}

impl From<Rules> for uploaded::Rules {
    fn from(rules: Rules) -> Self {
        Self {
            match_window_s: rules.import_match_window_s,
            limits: Limits { unpacked_bytes_max: rules.import_unpacked_bytes_max, ..Limits::default() },
            keep: rules.keep_file,
        }
    }
}

pub(super) async fn execute(settings: &Settings, options: Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let rules = settings.import_rules();
    if options.waiting && options.dry_run {
        let pipeline = super::pipeline_untouched(settings, clock).await?;
        println!("{} import(s) wait", uploaded::waiting(&pipeline).await?);
        return Ok(ExitCode::SUCCESS);
    }
    if options.waiting {
        let pipeline = super::pipeline(settings, clock).await?;
        let ended = imports(&pipeline, &rules, &settings.database_url()?, &super::stop::on_signal()).await?;
        println!("{ended} import(s) that waited are done");
        return Ok(ExitCode::SUCCESS);
    }
    let archive = if rules.keep { Some(settings.archive()?) } else { None };
    if options.dry_run {
        super::open_untouched(settings).await.context("a rehearsal makes no database")?;
    }
    let db = open(settings).await?;
    let (report, outcome) = run(&db, archive.as_ref(), &clock, &options, &rules).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(exit_code(outcome))
}

/// Imports and records it as a run; what it did.
pub async fn run(
    db: &Db,
    archive: Option<&Archive>,
    clock: &SharedClock,
    options: &Options,
    rules: &uploaded::Rules,
) -> anyhow::Result<(Report, Outcome)> {
    let name = options.user.as_deref().unwrap_or_default();
    let Some(person) = person(db, name, options, clock.now()).await? else {
        bail!(
            "there is no account \"{}\": add --create-user to make one, or see `refrain-ingest accounts list`",
            name.escape_debug()
        );
    };
    if let Some(archive) = archive.filter(|_| !options.dry_run) {
        keep(archive, person.id, &options.files, clock).await?;
    }
    let wanted = import::Options {
        zone: entity::time::zone(&person.time_zone)?,
        dry_run: options.dry_run,
        match_window_s: rules.match_window_s,
        limits: rules.limits,
        ..import::Options::new(person.id)
    };
    let progress = Arc::new(Progress::default());
    let shown = tokio::spawn(show(Arc::clone(&progress), clock.clone(), options.json));
    let files = options.files.clone();
    let result = match options.dry_run {
        true => import::import(db, clock, files, &wanted, progress).await,
        false => import::recorded(db, clock, files, &wanted, progress, &stop::on_signal()).await,
    };
    shown.abort();
    shown.await.ok(); // The line is gone before the report is written.
    let outcome = import::outcome(result.as_ref());
    let report = result?;
    info!(
        user.id = person.id.0,
        rows = report.rows,
        plays_added = report.plays_added,
        plays_merged = report.plays_merged,
        already_known = report.already_known,
        duration_ms = report.duration_ms,
        "imported {} plays from {} rows",
        report.plays_added + report.plays_merged,
        report.rows
    );
    Ok((report, outcome))
}

/// Keeps the files as they are, before anything is read from them.
async fn keep(archive: &Archive, user: UserId, files: &[PathBuf], clock: &SharedClock) -> anyhow::Result<()> {
    for file in files {
        if file.is_dir() {
            bail!("--keep-file keeps files, and {} is a folder: import the zip instead", file.display());
        }
        if file.is_file() {
            archive.put_upload(&UploadKey::new(user, clock.now()), file).await?;
        }
    }
    Ok(())
}

/// The account; a new one where that is wanted. A dry run makes none, and tells what would be done for nobody.
async fn person(db: &Db, name: &str, options: &Options, now: Instant) -> anyhow::Result<Option<user::Model>> {
    let known = user::Entity::find().filter(user::Column::Username.eq(name)).one(db.write()).await?;
    if known.is_some() || !options.create_user {
        return Ok(known);
    }
    check_username(name).map_err(anyhow::Error::msg)?;
    if options.dry_run {
        bail!(
            "there is no account \"{name}\" yet, and a dry run makes none: add it with `refrain-ingest accounts add {name}`"
        );
    }
    let zone = entity::time::zone(&options.time_zone)?;
    let person = user::ActiveModel {
        username: Set(name.to_owned()),
        display_name: Set(name.to_owned()),
        time_zone: Set(zone.iana_name().expect("a zone of the database has a name").to_owned()),
        listed: Set(false),
        joined_at: Set(now),
        ..Default::default()
    };
    let transaction = db.begin().await?;
    let person = person.insert(&transaction).await?;
    revision::raise(&transaction, &[revision::PEOPLE], now).await?;
    transaction.commit().await?;
    Ok(Some(person))
}

const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// A log line after so many rows, where nobody looks at a bar.
const ROWS_A_LINE: u64 = 100_000;

/// Shows how far it is until it is stopped: a line on a terminal, else log lines.
async fn show(progress: Arc<Progress>, clock: SharedClock, quiet: bool) {
    let began_at = clock.now();
    let line = if quiet { progress::Progress::hidden() } else { progress::Progress::unmeasured("reading the files") };
    let mut told = 0;
    loop {
        tokio::time::sleep(SHOWN_EVERY).await;
        let seen = progress.seen();
        let rows_a_second = seen.rows_loaded * 1000 / (clock.now() - began_at).max(1).unsigned_abs();
        if line.is_shown() {
            // Until the first rows are in, nothing tells how long it takes.
            if seen.rows_loaded > 0 {
                let rows = format!("{} rows, {rows_a_second} rows/s", seen.rows_loaded);
                line.reach(seen.bytes_loaded, seen.bytes_total.max(seen.bytes_loaded), rows);
            }
        } else if seen.rows_loaded / ROWS_A_LINE > told {
            told = seen.rows_loaded / ROWS_A_LINE;
            let percent = (seen.bytes_loaded * 100).checked_div(seen.bytes_total).unwrap_or(0);
            info!(rows = seen.rows_loaded, rows_a_second, percent, "{percent} % imported, {} rows", seen.rows_loaded);
        }
    }
}
