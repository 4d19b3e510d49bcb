//! A name for each request, so that what a client saw and what the log says can be brought together.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id: the `X-Request-Id` of a proxy in front if it is sane, 16 hexadecimal digits otherwise.
/// In the extensions of every request, in the header `X-Request-Id` of every answer, and in `extensions.requestId` of
/// errors whose cause was logged.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// A fresh one: a walk in large steps from a random beginning, which meets nothing twice in this process.
    pub(super) fn random() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).expect("every supported operating system gives random bytes");
            AtomicU64::new(u64::from_be_bytes(bytes))
        });
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let text = format!("{:016x}", NEXT.fetch_add(STEP, Ordering::Relaxed));
        Self(HeaderValue::try_from(text).expect("hexadecimal digits"))
    }

    fn of(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        ((8..=64).contains(&text.len()) && text.bytes().all(sane)).then(|| Self(value.clone()))
    }
}

/// The layer that names requests.
pub(super) async fn name(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(X_REQUEST_ID).and_then(RequestId::of).unwrap_or_else(RequestId::random);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(X_REQUEST_ID, id.0);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_from_outside_is_kept_only_if_it_is_sane() {
        let kept = |text: &'static str| RequestId::of(&HeaderValue::from_static(text)).is_some();
        assert!(kept("4bf92f3577b34da6") && kept("a-request_1.2"));
        assert!(!kept("short") && !kept("spaces are not sane") && !kept("\"quoted-and-long\""));
        assert!(RequestId::of(&HeaderValue::from_str(&"x".repeat(65)).unwrap()).is_none());
    }

    #[test]
    fn fresh_ids_differ() {
        assert_ne!(RequestId::random().as_str(), RequestId::random().as_str());
    }
}
