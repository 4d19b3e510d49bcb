//! The settings of `refrain-api`: flags, environment variables, `.env`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Parser, Subcommand, ValueEnum};
use entity::archive::{Archive, S3Settings};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::settings::{DatabaseSettings, KeySettings, LogFormat, LogSettings, SpotifySettings, secret};

use crate::app::{CACHE_BYTES_DEFAULT, Keeping};
use crate::connect::{self, Connect};
use crate::http::Uploads;
use crate::revision::Freshness;

/// Answers GraphQL questions about what people listen to.
#[derive(Parser)]
#[command(name = "refrain-api", version)]
pub struct Cli {
    /// Every setting is also an environment variable, and may stand in `.env`.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Clone, Copy, Subcommand)]
pub enum Command {
    /// Serve the database named in the settings (the default)
    Serve,
    /// Print the schema in GraphQL's own language
    Schema,
    /// Ask the server at LISTEN_ADDR whether it is ready; exit code 0 if it is
    Health,
}

/// How to reach everything, and how to be reached.
#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    log: LogSettings,
    #[command(flatten)]
    spotify: SpotifySettings,
    #[command(flatten)]
    keys: KeySettings,
    /// Where uploaded privacy exports wait for the ingest, and so the same as the ingest's: file:FOLDER or s3://BUCKET/PREFIX
    #[arg(long, env = "ARCHIVE_URL", default_value = "file:./archive", value_name = "URL", global = true)]
    archive_url: String,
    #[command(flatten)]
    s3: S3Settings,
    /// The largest privacy export that can be uploaded; 0 takes none
    #[arg(long, env = "IMPORT_BYTES_MAX", default_value_t = 256 << 20, value_name = "BYTES", global = true)]
    import_bytes_max: u64,
    /// Where to listen
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:5001", value_name = "ADDRESS:PORT", global = true)]
    listen_addr: SocketAddr,
    /// Bytes of memory for answers that are kept; 0 keeps none
    #[arg(long, env = "CACHE_BYTES", default_value_t = CACHE_BYTES_DEFAULT, value_name = "BYTES", global = true)]
    cache_bytes: u64,
    /// Seconds for which everyone's numbers may lag behind new plays, so that they are not counted anew with each of them
    #[arg(long, env = "EVERYONE_SAMPLE_S", default_value_t = 60, value_name = "SECONDS", global = true)]
    everyone_sample_s: u32,
    /// Milliseconds for which revisions that Postgres has pushed are believed without a new proof that none is missing; 0: never,
    /// each request reads its rows
    #[arg(long, env = "REVISION_LEASE_MS", default_value_t = 1000, value_name = "MILLISECONDS", global = true)]
    revision_lease_ms: u32,
    /// A Redis through which instances share answers: redis://HOST:PORT, rediss://… for TLS. Without it, each has its own
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", global = true)]
    redis_url: Option<String>,
    /// A file that REDIS_URL is read from
    #[arg(long, env = "REDIS_URL_FILE", value_name = "FILE", global = true)]
    redis_url_file: Option<PathBuf>,
    /// Where `/metrics` is served; beside everything else if not set
    #[arg(long, env = "METRICS_ADDR", value_name = "ADDRESS:PORT", global = true)]
    metrics_addr: Option<SocketAddr>,
    /// Who may ask. `none`: everyone may ask everything, so only this machine can reach it
    #[arg(long, env = "AUTH", value_enum, default_value_t, value_name = "MODE", global = true)]
    auth: Auth,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Everyone, everything; on loopback addresses only.
    #[default]
    None,
}

impl Settings {
    /// The database's address.
    pub fn database_url(&self) -> anyhow::Result<String> {
        self.database.url()
    }

    /// How log lines are written.
    pub fn log_format(&self) -> LogFormat {
        self.log.log_format
    }

    /// What connecting Spotify accounts needs, for a server that listens at `address`; `None` where no app is set.
    pub fn connect(&self, address: SocketAddr) -> anyhow::Result<Option<Connect>> {
        if !self.spotify.is_set() {
            return Ok(None);
        }
        let callback = format!("http://{address}{}/callback", connect::PATH);
        Ok(Some(Connect {
            app: self.spotify.app()?,
            redirect_uri: self.spotify.redirect_uri(&callback)?,
            keys: self.keys.ring(&self.database_url()?)?,
        }))
    }

    /// What uploads need; `None` if none are taken.
    pub fn uploads(&self, db: &Db, clock: &SharedClock) -> anyhow::Result<Option<Uploads>> {
        if self.import_bytes_max == 0 {
            return Ok(None);
        }
        let archive = Archive::open(&self.archive_url, &self.s3)?;
        Ok(Some(Uploads { db: db.clone(), clock: clock.clone(), archive, bytes_max: self.import_bytes_max }))
    }

    /// What is kept in memory, and how old it may be.
    pub fn keeping(&self) -> Keeping {
        let freshness = Freshness {
            sample: Duration::from_secs(self.everyone_sample_s.into()),
            lease: Duration::from_millis(self.revision_lease_ms.into()),
        };
        Keeping { cache_bytes: self.cache_bytes, freshness }
    }

    /// The Redis through which instances share answers.
    pub fn redis_url(&self) -> anyhow::Result<Option<String>> {
        secret("REDIS_URL", self.redis_url.as_deref(), self.redis_url_file.as_deref())
    }

    /// Where metrics are served, if not beside everything else.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addr
    }

    /// Where to listen, if that is allowed with the access control in force.
    pub fn listen_addr(&self) -> anyhow::Result<SocketAddr> {
        match self.auth {
            Auth::None if !self.listen_addr.ip().is_loopback() => bail!(
                "AUTH=none lets everyone ask everything, so it is refused on {}: set LISTEN_ADDR to a loopback address such as 127.0.0.1:5001, behind a proxy that knows who asks",
                self.listen_addr
            ),
            Auth::None => Ok(self.listen_addr),
        }
    }
}
