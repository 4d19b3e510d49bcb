//! The application without a socket: schema, handler and routes over an open database.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use async_graphql_axum::GraphQLSubscription;
use axum::Router;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use entity::clock::SharedClock;
use entity::db::Db;
use tokio::time::sleep;
use tracing::info;

use crate::cache::Cache;
use crate::graphql::{self, RequestContext, Schema, Shared};
use crate::http::{self, Graphiql, GraphqlHttp, Guarded, Limits, graphiql};
use crate::metrics::Metrics;
use crate::revision::{Freshness, Revisions};

/// What is kept in memory, and how old it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The budget of kept answers, in bytes; 0 keeps none.
    pub cache_bytes: u64,
    /// How old a revision may be when it is used.
    pub freshness: Freshness,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { cache_bytes: CACHE_BYTES_DEFAULT, freshness: Freshness::default() }
    }
}

/// 64 MiB: some ten thousand charts of fifty rows.
pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// Names the listener who asks, as long as access control is off.
const VIEWER_HEADER: &str = "x-viewer";

const WEBSOCKET_PATH: &str = "/graphql/ws";

/// Everything that answers.
pub struct App {
    /// The schema.
    pub schema: Schema,
    /// All routes.
    pub router: Router,
    /// Tells subscriptions of changes; stopping it ends them.
    pub revisions: Revisions,
    /// The answers that are kept.
    pub cache: Cache,
    /// What happens here, in numbers.
    pub metrics: Metrics,
    /// Waits for executions whose client has left, once the server has stopped.
    pub finish: futures::future::BoxFuture<'static, ()>,
}

/// Puts the application together, within a runtime. GraphiQL's example queries ask about `example_username`.
pub fn app(db: &Db, clock: SharedClock, limits: &Limits, keeping: &Keeping, example_username: &str) -> App {
    let schema = graphql::schema(limits);
    let metrics = Metrics::default();
    let cache = Cache::new(keeping.cache_bytes, &metrics);
    let on_cleared = {
        let cache = cache.clone();
        move || {
            let entries = cache.clear(None);
            info!(entries, "an operator has emptied the cache: {entries} entries are dropped");
        }
    };
    let revisions = Revisions::follow(db, keeping.freshness, &metrics, on_cleared);
    tokio::spawn(tidy(metrics.clone(), revisions.stopped()));
    let shared = Shared { db: db.clone(), clock, revisions: revisions.clone(), cache: cache.clone() };

    let provide = {
        let shared = shared.clone();
        move |parts: &Parts, request: Request| {
            let viewer = parts.headers.get(VIEWER_HEADER).and_then(|name| name.to_str().ok()).map(str::to_owned);
            // While access control is off, everyone is an operator and may insist on a fresh answer.
            let fresh = parts.headers.get_all(header::CACHE_CONTROL).iter().any(insists);
            request.data(Arc::new(RequestContext::new(shared.clone(), viewer, fresh)))
        }
    };
    let handler = GraphqlHttp::new(schema.clone(), provide, limits.clone());

    let equip = move |request: Request| request.data(Arc::new(RequestContext::new(shared.clone(), None, false)));
    let websocket = GraphQLSubscription::new(Guarded::new(schema.clone(), limits.clone(), equip));

    let page = Graphiql { tabs: graphiql::tabs(example_username), subscriptions: Some(WEBSOCKET_PATH.to_owned()) };
    let ready = {
        let db = db.clone();
        move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|_| "The database cannot be reached.".to_owned()) }
        }
    };
    let others = Router::new().route_service(WEBSOCKET_PATH, websocket);
    let router = http::router(handler.clone(), &page, schema.sdl(), ready, others);
    App { schema, router, revisions, cache, metrics, finish: Box::pin(async move { handler.finish().await }) }
}

const TIDY_EVERY: Duration = Duration::from_secs(30);

/// Keeps `metrics` small while nobody reads them.
async fn tidy(metrics: Metrics, stopped: impl Future<Output = ()>) {
    let tidy = async {
        loop {
            sleep(TIDY_EVERY).await;
            metrics.tidy();
        }
    };
    tokio::select! {
        () = stopped => {}
        () = tidy => {}
    }
}

/// Whether a `Cache-Control` of a request asks for an answer that comes from nobody's memory.
fn insists(value: &HeaderValue) -> bool {
    let directives = value.to_str().unwrap_or_default().split(',');
    directives.into_iter().any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}
