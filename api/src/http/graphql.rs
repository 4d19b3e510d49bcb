//! `/graphql`: GraphQL over HTTP, as its specification (draft of 2025) and all audits of `graphql-http` ask.
//!
//! In order: media type, method and origin, body, parameters, document, limits, operation, variables; then per-request
//! data and execution, in a task of its own ([`execution`]). A panic there is a 500 with a code; a client that hangs up does
//! not cancel work that others may be waiting for (the cache's single flight); the time limit holds either way.
//!
//! Other sites' pages: POST takes `application/json` only, which browsers do not send across origins without asking
//! first, and we never say yes. GET executes queries only, which change nothing, and whose answers other sites cannot
//! read. Still, a browser that says it asks for another site (`Sec-Fetch-Site`) is refused, so that no page can make its
//! visitors' browsers run expensive queries, unless a header is there that only a permitted page can add.
//!
//! A query that was answered before is answered from memory while its answer stands ([`super::whole`]); equal queries that
//! come at one time are executed once. Whoever joins an execution that has begun already gets its answer only if that stands
//! when it is there, and else the next one's: nobody is told what was true only before they asked. `Cache-Control: no-cache`
//! asks for an execution of one's own.
//!
//! Not here: batches, uploads and multipart (refused), subscriptions (the websocket), CORS.

mod execution;

use std::sync::Arc;

use async_graphql::{Executor, parser::types::OperationType};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::Response,
    routing::get,
};
use futures::FutureExt;
use metrics::Counter;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::info;

use super::{
    answer::{self, Refusal, request_error},
    asked::Asked,
    body,
    document::{self, Fault},
    documents::{Document, Documents},
    limits::Limits,
    media::Media,
    parameters::{self, Parameters},
    provide::Provide,
    request_id::RequestId,
    validated::{Executors, Validated},
    whole::{Answers, Asker, Question, Whole},
};
use crate::{
    cache::{Boarding, Flights},
    error::Code,
    metrics::Metrics,
    redis::Redis,
};

/// What becomes of a request that is executed.
type Outcome = Result<Arc<Whole>, Refusal>;

/// A schema served over HTTP. Clones share everything.
pub struct GraphqlHttp<E, P>(Arc<Inner<E, P>>);

struct Inner<E, P> {
    executors: Executors<E>,
    provide: P,
    /// What a kept answer depends on beside the address: its media type, and who asks.
    vary: HeaderValue,
    limits: Limits,
    documents: Documents,
    asked: Asked,
    validated: Validated,
    answers: Answers,
    flights: Flights<Question, Outcome>,
    counts: Counts,
    /// Bounds executions that run, including those whose client has left.
    executions: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl<E, P> Clone for GraphqlHttp<E, P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Executor, P: Provide> GraphqlHttp<E, P> {
    /// `executors` are the schema, built through [`Limits::apply`] with the same limits.
    pub fn new(
        executors: Executors<E>,
        provide: P,
        limits: Limits,
        answers: Answers,
        redis: Option<Redis>,
        metrics: &Metrics,
    ) -> Self {
        let executions = Arc::new(Semaphore::new(limits.executions_max));
        let inner = Inner {
            documents: Documents::new(&limits, redis),
            asked: Asked::new(),
            answers,
            flights: Flights::new(),
            counts: Counts::new(metrics),
            validated: Validated::new(),
            executors,
            provide,
            vary: HeaderValue::try_from(format!("accept, {}", P::ASKER)).expect("names of headers"),
            limits,
            executions,
            tasks: TaskTracker::new(),
        };
        Self(Arc::new(inner))
    }

    /// `GET` and `POST` of `/graphql`.
    pub fn routes(self) -> Router {
        Router::new().route("/graphql", get(handle::<E, P>).post(handle::<E, P>)).with_state(self)
    }

    /// Waits for the executions that still run. To be awaited after the HTTP server has stopped: those whose client has
    /// left are not its concern any more, but a mutation among them must end whole. Bounded by the time limit of each.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn answer(&self, parts: Parts, body: Body, id: &RequestId) -> Outcome {
        let limits = &self.0.limits;
        let by_get = parts.method != Method::POST;
        let mut missed = None;
        let (parameters, body) = if by_get {
            refuse_other_sites(&parts.headers)?;
            let text = parts.uri.query().unwrap_or_default();
            if text.len() > limits.body_bytes_max {
                return Err(body::too_large(limits));
            }
            (parameters::from_query_string(text)?, None)
        } else {
            let body = body::read(&parts.headers, body, limits).await?;
            let asked = self.0.asked.get(&body).filter(|_| !insists(&parts.headers));
            if let Some(question) = asked {
                match self.known(&question, &parts.headers).await {
                    Ok(whole) => {
                        self.0.documents.touch(question.document);
                        return Ok(whole);
                    }
                    Err(question) => missed = Some(question),
                }
            }
            (parameters::from_json(&body)?, Some(body))
        };
        match self.check(&parameters, by_get).await {
            Ok((document, OperationType::Query)) => self.query(parts, parameters, body, missed, document, id).await,
            Ok((document, ty)) => {
                self.0.counts.executed.increment(1);
                self.clone().execute(parts, parameters, document, ty, id.clone(), None, true).await
            }
            Err(Unfit::Document(fault)) => Ok(Arc::new(answer::whole(&request_error(fault), None))),
            Err(Unfit::Method(refusal)) => Err(refusal),
        }
    }

