//! A fake with a clock that tests move and a plain HTTP client, for the tests beside the code.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::{AppMode, FakeSpotify, Listener, Options};

/// 2026-11-22T09:00:00Z.
pub(super) const START_MS: i64 = 1_795_338_000_000;

pub(super) struct Probe {
    pub(super) fake: FakeSpotify,
    pub(super) http: reqwest::Client,
    now_ms: Arc<AtomicI64>,
}

impl Probe {
    pub(super) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(super) async fn start_extended() -> Self {
        Self::start_with(Options { mode: AppMode::Extended, ..Options::default() }).await
    }

    pub(super) async fn start_with(options: Options) -> Self {
        let now_ms = Arc::new(AtomicI64::new(START_MS));
        let clock = Arc::clone(&now_ms);
        let options = Options { clock: Arc::new(move || clock.load(Ordering::SeqCst)), ..options };
        let fake = FakeSpotify::start(options).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { fake, http, now_ms }
    }

    pub(super) fn advance_s(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }

    pub(super) async fn refresh(&self, refresh_token: &str) -> Response {
        self.post_token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub(super) async fn post_token(&self, form: &[(&str, &str)]) -> Response {
        self.http
            .post(format!("{}api/token", self.fake.auth_url()))
            .basic_auth(self.fake.client_id(), Some(self.fake.client_secret()))
            .form(form)
            .send()
            .await
            .unwrap()
    }

    /// A fresh access token of the listener.
    pub(super) async fn access(&self, listener: &Listener) -> String {
        let reply: Value = self.refresh(&self.fake.refresh_token(listener)).await.json().await.unwrap();
        reply["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn get(&self, access_token: &str, path: &str) -> Response {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.fake.api_url()) };
        self.http.get(url).bearer_auth(access_token).send().await.unwrap()
    }

    /// The body of a call that must succeed.
    pub(super) async fn json(&self, access_token: &str, path: &str) -> Value {
        let response = self.get(access_token, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// Status and body of a call that must answer JSON.
    pub(super) async fn outcome(&self, access_token: &str, path: &str) -> (u16, Value) {
        let response = self.get(access_token, path).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
