//! The API in a test: the whole application over a test's database, at an instant of the test's choosing, behind a real
//! socket.
//!
//! A test asks in GraphQL and gets the answer's `data`; an answer with errors fails it, unless it asked for the errors.
//! It does not reach behind the socket: what a client cannot see is not here, but for [the statements a query
//! costs](Api::statements). Plays for it to count come from Spotify's fake, or from [`history()`].

mod history;
mod node;
mod relay;
mod socket;
mod statements;

use std::sync::Arc;
use std::time::Duration;

use ::api::app::{Keeping, Services, app};
use ::api::connect::Connect;
use ::api::http::Limits;
use ::api::metrics::Metrics;
use ::api::redis::Redis;
use ::api::revision::Freshness;
use entity::clock::FixedClock;
use entity::db::Db;
use entity::time::Instant;
use futures::future::join_all;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use url::Url;

pub use history::{History, history};
pub use node::node;
pub use relay::Relay;
pub use socket::Socket;

use crate::database::TestDb;

/// The instant at which an [`Api`] stands if the test does not say: a Sunday.
pub const NOW: &str = "2026-11-22T12:00:00Z";

/// An instant, from RFC 3339.
///
/// # Panics
/// When it is not one; so do all functions here, since a test can do nothing about it.
pub fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The application, served on a free loopback port until it is dropped.
#[derive(Debug)]
pub struct Api {
    client: reqwest::Client,
    clock: Arc<FixedClock>,
    origin: String,
    server: AbortHandle,
}

impl Api {
    /// Serves `db` at [`NOW`]. It keeps answers, and reads every revision from its row, so that what a test loads is counted
    /// when it asks next.
    pub async fn start(db: &Db) -> Self {
        Self::keeping(db, &fresh()).await
    }

    /// The same with other settings of what is kept.
    pub async fn keeping(db: &Db, keeping: &Keeping) -> Self {
        Self::serve(db, keeping, |_| Services::default()).await
    }

    /// The same, where people can sign in to Spotify; `connect` is told the address of the callback.
    pub async fn start_with(db: &Db, connect: impl FnOnce(Url) -> Option<Connect>) -> Self {
        let services = |callback| Services { connect: connect(callback), ..Services::default() };
        Self::serve(db, &fresh(), services).await
    }

