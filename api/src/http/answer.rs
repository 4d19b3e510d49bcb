//! From a GraphQL response, or a refusal, to an HTTP response.

use std::collections::BTreeMap;

use async_graphql::{Error, Response as GraphqlResponse, ServerError, Value};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    document::Fault,
    media::Media,
    request_id::RequestId,
    whole::{Kept, Whole},
};
use crate::{cache::Rests, error::Code};

/// A settled GraphQL response as bytes. `rests` is what it rests on, if it is the answer to a query.
pub(super) fn whole(response: &GraphqlResponse, rests: Option<Rests>) -> Whole {
    let (executed, sound) = (executed(response), response.errors.is_empty());
    let body = bytes(&Envelope {
        data: executed.then_some(&response.data),
        errors: &response.errors,
        extensions: Some(&response.extensions).filter(|extensions| !extensions.is_empty()),
    });
    let rests = rests.filter(|rests| executed && sound && !rests.unkept);
    let kept = rests.map(|rests| Kept::new(rests, &body));
    Whole { executed, code: code(response), body, kept, sound }
}

/// An answer over HTTP. `kept` says, of an answer that may be given again, for how long, and what else it depends on.
pub(super) fn of(whole: &Whole, media: Media, control: Option<HeaderValue>, vary: &HeaderValue) -> Response {
    let status = if whole.executed { StatusCode::OK } else { whole.code.status() };
    let status = match media {
        // The document, not the HTTP request, was at fault; see `media` for why this type does not say so in the status.
        Media::Json if status == StatusCode::BAD_REQUEST => StatusCode::OK,
        _ => status,
    };
    let mut response = respond(status, media, whole.body.clone());
    if let (Some(kept), Some(control)) = (&whole.kept, control) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, control);
        headers.insert(header::ETAG, kept.etag.clone());
        headers.insert(header::VARY, vary.clone());
    }
    response
}

/// What a client hears that has the answer already: everything but its bytes.
pub(super) fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// Whether execution began, so that the response has a `data`, be it null. Errors of fields know their path.
pub(super) fn executed(response: &GraphqlResponse) -> bool {
    response.data != Value::Null
        || response.errors.is_empty()
        || response.errors.iter().any(|error| !error.path.is_empty())
}

/// The code of a response that was not executed: its first error's.
pub(super) fn code(response: &GraphqlResponse) -> Code {
    response.errors.first().and_then(|error| Code::of(error.extensions.as_ref())).unwrap_or(Code::Internal)
}

/// An answer that is nothing but one error, with a status of its own under either media type.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    status: StatusCode,
    text: String,
    request_id: Option<RequestId>,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, status: code.status(), text: text.into(), request_id: None, header: None }
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// Names the request, for errors whose cause is in the operator's log.
    pub(super) fn request_id(self, id: &RequestId) -> Self {
        Self { request_id: Some(id.clone()), ..self }
    }

    pub(super) fn respond(self, media: Media) -> Response {
        let mut error = ServerError::from(Fault::new(self.code, self.text));
        if let Some(id) = self.request_id {
            error.extensions.get_or_insert_default().set("requestId", id.as_str());
        }
        let body = bytes(&Envelope { data: None, errors: &[error], extensions: None });
        let mut response = respond(self.status, media, body);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Malformed parameters: no media type calls that a well-formed request.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(fault.code, fault.message)
    }
}

/// For the routes that are not GraphQL.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.respond(Media::Json)
    }
}

/// A response that consists of one error that no field raised.
pub(super) fn request_error(error: impl Into<ServerError>) -> GraphqlResponse {
    GraphqlResponse::from_errors(vec![error.into()])
}

/// The same for an error that a resolver's constructor made.
pub(super) fn without_position(error: Error) -> ServerError {
    let mut server_error = ServerError::new(error.message, None);
    (server_error.source, server_error.extensions) = (error.source, error.extensions);
    server_error
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a BTreeMap<String, Value>>,
}

fn bytes(envelope: &Envelope<'_>) -> Bytes {
    let bytes = serde_json::to_vec(envelope).expect("an envelope has string keys only, so that it always serialises");
    bytes.into()
}

/// So many headers an answer has, and some to spare.
const HEADERS: usize = 12;

fn respond(status: StatusCode, media: Media, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Room for all that are added, here and around: a map that grows is a map that is built anew.
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, media.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
