//! Redeeming a consent: the code that a browser brought back, for a refresh token and the account's id.
//!
//! These two calls are made while a person waits, once per sign-in.

use std::time::Duration;

use entity::consent::{self, Error, Grant, Verifier};
use entity::settings::SpotifyApp;
use reqwest::{Client, Response};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Larger than any answer of these two.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the code is worth, and whose it is; the latter is `None` where Spotify does not say at the moment (or wants to be left
/// alone: `is_blocked`), and is learned at the first fetch.
pub async fn redeem(
    app: &SpotifyApp,
    code: &str,
    redirect_uri: &Url,
    verifier: &Verifier,
    is_blocked: bool,
) -> Result<(Grant, Option<String>), Error> {
    let client = Client::builder().timeout(TIMEOUT).build().map_err(unreachable)?;
    let request = client
        .post(app.auth_url.join("api/token").expect("a base address takes a path"))
        .basic_auth(&app.client_id, Some(&app.client_secret))
        .form(&consent::redemption(code, redirect_uri, verifier));
    let (status, body) = answer(request.send().await.map_err(unreachable)?).await?;
    let grant = consent::read_grant(status, &body)?;
    if is_blocked {
        return Ok((grant, None));
    }
    let request = client.get(app.api_url.join("me").expect("a base address takes a path"));
    let (status, body) = answer(request.bearer_auth(&grant.access_token).send().await.map_err(unreachable)?).await?;
    match status {
        429 => Ok((grant, None)),
        _ => Ok((grant, Some(consent::read_account_id(status, &body)?))),
    }
}

/// Whether Spotify knows the app by its id and secret.
pub async fn is_known(app: &SpotifyApp) -> Result<(), Error> {
    let client = Client::builder().timeout(TIMEOUT).build().map_err(unreachable)?;
    let request = client
        .post(app.auth_url.join("api/token").expect("a base address takes a path"))
        .basic_auth(&app.client_id, Some(&app.client_secret))
        .form(&[("grant_type", "client_credentials")]);
    let (status, body) = answer(request.send().await.map_err(unreachable)?).await?;
    consent::read_known(status, &body)
}

async fn answer(mut response: Response) -> Result<(u16, Vec<u8>), Error> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// Without the address, which is not a secret but no help either.
fn unreachable(error: reqwest::Error) -> Error {
    Error::Unreachable { source: error.without_url().into() }
}