    async fn serve(db: &Db, keeping: &Keeping, services: impl FnOnce(Url) -> Services) -> Self {
        let clock = Arc::new(FixedClock::new(at(NOW)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let origin = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let callback = Url::parse(&format!("{origin}/connect/spotify/callback")).expect("an address");
        let app = app(db, clock.clone(), &Limits::default(), keeping, "ada", services(callback));
        let router = app.router.merge(::api::http::metrics(app.metrics));
        let server = tokio::spawn(axum::serve(listener, router).into_future()).abort_handle();
        Self { client: reqwest::Client::new(), clock, origin, server }
    }

    /// The same as [`Self::start`], sharing what it keeps with other instances through the Redis at `redis_url`.
    pub async fn sharing(db: &Db, redis_url: &str) -> Self {
        let freshness = Freshness { sample: Duration::ZERO, lease: Duration::ZERO };
        let (keeping, metrics) = (Keeping { freshness, ..Keeping::default() }, Metrics::default());
        let redis = Redis::open(redis_url, db, &metrics).await.expect("a Redis whose address can be read");
        Self::serve(db, &keeping, |_| Services { metrics, redis: Some(redis), connect: None }).await
    }

    /// Moves its clock.
    pub fn set_now(&self, now: &str) {
        self.clock.set(at(now));
    }

    /// The address of `path` here, such as `http://127.0.0.1:49152/graphql`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A GET of `path`, not sent yet.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// A POST to `/graphql`, not sent yet and without a body.
    pub fn post(&self) -> RequestBuilder {
        self.client.post(self.url("/graphql"))
    }

    /// The `data` of the answer, which must be without errors.
    pub async fn ask(&self, query: &str) -> Value {
        self.ask_with(query, json!({})).await
    }

    /// The same, with variables.
    pub async fn ask_with(&self, query: &str, variables: Value) -> Value {
        let answer = self.answer_with(query, variables).await;
        assert!(answer.errors.is_empty(), "{query}\n{:#?}", answer.errors);
        answer.data
    }

    /// The errors of the answer.
    pub async fn errors(&self, query: &str) -> Vec<Problem> {
        self.answer(query).await.errors
    }

    /// The only error of the answer.
    pub async fn error(&self, query: &str) -> Problem {
        let mut errors = self.errors(query).await;
        assert_eq!(errors.len(), 1, "{query}\n{errors:#?}");
        errors.remove(0)
    }

    /// The answer, whatever it is.
    pub async fn answer(&self, query: &str) -> Answer {
        self.answer_with(query, json!({})).await
    }

    /// The same, with variables.
    pub async fn answer_with(&self, query: &str, variables: Value) -> Answer {
        self.send(self.post().json(&json!({ "query": query, "variables": variables }))).await
    }

    /// Every edge of a connection, page by page to its end. `query` takes `$after: String` and selects `edges` and
    /// `pageInfo { hasNextPage hasPreviousPage startCursor endCursor }` of the connection at `pointer`, such as
    /// `/insights/topTracks`.
    pub async fn edges(&self, query: &str, pointer: &str) -> Vec<Value> {
        let mut edges = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = self.ask_with(query, json!({ "after": after })).await;
            let connection = data.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}: {data:#}"));
            let page = connection["edges"].as_array().expect("edges are a list");
            assert_eq!(connection["pageInfo"]["hasPreviousPage"], !after.is_null());
            edges.extend(page.iter().cloned());
            if connection["pageInfo"]["hasNextPage"] == false {
                return edges;
            }
            assert!(!page.is_empty(), "an empty page that says that another follows");
            after = connection["pageInfo"]["endCursor"].clone();
        }
    }

    /// The database statements that answering `query` costs, in the order in which they ended.
    pub async fn statements(&self, query: &str) -> Vec<String> {
        self.watch(query).await.statements()
    }

    /// How the database ran those statements: a plan for each. The API must serve [`TestDb::explaining`]'s database.
    pub async fn plans(&self, query: &str, db: &TestDb) -> Vec<String> {
        let request = self.watch(query).await;
        let statements = request.statements();
        assert!(!statements.is_empty(), "nothing was asked of the database: {query}");
        if db.is_sqlite() {
            // SQLite's plans follow from the text alone.
            return join_all(statements.iter().map(|statement| db.query_plan(statement))).await;
        }
        let plans = request.notices();
        assert_eq!(plans.len(), statements.len(), "{query}\n{plans:#?}\n{statements:#?}");
        plans
    }

    async fn watch(&self, query: &str) -> statements::Request {
        let request = statements::Request::watched();
        let body = json!({ "query": query });
        let answer = self.send(self.post().header("x-request-id", request.id()).json(&body)).await;
        assert!(answer.errors.is_empty(), "{query}\n{:#?}", answer.errors);
        request
    }

    /// Sends a GraphQL request and reads its answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the server answers");
        let status = response.status();
        let text = response.text().await.expect("the answer is UTF-8");
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else { panic!("{status}, not JSON: {text}") };
        let errors = match body["errors"].take() {
            Value::Null => Vec::new(),
            errors => errors.as_array().expect("errors are a list").iter().map(Problem::read).collect(),
        };
        Answer { status, data: body["data"].take(), errors, text }
    }
}

/// Nothing is older than the question.
fn fresh() -> Keeping {
    Keeping { freshness: Freshness { sample: Duration::ZERO, lease: Duration::ZERO }, ..Keeping::default() }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer, taken apart.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// `data`; null where it is absent, too.
    pub data: Value,
    /// `errors`; empty where they are absent, too.
    pub errors: Vec<Problem>,
    /// The whole body, as received.
    pub text: String,
}

/// An error in an answer, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `extensions.code`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The field, with dots: `insights.topTracks`. Empty for an error of no field.
    pub path: String,
}

impl Problem {
    fn read(error: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = error["path"].as_array().into_iter().flatten();
        let path: Vec<String> =
            path.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        Self { code: text(&error["extensions"]["code"]), message: text(&error["message"]), path: path.join(".") }
    }

    /// Fails the test unless the error is of `code`, and its sentence contains each of `words`.
    pub fn says<'a>(&self, code: &str, words: impl IntoIterator<Item = &'a str>) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.message.contains(word), "\"{word}\" is not in {self:?}");
        }
    }
}