    /// The answer to a query: a kept one that stands, that of an equal query which is being executed, or its own. A kept one
    /// was looked for before if the question is given as `missed`.
    async fn query(
        &self,
        parts: Parts,
        parameters: Parameters,
        body: Option<Bytes>,
        missed: Option<Question>,
        document: Arc<Document>,
        id: &RequestId,
    ) -> Outcome {
        let fresh = insists(&parts.headers);
        let question = Question {
            document: document.hash,
            operation: parameters.operation_name.as_deref().map(Into::into),
            variables: parameters.variables_text().into(),
            asker: Asker::Anyone,
        };
        let question = if fresh {
            question.of(asker::<P>(&parts.headers))
        } else if let Some(missed) = missed {
            missed
        } else {
            match self.known(&question, &parts.headers).await {
                Ok(whole) => {
                    if let Some(body) = body {
                        self.0.asked.learn(&body, &question);
                    }
                    return Ok(whole);
                }
                Err(question) => question,
            }
        };
        let question = Arc::new(question);
        let mut mine = Some((parts, parameters, document));
        let mut execute = || {
            let (parts, parameters, document) = mine.take().expect("whoever has taken off does not board again");
            let (this, question) = (self.clone(), Some(Arc::clone(&question)));
            this.0.counts.executed.increment(1);
            this.execute(parts, parameters, document, OperationType::Query, id.clone(), question, fresh).boxed()
        };
        if fresh {
            return execute().await;
        }
        let mut boarded_before = false;
        loop {
            match self.0.flights.board(&question, || None, &mut execute) {
                Boarding::TookOff(flight) => return flight.await,
                Boarding::Needless(outcome) => return outcome,
                Boarding::Joined(flight) => {
                    let outcome = flight.await;
                    let good = match &outcome {
                        // A second flight has begun after this request came.
                        _ if boarded_before => true,
                        Ok(whole) if whole.sound => self.stands(whole).await,
                        // A failure is shared by those who waited: an outage is not asked again by each of them.
                        _ => true,
                    };
                    if good {
                        self.0.counts.shared.increment(1);
                        return outcome;
                    }
                    boarded_before = true;
                }
            }
        }
    }

    /// The kept answer to what `question` asks, for anyone or for the one who asks; else the question as that one asks it.
    async fn known(&self, question: &Question, headers: &HeaderMap) -> Result<Arc<Whole>, Question> {
        if let Some(whole) = self.kept(question).await {
            return Ok(whole);
        }
        let theirs = question.of(asker::<P>(headers));
        self.kept(&theirs).await.ok_or(theirs)
    }

    /// The kept answer, if it stands.
    async fn kept(&self, question: &Question) -> Option<Arc<Whole>> {
        let whole = self.0.answers.get(question)?;
        let stands = self.stands(&whole).await;
        self.0.counts.kept.increment(u64::from(stands));
        stands.then_some(whole)
    }

