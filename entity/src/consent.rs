//! Consent: how a person lets us read what they play, from the address at Spotify to what comes back from it.
//!
//! Authorization code with PKCE (RFC 7636), by a client that has a secret as well; one permission, [`SCOPE`], and no other.
//! `ingest accounts connect` and `GET /connect/spotify` both speak by these words. All but [`redeem()`] and [`is_known`], which call
//! Spotify, is pure: it builds addresses and reads answers.

mod error;
mod page;
mod redeem;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::ToSpan;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

pub use error::Error;
pub use page::{POLICY, page};
pub use redeem::{Redeemed, is_known, redeem};

use crate::secret;
use crate::settings::SpotifyApp;
use crate::time::Instant;

/// The only permission we ask for.
pub const SCOPE: &str = "user-read-recently-played";

/// How long a sign-in may take, in milliseconds. Spotify's codes live as long.
pub const SIGN_IN_MS_MAX: i64 = 10 * 60 * 1_000;

/// What only the one who began a sign-in knows: shown as a hash when it begins, and in clear when its code is redeemed.
#[derive(Clone)]
pub struct Verifier(String);

impl Verifier {
    /// A fresh one: 43 characters, as RFC 7636 (section 4.1) has it.
    pub fn random() -> Result<Self, secret::Error> {
        Ok(Self(nonce()?))
    }

    /// One that was kept while its person was away.
    pub fn kept(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The verifier in clear.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The challenge, by the method `S256`.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// 256 random bits as text, fit for addresses: a `state`.
pub fn nonce() -> Result<String, secret::Error> {
    Ok(URL_SAFE_NO_PAD.encode(secret::random::<32>()?))
}

/// Where to send a person who is to consent. Spotify asks each time, even one who consented before: otherwise any page could
/// link a visitor without a word.
pub fn authorize_url(app: &SpotifyApp, redirect_uri: &Url, state: &str, verifier: &Verifier) -> Url {
    let mut url = app.auth_url.join("authorize").expect("a base address takes a path");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.client_id)
        .append_pair("scope", SCOPE)
        .append_pair("redirect_uri", redirect_uri.as_str())
        .append_pair("state", state)
        .append_pair("code_challenge_method", "S256")
        .append_pair("code_challenge", &verifier.challenge())
        .append_pair("show_dialog", "true");
    url
}

/// How a person comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The `state` that was sent along; empty if there is none.
    pub state: String,
    /// The code, or Spotify's word for why there is none.
    pub code: Result<String, String>,
}

impl Returned {
    /// Reads the query that Spotify appends to the redirect address.
    pub fn read(query: &str) -> Self {
        let mut returned = Self { state: String::new(), code: Err("neither code nor error".to_owned()) };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "state" => returned.state = value.into_owned(),
                "code" => returned.code = Ok(value.into_owned()),
                "error" => returned.code = Err(value.into_owned()),
                _ => {}
            }
        }
        returned
    }

    /// The code, if the person agreed and this answer belongs to the sign-in with that `state`.
    pub fn code_of(self, state: &str) -> Result<String, Error> {
        if self.state.is_empty() || self.state != state {
            return Err(Error::WrongState);
        }
        self.code.map_err(|reason| match reason.as_str() {
            "access_denied" => Error::Denied,
            _ => Error::Refused { reason },
        })
    }
}

/// What to send to the token endpoint for a code, as form fields; the app's id and secret go as HTTP Basic beside it.
pub fn redemption<'a>(code: &'a str, redirect_uri: &'a Url, verifier: &'a Verifier) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", verifier.reveal()),
    ]
}

/// What a person granted. It has no `Debug`, so that no log can show it.
pub struct Grant {
    /// Good for an hour; never stored.
    pub access_token: String,
    /// Good for six months; stored sealed.
    pub refresh_token: String,
}

/// Reads the token endpoint's answer to a [`redemption`].
pub fn read_grant(status: u16, body: &[u8]) -> Result<Grant, Error> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
        refresh_token: String,
        scope: Option<String>,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    match status {
        200 => {
            let granted: Granted =
                serde_json::from_slice(body).map_err(|_| Error::strange("the token endpoint's answer"))?;
            // Absent, it is what was asked for (RFC 6749, section 5.1).
            if granted.scope.is_some_and(|scopes| !scopes.split(' ').any(|scope| scope == SCOPE)) {
                return Err(Error::ScopeMissing);
            }
            Ok(Grant { access_token: granted.access_token, refresh_token: granted.refresh_token })
        }
        400 | 401 => match serde_json::from_slice::<Refused>(body) {
            Ok(Refused { error }) if error == "invalid_grant" => Err(Error::WorthlessCode),
            Ok(Refused { error }) => Err(Error::UnknownApp { reason: error }),
            Err(_) => Err(Error::strange("the token endpoint's answer")),
        },
        _ => Err(Error::strange(&format!("the token endpoint's status {status}"))),
    }
}

/// Reads whether the token endpoint knows the app, from its answer to the app's own credentials.
pub fn read_known(status: u16, body: &[u8]) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    match (status, serde_json::from_slice::<Refused>(body)) {
        (200, _) => Ok(()),
        (400 | 401, Ok(Refused { error })) => Err(Error::UnknownApp { reason: error }),
        _ => Err(Error::strange(&format!("the token endpoint's status {status}"))),
    }
}

