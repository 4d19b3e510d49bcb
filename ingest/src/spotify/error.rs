//! What went wrong at Spotify, as what to do next.

use std::time::Duration;

use entity::retry_after;
use rspotify::ClientError;
use rspotify::http::HttpError;
use serde::Deserialize;

use super::Refusal;

/// What to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Call nothing until this much time has passed.
    #[error(
        "Spotify asks to stay away for {} s{}; nothing is called meanwhile, and the next run after that goes on by itself",
        retry_after.as_secs(),
        if *quota_exceeded { " because the developer's quota is used up" } else { "" }
    )]
    RateLimited {
        /// From now on.
        retry_after: Duration,
        /// Whether it is not the rolling window but the quota of the developer, which is counted over all their apps.
        quota_exceeded: bool,
    },
    /// The access token is not taken (any more): fetch another one, once.
    #[error("Spotify does not take the access token that it gave; the next run tries again")]
    Unauthorized,
    /// Spotify has nothing under this id: do not ask again.
    #[error("Spotify has nothing under this id")]
    NotFound,
    /// The person must connect again: access was withdrawn or has expired.
    #[error("Spotify access was withdrawn or has expired: this person must connect again")]
    Withdrawn,
    /// The operator must look at the app's id, secret or redirect address.
    #[error("Spotify does not know this app: correct SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET ({reason})")]
    UnknownApp {
        /// Spotify's word for it.
        reason: String,
    },
    /// Somebody must do something about it; [`Refusal`] says who and what.
    #[error("Spotify refuses ({reason}): {why}")]
    Refused {
        /// What it comes from.
        why: Refusal,
        /// Spotify's word for it.
        reason: String,
    },
    /// Try again later: a network fault, a server fault, an answer that makes no sense.
    #[error("Spotify did not answer as expected; the next run tries again")]
    Transient {
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Reads an error of the token endpoint (RFC 6749, section 5.2).
    pub(super) async fn of_token_request(error: ClientError) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: String,
        }
        let response = match response_of(error) {
            Ok(response) => response,
            Err(error) => return error,
        };
        let status = response.status().as_u16();
        let retry_after = retry_after_of(&response);
        let body = response.text().await.unwrap_or_default();
        if let Some(retry_after) = retry_after {
            return Self::RateLimited { retry_after, quota_exceeded: is_quota(&body) };
        }
        match (status, serde_json::from_str::<Body>(&body)) {
            (400, Ok(Body { error })) if error == "invalid_grant" => Self::Withdrawn,
            (400 | 401, Ok(Body { error })) => Self::UnknownApp { reason: error },
            _ => Self::Transient { source: format!("the token endpoint answered {status}").into() },
        }
    }

    /// Reads an error of the Web API.
    pub(super) async fn of_api_request(error: ClientError) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            message: Option<String>,
        }
        let response = match response_of(error) {
            Ok(response) => response,
            Err(error) => return error,
        };
        let status = response.status().as_u16();
        let retry_after = retry_after_of(&response);
        let body = response.text().await.unwrap_or_default();
        if let Some(retry_after) = retry_after {
            return Self::RateLimited { retry_after, quota_exceeded: is_quota(&body) };
        }
        let message = serde_json::from_str::<Body>(&body).ok().and_then(|body| body.error.message);
        match status {
            401 => Self::Unauthorized,
            403 => {
                let reason = message.unwrap_or_else(|| "403".to_owned());
                Self::Refused { why: Refusal::of(&reason), reason }
            }
            404 => Self::NotFound,
            _ => Self::Transient { source: format!("the Web API answered {status}").into() },
        }
    }
}

/// The answer behind an error, if there was one.
fn response_of(error: ClientError) -> Result<reqwest::Response, Error> {
    match error {
        ClientError::Http(http) => match *http {
            HttpError::StatusCode(response) => Ok(response),
            HttpError::Client(source) => Err(Error::Transient { source: source.without_url().into() }),
        },
        other => Err(Error::Transient { source: other.into() }),
    }
}

/// How long to stay away, if that is what was answered.
fn retry_after_of(response: &reqwest::Response) -> Option<Duration> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    (response.status().as_u16() == 429).then(|| retry_after::read(header("retry-after"), header("date")))
}

/// Whether a 429 comes from the developer's quota, as several users report its body.
fn is_quota(body: &str) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        reason: Option<String>,
    }
    let reason = serde_json::from_str::<Body>(body).ok().and_then(|body| body.error.reason);
    reason.is_some_and(|reason| reason == "QUOTA_EXCEEDED")
}
