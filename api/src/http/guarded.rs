//! The document checks and the settling of errors for transports other than plain HTTP: the websocket.

use std::sync::Arc;

use async_graphql::{Data, Executor, Request, Response, Value, parser::types::OperationType};
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::task::unconstrained;

use super::{
    answer::request_error,
    document::{self, Fault},
    limits::Limits,
    request_id::RequestId,
};
use crate::error::{Code, settle};

/// Puts into a request what every request carries; the websocket has no headers to read it from.
type Equip = dyn Fn(Request) -> Request + Send + Sync;

/// An executor that refuses what `POST /graphql` would refuse and whose errors all carry codes.
///
/// Not limited here: how long an execution takes and how many run at once. A subscription has no end, and a websocket
/// service bounds its own connections.
#[derive(Clone)]
pub struct Guarded<E> {
    inner: E,
    limits: Arc<Limits>,
    equip: Arc<Equip>,
}

impl<E: Executor> Guarded<E> {
    /// Guards an executor, usually the schema; `equip` puts per-request data into each request.
    pub fn new(inner: E, limits: Limits, equip: impl Fn(Request) -> Request + Send + Sync + 'static) -> Self {
        Self { inner, limits: Arc::new(limits), equip: Arc::new(equip) }
    }

    fn check(&self, mut request: Request) -> Result<Request, Fault> {
        let document = document::read(&request.query, &self.limits)?;
        let operation = document::operation(&document, request.operation_name.as_deref())?;
        if operation.node.ty == OperationType::Mutation {
            // A page of any origin may open a websocket in its visitor's browser, and browsers ask nobody first.
            return Err(Fault::new(
                Code::BadRequest,
                "Mutations are not answered here. Send them by POST to /graphql.",
            ));
        }
        document::check_variables(&operation.node, |name| Some(*request.variables.get(name)? == Value::Null))?;
        request.set_parsed_query(document);
        Ok((self.equip)(request))
    }
}

impl<E: Executor> Executor for Guarded<E> {
    async fn execute(&self, request: Request) -> Response {
        let mut response = match self.check(request) {
            Ok(request) => unconstrained(self.inner.execute(request)).await,
            Err(fault) => request_error(fault),
        };
        settle(&mut response, RequestId::random().as_str());
        response
    }

    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let id = RequestId::random();
        let responses = match self.check(request) {
            Ok(request) => self.inner.execute_stream(request, session),
            Err(fault) => stream::once(async { request_error(fault) }).boxed(),
        };
        // A turn of it ends when it waits for something outside, not after 128 locks: see `loaders::batched`.
        let responses = stream::unfold(responses, async |mut responses| {
            let response = unconstrained(responses.next()).await?;
            Some((response, responses))
        });
        responses
            .map(move |mut response| {
                settle(&mut response, id.as_str());
                response
            })
            .boxed()
    }
}
