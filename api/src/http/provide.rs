//! What a request carries besides its document, and what its answer rests on.

use std::{future::Future, sync::Arc, time::Duration};

use async_graphql::{Error, Request};
use axum::http::{HeaderName, request::Parts};

use crate::cache::Rests;

/// Puts per-request data into a request before it is executed: loaders, the viewer, the revisions it reads at. Afterwards it
/// knows whether the answer still stands.
pub trait Provide: Send + Sync + 'static {
    /// What was put into the request.
    type Context: Context;

    /// Names who asks; nothing else about a request may make a difference to its answer.
    const ASKER: HeaderName;

    /// Runs inside the execution's own task and time limit, after every check of the document. An error ends the request
    /// with the status of its code: `error::unauthenticated` is a 401, `error::database` a 503 or 500.
    ///
    /// `parts` are the headers, the URI and the extensions (with [`super::RequestId`]) of the HTTP request. Whoever insists on
    /// a `fresh` answer gets one from nobody's memory.
    fn provide(
        &self,
        parts: &Parts,
        request: Request,
        fresh: bool,
    ) -> impl Future<Output = Result<(Request, Arc<Self::Context>), Error>> + Send;

    /// Whether the same question would get the same answer now.
    fn stands(&self, rests: &Rests) -> impl Future<Output = bool> + Send;

    /// For how long an answer can stand at most, by the clock; `None` for ever.
    fn ends_in(&self, rests: &Rests) -> Option<Duration>;
}

/// What was put into a request.
pub trait Context: Send + Sync + 'static {
    /// What the answer rests on, once the request has been executed.
    fn rests(&self) -> Rests;
}
