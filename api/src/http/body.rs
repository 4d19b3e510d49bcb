//! The body of a request, which must be JSON: read as far as the limits allow.

use std::{pin::pin, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use futures::{FutureExt, StreamExt};
use tokio::time::timeout;

use super::{answer::Refusal, limits::Limits, media};
use crate::error::Code;

/// The bytes of a body that says it is JSON, within the limits of size and time.
pub(super) async fn read(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Refusal> {
    if !media::is_json(headers) {
        let text = "The body must be JSON in UTF-8: send `Content-Type: application/json`.";
        return Err(Refusal::new(Code::UnsupportedMediaType, text));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes() != b"identity") {
        let text = "Compressed bodies are not accepted: leave `Content-Encoding` out.";
        return Err(Refusal::new(Code::UnsupportedMediaType, text));
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limits.body_bytes_max) {
        return Err(too_large(limits));
    }
    let mut body = pin!(collect(body, limits));
    // Most bodies have arrived with their head, and need no clock.
    if let Some(bytes) = body.as_mut().now_or_never() {
        return bytes;
    }
    timeout(limits.execution_time_max, body).await.unwrap_or_else(|_| {
        let text = format!("The body did not arrive within {}.", spoken(limits.execution_time_max));
        Err(Refusal::new(Code::Timeout, text).status(StatusCode::REQUEST_TIMEOUT))
    })
}

async fn collect(body: Body, limits: &Limits) -> Result<Bytes, Refusal> {
    let mut chunks = pin!(body.into_data_stream());
    // Most bodies are one chunk, which is taken as it is.
    let (mut first, mut bytes) = (Bytes::new(), Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::new(Code::BadRequest, "The body broke off before its end."))?;
        if first.len() + bytes.len() + chunk.len() > limits.body_bytes_max {
            return Err(too_large(limits));
        }
        if first.is_empty() && bytes.is_empty() {
            first = chunk;
        } else {
            bytes.extend_from_slice(&std::mem::take(&mut first));
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(if first.is_empty() { bytes.into() } else { first })
}

/// A request that is larger than the limit.
pub(super) fn too_large(limits: &Limits) -> Refusal {
    let text = format!("The request is too large: at most {} bytes are accepted.", limits.body_bytes_max);
    Refusal::new(Code::PayloadTooLarge, text)
}

/// A time as a sentence says it.
pub(super) fn spoken(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}
