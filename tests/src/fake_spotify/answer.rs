//! An answer before it becomes HTTP: a status and the bytes of a body, so that quirks can spoil it on the way out.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("JSON values and plain structs serialize");
        Self { status, content_type: "application/json; charset=utf-8", body }
    }

    /// The Web API's error object.
    pub(super) fn error(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "error": { "status": status.as_u16(), "message": message } }))
    }

    /// The Web API's error object without a message, as some 403 have it.
    pub(super) fn error_without_message(status: StatusCode) -> Self {
        Self::json(status, &json!({ "error": { "status": status.as_u16() } }))
    }

    /// The accounts service's error object, which is another one than the Web API's.
    pub(super) fn oauth_error(error: &str, description: &str) -> Self {
        Self::json(StatusCode::BAD_REQUEST, &json!({ "error": error, "error_description": description }))
    }

    pub(super) fn html(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("Error");
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{reason}</title></head><body><h1>{reason}</h1></body></html>\n"
        );
        Self { status, content_type: "text/html; charset=utf-8", body: page.into_bytes() }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, content_type: "application/json; charset=utf-8", body: Vec::new() }
    }
}
