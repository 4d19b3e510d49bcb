//! A fresh, migrated database for one test, of either kind: an SQLite file in a folder of its own, or a copy of the
//! process's Postgres template.
//!
//! [`on_both!`](crate::on_both) makes two tests of one function, so that nobody forgets the other kind. A test reads and
//! writes through `entity`; what is here beside that looks at whole tables, whose columns it asks the database for.

mod shape;

use std::collections::BTreeMap;

use entity::db::Db;
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use tempfile::TempDir;

use crate::postgres::{Postgres, TestDatabase};

pub use shape::{Column, ForeignKey, Shape};

/// What a test may have open on Postgres at a time; the same as the ingest's own.
const CONNECTIONS_MAX: u32 = 16;

/// Makes of each `async fn name(db: TestDb)` two tests, `name::on_sqlite` and `name::on_postgres`.
///
/// A function that is left out of the list is dead code, which the compiler tells.
///
/// ```text
/// on_both! { a_play_fetched_twice_counts_once }
///
/// async fn a_play_fetched_twice_counts_once(db: TestDb) { … }
/// ```
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name($crate::database::TestDb::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name($crate::database::TestDb::postgres().await).await;
            }
        }
    )+ };
}

/// A migrated database with nothing in it. It is gone when this value is.
#[derive(Debug)]
pub struct TestDb {
    db: Db,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { _dropped_with_this: TestDatabase },
}

/// Rows of tables as text: equal if and only if the tables are.
pub type Rows = BTreeMap<String, Vec<String>>;

impl TestDb {
    /// A file in a folder of its own.
    ///
    /// # Panics
    /// When it cannot be made; so do all functions here, since a test can do nothing about it.
    pub async fn sqlite() -> Self {
        let folder = tempfile::Builder::new().prefix("refrain-test-").tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/refrain.db?mode=rwc", folder.path().display());
        Self::open(url, Place::Folder(folder)).await
    }

    /// A copy of the template in the process's Postgres.
    pub async fn postgres() -> Self {
        let database = match Postgres::shared(migrate).await {
            Ok(postgres) => postgres.create_database().await,
            Err(error) => Err(error),
        };
        let database = database.unwrap_or_else(|error| panic!("{error:#}"));
        Self::open(database.url().to_owned(), Place::Server { _dropped_with_this: database }).await
    }

    /// Another one of the same kind, for a test that compares two.
    pub async fn another(&self) -> Self {
        match self.place {
            Place::Folder(_) => Self::sqlite().await,
            Place::Server { .. } => Self::postgres().await,
        }
    }

    async fn open(url: String, place: Place) -> Self {
        let db = Db::open(&url, CONNECTIONS_MAX).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
        Self { db, url, place }
    }

    /// The database, opened as the programs open it.
    pub fn db(&self) -> Db {
        self.db.clone()
    }

    /// The same, but Postgres notes the plan of every statement that it has run, for [`Api::plans`](crate::api::Api::plans).
    ///
    /// # Panics
    /// When a server of `TEST_DATABASE_URL` lacks the contrib module `auto_explain`, or its user is no superuser.
    pub async fn explaining(&self) -> Db {
        if self.is_sqlite() {
            return self.db();
        }
        for setting in [
            "session_preload_libraries = auto_explain",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_level = notice",
        ] {
            self.execute(&format!(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database()); END $$"
            ))
            .await;
        }
        Db::open(&self.url, CONNECTIONS_MAX).await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
    }

    /// How SQLite would run `statement`, a step a line.
    pub async fn query_plan(&self, statement: &str) -> String {
        let sql = format!("EXPLAIN QUERY PLAN {statement}");
        let rows = self.db.read().query_all_raw(Statement::from_string(self.db.backend(), &sql)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let step = |row: &QueryResult| row.try_get("", "detail").unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(step).collect::<Vec<String>>().join("\n")
    }

    /// The value of `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is the embedded kind.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// Everything that is stored, as bytes: the files of the embedded kind, the rows of the other.
    pub async fn bytes(&self) -> Vec<u8> {
        match &self.place {
            Place::Folder(folder) => {
                let mut bytes = Vec::new();
                for file in std::fs::read_dir(folder.path()).expect("the database's folder") {
                    let path = file.expect("a file of the database's folder").path();
                    if path.extension().is_none_or(|extension| extension != "key") {
                        bytes.extend(std::fs::read(path).expect("a file that is there"));
                    }
                }
                bytes
            }
            Place::Server { .. } => {
                let tables = self.tables().await;
                let rows = self.rows(tables.iter().map(String::as_str)).await;
                rows.into_values().flatten().collect::<Vec<_>>().join("\n").into_bytes()
            }
        }
    }

    /// Every row of these tables.
    pub async fn rows<'a>(&self, tables: impl IntoIterator<Item = &'a str>) -> Rows {
        let mut rows = Rows::new();
        for table in tables {
            let row = match self.db.backend() {
                DbBackend::Sqlite => {
                    let columns = self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
                    let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
                    quoted.join(" || ',' || ")
                }
                _ => "CAST(t AS text)".to_owned(),
            };
            let sql = format!("SELECT {row} FROM \"{table}\" t ORDER BY 1");
            rows.insert(table.to_owned(), self.texts(&sql).await);
        }
        rows
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> usize {
        self.rows([table]).await[table].len()
    }

    /// Runs one statement that needs no answer.
    pub async fn execute(&self, sql: &str) {
        self.db.write().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The one number that a query answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.db.backend(), sql);
        let row = self.db.write().query_one_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        row.and_then(|row| row.try_get_by_index(0).ok()).unwrap_or_else(|| panic!("{sql}: no number"))
    }

    /// The first column of a query's rows, which are texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.db.backend(), sql);
        let rows = self.db.write().query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
    }
}

/// Makes the template.
async fn migrate(url: String) -> anyhow::Result<()> {
    let db = sea_orm::Database::connect(url).await?;
    migration::Migrator::up(&db, None).await?;
    Ok(db.close().await?)
}
