//! The application without a socket: schema, handler and routes over an open database.

use async_graphql::Request;
use axum::Router;
use axum::http::request::Parts;
use entity::clock::SharedClock;
use entity::db::Db;

use crate::graphql::{self, RequestContext, Schema};
use crate::http::{self, Graphiql, GraphqlHttp, Limits, graphiql};

/// Everything that answers.
pub struct App {
    /// The schema.
    pub schema: Schema,
    /// All routes.
    pub router: Router,
    /// Waits for executions whose client has left, once the server has stopped.
    pub finish: futures::future::BoxFuture<'static, ()>,
}

/// Puts the application together. GraphiQL's example queries ask about `example_username`.
pub fn app(db: &Db, clock: SharedClock, limits: &Limits, example_username: &str) -> App {
    let schema = graphql::schema(limits);
    let provide = {
        let db = db.clone();
        move |_: &Parts, request: Request| request.data(RequestContext::new(db.clone(), clock.now()))
    };
    let handler = GraphqlHttp::new(schema.clone(), provide, limits.clone());
    let page = Graphiql { tabs: graphiql::tabs(example_username), subscriptions: None };
    let ready = {
        let db = db.clone();
        move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|_| "The database cannot be reached.".to_owned()) }
        }
    };
    let router = http::router(handler.clone(), &page, schema.sdl(), ready, Router::new());
    App { schema, router, finish: Box::pin(async move { handler.finish().await }) }
}
