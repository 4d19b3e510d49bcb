//! How the database is opened: one place that tunes SeaORM's defaults, hides passwords from errors, and refuses a
//! database whose tables are not the ones this program knows.
//!
//! Postgres is never migrated here (the `migration` command does that); the embedded SQLite default is, by whichever
//! program opens it first.

use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions as _, Connection};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, SqlxError, TransactionOptions, TransactionTrait,
};
use tracing::info;
use tracing::log::LevelFilter;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);
const SLOW_STATEMENT: Duration = Duration::from_secs(1);
const SQLITE_READERS: u32 = 4;
const SQLITE_ATTEMPTS_MAX: u32 = 50;
const SQLITE_ATTEMPT_EVERY: Duration = Duration::from_millis(20);
const SQLITE_WRITERS: u32 = 1;
const SQLITE_MMAP_BYTES: u32 = 256 << 20;
const SQLITE_CACHE_KIB: &str = "-65536";

/// What every session on Postgres begins with. A statement is planned for its own range each time, since a listener's day and
/// everyone's year have nothing in common but their text; compiling it would take longer than most of them run; and what a
/// chart folds must fit into memory. It goes along with the greeting, and so costs no statement.
const POSTGRES_SETTINGS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_custom_plan"), ("jit", "off"), ("work_mem", "32MB")];

/// What a transaction that writes begins with. The server checks a foreign key with a statement of its own for every row, and
/// would plan that anew each time, too: inserting plays took more than twice as long.
const KEYS_PLANNED_ONCE: &str = "SET LOCAL plan_cache_mode = auto";

/// An open database: one way in for statements that write and one for those that only read. On Postgres both are the
/// same pool; on SQLite a single writer stands beside four readers, as the engine wants it.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

/// Why a database cannot be used. `Display` says what to do and never shows a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is of no known kind.
    #[error("DATABASE_URL is not a database address: expected postgres://USER@HOST/NAME or sqlite://FILE?mode=rwc")]
    Address,
    /// Nobody answers, or refuses.
    #[error("the database {address} cannot be reached: start it, or correct DATABASE_URL")]
    Unreachable {
        /// The URL without its password.
        address: String,
        /// Why.
        source: DbErr,
    },
    /// Its tables are older than this program.
    #[error("the database {address} lacks {pending} migration(s): run `migration up` with the same DATABASE_URL first")]
    Unmigrated {
        /// The URL without its password.
        address: String,
        /// How many steps are missing.
        pending: usize,
    },
    /// A migration failed.
    #[error("the database {address} could not be migrated")]
    Migration {
        /// The URL without its password.
        address: String,
        /// Why.
        source: DbErr,
    },
}

impl Db {
    /// Opens the database at `url`, with at most `connections` at a time on Postgres.
    pub async fn open(url: &str, connections: u32) -> Result<Self, Error> {
        let address = address(url)?;
        let db = match backend_of(url)? {
            DbBackend::Sqlite => Self::open_sqlite(url).await,
            _ => Self::open_postgres(url, connections).await,
        }
        .map_err(|source| Error::Unreachable { address: address.clone(), source })?;
        match db.backend() {
            DbBackend::Sqlite => db.migrate().await.map_err(|source| Error::Migration { address, source })?,
            _ => db.check_migrated(address).await?,
        }
        Ok(db)
    }

