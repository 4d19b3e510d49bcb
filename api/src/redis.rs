//! Redis, as something that is nice to have: what instances share, and what the service is never worse without.
//!
//! A task of its own keeps the connection: it connects, looks after it once a second, and after trouble comes back with
//! growing pauses. Requests never connect. They use a connection that is there, wait [`TIME_MAX`] for it at most, and after
//! `FAILURES_MAX` failures in a row nobody uses it any more until the task has proved a new one (a circuit breaker). So Redis
//! killed, paused or slow costs some requests fifty milliseconds, once. Each change of state is one line in the log.
//!
//! It knows bytes and their keys, and trusts neither: what the bytes are worth is for those who read them to prove.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError};
use anyhow::Context;
use entity::db::Db;
use futures::{FutureExt, StreamExt};
use metrics::{Counter, Gauge};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::metrics::Metrics;

/// How long anybody waits for Redis.
pub const TIME_MAX: Duration = Duration::from_millis(50);

/// After so many failures in a row the connection is given up.
const FAILURES_MAX: u32 = 3;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A Redis. Clones share its connection, which ends with the last of them.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    /// What stands before every key: this build, and the database whose answers they are.
    prefix: String,
    /// None while Redis cannot be used.
    connection: RwLock<Option<MultiplexedConnection>>,
    failures: AtomicU32,
    broken: Notify,
    connected: Gauge,
    failed: Counter,
    refused: Counter,
    stopped: CancellationToken,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stopped.cancel();
    }
}

impl Redis {
    /// The Redis at `url`, for answers of `db`; must be called within a runtime. It is connected to in the background, so only
    /// an address that cannot be read is an error.
    pub async fn open(url: &str, db: &Db, metrics: &Metrics) -> anyhow::Result<Self> {
        let client = Client::open(url)
            .ok()
            .context("REDIS_URL cannot be read: it must be redis://HOST:PORT/NUMBER, or rediss://… for TLS")?;
        let build = Sha256::digest(format!("{} {}", env!("REFRAIN_BUILD"), identity(db).await?));
        let failure = |kind| {
            let help = "Commands to Redis that failed: it did not answer in time, or refused what was asked.";
            metrics.counter("refrain_redis_failures_total", help, &[("kind", kind)])
        };
        let inner = Arc::new(Inner {
            client,
            prefix: format!("refrain:{}", hex::encode(&build[..8])),
            connection: RwLock::default(),
            failures: AtomicU32::new(0),
            broken: Notify::new(),
            connected: metrics
                .gauge("refrain_redis_connected", "1 while Redis is used, 0 while answers are not shared."),
            failed: failure("no_answer"),
            refused: failure("refused"),
            stopped: CancellationToken::new(),
        });
        let (keeper, stopped) = (keep(Arc::downgrade(&inner)), inner.stopped.clone());
        tokio::spawn(async move { stopped.run_until_cancelled(keeper).await });
        Ok(Self(inner))
    }

