//! Signing in to Spotify in a browser: `/connect/spotify` sends a person there, `/connect/spotify/callback` takes them back.
//!
//! What belongs to a sign-in (its `state`, its verifier, whom it is for) is sealed into a cookie of the browser that began
//! it: so the answer may arrive at any instance, and only from that browser. That it comes once is recorded in the
//! database. Every end is a page in words, or a way back to a page of this site (`?return_to=/…`), with the outcome as the
//! parameter `spotify`.
//!
//! Not here: who may connect whom. While access control is off, the header `X-Viewer` or `?username=` says whose link it is.

mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::consent::{self, Error, Returned};
use entity::db::Db;
use entity::secret::KeyRing;
use entity::settings::SpotifyApp;
use entity::spotify_account::ConnectError;
use entity::spotify_app;
use sea_orm::DbErr;
use serde::Deserialize;
use tracing::{info, warn};
use url::Url;

use self::sign_in::SignIn;
use crate::app::VIEWER_HEADER;
use crate::{accounts, insights};

/// Where a sign-in begins; its cookie is sent to here and below.
pub const PATH: &str = "/connect/spotify";

/// What connecting needs. Without it, the routes say that it is not set up.
pub struct Connect {
    /// The registered app.
    pub app: SpotifyApp,
    /// The address of the callback, as Spotify knows it.
    pub redirect_uri: Url,
    /// What seals refresh tokens and the cookie.
    pub keys: KeyRing,
}

struct Shared {
    db: Db,
    clock: SharedClock,
    connect: Connect,
    client: reqwest::Client,
}

/// The two routes.
pub fn routes(db: &Db, clock: SharedClock, connect: Option<Connect>) -> Router {
    let callback = format!("{PATH}/callback");
    let Some(connect) = connect else {
        return Router::new().route(PATH, get(not_set_up)).route(&callback, get(not_set_up));
    };
    let shared = Arc::new(Shared { db: db.clone(), clock, connect, client: reqwest::Client::new() });
    Router::new().route(PATH, get(begin)).route(&callback, get(end)).with_state(shared)
}

async fn not_set_up() -> Response {
    let sentence = "Connecting is not set up here: its operator must set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.";
    page(StatusCode::SERVICE_UNAVAILABLE, "Not set up", sentence)
}

#[derive(Deserialize)]
struct Begin {
    username: Option<String>,
    return_to: Option<String>,
}

async fn begin(State(shared): State<Arc<Shared>>, headers: HeaderMap, Query(query): Query<Begin>) -> Response {
    let named = headers.get(VIEWER_HEADER).and_then(|name| name.to_str().ok()).map(str::to_owned);
    let Some(username) = query.username.or(named).filter(|name| !name.is_empty()) else {
        let sentence = "Say whose account it is to be: add ?username=NAME to the address.";
        return page(StatusCode::BAD_REQUEST, "Who are you?", sentence);
    };
    let user = match insights::listener_by_username(&shared.db, &username).await {
        Ok(Some(user)) => user.id,
        Ok(None) => {
            let sentence = format!(
                "Nobody here is called \"{username}\". Its operator adds people with `refrain-ingest accounts add NAME`."
            );
            return page(StatusCode::NOT_FOUND, "Not known", &sentence);
        }
        Err(error) => return unavailable(&error),
    };
    let return_to = query.return_to.filter(|path| is_path_here(path));
    let begun = SignIn::begin(user, return_to, shared.clock.now()).and_then(|sign_in| {
        let cookie = sign_in.cookie(&shared.connect.keys, shared.is_secure())?;
        Ok((sign_in, cookie))
    });
    let (sign_in, cookie) = match begun {
        Ok(begun) => begun,
        Err(error) => return unavailable(&error),
    };
    let Connect { app, redirect_uri, .. } = &shared.connect;
    let url = consent::authorize_url(app, redirect_uri, sign_in.state(), &sign_in.verifier());
    // The address at Spotify carries the state: it is nobody else's to keep.
    ([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, NO_STORE)], Redirect::to(url.as_str())).into_response()
}

