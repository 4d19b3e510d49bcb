//! The settings of `refrain-ingest`: flags, environment variables, `.env`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use entity::archive::{Archive, S3Settings};
use entity::secret::KeyRing;
use entity::settings::{DatabaseSettings, LogSettings, secret};

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
    /// What earlier runs did, newest first; with a number, that run step by step
    Runs {
        /// A run's number
        id: Option<i32>,
        /// How many runs to list
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        first: u32,
    },
    /// Raw answers that wait on local disk for the archive or the database
    #[command(subcommand)]
    Spool(command::spool::Command),
    /// Fill an empty database with a generated history of several listeners
    Demo(command::demo::Options),
    /// The totals kept beside the plays
    #[command(subcommand)]
    Rollup(command::rollup::Command),
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
    /// Keys that seal refresh tokens, `id:base64` pairs, newest first. On SQLite a key file is made where none is given
    #[arg(long, env = "TOKEN_KEYS", hide_env_values = true, value_name = "KEYS", global = true)]
    token_keys: Option<String>,
    /// A file that holds them instead
    #[arg(long, env = "TOKEN_KEYS_FILE", value_name = "FILE", global = true)]
    token_keys_file: Option<PathBuf>,
}

#[derive(Args)]
struct SpotifySettings {
    /// The app's id, from Spotify's developer dashboard
    #[arg(long, env = "SPOTIFY_CLIENT_ID", value_name = "ID", global = true)]
    spotify_client_id: Option<String>,
    /// The app's secret
    #[arg(long, env = "SPOTIFY_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET", global = true)]
    spotify_client_secret: Option<String>,
    /// A file that holds it instead
    #[arg(long, env = "SPOTIFY_CLIENT_SECRET_FILE", value_name = "FILE", global = true)]
    spotify_client_secret_file: Option<PathBuf>,
    /// Base address of Spotify's Web API
    #[arg(
        long,
        env = "SPOTIFY_API_URL",
        default_value = "https://api.spotify.com/v1/",
        value_name = "URL",
        global = true
    )]
    spotify_api_url: String,
    /// Base address of Spotify's sign-in
    #[arg(
        long,
        env = "SPOTIFY_AUTH_URL",
        default_value = "https://accounts.spotify.com/",
        value_name = "URL",
        global = true
    )]
    spotify_auth_url: String,
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

    /// The spool.
    pub fn spool(&self) -> Spool {
        Spool::new(self.spool_dir.clone())
    }

    /// The registered app.
    pub fn spotify(&self) -> anyhow::Result<App> {
        let settings = &self.spotify;
        let client_secret = secret(
            "SPOTIFY_CLIENT_SECRET",
            settings.spotify_client_secret.as_deref(),
            settings.spotify_client_secret_file.as_deref(),
        )?;
        let (Some(id), Some(client_secret)) = (&settings.spotify_client_id, client_secret) else {
            bail!(
                "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not both set: take them from your app at https://developer.spotify.com/dashboard"
            );
        };
        for (name, url) in
            [("SPOTIFY_API_URL", &settings.spotify_api_url), ("SPOTIFY_AUTH_URL", &settings.spotify_auth_url)]
        {
            url::Url::parse(url).with_context(|| format!("{name} is not an address: expected https://…/"))?;
        }
        Ok(App::new(id, &client_secret, &settings.spotify_api_url, &settings.spotify_auth_url))
    }

    /// The key ring. With the embedded database and no keys given, a file beside the database, made if need be.
    pub fn keys(&self) -> anyhow::Result<KeyRing> {
        if let Some(keys) = secret("TOKEN_KEYS", self.token_keys.as_deref(), self.token_keys_file.as_deref())? {
            return Ok(KeyRing::parse(&keys)?);
        }
        let url = self.database_url()?;
        let Some(path) = url.strip_prefix("sqlite://").map(|rest| rest.split('?').next().unwrap_or(rest)) else {
            bail!(
                "TOKEN_KEYS is not set: make a key with `echo \"k1:$(head -c 32 /dev/urandom | base64)\"` and keep it safe, it opens the refresh tokens in the database"
            );
        };
        Ok(KeyRing::from_file_or_new(&PathBuf::from(format!("{path}.key")))?)
    }
}
