//! A small schema behind the real router, and a way to ask it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, ID, Object, Request as GraphqlRequest, Result, Schema, SchemaBuilder, Subscription, ValidationMode,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header, request::Parts},
    response::Response,
    routing::get,
};
use futures::{Stream, stream};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    cache::{Rests, Sampling},
    error,
    http::{self, Answers, Executors, Graphiql, GraphqlHttp, Limits, Provide, graphiql, router},
    metrics::Metrics,
    revision::{Pin, Revision},
};

pub(super) const NEW: &str = "application/graphql-response+json";

/// Counts executions that ran to their end.
#[derive(Clone, Default)]
pub(super) struct Ended(pub(super) Arc<AtomicUsize>);

/// Counts those of them that were not validated again.
#[derive(Clone, Default)]
pub(super) struct Trusted(pub(super) Arc<AtomicUsize>);

pub(super) struct Query;

#[Object]
impl Query {
    async fn hello(&self, #[graphql(default = 1)] times: i32) -> String {
        "hello ".repeat(times.max(0) as usize).trim_end().to_owned()
    }
    async fn viewer(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<String>().cloned()
    }
    async fn echo(&self, id: ID) -> ID {
        id
    }
    async fn fails(&self) -> Option<Result<i32>> {
        Some(Err(error::internal(std::io::Error::other("the disk is on fire"))))
    }
    async fn needed(&self) -> Result<i32> {
        Err(error::bad_user_input("Not like this."))
    }
    async fn panics(&self) -> i32 {
        [].first().copied().expect("an invariant does not hold")
    }
    async fn slow(&self, ctx: &Context<'_>, ms: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ctx.data_unchecked::<Ended>().0.fetch_add(1, Ordering::SeqCst);
        if let Some(trusted) = ctx.data_opt::<Trusted>() {
            trusted.0.fetch_add(1, Ordering::SeqCst);
        }
        true
    }
    async fn long(&self) -> String {
        "long ".repeat(1_000)
    }
    async fn deep(&self) -> Query {
        Query
    }
}

pub(super) struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Ended>().0.fetch_add(1, Ordering::SeqCst);
        true
    }
}

pub(super) struct Subscribed;

#[Subscription]
impl Subscribed {
    async fn ticks(&self) -> impl Stream<Item = Result<i32>> {
        stream::iter([Ok(1), Err(error::internal(std::io::Error::other("the clock stopped")))])
    }
}

/// Takes the viewer from a header; refuses one of them. Answers rest on a number, if a request says `x-keep`.
#[derive(Clone, Default)]
pub(super) struct Viewer {
    pub(super) number: Arc<AtomicI64>,
}

/// What an answer rests on, as the request has it noted.
pub(super) struct Noted(Mutex<Rests>);

impl http::Context for Noted {
    fn rests(&self) -> Rests {
        self.0.lock().unwrap().clone()
    }
}

impl Viewer {
    fn revision(&self) -> Revision {
        Revision { number: self.number.load(Ordering::SeqCst), ..Revision::NONE }
    }
}

impl Provide for Viewer {
    type Context = Noted;

    const ASKER: header::HeaderName = header::AUTHORIZATION;

    async fn provide(&self, parts: &Parts, request: GraphqlRequest, _: bool) -> Result<(GraphqlRequest, Arc<Noted>)> {
        let mut rests = Rests::on_nothing();
        let pin = Pin { revision: self.revision(), max_age: Duration::from_secs(30) };
        rests.add(7, Sampling::Usual, pin);
        rests.unkept = !parts.headers.contains_key("x-keep");
        rests.private = parts.headers.contains_key("authorization");
        let noted = Arc::new(Noted(Mutex::new(rests)));
        let request = request.data(Arc::clone(&noted));
        match parts.headers.get("authorization").and_then(|value| value.to_str().ok()) {
            Some("Bearer expired") => Err(error::unauthenticated("The sign-in has expired.")),
            Some(viewer) => Ok((request.data(viewer.to_owned()), noted)),
            None => Ok((request, noted)),
        }
    }

    async fn stands(&self, rests: &Rests) -> bool {
        rests.revisions[&7] == self.revision()
    }

    fn ends_in(&self, _: &Rests) -> Option<Duration> {
        None
    }
}

pub(super) type Small = Schema<Query, Mutation, Subscribed>;

pub(super) struct Face {
    pub(super) graphql: GraphqlHttp<Small, Viewer>,
    pub(super) ended: Ended,
    /// Those of them that were not validated again.
    pub(super) trusted: Trusted,
    /// What answers rest on.
    pub(super) number: Arc<AtomicI64>,
    router: Router,
}

pub(super) fn schema(limits: &Limits, ended: Ended) -> Small {
    build(limits, ended).finish()
}

fn build(limits: &Limits, ended: Ended) -> SchemaBuilder<Query, Mutation, Subscribed> {
    limits.apply(Schema::build(Query, Mutation, Subscribed)).data(ended)
}

impl Face {
    pub(super) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        Self::ready(limits, || async { Ok(()) })
    }

    pub(super) fn ready<F, R>(limits: Limits, ready: F) -> Self
    where
        F: Fn() -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let (ended, trusted) = (Ended::default(), Trusted::default());
        let validating = schema(&limits, ended.clone());
        let trusting = build(&limits, ended.clone()).data(trusted.clone()).validation_mode(ValidationMode::Fast);
        let sdl = validating.sdl();
        let executors = Executors { validating, trusting: trusting.finish() };
        let viewer = Viewer::default();
        let graphql =
            GraphqlHttp::new(executors, viewer.clone(), limits, Answers::default(), None, &Metrics::default());
        let page = Graphiql { tabs: graphiql::tabs("ada"), subscriptions: Some("/graphql/ws".into()) };
        let others = Router::new().route("/other", get(async || "other"));
        let router = router(graphql.clone(), &page, sdl, ready, others);
        Self { graphql, ended, trusted, number: viewer.number, router }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// POST of a body with headers; `content-type` is JSON unless given.
    pub(super) async fn post(&self, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request.headers_mut().unwrap().insert(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// POST of a document, under the new media type.
    pub(super) async fn ask(&self, query: &str) -> Answer {
        self.post(json!({ "query": query }).to_string(), &[("accept", NEW)]).await
    }

    /// GET of an address.
    pub(super) async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Answer {
        self.method(Method::GET, uri, headers).await
    }

    pub(super) async fn method(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status and code of the first error.
    #[track_caller]
    pub(super) fn refusal(&self) -> (u16, String) {
        let code = self.json()["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
        (self.status.as_u16(), code.unwrap_or_else(|| panic!("no code: {}", self.text())))
    }

    #[track_caller]
    pub(super) fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.refusal(), (status, code.to_owned()), "{}", self.text());
        assert!(self.json().get("data").is_none(), "a refusal has no data: {}", self.text());
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn message(&self) -> String {
        self.json()["errors"][0]["message"].as_str().unwrap().to_owned()
    }
}
