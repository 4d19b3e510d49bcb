//! A generated history in a fresh database, and applications over it.

use std::sync::Arc;
use std::time::Duration;

use api::app::{App, Keeping, Services, app};
use api::http::Limits;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;
use entity::clock::{FixedClock, SharedClock};
use entity::db::Db;
use entity::time::Instant;
use ingest::command::demo::{self, Options};
use ingest::pipeline::Pipeline;
use ingest::spool::Spool;
use tests::database::TestDb;
use tests::ingest::TestArchive;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::progress;

/// When it is.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// A filled database.
pub(crate) struct World {
    /// The database, opened as the API does.
    pub(crate) db: Db,
    /// The clock of everything.
    pub(crate) clock: SharedClock,
    _database: TestDb,
    _archive: TestArchive,
}

impl World {
    /// A world with so many plays.
    pub(crate) async fn made(plays: u32, sqlite: bool) -> anyhow::Result<Self> {
        progress!("generating {plays} plays");
        let database = if sqlite { TestDb::sqlite().await } else { TestDb::postgres().await };
        let archive = TestArchive::directory();
        let clock: SharedClock = Arc::new(FixedClock::new(Instant::parse(NOW)?));
        let folder = tempfile::tempdir()?;
        let spool = Spool::new(folder.path().join("spool"));
        let pipeline = Pipeline::new(database.db(), archive.open(), spool, clock.clone());
        demo::fill(&pipeline, &Options { listeners: 6, plays, seed: 1 }).await?;
        Ok(Self { db: Db::open(database.url(), 16).await?, clock, _database: database, _archive: archive })
    }

    /// An application over it.
    pub(crate) fn app(&self, keeping: &Keeping) -> App {
        // A crowd takes its time on a small machine, and is to be answered.
        let execution_time_max = Duration::from_secs(120);
        let limits = Limits { executions_max: 4_096, execution_time_max, ..Limits::default() };
        app(&self.db, self.clock.clone(), &limits, keeping, "nobody", Services::default())
    }
}

/// Something served on a loopback port until it is dropped.
pub(crate) struct Served {
    /// Its port.
    pub(crate) port: u16,
    task: AbortHandle,
}

impl Served {
    /// Serves `router`.
    pub(crate) async fn start(router: Router) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(axum::serve(listener, router).into_future()).abort_handle();
        Ok(Self { port, task })
    }

    /// Serves the same bytes to every POST.
    pub(crate) async fn bytes(body: Vec<u8>) -> anyhow::Result<Self> {
        let body = Bytes::from(body);
        let answer = async move || ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body);
        Self::start(Router::new().route("/graphql", post(move || answer.clone()()))).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