/// Reads whom an answer of `/me` is about: by the immutable `account_id`, or by `id` for apps that do not get it.
pub fn read_account_id(status: u16, body: &[u8]) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Me {
        account_id: Option<String>,
        id: Option<String>,
    }
    match status {
        200 => {
            let me: Me = serde_json::from_slice(body).map_err(|_| Error::strange("the answer of /me"))?;
            me.account_id.or(me.id).ok_or_else(|| Error::strange("the answer of /me, which names nobody,"))
        }
        403 => Err(Error::NotAllowed),
        _ => Err(Error::strange(&format!("the status {status} of /me"))),
    }
}

/// When a consent given at `authorized_at` ends: Spotify's refresh tokens die six months after the person's authorization,
/// and refreshing does not extend them (Spotify, *Refreshing tokens*).
pub fn expires_at(authorized_at: Instant) -> Instant {
    authorized_at.in_zone(&jiff::tz::TimeZone::UTC).saturating_add(6.months()).timestamp().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> SpotifyApp {
        SpotifyApp {
            client_id: "an app".to_owned(),
            client_secret: "hunter2".to_owned(),
            api_url: Url::parse("https://api.spotify.com/v1/").unwrap(),
            auth_url: Url::parse("https://accounts.spotify.com/").unwrap(),
        }
    }

    #[test]
    fn a_challenge_is_the_hash_of_its_verifier() {
        // RFC 7636, appendix B.
        let verifier = Verifier::kept("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let fresh = Verifier::random().unwrap();
        assert_eq!(fresh.reveal().len(), 43);
        assert_ne!(fresh.reveal(), Verifier::random().unwrap().reveal());
    }

    #[test]
    fn a_person_is_sent_away_with_everything_but_the_secrets() {
        let verifier = Verifier::kept("the verifier");
        let back = Url::parse("http://127.0.0.1:8888/callback").unwrap();
        let url = authorize_url(&app(), &back, "a state", &verifier);
        assert!(
            url.as_str().starts_with("https://accounts.spotify.com/authorize?response_type=code&client_id=an+app&")
        );
        for part in
            ["scope=user-read-recently-played&", "state=a+state&", "code_challenge_method=S256", "show_dialog=true"]
        {
            assert!(url.as_str().contains(part), "{url}");
        }
        assert!(!url.as_str().contains("hunter2") && !url.as_str().contains("the+verifier"));
    }

    #[test]
    fn a_person_comes_back_with_a_code_or_a_reason() {
        let back = |query: &str| Returned::read(query).code_of("s");
        assert_eq!(back("code=c%2B1&state=s").unwrap(), "c+1");
        assert!(matches!(back("error=access_denied&state=s"), Err(Error::Denied)));
        assert!(
            matches!(back("error=invalid_scope&state=s"), Err(Error::Refused { reason }) if reason == "invalid_scope")
        );
        for foreign in ["code=c", "code=c&state=", "code=c&state=t", "error=access_denied", ""] {
            assert!(matches!(back(foreign), Err(Error::WrongState)), "{foreign}");
        }
        assert!(matches!(Returned::read("code=c").code_of(""), Err(Error::WrongState)));
    }

    #[test]
    fn a_grant_without_the_permission_is_none() {
        let grant = |scope: &str| {
            let body = format!(r#"{{"access_token": "BQ", "refresh_token": "AQ", "scope": "{scope}"}}"#);
            read_grant(200, body.as_bytes())
        };
        let granted = grant("user-read-email user-read-recently-played").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((granted.access_token.as_str(), granted.refresh_token.as_str()), ("BQ", "AQ"));
        assert!(matches!(grant("user-read-recently-played-not"), Err(Error::ScopeMissing)));
        let refused = |status, body: &str| read_grant(status, body.as_bytes()).err().unwrap();
        assert!(matches!(refused(400, r#"{"error": "invalid_grant"}"#), Error::WorthlessCode));
        assert!(matches!(refused(400, r#"{"error": "invalid_client"}"#), Error::UnknownApp { .. }));
        assert!(matches!(refused(200, "<html>"), Error::Strange { .. }));
        assert!(matches!(refused(503, ""), Error::Strange { .. }));
    }

    #[test]
    fn a_person_is_known_by_the_id_that_never_changes() {
        let me = |body: &str| read_account_id(200, body.as_bytes());
        assert_eq!(me(r#"{"account_id": "immutable", "id": "ada"}"#).unwrap(), "immutable");
        assert_eq!(me(r#"{"id": "ada"}"#).unwrap(), "ada");
        assert!(matches!(me("{}"), Err(Error::Strange { .. })));
        assert!(matches!(read_account_id(403, b""), Err(Error::NotAllowed)));
    }

    #[test]
    fn a_consent_lasts_six_months_by_the_calendar() {
        let ends = |text: &str| expires_at(Instant::parse(text).unwrap()).to_string();
        assert_eq!(ends("2026-11-22T09:00:00Z"), "2027-05-22T09:00:00Z");
        assert_eq!(ends("2026-08-31T09:00:00Z"), "2027-02-28T09:00:00Z");
    }
}
