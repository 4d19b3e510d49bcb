//! Redeeming a consent: the code that a browser brought back, for a refresh token and the account's id. Two calls, made while
//! a person waits, once per sign-in.

use std::time::Duration;

use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use url::Url;

use super::{Error, Grant, Verifier, read_account_id, read_grant, read_known, redemption};
use crate::retry_after;
use crate::settings::SpotifyApp;
use crate::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Larger than any answer of these.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What a code was worth.
pub struct Redeemed {
    /// The tokens.
    pub grant: Grant,
    /// Whose account it is; `None` where Spotify is to be left alone or does not say at the moment. It is learned at the first
    /// fetch.
    pub account_id: Option<String>,
    wait: Option<Duration>,
}

impl Redeemed {
    /// Until when Spotify asks to be left alone, if it did so `now`.
    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        let ms = |wait: Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
        self.wait.map(|wait| now + ms(wait))
    }
}

/// Redeems `code`. Nobody is asked whose it is while Spotify wants to be left alone (`is_blocked`); the accounts service, which
/// redeems codes, is not part of that.
pub async fn redeem(
    client: &Client,
    app: &SpotifyApp,
    code: &str,
    redirect_uri: &Url,
    verifier: &Verifier,
    is_blocked: bool,
) -> Result<Redeemed, Error> {
    let answer = ask(token(client, app).form(&redemption(code, redirect_uri, verifier))).await?;
    let grant = read_grant(answer.status, &answer.body)?;
    if is_blocked {
        return Ok(Redeemed { grant, account_id: None, wait: None });
    }
    let url = app.api_url.join("me").expect("a base address takes a path");
    let answer = ask(client.get(url).bearer_auth(&grant.access_token)).await?;
    let account_id = match answer.wait {
        Some(_) => None,
        None => Some(read_account_id(answer.status, &answer.body)?),
    };
    Ok(Redeemed { grant, account_id, wait: answer.wait })
}

/// Whether Spotify knows the app by its id and secret.
pub async fn is_known(client: &Client, app: &SpotifyApp) -> Result<(), Error> {
    let answer = ask(token(client, app).form(&[("grant_type", "client_credentials")])).await?;
    read_known(answer.status, &answer.body)
}

fn token(client: &Client, app: &SpotifyApp) -> RequestBuilder {
    let url = app.auth_url.join("api/token").expect("a base address takes a path");
    client.post(url).basic_auth(&app.client_id, Some(&app.client_secret))
}

struct Answer {
    status: u16,
    /// What a 429 says.
    wait: Option<Duration>,
    body: Vec<u8>,
}

async fn ask(request: RequestBuilder) -> Result<Answer, Error> {
    // Without the address, which is no secret but no help either.
    let unreachable = |error: reqwest::Error| Error::Unreachable { source: error.without_url().into() };
    let mut response = request.timeout(TIMEOUT).send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let wait = (status == 429).then(|| retry_after::read(header(RETRY_AFTER), header(DATE)));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, wait, body })
}
