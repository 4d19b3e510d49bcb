//! The settings of `refrain-ingest`: flags, environment variables, `.env`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use entity::archive::{Archive, S3Settings};
use entity::secret::KeyRing;
use entity::settings::{DatabaseSettings, KeySettings, LogSettings, SpotifyApp, SpotifySettings, secret};
use url::Url;

use crate::alert::{AlertSettings, Alerts};
use crate::command;
use crate::spool::Spool;
use crate::spotify::App;

/// Pulls what people listened to from Spotify, keeps the raw answers, and fills the database.
#[derive(Parser)]
#[command(name = "refrain-ingest", version)]
pub struct Cli {
    /// Every setting is also an environment variable, and may stand in `.env`.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Fetch the newest plays of every account that is due once; exit code 0 done, 1 failed, 2 partly. What a timer calls
    Run(command::run::Options),
    /// Go on fetching, as a timer of its own; on Postgres any number of these share the work
    Watch(command::watch::Options),
    /// People and their Spotify links
    #[command(subcommand)]
    Accounts(command::accounts::Command),
    /// Ask Spotify for what the catalogue lacks, most played first
    Backfill(command::backfill::Options),
    /// What earlier runs did, newest first; with a number, that run step by step
    Runs {
        /// A run's number
        id: Option<i32>,
        /// How many runs to list
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        first: u32,
    },
    /// Make catalogue and plays anew from the archive, and say what was added
    Replay(command::replay::Options),
    /// Prove that every archived play is in the database and every total is true; exit code 1 if not
    Verify(command::replay::Which),
    /// Raw answers that wait on local disk for the archive or the database
    #[command(subcommand)]
    Spool(command::spool::Command),
    /// Import a privacy export: years of plays, measured. Exit code 0 all of it, 2 all but rows or files it names, 1 nothing, or cut short (the same command again goes on)
    Import(command::import::Options),
    /// Fill an empty database with a generated history of several listeners
    Demo {
        /// What to generate
        #[command(flatten)]
        options: command::demo::Options,
        /// Say what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// The totals kept beside the plays
    #[command(subcommand)]
    Rollup(command::rollup::Command),
    /// Try everything that the ingest depends on by a real round trip; exit code 0 if all works, 1 if not
    Check(command::check::Options),
}

/// How to reach everything.
#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    log: LogSettings,
    /// Where raw answers are kept: file:FOLDER or s3://BUCKET/PREFIX
    #[arg(long, env = "ARCHIVE_URL", default_value = "file:./archive", value_name = "URL", global = true)]
    archive_url: String,
    /// Where raw answers wait while the archive is away
    #[arg(long, env = "SPOOL_DIR", default_value = "./spool", value_name = "FOLDER", global = true)]
    spool_dir: PathBuf,
    #[command(flatten)]
    s3: S3Settings,
    #[command(flatten)]
    spotify: SpotifySettings,
    /// The most calls that `run` makes to fill in the catalogue, after the plays; 0 turns it off
    #[arg(long, env = "ENRICH_BUDGET", default_value_t = 20, value_name = "CALLS", global = true)]
    enrich_budget: u32,
    /// For so many days the run history is kept
    #[arg(long, env = "RUN_HISTORY_DAYS", default_value_t = 90, value_name = "DAYS", global = true,
          value_parser = clap::value_parser!(u32).range(7..=36_500))]
    run_history_days: u32,
    #[command(flatten)]
    alerts: AlertSettings,
    #[command(flatten)]
    keys: KeySettings,
    /// The API's shared cache, for `check` alone
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", global = true)]
    redis_url: Option<String>,
    /// A file that holds its address instead
    #[arg(long, env = "REDIS_URL_FILE", value_name = "FILE", global = true)]
    redis_url_file: Option<PathBuf>,
    #[command(flatten)]
    import: command::import::Rules,
}

impl Settings {
    /// How log lines are written.
    pub fn log_format(&self) -> entity::settings::LogFormat {
        self.log.log_format
    }

    /// The database's address.
    pub fn database_url(&self) -> anyhow::Result<String> {
        self.database.url()
    }

    /// The archive.
    pub fn archive(&self) -> anyhow::Result<Archive> {
        Ok(Archive::open(&self.archive_url, &self.s3)?)
    }

    /// What holds for every import.
    pub fn import_rules(&self) -> crate::import::uploaded::Rules {
        self.import.into()
    }

    /// The spool.
    pub fn spool(&self) -> Spool {
        Spool::new(self.spool_dir.clone())
    }

    /// The registered app.
    pub fn spotify(&self) -> anyhow::Result<App> {
        let app = self.spotify.app()?;
        Ok(App::new(&app.client_id, &app.client_secret, app.api_url.as_str(), app.auth_url.as_str()))
    }

    /// The address of Redis, if it is set.
    pub fn redis_url(&self) -> anyhow::Result<Option<String>> {
        secret("REDIS_URL", self.redis_url.as_deref(), self.redis_url_file.as_deref())
    }

    /// The address of Discord's webhook, if it is set.
    pub fn discord_webhook_url(&self) -> anyhow::Result<Option<Url>> {
        self.alerts.discord()
    }

    /// The same as it is registered, for signing in.
    pub fn spotify_app(&self) -> anyhow::Result<SpotifyApp> {
        self.spotify.app()
    }

    /// Where Spotify sends people back to: as set, else `otherwise`.
    pub fn redirect_uri(&self, otherwise: &str) -> anyhow::Result<Url> {
        self.spotify.redirect_uri(otherwise)
    }

    /// The key ring, or `None` where a key file would have to be made first.
    pub fn keys_if_there(&self) -> anyhow::Result<Option<KeyRing>> {
        self.keys.ring_if_there(&self.database_url()?)
    }

    /// The most calls that a run makes to fill in the catalogue.
    pub fn enrich_budget(&self) -> u32 {
        self.enrich_budget
    }

    /// For how many days the run history is kept.
    pub fn run_history_days(&self) -> u32 {
        self.run_history_days
    }

    /// Whom to tell what begins to fail and works again.
    pub fn alerts(&self) -> anyhow::Result<Alerts> {
        self.alerts.alerts()
    }

    /// The key ring. With the embedded database and no keys given, a file beside the database, made if need be.
    pub fn keys(&self) -> anyhow::Result<KeyRing> {
        self.keys.ring(&self.database_url()?)
    }
}
