//! `GET /authorize`: where a browser is sent to consent. Nobody has to: the listener chosen by
//! [`FakeSpotify::set_consenting`](super::FakeSpotify::set_consenting) agrees at once, or refuses if the test says so, and the
//! browser is sent back with a code or a reason.
//!
//! The rule for redirect URIs is Spotify's: HTTPS, or HTTP to a loopback address by number; `localhost` is refused.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use url::{Host, Url};

use super::{answer::Answer, endpoint::Endpoint, gate, shared::Shared};

pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let asked = |name: &str| query.get(name).map_or("", String::as_str);
    let mut location = None;
    let mut response = gate::pass(&shared, Endpoint::Authorize, None, || {
        if asked("client_id") != shared.options.client_id {
            return refused("INVALID_CLIENT: Invalid client");
        }
        if asked("response_type") != "code" {
            return refused("response_type must be code");
        }
        let Some(mut redirect) = Url::parse(asked("redirect_uri")).ok().filter(is_allowed) else {
            return refused("INVALID_CLIENT: Insecure redirect URI");
        };
        if query.contains_key("code_challenge") && asked("code_challenge_method") != "S256" {
            return refused("code_challenge_method must be S256");
        }
        let consenting = shared.switches().consenting.unwrap_or(0);
        let consent_refused = shared.switches().consent_refused.clone();
        let mut accounts = shared.accounts();
        if accounts.all().len() <= consenting {
            return refused("nobody is here to consent: add a listener first");
        }
        match consent_refused {
            Some(reason) => {
                redirect.query_pairs_mut().append_pair("error", &reason);
            }
            None => {
                let challenge = query.get("code_challenge").cloned();
                let code = accounts.issue_code(consenting, asked("redirect_uri"), challenge, asked("scope"));
                redirect.query_pairs_mut().append_pair("code", &code);
            }
        }
        if let Some(state) = query.get("state") {
            redirect.query_pairs_mut().append_pair("state", state);
        }
        location = Some(redirect);
        Answer::empty(StatusCode::FOUND)
    });
    if let Some(location) = location {
        let location = HeaderValue::try_from(location.as_str()).expect("a URL is ASCII");
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Without a redirect URI to trust, Spotify tells the person and not the app.
fn refused(why: &str) -> Answer {
    Answer { status: StatusCode::BAD_REQUEST, content_type: "text/plain; charset=utf-8", body: why.as_bytes().to_vec() }
}

fn is_allowed(redirect: &Url) -> bool {
    let loopback = match redirect.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    redirect.scheme() == "https" || (redirect.scheme() == "http" && loopback)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use reqwest::StatusCode;
    use serde_json::Value;
    use url::Url;

    use super::super::{Listener, probe::Probe};

    const BACK: &str = "http://127.0.0.1:5001/connect/spotify/callback";

    async fn send_browser(probe: &Probe, redirect_uri: &str) -> reqwest::Response {
        let query = [
            ("client_id", probe.fake.client_id()),
            ("response_type", "code"),
            ("redirect_uri", redirect_uri),
            ("state", "a b&c"),
        ];
        let url = Url::parse_with_params(&format!("{}authorize", probe.fake.auth_url()), query).unwrap();
        probe.http.get(url).send().await.unwrap()
    }

    async fn consent(probe: &Probe, listener: &Listener) -> String {
        probe.fake.set_consenting(listener);
        let response = send_browser(probe, BACK).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert!(back.as_str().starts_with(BACK));
        let query: HashMap<_, _> = back.query_pairs().into_owned().collect();
        assert_eq!(query["state"], "a b&c");
        query["code"].clone()
    }

    #[tokio::test]
    async fn a_consent_is_redeemed_once_for_the_tokens_of_who_gave_it() {
        let probe = Probe::start().await;
        let (_, bob) = (probe.fake.add_listener("ada"), probe.fake.add_listener("bob"));
        let code = consent(&probe, &bob).await;
        let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK)];
        let reply: Value = probe.post_token(&form).await.json().await.unwrap();
        let me = probe.json(reply["access_token"].as_str().unwrap(), "me").await;
        assert_eq!(me["account_id"], bob.account_id);
        assert_eq!(probe.refresh(reply["refresh_token"].as_str().unwrap()).await.status(), StatusCode::OK);

        let reply: Value = probe.post_token(&form).await.json().await.unwrap();
        assert_eq!(reply["error"], "invalid_grant");
    }

    #[tokio::test]
    async fn a_code_is_bound_to_its_redirect_uri() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let code = consent(&probe, &ada).await;
        let form =
            [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://elsewhere.example")];
        let reply: Value = probe.post_token(&form).await.json().await.unwrap();
        assert_eq!(reply["error"], "invalid_grant");
    }

    #[tokio::test]
    async fn a_code_with_a_challenge_is_redeemed_by_its_verifier_alone() {
        let probe = Probe::start().await;
        probe.fake.add_listener("ada");
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        for (shown, is_good) in [(None, false), (Some("guessed"), false), (Some(verifier), true)] {
            let query = [
                ("client_id", probe.fake.client_id()),
                ("response_type", "code"),
                ("redirect_uri", BACK),
                ("code_challenge_method", "S256"),
                ("code_challenge", challenge),
            ];
            let url = Url::parse_with_params(&format!("{}authorize", probe.fake.auth_url()), query).unwrap();
            let response = probe.http.get(url).send().await.unwrap();
            let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
            let (_, code) = back.query_pairs().next().unwrap();
            let mut form = vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK)];
            form.extend(shown.map(|verifier| ("code_verifier", verifier)));
            assert_eq!(probe.post_token(&form).await.status() == StatusCode::OK, is_good, "{shown:?}");
        }
    }

    #[tokio::test]
    async fn localhost_by_name_is_refused_and_loopback_by_number_is_not() {
        let probe = Probe::start().await;
        probe.fake.add_listener("ada");
        for (redirect_uri, status) in [
            ("http://localhost:5001/callback", StatusCode::BAD_REQUEST),
            ("http://music.example/callback", StatusCode::BAD_REQUEST),
            ("nonsense", StatusCode::BAD_REQUEST),
            ("https://music.example/callback", StatusCode::FOUND),
            ("http://127.0.0.1/callback", StatusCode::FOUND),
            ("http://[::1]:5001/callback", StatusCode::FOUND),
        ] {
            assert_eq!(send_browser(&probe, redirect_uri).await.status(), status, "{redirect_uri}");
        }
    }
}