async fn end(State(shared): State<Arc<Shared>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let returned = Returned::read(&query.unwrap_or_default());
    let sign_in = SignIn::read(&headers, &shared.connect.keys);
    let return_to = sign_in.as_ref().and_then(|sign_in| sign_in.return_to.clone());
    let result = match sign_in {
        Some(sign_in) => shared.link(sign_in, returned).await,
        None => Err(Error::WrongState),
    };
    match &result {
        Ok(()) => info!("a Spotify account was linked"),
        Err(error) => warn!(consent.error = error.code(), "a Spotify account was not linked: {}", chain(error)),
    }
    let mut response = match return_to {
        Some(path) => {
            let outcome = result.as_ref().map_or_else(Error::code, |()| "connected");
            let sign = if path.contains('?') { '&' } else { '?' };
            Redirect::to(&format!("{path}{sign}spotify={outcome}")).into_response()
        }
        None => match &result {
            Ok(()) => {
                let sentence = "Your Spotify account is linked. What you play appears here from the ingest's next pass on. \
                                You may close this page.";
                page(StatusCode::OK, "Connected", sentence)
            }
            Err(error) => page(status(error), "Not connected", &error.to_string()),
        },
    };
    response.headers_mut().insert(header::SET_COOKIE, sign_in::no_cookie(shared.is_secure()));
    response
}

impl Shared {
    /// Links the account that a person has come back with.
    async fn link(&self, sign_in: SignIn, returned: Returned) -> Result<(), Error> {
        let failed = |error: DbErr| Error::Unavailable { source: error.into() };
        let now = self.clock.now();
        if returned.state != sign_in.state() {
            return Err(Error::WrongState);
        }
        if now >= sign_in.expires_at() {
            return Err(Error::Expired);
        }
        if !sign_in.spend(&self.db, now).await.map_err(failed)? {
            return Err(Error::Replayed);
        }
        let code = returned.code_of(sign_in.state())?;
        let Connect { app, redirect_uri, keys } = &self.connect;
        let is_blocked = spotify_app::is_blocked(self.db.write(), &app.client_id, now).await.map_err(failed)?;
        let verifier = sign_in.verifier();
        let redeemed = consent::redeem(&self.client, app, &code, redirect_uri, &verifier, is_blocked).await?;
        if let Some(until) = redeemed.blocked_until(self.clock.now()) {
            spotify_app::block(self.db.write(), &app.client_id, until).await.map_err(failed)?;
        }
        let user = sign_in.user();
        let sealed = keys.seal(user, &redeemed.grant.refresh_token);
        let sealed = sealed.map_err(|error| Error::Unavailable { source: error.into() })?;
        match accounts::connect(&self.db, user, redeemed.account_id, sealed, self.clock.now()).await {
            Ok(()) => Ok(()),
            Err(ConnectError::LinkedTwice(other)) => Err(Error::LinkedTwice(other)),
            Err(ConnectError::Database(error)) => Err(failed(error)),
        }
    }

    fn is_secure(&self) -> bool {
        self.connect.redirect_uri.scheme() == "https"
    }
}

/// Whether it is a path of this site and nothing that a browser could take for another site's address.
fn is_path_here(path: &str) -> bool {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && path.starts_with('/') && !path.starts_with("//")
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn status(error: &Error) -> StatusCode {
    match error {
        Error::LinkedTwice(_) => StatusCode::CONFLICT,
        Error::UnknownApp { .. } | Error::Unreachable { .. } | Error::Strange { .. } => StatusCode::BAD_GATEWAY,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Response {
    warn!("a sign-in could not begin: {}", chain(error));
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not now",
        "The server cannot reach something it needs. Try again in a moment.",
    )
}

fn page(status: StatusCode, heading: &str, sentence: &str) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(consent::POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    (status, headers, Html(consent::page(heading, sentence))).into_response()
}

#[cfg(test)]
mod tests {
    use super::is_path_here;

    #[test]
    fn a_browser_is_led_back_to_this_site_only() {
        for good in ["/", "/graphiql", "/?tab=me&x=1#here"] {
            assert!(is_path_here(good), "{good}");
        }
        for bad in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "graphiql", "/ü"]
        {
            assert!(!is_path_here(bad), "{bad:?}");
        }
    }
}
