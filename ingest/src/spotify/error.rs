//! What went wrong at Spotify, as what to do next.

use std::time::Duration;

use rspotify::ClientError;
use rspotify::http::HttpError;
use serde::Deserialize;

/// How long to stay away when Spotify says "too many requests" but not for how long: its rolling window.
pub const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(30);

/// What to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Call nothing until this much time has passed.
    #[error("Spotify asks to stay away for {} s", retry_after.as_secs())]
    RateLimited {
        /// From now on.
        retry_after: Duration,
    },
    /// The person must connect again: access was withdrawn or has expired.
    #[error("Spotify access was withdrawn or has expired: this person must connect again")]
    Withdrawn,
    /// The operator must look at the app's id, secret or redirect address.
    #[error("Spotify does not know this app: correct SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET ({reason})")]
    UnknownApp {
        /// Spotify's word for it.
        reason: String,
    },
    /// The operator must look: the app may lack quota mode or scope, the person may not be on its list.
    #[error(
        "Spotify refuses ({reason}): check that this person is on the app's user list, that its owner has Premium and that the scope user-read-recently-played was granted"
    )]
    Refused {
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
        if let Some(limited) = rate_limited(&response) {
            return limited;
        }
        let body = response.text().await.unwrap_or_default();
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
        if let Some(limited) = rate_limited(&response) {
            return limited;
        }
        let body = response.text().await.unwrap_or_default();
        let message = serde_json::from_str::<Body>(&body).ok().and_then(|body| body.error.message);
        match status {
            403 => Self::Refused { reason: message.unwrap_or_else(|| "403".to_owned()) },
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

fn rate_limited(response: &reqwest::Response) -> Option<Error> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    (response.status().as_u16() == 429).then(|| {
        let said = header("retry-after").and_then(|value| retry_after(value, header("date")));
        Error::RateLimited { retry_after: said.unwrap_or(RETRY_AFTER_DEFAULT) }
    })
}

/// `Retry-After` in either form (RFC 9110, section 10.2.3): seconds, or a date, which is read against the same answer's
/// `Date`, so that a clock that is off on either side does no harm.
fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let http_date = |text: &str| jiff::fmt::rfc2822::parse(text).ok();
    let wait = http_date(value)?.timestamp().duration_since(http_date(date?)?.timestamp());
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use std::time::Duration;

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date() {
        let date = Some("Sun, 22 Nov 2026 09:00:00 GMT");
        assert_eq!(retry_after("74000", None), Some(Duration::from_secs(74_000)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 12:00:00 GMT", date), Some(Duration::from_secs(10_800)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 08:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", date), None);
    }
}