    /// The key of `name` among all that is in there.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.0.prefix)
    }

    /// Whether it is of use at the moment.
    pub fn is_connected(&self) -> bool {
        self.connection().is_some()
    }

    /// What it says to `command`; `None` for whatever reason it says nothing.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let mut connection = self.connection()?;
        match timeout(TIME_MAX, command.query_async(&mut connection)).await {
            Ok(Ok(value)) => {
                self.0.failures.store(0, Ordering::Relaxed);
                Some(value)
            }
            Ok(Err(error)) if !is_lost(&error) => {
                self.0.refused.increment(1);
                None
            }
            Ok(Err(_)) | Err(_) => {
                self.0.failed.increment(1);
                if self.0.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_MAX {
                    self.0.give_up();
                }
                None
            }
        }
    }

    /// Tells all instances that an operator has emptied the caches of `audience`.
    pub async fn tell_cleared(&self, audience: i32) {
        let _: Option<i64> = self.ask(::redis::cmd("PUBLISH").arg(self.key("cleared")).arg(audience)).await;
    }

    /// Has `cleared` run whenever an instance, this one included, has told that an operator emptied the caches.
    pub fn on_cleared(&self, cleared: impl Fn(i32) + Send + Sync + 'static) {
        let (inner, stopped) = (Arc::downgrade(&self.0), self.0.stopped.clone());
        let listen = async move {
            while let Some((client, channel)) =
                inner.upgrade().map(|inner| (inner.client.clone(), format!("{}:cleared", inner.prefix)))
            {
                // A message that is lost meanwhile is made up for by the revision, which the database tells of.
                if let Ok(Ok(mut news)) = timeout(CONNECT_TIME_MAX, client.get_async_pubsub()).await
                    && let Ok(Ok(())) = timeout(CONNECT_TIME_MAX, news.subscribe(&channel)).await
                {
                    let mut messages = news.on_message();
                    while let Some(message) = messages.next().await {
                        if let Ok(audience) = message.get_payload() {
                            cleared(audience);
                        }
                    }
                }
                sleep(LOOK_EVERY).await;
            }
        };
        tokio::spawn(async move { stopped.run_until_cancelled(listen).await });
    }

    fn connection(&self) -> Option<MultiplexedConnection> {
        self.0.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Inner {
    fn set(&self, connection: Option<MultiplexedConnection>) {
        self.connected.set(if connection.is_some() { 1.0 } else { 0.0 });
        self.failures.store(0, Ordering::Relaxed);
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    fn give_up(&self) {
        self.set(None);
        self.broken.notify_one();
    }
}

/// Keeps the connection for as long as anybody has the Redis.
async fn keep(inner: Weak<Inner>) {
    let (mut pause, mut was_up) = (PAUSE_MIN, None);
    loop {
        let Some(client) = inner.upgrade().map(|inner| inner.client.clone()) else { return };
        let connection = connect(&client).await;
        let Some(inner) = inner.upgrade() else { return };
        match connection {
            Ok(connection) => {
                if was_up != Some(true) {
                    info!("Redis is reached: instances share their answers");
                }
                pause = PAUSE_MIN;
                // Those who had waited for the last connection may all have said that it is of no use.
                let _ = inner.broken.notified().now_or_never();
                inner.set(Some(connection.clone()));
                let reason = watch(&inner, connection).await;
                inner.set(None);
                was_up = Some(false);
                warn!("Redis cannot be used: {reason}. Every instance asks the database itself until it can");
            }
            Err(reason) if was_up.is_none() => {
                was_up = Some(false);
                warn!("Redis cannot be reached: {reason}. Every instance asks the database itself until it can");
            }
            Err(_) => {}
        }
        drop(inner);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A connection that has proved to answer in time.
async fn connect(client: &Client) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIME_MAX))
        .set_response_timeout(Some(TIME_MAX));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let connection = timeout(CONNECT_TIME_MAX, connecting).await.map_err(|_| "it does not answer".to_owned())?;
    let mut connection = connection.map_err(|error| said(&error))?;
    ping(&mut connection).await?;
    Ok(connection)
}

/// Ends with the reason why the connection is of no use any more.
async fn watch(inner: &Inner, mut connection: MultiplexedConnection) -> String {
    loop {
        tokio::select! {
            () = inner.broken.notified() => return "it does not answer in time".to_owned(),
            () = sleep(LOOK_EVERY) => {}
        }
        if let Err(reason) = ping(&mut connection).await {
            return reason;
        }
    }
}

async fn ping(connection: &mut MultiplexedConnection) -> Result<(), String> {
    match timeout(TIME_MAX, ::redis::cmd("PING").query_async::<String>(connection)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(said(&error)),
        Err(_) => Err("it does not answer in time".to_owned()),
    }
}

/// Whether an error is about the connection and not about what was asked.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped() || error.is_unrecoverable_error()
}

/// What a log may say of an error: its kind, and never an address with its password.
fn said(error: &RedisError) -> String {
    if error.is_timeout() {
        "it does not answer in time".to_owned()
    } else if error.is_io_error() {
        "the connection cannot be made or broke".to_owned()
    } else {
        error.code().map_or_else(|| "it does not speak as expected".to_owned(), |code| format!("it says {code}"))
    }
}

/// Tells databases apart that share a Redis. On Postgres by cluster and database; an embedded database shares nothing, since
/// nothing tells its file from a copy of it.
async fn identity(db: &Db) -> anyhow::Result<String> {
    let backend = db.read().get_database_backend();
    if backend == DbBackend::Postgres {
        let query = "SELECT (SELECT system_identifier FROM pg_control_system())::text || ' ' || oid::text \
                     FROM pg_database WHERE datname = current_database()";
        let row = db.read().query_one_raw(Statement::from_string(backend, query)).await;
        let row = row.context("the database does not say who it is")?.context("a database is in its own catalogue")?;
        return row.try_get_by_index::<String>(0).context("the database does not say who it is");
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(hex::encode(bytes))
}
