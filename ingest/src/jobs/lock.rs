//! One pass at a time: two timers that ring at once must not fetch the same accounts twice.
//!
//! Nothing would break if they did, since loading twice is loading once; it would only cost calls. The lock ends with the
//! process, however that ends: on SQLite it is the operating system's, on a file beside the database, on Postgres it is held
//! by a connection.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use anyhow::Context;
use entity::db::Db;
use sea_orm::DbBackend;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self};

/// The right to work through accounts, as long as it is held.
#[derive(Debug)]
pub enum Lock {
    /// Of an embedded database.
    File(File),
    /// Of a Postgres database.
    Session(Box<PgConnection>),
    /// Of a database that nobody else can open.
    Private,
}

/// Of advisory locks, ours: "refrain" in digits of a telephone.
const KEY: i64 = 7_337_246;

impl Lock {
    /// Takes the lock of the database `db` at `url`; `None` if somebody else has it.
    pub async fn try_take(url: &str, db: &Db) -> anyhow::Result<Option<Self>> {
        match db.backend() {
            DbBackend::Sqlite => Self::try_take_file(url, ".lock"),
            _ => Self::try_take_session(db).await,
        }
    }

    /// Takes the lock of the uploaded imports of the SQLite database at `url`; `None` if somebody else has it.
    pub(super) fn try_take_imports(url: &str) -> anyhow::Result<Option<Self>> {
        Self::try_take_file(url, ".imports.lock")
    }

    fn try_take_file(url: &str, suffix: &str) -> anyhow::Result<Option<Self>> {
        let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
        let path = path.split('?').next().unwrap_or(path);
        if path.is_empty() || path.contains(":memory:") || url.contains("mode=memory") {
            return Ok(Some(Self::Private));
        }
        let path = PathBuf::from(format!("{path}{suffix}"));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be made, which keeps two runs apart", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self::File(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("the file system of the database knows no locks"),
        }
    }

    async fn try_take_session(db: &Db) -> anyhow::Result<Option<Self>> {
        // Out of the pool for good: the connection closes with the lock, and the lock with the connection.
        let mut connection = db.write().get_postgres_connection_pool().acquire().await?.detach();
        let taken: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(KEY).fetch_one(&mut connection).await?;
        Ok(taken.then(|| Self::Session(Box::new(connection))))
    }
}
