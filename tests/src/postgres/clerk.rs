//! The one administrative connection to the test server, usable from every test.
//!
//! Each test has its own Tokio runtime, and a connection dies with the runtime that opened it. So this one lives on a
//! thread with a runtime of its own, and tests send it statements. That also makes them run one after the other, which
//! is what Postgres asks of `CREATE DATABASE … TEMPLATE …`.
//!
//! It reads nothing for a test: tests connect to their own database.

use std::{thread, time::Duration};

use anyhow::{Context, anyhow};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
};
use url::Url;

/// A server that refuses connections is asked again and again for as long as this, in case it is just starting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Databases named after a run that has no connection any more: left behind by a process that was killed or just ended.
const FORGOTTEN: &str = r"
SELECT d.datname::text FROM pg_database AS d
WHERE d.datname LIKE 'refrain\_test\_%' AND NOT EXISTS (
    SELECT 1 FROM pg_stat_activity AS a
    WHERE a.application_name LIKE 'refrain\_test\_%' AND starts_with(d.datname, a.application_name)
)";

/// A handle to the connection; clones share it. The thread ends, and hangs up, when the last one is dropped.
#[derive(Clone, Debug)]
pub(super) struct Clerk {
    /// Statements that somebody waits for.
    urgent: mpsc::UnboundedSender<Order>,
    /// Statements that nobody waits for; they yield to the urgent ones.
    idle: mpsc::UnboundedSender<String>,
}

#[derive(Debug)]
enum Order {
    Run { sql: String, done: oneshot::Sender<Result<(), DbErr>> },
    DropForgotten { done: oneshot::Sender<Result<(), DbErr>> },
}

impl Clerk {
    /// Connects to `server`, to the database that the URL names, under the name of this run.
    pub(super) async fn start(server: &Url, run: &str) -> anyhow::Result<Clerk> {
        let mut server = server.clone();
        server.query_pairs_mut().append_pair("application_name", run);
        let mut options = ConnectOptions::new(server.to_string());
        // Never none: while it is connected, nobody takes the run's databases for forgotten ones.
        options.min_connections(1).max_connections(1);
        options.sqlx_logging(false).connect_timeout(CONNECT_TIMEOUT);
        let (urgent, orders) = mpsc::unbounded_channel();
        let (idle, leftovers) = mpsc::unbounded_channel();
        let (started, wait) = oneshot::channel();
        thread::Builder::new().name("postgres clerk".into()).spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime without threads needs nothing but a few file handles");
            runtime.block_on(async {
                match Database::connect(options).await {
                    Err(error) => _ = started.send(Err(error)),
                    Ok(db) => {
                        // When nobody waits any more, both channels are closed as well, and `serve` returns at once.
                        _ = started.send(Ok(()));
                        serve(db, orders, leftovers).await;
                    }
                }
            });
        })?;
        let at = format!("{}:{}", server.host_str().unwrap_or_default(), server.port().unwrap_or(5432));
        let started = wait.await.context("the clerk's thread died")?;
        started.with_context(|| format!("cannot connect to the test server at {at}"))?;
        Ok(Clerk { urgent, idle })
    }

    /// Runs one statement, and waits until it is done.
    pub(super) async fn run(&self, sql: String) -> anyhow::Result<()> {
        self.ask(|done| Order::Run { sql, done }).await
    }

    /// Drops the databases of earlier runs on this server.
    pub(super) async fn drop_forgotten(&self) -> anyhow::Result<()> {
        self.ask(|done| Order::DropForgotten { done }).await
    }

    /// Has a statement run some time, if the process lives to see it; its failure is nobody's concern.
    pub(super) fn forget(&self, sql: String) {
        // The thread is gone only if it panicked, and then a waiting test has already failed.
        _ = self.idle.send(sql);
    }

    async fn ask(&self, order: impl FnOnce(oneshot::Sender<Result<(), DbErr>>) -> Order) -> anyhow::Result<()> {
        let (done, wait) = oneshot::channel();
        self.urgent.send(order(done)).map_err(|_| anyhow!("the clerk's thread died"))?;
        Ok(wait.await.context("the clerk's thread died")??)
    }
}

async fn serve(
    db: DatabaseConnection,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut leftovers: mpsc::UnboundedReceiver<String>,
) {
    loop {
        tokio::select! {
            biased;
            Some(order) = orders.recv() => match order {
                Order::Run { sql, done } => drop(done.send(db.execute_unprepared(&sql).await.map(|_| ()))),
                Order::DropForgotten { done } => drop(done.send(drop_forgotten(&db).await)),
            },
            Some(sql) = leftovers.recv() => drop(db.execute_unprepared(&sql).await),
            else => break,
        }
    }
    _ = db.close().await;
}

async fn drop_forgotten(db: &DatabaseConnection) -> Result<(), DbErr> {
    let forgotten = Statement::from_string(db.get_database_backend(), FORGOTTEN);
    for row in db.query_all_raw(forgotten).await? {
        let name: String = row.try_get_by_index(0)?;
        // Another run may be dropping it at this very moment.
        _ = db.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::cluster::Cluster, *};

    #[tokio::test]
    async fn only_databases_of_runs_that_have_ended_are_dropped() {
        let cluster = Cluster::start().unwrap();
        let ended = Clerk::start(&cluster.url(), "refrain_test_ended").await.unwrap();
        let running = Clerk::start(&cluster.url(), "refrain_test_running").await.unwrap();
        for name in ["refrain_test_ended_template", "refrain_test_running_1", "refrain"] {
            ended.run(format!("CREATE DATABASE {name}")).await.unwrap();
        }
        let db = Database::connect(cluster.url()).await.unwrap();
        drop(ended);
        while count(&db, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'refrain_test_ended'").await
            > 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.drop_forgotten().await.unwrap();
        let kept = "SELECT count(*) FROM pg_database WHERE datname IN ('refrain_test_running_1', 'refrain')";
        assert_eq!(count(&db, kept).await, 2);
        let dropped = "SELECT count(*) FROM pg_database WHERE datname = 'refrain_test_ended_template'";
        assert_eq!(count(&db, dropped).await, 0);
    }

    async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }
}
