//! The HTTP face: everything between a socket and the schema.
//!
//! Generic over the schema, so that it can be proved with a small one. `main` builds the parts and puts them together:
//!
//! ```ignore
//! let limits = Limits::default();
//! let build = || limits.apply(Schema::build(Query, Mutation, Subscription));
//! let schema = build().finish();
//! let trusting = build().validation_mode(ValidationMode::Fast).finish();
//! let executors = Executors { validating: schema.clone(), trusting };
//! let graphql = GraphqlHttp::new(executors, provide, limits.clone(), answers, redis, &metrics);
//! let page = Graphiql { tabs: graphiql::tabs(), subscriptions: Some("/graphql/ws".into()) };
//! let app = http::router(graphql.clone(), &page, schema.sdl(), ready, websocket_routes);
//! axum::serve(listener, app).with_graceful_shutdown(stop).await?;
//! graphql.finish().await;
//! ```
//!
//! Every error on every route is JSON with `errors[].message` and `errors[].extensions.code`; see [`crate::error`].
//!
//! Not here: listening, TLS, CORS (pages of other origins are not served until somebody needs them), sign-in, metrics.

mod answer;
mod asked;
mod body;
mod document;
mod documents;
pub mod graphiql;
mod graphql;
mod guarded;
mod health;
mod limits;
mod media;
mod metrics;
mod parameters;
mod persisted;
mod provide;
mod request_id;
#[cfg(test)]
mod tests;
mod upload;
mod validated;
mod whole;

use std::future::Future;

use async_graphql::Executor;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Redirect},
    routing::get,
};
use tower::ServiceBuilder;
use tower_http::{
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, SizeAbove},
    },
    set_header::SetResponseHeaderLayer,
};

pub use self::upload::Uploads;
use self::{answer::Refusal, request_id::name};
pub use self::{
    graphiql::Graphiql, graphql::GraphqlHttp, guarded::Guarded, limits::Limits, metrics::metrics, provide::Context,
    provide::Provide, request_id::RequestId, validated::Executors, whole::Answers,
};
use crate::error::Code;

/// Below this, a compressed answer is hardly smaller than its own headers.
const COMPRESSED_BYTES_MIN: u64 = 1_024;

/// The whole face: `/graphql`, `/graphiql`, `/schema.graphql`, `/health/live`, `/health/ready`, and `/`, which leads to
/// GraphiQL.
///
/// `ready` answers whether the server can answer, in a public sentence if not. `others` are routes made elsewhere (the
/// websocket, sign-in): they get the same JSON errors, compression and headers, and must not bring a fallback.
pub fn router<E, P, F, R>(
    graphql: GraphqlHttp<E, P>,
    page: &Graphiql,
    sdl: impl Into<Bytes>,
    ready: F,
    others: Router,
) -> Router
where
    E: Executor,
    P: Provide,
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let sdl = sdl.into();
    let compression =
        CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_BYTES_MIN)));
    graphql
        .routes()
        .merge(page.routes())
        .merge(health::routes(ready))
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .route("/schema.graphql", get(async move || schema(sdl.clone())))
        .merge(others)
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        // The first one listed is the outermost; together they are one step for a request, not three.
        .layer(ServiceBuilder::new().layer(middleware::from_fn(name)).layer(no_sniffing()).layer(compression))
}

/// Routes beside the face, which are served with the same headers and refusals as it.
pub fn beside(routes: Router) -> Router {
    routes.method_not_allowed_fallback(wrong_method).layer(no_sniffing()).layer(middleware::from_fn(name))
}

fn schema(sdl: Bytes) -> impl IntoResponse {
    // Plain text, so that a browser shows it; revalidated, since it changes with every release.
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], sdl)
}

async fn nothing_here() -> Refusal {
    let text = "Nothing is served at this address. GraphQL is at /graphql, GraphiQL at /graphiql.";
    Refusal::new(Code::NotFound, text)
}

async fn wrong_method() -> Refusal {
    Refusal::new(
        Code::MethodNotAllowed,
        "This address does not take this method; the header `Allow` names those it does.",
    )
}

/// Browsers are to believe our content types.
fn no_sniffing() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}
