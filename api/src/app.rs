//! The application without a socket: schema, handler and routes over an open database.

use std::sync::Arc;

use async_graphql::Request;
use async_graphql_axum::GraphQLSubscription;
use axum::Router;
use axum::http::request::Parts;
use entity::clock::SharedClock;
use entity::db::Db;

use crate::connect::{self, Connect};
use crate::graphql::{self, RequestContext, Schema, Shared};
use crate::http::{self, Graphiql, GraphqlHttp, Guarded, Limits, graphiql};
use crate::revision::Revisions;

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
    /// Waits for executions whose client has left, once the server has stopped.
    pub finish: futures::future::BoxFuture<'static, ()>,
}

/// Puts the application together, within a runtime. GraphiQL's example queries ask about `example_username`; without
/// `connect`, nobody can sign in to Spotify here.
pub fn app(db: &Db, clock: SharedClock, limits: &Limits, example_username: &str, connect: Option<Connect>) -> App {
    let schema = graphql::schema(limits);
    let revisions = Revisions::follow(db);
    let connect = connect::routes(db, clock.clone(), connect);
    let shared = Shared { db: db.clone(), clock, revisions: revisions.clone() };

    let provide = {
        let shared = shared.clone();
        move |parts: &Parts, request: Request| {
            let viewer = parts.headers.get(VIEWER_HEADER).and_then(|name| name.to_str().ok()).map(str::to_owned);
            request.data(Arc::new(RequestContext::new(shared.clone(), viewer)))
        }
    };
    let handler = GraphqlHttp::new(schema.clone(), provide, limits.clone());

    let equip = move |request: Request| request.data(Arc::new(RequestContext::new(shared.clone(), None)));
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
    App { schema, router, revisions, finish: Box::pin(async move { handler.finish().await }) }
}
