//! What a request carries besides its document.

use std::future::Future;

use async_graphql::{Error, Request};
use axum::http::request::Parts;

/// Puts per-request data into a request before it is executed: loaders, the viewer, the revision it reads.
///
/// Runs inside the execution's own task and time limit, after every check of the document. An error ends the request
/// with the status of its code: `error::unauthenticated` is a 401, `error::database` a 503 or 500.
///
/// A closure `|parts: &Parts, request: Request| request.data(..)` is one where nothing has to be awaited.
pub trait Provide: Send + Sync + 'static {
    /// `parts` are the headers, the URI and the extensions (with [`super::RequestId`]) of the HTTP request.
    fn provide(&self, parts: &Parts, request: Request) -> impl Future<Output = Result<Request, Error>> + Send;
}

impl<F> Provide for F
where
    F: Fn(&Parts, Request) -> Request + Send + Sync + 'static,
{
    async fn provide(&self, parts: &Parts, request: Request) -> Result<Request, Error> {
        Ok(self(parts, request))
    }
}
