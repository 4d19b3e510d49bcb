//! Whether the process is up, and whether it can answer.
//!
//! Not here: what readiness depends on. The caller passes a question; this module bounds how long it may take.

use std::{future::Future, time::Duration};

use axum::{Json, Router, http::header, response::IntoResponse, routing::get};
use serde_json::json;

use super::answer::Refusal;
use crate::error::Code;

/// Orchestrators probe every few seconds; an answer that takes longer than this is a no.
const READY_TIME_MAX: Duration = Duration::from_secs(2);

/// `/health/live`: 200 while the process serves. `/health/ready`: 200 if `ready` says so, 503 with its sentence
/// otherwise. The sentence is public: it names what is missing, never an address or a credential.
pub(super) fn routes<F, R>(ready: F) -> Router
where
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send,
{
    Router::new()
        .route("/health/live", get(async || healthy("live", "The process is up.")))
        .route("/health/ready", get(async move || readiness(ready()).await))
}

async fn readiness(ready: impl Future<Output = Result<(), String>>) -> impl IntoResponse {
    let late = || Err(format!("Whether the server can answer was not known within {} s.", READY_TIME_MAX.as_secs()));
    match tokio::time::timeout(READY_TIME_MAX, ready).await.unwrap_or_else(|_| late()) {
        Ok(()) => Ok(healthy("ready", "Everything needed to answer is there.")),
        Err(sentence) => Err(Refusal::new(Code::ServiceUnavailable, sentence).header(header::RETRY_AFTER, "5")),
    }
}

fn healthy(status: &str, sentence: &str) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": status, "message": sentence })))
}
