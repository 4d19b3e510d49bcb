//! A real Postgres: one cluster for the test process, one prepared template in it, one fresh database per test.
//!
//! The cluster is made from the installed binaries on a free loopback port and vanishes with the process. With
//! `TEST_DATABASE_URL` set, an existing server is used instead, whose user may create databases; then only the
//! databases are ours. Neither way cares what else runs on the machine.
//!
//! It knows nothing of our tables: the caller says how the template is prepared. It never skips: without Postgres it
//! fails with an instruction. It offers no shared database, since tests that see each other's rows cannot run in
//! parallel.

mod clerk;
mod cluster;
pub mod installed;

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, anyhow};
use tokio::sync::OnceCell;
use url::Url;

use clerk::Clerk;
use cluster::Cluster;

/// Names an existing server to use instead of an own cluster.
const SERVER_VARIABLE: &str = "TEST_DATABASE_URL";

static SHARED: OnceCell<Result<Postgres, String>> = OnceCell::const_new();

/// A server with a prepared template. Dropping it stops a cluster of its own.
#[derive(Debug)]
pub struct Postgres {
    // Before the cluster, so that the connection is closed before its server stops.
    clerk: Clerk,
    /// The server, with any database name.
    server: Url,
    template: String,
    /// What the names of all its databases begin with, unlike those of any other run on the same server.
    run: String,
    count: AtomicU32,
    _cluster: Option<Cluster>,
}

impl Postgres {
    /// The process's own server: the first call starts it and prepares the template, all later ones wait for that.
    ///
    /// `prepare` is given the URL of an empty database and leaves it as every test should find its own, for example by
    /// running the migrations. Only the first caller's is run. A failure is final: every caller gets its text, and
    /// nothing is tried again.
    pub async fn shared<P, F>(prepare: P) -> anyhow::Result<&'static Postgres>
    where
        P: FnOnce(String) -> F,
        F: Future<Output = anyhow::Result<()>>,
    {
        let started = SHARED.get_or_init(async || Postgres::start(prepare).await.map_err(|error| format!("{error:#}")));
        started.await.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Another server, for a test that needs one to itself; `prepare` as in [`Postgres::shared`].
    pub async fn start<P, F>(prepare: P) -> anyhow::Result<Postgres>
    where
        P: FnOnce(String) -> F,
        F: Future<Output = anyhow::Result<()>>,
    {
        let postgres = match env::var(SERVER_VARIABLE) {
            Ok(url) => Postgres::existing(&url).await.context(SERVER_VARIABLE)?,
            Err(_) => Postgres::own().await?,
        };
        let template = &postgres.template;
        postgres.clerk.run(format!("CREATE DATABASE {template}")).await.context("cannot create the template")?;
        prepare(postgres.url(template)).await.context("cannot prepare the template database")?;
        // CREATE DATABASE refuses a template that somebody is connected to. A pool that `prepare` has dropped may take
        // a moment to hang up; from here on nobody can come back.
        postgres.clerk.run(format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS false")).await?;
        postgres
            .clerk
            .run(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"))
            .await?;
        Ok(postgres)
    }

    /// A fresh copy of the template, for one test.
    pub async fn create_database(&self) -> anyhow::Result<TestDatabase> {
        let name = format!("{}_{}", self.run, self.count.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE {}", self.template);
        self.clerk.run(create).await.context("cannot create a test database")?;
        Ok(TestDatabase { url: self.url(&name), name, clerk: self.clerk.clone() })
    }

    async fn own() -> anyhow::Result<Postgres> {
        let cluster = tokio::task::spawn_blocking(Cluster::start).await.context("the start of Postgres panicked")??;
        Postgres::connect(cluster.url(), Some(cluster)).await
    }

    async fn existing(url: &str) -> anyhow::Result<Postgres> {
        let postgres = Postgres::connect(Url::parse(url)?, None).await?;
        postgres.clerk.drop_forgotten().await?;
        Ok(postgres)
    }

    async fn connect(server: Url, cluster: Option<Cluster>) -> anyhow::Result<Postgres> {
        let run = format!("refrain_test_{:016x}", rand::random::<u64>());
        let clerk = Clerk::start(&server, &run).await?;
        let template = format!("{run}_template");
        Ok(Postgres { clerk, server, template, run, count: AtomicU32::new(0), _cluster: cluster })
    }

    fn url(&self, database: &str) -> String {
        let mut url = self.server.clone();
        url.set_path(database);
        url.into()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.clerk.forget(format!("DROP DATABASE IF EXISTS {}", self.template));
    }
}

/// One test's database. It is dropped with this value, behind the test's back and whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    clerk: Clerk,
}

impl TestDatabase {
    /// `postgres://user@host:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.clerk.forget(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

    use super::*;

    async fn prepare(url: String) -> anyhow::Result<()> {
        // Left open on purpose: the harness must cope with a careless caller.
        let db = Database::connect(url).await?;
        db.execute_unprepared("CREATE TABLE song (name text PRIMARY KEY); INSERT INTO song VALUES ('Älska mig')")
            .await?;
        Box::leak(Box::new(db));
        Ok(())
    }

    async fn database() -> (TestDatabase, DatabaseConnection) {
        let database = Postgres::shared(prepare).await.unwrap().create_database().await.unwrap();
        let db = Database::connect(database.url()).await.unwrap();
        (database, db)
    }

    async fn number(db: &impl ConnectionTrait, sql: &str) -> i64 {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    async fn each_database_is_its_own() {
        let (_database, db) = database().await;
        assert_eq!(number(&db, "SELECT count(*) FROM song").await, 1);
        db.execute_unprepared("DELETE FROM song").await.unwrap();
        assert_eq!(number(&db, "SELECT count(*) FROM song").await, 0);
    }

    // The same promise under two tests, which have a runtime and a thread each.
    #[tokio::test]
    async fn what_one_test_deletes_another_still_has() {
        futures::future::join_all((0..8).map(|_| each_database_is_its_own())).await;
    }

    #[tokio::test]
    async fn what_another_test_deletes_this_one_still_has() {
        each_database_is_its_own().await;
    }

    #[tokio::test]
    async fn a_dropped_database_is_gone_although_somebody_is_connected() {
        let (dropped, _still_connected) = database().await;
        let (_database, db) = database().await;
        let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", dropped.name);
        assert_eq!(number(&db, &count).await, 1);
        drop(dropped);
        let given_up = Instant::now() + Duration::from_secs(30);
        while number(&db, &count).await > 0 {
            assert!(Instant::now() < given_up, "the database is still there");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_template_that_cannot_be_prepared_is_an_error_that_says_why() {
        let error = Postgres::start(async |_| anyhow::bail!("step 7 is broken")).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot prepare the template database: step 7 is broken");
    }
}