    /// Opens the database at `url` to look at it only: an embedded one is neither made nor migrated, and takes no write.
    pub async fn open_untouched(url: &str, connections: u32) -> Result<Self, Error> {
        if backend_of(url)? != DbBackend::Sqlite {
            return Self::open(url, connections).await;
        }
        let address = address(url)?;
        let (file, _) = url.split_once('?').unwrap_or((url, ""));
        let url = format!("{file}?mode=ro");
        let read = connect_sqlite(&url, SQLITE_READERS)
            .await
            .map_err(|source| Error::Unreachable { address: address.clone(), source })?;
        let db = Self { write: read.clone(), read };
        db.check_migrated(address).await?;
        Ok(db)
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self, DbErr> {
        // A pool that cannot connect says that it waited too long; a connection of its own says why.
        let failed = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let first = tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await;
        let first = first.unwrap_or_else(|_| Err(SqlxError::Io(std::io::ErrorKind::TimedOut.into())));
        first.map_err(failed)?.close().await.map_err(failed)?;
        let pool = Database::connect(postgres_options(url, connections)).await?;
        Ok(Self { write: pool.clone(), read: pool })
    }

    async fn open_sqlite(url: &str) -> Result<Self, DbErr> {
        let write = connect_sqlite(url, SQLITE_WRITERS).await?;
        // A database in memory lives in its one connection.
        let read = if url.contains(":memory:") || url.contains("mode=memory") {
            write.clone()
        } else {
            connect_sqlite(url, SQLITE_READERS).await?
        };
        Ok(Self { write, read })
    }

    /// For statements that write, and for reads that must see them.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// For statements that only read.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once, so that two of them queue instead of
    /// failing half-way.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.write.begin_with_options(immediate).await?;
        if self.backend() == DbBackend::Postgres {
            transaction.execute_unprepared(KEYS_PLANNED_ONCE).await?;
        }
        Ok(transaction)
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    async fn check_migrated(&self, address: String) -> Result<(), Error> {
        match Migrator::get_pending_migrations_read_only(&self.write).await {
            Ok(pending) if pending.is_empty() => Ok(()),
            Ok(pending) => Err(Error::Unmigrated { address, pending: pending.len() }),
            Err(source) => Err(Error::Unreachable { address, source }),
        }
    }

    /// Brings an embedded database up to date in one transaction, so that two programs may open a new one at once.
    async fn migrate(&self) -> Result<(), DbErr> {
        if Migrator::get_pending_migrations_read_only(&self.write).await.is_ok_and(|pending| pending.is_empty()) {
            return Ok(());
        }
        let transaction = self.begin().await?;
        Migrator::up(&transaction, None).await?;
        transaction.commit().await?;
        info!("the embedded database is up to date");
        Ok(())
    }
}

/// SQLite waits for a lock by itself, except where two connections turn a new file to write-ahead logging at once: then one
/// of them is refused on the spot, and may come again.
async fn connect_sqlite(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut attempt = 1;
    loop {
        match Database::connect(sqlite_options(url, connections)).await {
            Err(error) if attempt < SQLITE_ATTEMPTS_MAX && is_locked(&error) => {
                attempt += 1;
                tokio::time::sleep(SQLITE_ATTEMPT_EVERY).await;
            }
            result => return result,
        }
    }
}

/// Whether SQLite said `SQLITE_BUSY`, whose extended codes have 5 in their lowest byte.
fn is_locked(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    let code = error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// Which kind of database `url` names.
fn backend_of(url: &str) -> Result<DbBackend, Error> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => Ok(DbBackend::Postgres),
        Some("sqlite") => Ok(DbBackend::Sqlite),
        _ => Err(Error::Address),
    }
}

/// The URL as it may be shown: without its password.
pub fn address(url: &str) -> Result<String, Error> {
    backend_of(url)?;
    if url.starts_with("sqlite:") {
        return Ok(url.to_owned());
    }
    let mut shown = url::Url::parse(url).map_err(|_| Error::Address)?;
    if shown.password().is_some() {
        shown.set_password(Some("***")).map_err(|()| Error::Address)?;
    }
    shown.set_query(None);
    Ok(shown.to_string())
}

fn postgres_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = common_options(url, connections);
    options.set_application_name("refrain");
    options.map_sqlx_postgres_opts(|postgres| postgres.options(POSTGRES_SETTINGS));
    options
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = common_options(url, connections);
    // Readers share what the system keeps of the file. An import writes through the whole of it, and its memory is bounded.
    let mmap_bytes = if connections == SQLITE_WRITERS { 0 } else { SQLITE_MMAP_BYTES };
    options.min_connections(1).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .busy_timeout(ACQUIRE_TIMEOUT)
            .foreign_keys(true)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "NORMAL")
            .pragma("mmap_size", mmap_bytes.to_string())
            .pragma("cache_size", SQLITE_CACHE_KIB)
            .pragma("temp_store", "MEMORY")
    });
    options
}

fn common_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(PING_AFTER_IDLE)
        .sqlx_logging(true)
        .sqlx_logging_level(LevelFilter::Debug)
        .sqlx_slow_statements_logging_settings(LevelFilter::Warn, SLOW_STATEMENT);
    options
}

#[cfg(test)]
mod tests {
    use super::{Error, address};

    #[test]
    fn an_address_never_shows_its_password() {
        let shown = address("postgres://refrain:hunter2@db:5432/refrain?sslpassword=hunter2").unwrap();
        assert_eq!(shown, "postgres://refrain:***@db:5432/refrain");
        assert!(matches!(address("mysql://root:hunter2@db/x"), Err(Error::Address)));
        assert!(matches!(address("hunter2"), Err(Error::Address)));
    }
}
