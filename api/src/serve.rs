//! `serve`: opens the database, listens, answers, and stops when asked to, with the answers in hand finished.

use std::future::IntoFuture;
use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::Context;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::user;
use sea_orm::{EntityTrait, QueryOrder};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::app::{Services, app};
use crate::config::Settings;
use crate::http::{self, Limits};
use crate::metrics::Metrics;
use crate::redis::Redis;

const CONNECTIONS_MAX: u32 = 16;

/// Who the example queries ask about when nobody is here: the demo's first listener.
const EXAMPLE_USERNAME: &str = "lena";

/// Serves until the process is told to stop.
pub async fn serve(settings: &Settings, clock: SharedClock) -> anyhow::Result<()> {
    let address = settings.listen_addr()?;
    // The port first: a database that is not going to be served is not made or migrated.
    let listener = listen(address, "LISTEN_ADDR").await?;
    let address = listener.local_addr().context("the operating system does not say where it listens")?;
    let connect = settings.connect(address)?;
    let db = Db::open(&settings.database_url()?, CONNECTIONS_MAX).await?;
    let first = user::Entity::find().order_by_asc(user::Column::Id).one(db.read()).await?;
    if first.is_none() {
        info!(
            "the database is empty. Three ways to get plays in: a demo, `cargo run --release -p ingest -- demo`; \
             connect a Spotify account, `refrain-ingest accounts connect NAME --create-user` and then \
             `refrain-ingest run`; import a privacy export, `refrain-ingest import my_spotify_data.zip --user NAME --create-user`"
        );
    }
    let username = first.map_or_else(|| EXAMPLE_USERNAME.to_owned(), |user| user.username);
    let metrics = Metrics::default();
    let redis = match settings.redis_url()? {
        Some(url) => Some(Redis::open(&url, &db, &metrics).await?),
        None => None,
    };
    let services = Services { metrics: metrics.clone(), redis, connect };
    let uploads = settings.uploads(&db, &clock)?;
    let mut app = app(&db, clock, &Limits::default(), &settings.keeping(), &username, services);
    if let Some(uploads) = uploads {
        app.router = app.router.merge(uploads.routes());
    }
    let metrics = http::metrics(metrics);
    let apart = match settings.metrics_addr() {
        None => {
            app.router = app.router.merge(metrics);
            None
        }
        Some(address) => {
            let listener = listen(address, "METRICS_ADDR").await?;
            info!("metrics: http://{}/metrics", listener.local_addr()?);
            Some((listener, metrics))
        }
    };
    // Before it is said that it is ready: whoever reads that may want it to stop.
    let stop = stop()?;
    info!("ready: open http://{address}/graphiql");
    let revisions = app.revisions.clone();
    let stop = async move {
        stop.await;
        revisions.stop(); // Subscriptions have no end of their own.
    };
    let apart = apart.map(|(listener, metrics)| tokio::spawn(axum::serve(listener, metrics).into_future()));
    axum::serve(listener, app.router).with_graceful_shutdown(stop).await?;
    app.finish.await;
    if let Some(apart) = apart {
        apart.abort(); // The last numbers are of those who read them before.
    }
    info!("stopped");
    Ok(())
}

/// Listens on `address`, which `setting` names.
async fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: stop that one, or set {setting} to another port")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}: correct {setting}")),
    })
}

/// Ends with the first SIGINT or SIGTERM.
fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("the operating system refuses to pass on SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("the operating system refuses to pass on SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        info!("stopping: answers in hand are finished first");
    })
}
