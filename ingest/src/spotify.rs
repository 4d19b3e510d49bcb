//! The one place that talks to Spotify, on rspotify.
//!
//! Bodies are handed on raw: rspotify's own models lose fields and refuse whole pages for one odd item. Its refresh is not
//! used either: it keeps the old refresh token even when Spotify sends a new one (0.16.1, `auth_code.rs`), and whoever
//! keeps the old one is locked out. Every call passes one gate per app; a short "too many requests" is waited out, all else is the caller's
//! business, and the errors say what to do next. It stores nothing but how long Spotify asks to be left alone.
//!
//! Plays are read with a person's token ([`Session`]), the catalogue with the app's own ([`Catalogue`]): what everyone may
//! read costs nobody's access, and goes on when nobody is linked.

pub mod catalogue;
mod error;
mod gate;
mod memory;
mod refusal;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entity::clock::{SharedClock, SystemClock};
use entity::db::Db;
use rspotify::clients::BaseClient;
use rspotify::sync::Mutex;
use rspotify::{AuthCodeSpotify, ClientError, Config, Credentials, OAuth, Token};
use serde::Deserialize;

pub use catalogue::Catalogue;
pub use error::Error;
pub use gate::WAIT_MAX;
pub use refusal::Refusal;

use gate::{Gate, Purpose};
use memory::Memory;

use crate::transform::PAGE_ITEMS_MAX;

/// How long one call may take, its body included.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A registered app at Spotify (or at a fake of it).
#[derive(Clone)]
pub struct App {
    client: AuthCodeSpotify,
    gate: Gate,
    call_timeout: Duration,
}

/// One person's access, good for an hour.
pub struct Session {
    caller: Caller,
    /// The refresh token to keep from now on, if it is another one than before.
    pub new_refresh_token: Option<String>,
}

impl App {
    /// The app as registered, at the given base addresses. It forgets with its process until [`Self::remembering`].
    pub fn new(client_id: &str, client_secret: &str, api_url: &str, auth_url: &str) -> Self {
        let config = Config {
            api_base_url: api_url.to_owned(),
            auth_base_url: auth_url.to_owned(),
            token_refreshing: false,
            ..Config::default()
        };
        let credentials = Credentials::new(client_id, client_secret);
        let client = AuthCodeSpotify::with_config(credentials, OAuth::default(), config);
        Self { client, gate: Gate::new(Arc::new(SystemClock), None), call_timeout: CALL_TIMEOUT }
    }

    /// The same app, which obeys what any process over this database was told of staying away, and tells them.
    pub fn remembering(self, db: &Db, clock: &SharedClock) -> Self {
        let memory = Memory::new(db.clone(), self.client_id());
        Self { gate: Gate::new(Arc::clone(clock), Some(memory)), ..self }
    }

    /// The same app with less patience for slow answers.
    pub fn with_call_timeout(self, call_timeout: Duration) -> Self {
        Self { call_timeout, ..self }
    }

    /// The app's id, which is no secret.
    pub fn client_id(&self) -> &str {
        &self.client.creds.id
    }

    /// Exchanges a refresh token for an hour's access.
    pub async fn session(&self, refresh_token: &str) -> Result<Session, Error> {
        let form = HashMap::from([("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
        let token = self.token(&form, Purpose::Poll).await?;
        let new_refresh_token = token.refresh_token.clone().filter(|new| !new.is_empty() && new != refresh_token);
        Ok(Session { caller: self.caller(token, Purpose::Poll), new_refresh_token })
    }

    async fn token(&self, form: &HashMap<&str, &str>, purpose: Purpose) -> Result<Token, Error> {
        let headers = self.client.creds.auth_headers();
        patiently(&self.gate, purpose, || async {
            match in_time(self.call_timeout, self.client.fetch_access_token(form, headers.as_ref())).await? {
                Ok(token) => Ok(token),
                Err(error) => Err(Error::of_token_request(error).await),
            }
        })
        .await
    }

    fn caller(&self, token: Token, purpose: Purpose) -> Caller {
        // The HTTP client (connections, TLS) is shared by all sessions; the token is this one's.
        let mut client = self.client.clone();
        client.token = Arc::new(Mutex::new(Some(token)));
        Caller { client, gate: self.gate.clone(), call_timeout: self.call_timeout, purpose }
    }
}

impl Session {
    /// The page of this person's newest plays, as received. One call without a cursor: late plays surface with an older
    /// `played_at`, which a cursor at the newest one seen would skip.
    pub async fn recently_played(&self) -> Result<String, Error> {
        let limit = PAGE_ITEMS_MAX.to_string();
        let page = self.caller.get("me/player/recently-played", &HashMap::from([("limit", limit.as_str())])).await;
        match page {
            // A refusal that gives no reason is told apart by whether this person may call at all.
            Err(Error::Refused { why: Refusal::Unsaid, reason }) => {
                let why = match self.caller.get("me", &HashMap::new()).await {
                    Ok(_) => Refusal::ScopeOrEndpoint,
                    Err(Error::Refused { why: Refusal::Unsaid, .. }) => Refusal::PersonOrOwner,
                    Err(Error::Refused { why, .. }) => why,
                    Err(_) => Refusal::Unsaid,
                };
                Err(Error::Refused { why, reason })
            }
            page => page,
        }
    }

    /// Spotify's immutable id of this person: `account_id` of `/me`, or `id` from apps that do not get it.
    pub async fn account_id(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Me {
            account_id: Option<String>,
            id: Option<String>,
        }
        let body = self.caller.get("me", &HashMap::new()).await?;
        let me: Me = serde_json::from_str(&body).map_err(|source| Error::Transient { source: source.into() })?;
        me.account_id.or(me.id).ok_or_else(|| Error::Transient { source: "Spotify's /me names nobody".into() })
    }
}

/// Whoever holds a token and calls with it.
struct Caller {
    client: AuthCodeSpotify,
    gate: Gate,
    call_timeout: Duration,
    purpose: Purpose,
}

impl Caller {
    async fn get(&self, path: &str, query: &HashMap<&str, &str>) -> Result<String, Error> {
        patiently(&self.gate, self.purpose, || async {
            match in_time(self.call_timeout, self.client.api_get(path, query)).await? {
                Ok(body) => Ok(body),
                Err(error) => Err(Error::of_api_request(error).await),
            }
        })
        .await
    }
}

/// Calls when the gate is open, and again after a short "too many requests", a few times at most.
///
/// A function that gives a future, not an `AsyncFn`: what calls this is spawned, and must be known to be `Send`.
async fn patiently<T, F: Future<Output = Result<T, Error>>>(
    gate: &Gate,
    purpose: Purpose,
    call: impl Fn() -> F,
) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        let pass = gate.pass(purpose).await?;
        let result = call().await;
        if let Err(Error::RateLimited { retry_after, .. }) = result {
            gate.block(retry_after).await;
            if attempt < ATTEMPTS_MAX && retry_after <= WAIT_MAX {
                attempt += 1;
                continue;
            }
        }
        drop(pass);
        return result;
    }
}

/// The answer, unless it takes too long: Spotify's servers may begin one and never end it.
async fn in_time<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, ClientError>>,
) -> Result<Result<T, ClientError>, Error> {
    let late = |_| Error::Transient { source: format!("no whole answer within {} ms", limit.as_millis()).into() };
    tokio::time::timeout(limit, call).await.map_err(late)
}

const ATTEMPTS_MAX: u32 = 3;
