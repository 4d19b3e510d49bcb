//! The one place that talks to Spotify, on rspotify.
//!
//! Bodies are handed on raw: rspotify's own models lose fields and refuse whole pages for one odd item. Its refresh is not
//! used either: it keeps the old refresh token even when Spotify sends a new one (0.16.1, `auth_code.rs`), and whoever
//! keeps the old one is locked out. Every call passes one gate per app; a short "too many requests" is waited out, all else is the caller's
//! business, and the errors say what to do next. It stores nothing.

pub mod consent;
mod error;
mod limiter;

use std::collections::HashMap;
use std::sync::Arc;

use rspotify::clients::BaseClient;
use rspotify::sync::Mutex;
use rspotify::{AuthCodeSpotify, Config, Credentials, OAuth, Token};
use serde::Deserialize;

pub use error::{Error, RETRY_AFTER_DEFAULT};

use limiter::Limiter;

use crate::transform::PAGE_ITEMS_MAX;

/// A registered app at Spotify (or at a fake of it).
#[derive(Clone)]
pub struct App {
    client: AuthCodeSpotify,
    limiter: Limiter,
}

/// One person's access, good for an hour.
pub struct Session {
    client: AuthCodeSpotify,
    limiter: Limiter,
    /// The refresh token to keep from now on, if it is another one than before.
    pub new_refresh_token: Option<String>,
}

impl App {
    /// The app as registered, at the given base addresses.
    pub fn new(client_id: &str, client_secret: &str, api_url: &str, auth_url: &str) -> Self {
        let config = Config {
            api_base_url: api_url.to_owned(),
            auth_base_url: auth_url.to_owned(),
            token_refreshing: false,
            ..Config::default()
        };
        let credentials = Credentials::new(client_id, client_secret);
        let client = AuthCodeSpotify::with_config(credentials, OAuth::default(), config);
        Self { client, limiter: Limiter::default() }
    }

    /// Exchanges a refresh token for an hour's access.
    pub async fn session(&self, refresh_token: &str) -> Result<Session, Error> {
        let form = HashMap::from([("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
        let headers = self.client.creds.auth_headers();
        let token: Token =
            patiently(&self.limiter, async || match self.client.fetch_access_token(&form, headers.as_ref()).await {
                Ok(token) => Ok(token),
                Err(error) => Err(Error::of_token_request(error).await),
            })
            .await?;
        let new_refresh_token = token.refresh_token.clone().filter(|new| !new.is_empty() && new != refresh_token);
        // The HTTP client (connections, TLS) is shared by all sessions; the token is this one's.
        let mut client = self.client.clone();
        client.token = Arc::new(Mutex::new(Some(token)));
        Ok(Session { client, limiter: self.limiter.clone(), new_refresh_token })
    }
}

impl Session {
    /// The page of this person's newest plays, as received. One call without a cursor: late plays surface with an older
    /// `played_at`, which a cursor at the newest one seen would skip.
    pub async fn recently_played(&self) -> Result<String, Error> {
        let limit = PAGE_ITEMS_MAX.to_string();
        self.get("me/player/recently-played", &HashMap::from([("limit", limit.as_str())])).await
    }

    /// Spotify's immutable id of this person: `account_id` of `/me`, or `id` from apps that do not get it.
    pub async fn account_id(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Me {
            account_id: Option<String>,
            id: Option<String>,
        }
        let body = self.get("me", &HashMap::new()).await?;
        let me: Me = serde_json::from_str(&body).map_err(|source| Error::Transient { source: source.into() })?;
        me.account_id.or(me.id).ok_or_else(|| Error::Transient { source: "Spotify's /me names nobody".into() })
    }

    async fn get(&self, path: &str, query: &HashMap<&str, &str>) -> Result<String, Error> {
        patiently(&self.limiter, async || match self.client.api_get(path, query).await {
            Ok(body) => Ok(body),
            Err(error) => Err(Error::of_api_request(error).await),
        })
        .await
    }
}

/// Calls when the gate is open, and again after a short "too many requests", a few times at most.
async fn patiently<T>(limiter: &Limiter, call: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        limiter.pass().await?;
        match call().await {
            Err(Error::RateLimited { retry_after }) => {
                limiter.block(retry_after);
                if attempt == ATTEMPTS_MAX {
                    return Err(Error::RateLimited { retry_after });
                }
                attempt += 1;
            }
            result => return result,
        }
    }
}

const ATTEMPTS_MAX: u32 = 3;
