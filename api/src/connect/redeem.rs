//! Redeeming a consent: the code that a browser brought back, for a refresh token and the account's id. These two are the
//! only calls that the API ever makes to Spotify.

use std::time::Duration;

use entity::consent::{self, Error, Grant, Verifier};
use entity::settings::SpotifyApp;
use reqwest::{Client, RequestBuilder};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Larger than any answer of these two.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Spotify, as this app calls it.
pub(super) struct Spotify {
    client: Client,
    app: SpotifyApp,
}

impl Spotify {
    pub(super) fn new(app: SpotifyApp) -> Self {
        Self { client: Client::new(), app }
    }

    /// What the code is worth, and whose it is; the latter is `None` where Spotify asks to be left alone (or has asked before:
    /// `is_blocked`), and is learned at the first fetch. The accounts service, which redeems codes, is not part of that.
    pub(super) async fn redeem(
        &self,
        code: &str,
        redirect_uri: &Url,
        verifier: &Verifier,
        is_blocked: bool,
    ) -> Result<(Grant, Option<String>), Error> {
        let url = self.app.auth_url.join("api/token").expect("a base address takes a path");
        let request = self.client.post(url).basic_auth(&self.app.client_id, Some(&self.app.client_secret));
        let (status, body) = answer(request.form(&consent::redemption(code, redirect_uri, verifier))).await?;
        let grant = consent::read_grant(status, &body)?;
        if is_blocked {
            return Ok((grant, None));
        }
        let url = self.app.api_url.join("me").expect("a base address takes a path");
        let (status, body) = answer(self.client.get(url).bearer_auth(&grant.access_token)).await?;
        match status {
            429 => Ok((grant, None)),
            _ => Ok((grant, Some(consent::read_account_id(status, &body)?))),
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<(u16, Vec<u8>), Error> {
    // Without the address, which is no secret but no help either.
    let unreachable = |error: reqwest::Error| Error::Unreachable { source: error.without_url().into() };
    let mut response = request.timeout(TIMEOUT).send().await.map_err(unreachable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), body))
}