    async fn stands(&self, whole: &Whole) -> bool {
        match &whole.kept {
            Some(kept) => self.0.provide.stands(&kept.rests).await,
            None => false,
        }
    }

    /// Everything that can be known without the schema.
    async fn check(&self, parameters: &Parameters, by_get: bool) -> Result<(Arc<Document>, OperationType), Unfit> {
        let document = self.0.documents.find(parameters, &self.0.limits).await?;
        let operation = &document::operation(&document.parsed, parameters.operation_name.as_deref())?.node;
        let ty = operation.ty;
        match ty {
            OperationType::Mutation if by_get => {
                let text = "A mutation cannot be sent by GET. Send it by POST.";
                return Err(Unfit::Method(Refusal::new(Code::MethodNotAllowed, text).header(header::ALLOW, "POST")));
            }
            OperationType::Subscription => {
                let text =
                    "Subscriptions are not answered here. Open a websocket (graphql-transport-ws) at /graphql/ws.";
                return Err(Unfit::Document(Fault::new(Code::BadRequest, text)));
            }
            OperationType::Query | OperationType::Mutation => {}
        }
        document::check_variables(operation, |name| parameters.variables.get(name).map(serde_json::Value::is_null))?;
        Ok((document, ty))
    }
}

/// Who asks.
fn asker<P: Provide>(headers: &HeaderMap) -> Asker {
    headers.get(P::ASKER).map_or(Asker::Unnamed, |name| Asker::Named(name.as_bytes().into()))
}

/// Whether a request asks for an answer that comes from nobody's memory. While access control is off, everyone may.
fn insists(headers: &HeaderMap) -> bool {
    let directives = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    directives.flat_map(|value| value.split(',')).any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

/// Where answers come from.
struct Counts {
    kept: Counter,
    shared: Counter,
    executed: Counter,
}

impl Counts {
    fn new(metrics: &Metrics) -> Self {
        let from = |place| {
            metrics.counter(
                "refrain_answers_total",
                "Operations answered over HTTP: from memory, with an equal one that was being executed, by execution.",
                &[("from", place)],
            )
        };
        Self { kept: from("memory"), shared: from("flight"), executed: from("execution") }
    }
}

/// Why the parameters, though well formed, are not executed.
enum Unfit {
    /// A request error by the GraphQL specification.
    Document(Fault),
    /// An error by the rules of HTTP.
    Method(Refusal),
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Document(fault)
    }
}

async fn handle<E: Executor, P: Provide>(State(graphql): State<GraphqlHttp<E, P>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::accepted(&parts.headers) else {
        let text = "Answers are application/graphql-response+json or application/json; `Accept` allows neither.";
        return Refusal::new(Code::NotAcceptable, text).respond(Media::Json);
    };
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::random);
    let known = (parts.method != Method::POST).then(|| parts.headers.clone());
    match graphql.answer(parts, body, &id).await {
        Ok(whole) => {
            if !whole.executed {
                log_refusal(whole.code, &id);
            }
            let control = whole.kept.as_ref().map(|kept| kept.control(graphql.0.provide.ends_in(&kept.rests)));
            let response = answer::of(&whole, media, control, &graphql.0.vary);
            match (&whole.kept, known) {
                (Some(kept), Some(headers)) if kept.is_known(&headers) => answer::not_modified(response),
                _ => response,
            }
        }
        Err(refusal) => {
            log_refusal(refusal.code, &id);
            refusal.respond(media)
        }
    }
}

/// Headers that a page cannot add to a request for another site without that site's permission.
const FORCING_PREFLIGHT: [&str; 3] = ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"];

fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Refusal> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let elsewhere = matches!(site, Some(b"cross-site" | b"same-site"));
    if !elsewhere || FORCING_PREFLIGHT.iter().any(|name| headers.contains_key(*name)) {
        return Ok(());
    }
    let text = "A browser sent this for another site. Send POST with application/json, or add the header \
                `GraphQL-Require-Preflight: 1`.";
    Err(Refusal::new(Code::Forbidden, text))
}

/// The code alone: messages repeat what the client sent, and payloads do not belong in logs.
fn log_refusal(code: Code, id: &RequestId) {
    info!(request.id = id.as_str(), error.code = code.as_str(), "refused a request: {code}");
}
