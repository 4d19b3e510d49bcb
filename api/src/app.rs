//! The application without a socket: schema, handler and routes over an open database.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Result};
use async_graphql_axum::GraphQLSubscription;
use axum::Router;
use axum::http::HeaderName;
use axum::http::request::Parts;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::revision::CLEARED;
use tokio::time::sleep;
use tracing::info;

use crate::cache::{Cache, Rests};
use crate::connect::{self, Connect};
use crate::graphql::{self, RequestContext, Schema, Shared};
use crate::http::{self, Answers, Context, Graphiql, GraphqlHttp, Guarded, Limits, Provide, graphiql};
use crate::loaders::Memory;
use crate::metrics::Metrics;
use crate::redis::Redis;
use crate::revision::{Freshness, Revisions};

/// What is kept in memory, and how old it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The budget of kept answers, in bytes; 0 keeps none.
    pub cache_bytes: u64,
    /// Whether whole answers are kept beside those of fields.
    pub whole_answers: bool,
    /// How old a revision may be when it is used.
    pub freshness: Freshness,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { cache_bytes: CACHE_BYTES_DEFAULT, whole_answers: true, freshness: Freshness::default() }
    }
}

/// The parts of the budget.
struct Shares {
    /// Answers of fields.
    fields: u64,
    /// Whole answers.
    answers: u64,
    /// Rows of the catalogue.
    rows: u64,
}

impl Keeping {
    /// Half for what costs the database most; a quarter each for what spares executing a query, and looking up names.
    fn shares(&self) -> Shares {
        let quarter = self.cache_bytes / 4;
        let answers = if self.whole_answers { quarter } else { 0 };
        Shares { fields: self.cache_bytes - 2 * quarter, answers, rows: quarter }
    }
}

/// 64 MiB: some ten thousand charts of fifty rows.
pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// Names the listener who asks, as long as access control is off.
pub(crate) const VIEWER_HEADER: &str = "x-viewer";

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
    /// The rows that are kept.
    pub memory: Memory,
    /// What happens here, in numbers.
    pub metrics: Metrics,
    /// Waits for executions whose client has left, once the server has stopped.
    pub finish: futures::future::BoxFuture<'static, ()>,
}

/// What the application may use beside the database.
#[derive(Default)]
pub struct Services {
    /// Where it counts.
    pub metrics: Metrics,
    /// Shares answers with other instances; without it, each has its own.
    pub redis: Option<Redis>,
    /// Lets people sign in to Spotify; without it, nobody can here.
    pub connect: Option<Connect>,
}

/// Puts the application together, within a runtime. GraphiQL's example queries ask about `example_username`.
pub fn app(
    db: &Db,
    clock: SharedClock,
    limits: &Limits,
    keeping: &Keeping,
    example_username: &str,
    services: Services,
) -> App {
    let Services { metrics, redis, connect } = services;
    let connect = connect::routes(db, clock.clone(), connect);
    let executors = graphql::executors(limits);
    let schema = executors.validating.clone();
    let (cache, memory, answers) = (
        Cache::sharing(keeping.shares().fields, &metrics, redis.clone()),
        Memory::new(keeping.shares().rows),
        Answers::new(keeping.shares().answers),
    );
    let on_cleared = {
        let (cache, memory, answers) = (cache.clone(), memory.clone(), answers.clone());
        move || {
            memory.clear();
            answers.clear();
            let entries = cache.clear(None);
            info!(
                entries,
                "the cache is emptied, as an operator or an erasure asked for: {entries} entries are dropped"
            );
        }
    };
    let revisions = Revisions::follow(db, keeping.freshness, &metrics, on_cleared);
    tokio::spawn(tidy(metrics.clone(), revisions.stopped()));
    if let Some(redis) = &redis {
        let (cache, memory, answers) = (cache.clone(), memory.clone(), answers.clone());
        let revisions = revisions.clone();
        redis.on_cleared(move |audience| {
            // Their numbers have risen, and are read anew; what is dropped here only makes room.
            revisions.forget(&[audience]);
            cache.clear((audience != CLEARED).then_some(audience));
            memory.clear();
            answers.clear();
        });
    }
    let shared = Shared {
        db: db.clone(),
        clock,
        revisions: revisions.clone(),
        cache: cache.clone(),
        memory: memory.clone(),
        redis: redis.clone(),
    };

    let handler = GraphqlHttp::new(executors, ForRequests(shared.clone()), limits.clone(), answers, redis, &metrics);

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
    let others = Router::new().route_service(WEBSOCKET_PATH, websocket).merge(connect);
    let router = http::router(handler.clone(), &page, schema.sdl(), ready, others);
    App { schema, router, revisions, cache, memory, metrics, finish: Box::pin(async move { handler.finish().await }) }
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

/// Equips requests, and knows what has changed since they were answered.
struct ForRequests(Shared);

impl Provide for ForRequests {
    type Context = RequestContext;

    const ASKER: HeaderName = HeaderName::from_static(VIEWER_HEADER);

    async fn provide(&self, parts: &Parts, request: Request, fresh: bool) -> Result<(Request, Arc<RequestContext>)> {
        let viewer = parts.headers.get(VIEWER_HEADER).and_then(|name| name.to_str().ok()).map(str::to_owned);
        let context = Arc::new(RequestContext::new(self.0.clone(), viewer, fresh));
        Ok((request.data(Arc::clone(&context)), context))
    }

    async fn stands(&self, rests: &Rests) -> bool {
        // What cannot be looked up is not given again; the execution will say why.
        rests.stands(&self.0.revisions, self.0.clock.now()).await.unwrap_or(false)
    }

    fn ends_in(&self, rests: &Rests) -> Option<Duration> {
        let left_ms = rests.until?.ms() - self.0.clock.now().ms();
        Some(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)))
    }
}

impl Context for RequestContext {
    fn rests(&self) -> Rests {
        Self::rests(self)
    }
}
