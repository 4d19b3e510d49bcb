//! A Discord of our own: takes messages at one webhook address, holds them against Discord's documented limits, and can be
//! down, busy or strict on demand. Any other webhook looks the same from here, but for the limits.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A running fake. Dropping it stops the server.
pub struct FakeDiscord {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
}

struct Shared {
    token: String,
    state: Mutex<Fate>,
}

#[derive(Default)]
struct Fate {
    messages: Vec<Value>,
    refused: usize,
    next: VecDeque<Refusal>,
    is_down: bool,
}

/// How the next message is turned away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// 429, with this many seconds in the body as Discord says it.
    Busy(f64),
    /// This status.
    Status(u16),
}

impl FakeDiscord {
    /// Serves on a free loopback port; `token` is the secret part of the address.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(token: &str) -> anyhow::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
        let address = socket.local_addr().context("the socket has no address")?;
        let shared = Arc::new(Shared { token: token.to_owned(), state: Mutex::default() });
        let router = Router::new().route("/api/webhooks/1/{token}", post(take)).with_state(Arc::clone(&shared));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            axum::serve(socket, router).with_graceful_shutdown(stopped.cancelled_owned()).await.ok();
        });
        Ok(Self { shared, address, stop })
    }

    /// The address to write to, with its secret.
    pub fn url(&self) -> String {
        format!("http://{}/api/webhooks/1/{}", self.address, self.shared.token)
    }

    /// The messages taken so far.
    pub fn messages(&self) -> Vec<Value> {
        self.fate().messages.clone()
    }

    /// The titles of all embeds taken so far, in order.
    pub fn titles(&self) -> Vec<String> {
        let messages = self.messages();
        let embeds = messages.iter().flat_map(|message| message["embeds"].as_array().cloned().unwrap_or_default());
        embeds.filter_map(|embed| Some(embed["title"].as_str()?.to_owned())).collect()
    }

    /// How many messages were turned away.
    pub fn refused(&self) -> usize {
        self.fate().refused
    }

    /// Turns the next message away.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.fate().next.push_back(refusal);
    }

    /// Answers 503 to everything from now on, or no longer.
    pub fn set_down(&self, is_down: bool) {
        self.fate().is_down = is_down;
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn take(State(shared): State<Arc<Shared>>, Path(token): Path<String>, Json(message): Json<Value>) -> Response {
    let mut fate = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    let refusal = match fate.next.pop_front() {
        _ if fate.is_down => Some(Refusal::Status(503)),
        None if token != shared.token => Some(Refusal::Status(404)),
        None if !within_limits(&message) => Some(Refusal::Status(400)),
        refusal => refusal,
    };
    let Some(refusal) = refusal else {
        fate.messages.push(message);
        return StatusCode::NO_CONTENT.into_response();
    };
    fate.refused += 1;
    match refusal {
        Refusal::Busy(retry_after) => {
            let body = json!({ "message": "You are being rate limited.", "retry_after": retry_after, "global": false });
            (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response()
        }
        Refusal::Status(status) => StatusCode::from_u16(status).expect("a status that HTTP has").into_response(),
    }
}

/// Discord's documents, *Embed Limits*. A message without embeds is for another webhook than Discord's.
fn within_limits(message: &Value) -> bool {
    let Some(embeds) = message["embeds"].as_array() else { return message["events"].is_array() };
    let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let mut all = 0;
    let embed_fits = embeds.iter().all(|embed| {
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        let (title, description) = (length(&embed["title"]), length(&embed["description"]));
        let in_fields: usize = fields.iter().map(|field| length(&field["name"]) + length(&field["value"])).sum();
        all += title + description + in_fields;
        let field_fits = |field: &Value| {
            (1..=256).contains(&length(&field["name"])) && (1..=1_024).contains(&length(&field["value"]))
        };
        title <= 256 && description <= 4_096 && fields.len() <= 25 && fields.iter().all(field_fits)
    });
    (1..=10).contains(&embeds.len()) && embed_fits && all <= 6_000
}
