//! `POST /api/token`: refresh tokens and codes against access tokens.
//!
//! Client credentials come as HTTP Basic. Errors have the accounts service's shape, `{"error", "error_description"}`, and
//! status 400.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{accounts::Worthless, answer::Answer, endpoint::Endpoint, gate, shared::Shared};

/// What every listener grants.
pub(super) const SCOPE: &str = "user-read-private user-read-email user-read-recently-played";

pub(super) async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let listener = form.get("refresh_token").and_then(|token| shared.accounts().owner(token));
    gate::pass(&shared, Endpoint::Token, listener, || {
        if !is_our_client(&shared, &headers) {
            return Answer::oauth_error("invalid_client", "Invalid client secret");
        }
        match form.get("grant_type").map(String::as_str) {
            Some("refresh_token") => refresh(&shared, &form),
            Some("authorization_code") => redeem(&shared, &form),
            Some("client_credentials") => of_its_own(&shared),
            _ => Answer::oauth_error(
                "unsupported_grant_type",
                "grant_type must be client_credentials, refresh_token or authorization_code",
            ),
        }
    })
}

fn refresh(shared: &Shared, form: &BTreeMap<String, String>) -> Answer {
    let Some(refresh_token) = form.get("refresh_token") else {
        return Answer::oauth_error("invalid_request", "refresh_token must be supplied");
    };
    let rotation = shared.switches().rotation;
    let (now_ms, life_s) = (shared.now_ms(), shared.options.access_token_life_s);
    let mut accounts = shared.accounts();
    let listener = match accounts.check(refresh_token, now_ms) {
        Ok(listener) => listener,
        Err(Worthless::Unknown) => return Answer::oauth_error("invalid_grant", "Invalid refresh token"),
        Err(Worthless::Revoked) => return Answer::oauth_error("invalid_grant", "Refresh token revoked"),
        Err(Worthless::Expired) => return Answer::oauth_error("invalid_grant", "Refresh token expired"),
    };
    let access_token = accounts.issue_access(listener, now_ms, life_s);
    let mut reply = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": life_s,
        "scope": SCOPE,
    });
    if let Some(next) = accounts.rotate(refresh_token, rotation) {
        reply["refresh_token"] = json!(next);
    }
    Answer::ok(&reply)
}

/// The app's own access: to the catalogue, and to nobody's plays.
fn of_its_own(shared: &Shared) -> Answer {
    let life_s = shared.options.access_token_life_s;
    let access_token = shared.accounts().issue_app_access(shared.now_ms(), life_s);
    Answer::ok(&json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": life_s }))
}

fn redeem(shared: &Shared, form: &BTreeMap<String, String>) -> Answer {
    let (Some(code), Some(redirect_uri)) = (form.get("code"), form.get("redirect_uri")) else {
        return Answer::oauth_error("invalid_request", "code and redirect_uri must be supplied");
    };
    let (now_ms, life_s) = (shared.now_ms(), shared.options.access_token_life_s);
    let mut accounts = shared.accounts();
    let verifier = form.get("code_verifier").map(String::as_str);
    let Ok((listener, scope)) = accounts.redeem(code, redirect_uri, verifier, now_ms) else {
        return Answer::oauth_error("invalid_grant", "Invalid authorization code");
    };
    let access_token = accounts.issue_access(listener, now_ms, life_s);
    Answer::ok(&json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": life_s,
        "refresh_token": accounts.account(listener).refresh_token,
        "scope": scope,
    }))
}

fn is_our_client(shared: &Shared, headers: &HeaderMap) -> bool {
    let ours = format!("{}:{}", shared.options.client_id, shared.options.client_secret);
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    basic.and_then(|text| STANDARD.decode(text).ok()).is_some_and(|given| given == ours.as_bytes())
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use rspotify::{
        AuthCodeSpotify, ClientError, Config, Credentials, Token, clients::BaseClient as _, http::HttpError,
    };
    use serde_json::{Value, json};

    use super::super::{
        Endpoint, Listener, Options, Quirk, RetryAfter, Rotation, Rule,
        probe::{Probe, START_MS},
    };

    const DAY_S: i64 = 86_400;

    async fn refused(probe: &Probe, refresh_token: &str) -> String {
        let response = probe.refresh(refresh_token).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body: Value = response.json().await.unwrap();
        assert!(body["error_description"].is_string());
        body["error"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_refresh_brings_an_hour_of_access_and_no_new_refresh_token() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let reply: Value = probe.refresh(&ada.refresh_token).await.json().await.unwrap();
        assert_eq!((&reply["expires_in"], &reply["token_type"]), (&json!(3600), &json!("Bearer")));
        assert_eq!(reply.get("refresh_token"), None);

        let access = reply["access_token"].as_str().unwrap();
        probe.advance_s(3_599);
        assert_eq!(probe.get(access, "me").await.status(), StatusCode::OK);
        probe.advance_s(1);
        let (status, body) = probe.outcome(access, "me").await;
        assert_eq!(status, 401);
        assert_eq!(body, json!({ "error": { "status": 401, "message": "The access token expired" } }));
    }

    #[tokio::test]
    async fn the_life_of_an_access_token_can_be_set() {
        let probe = Probe::start_with(Options { access_token_life_s: 5, ..Options::default() }).await;
        let access = probe.access(&probe.fake.add_listener("ada")).await;
        probe.advance_s(5);
        assert_eq!(probe.get(&access, "me").await.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_call_without_a_good_token_is_told_so() {
        let probe = Probe::start().await;
        assert_eq!(probe.outcome("BQnonsense", "me").await.1["error"]["message"], "Invalid access token");
        let response = probe.http.get(format!("{}me", probe.fake.api_url())).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["message"], "No token provided");
    }

    #[tokio::test]
    async fn a_refresh_token_dies_six_months_after_the_authorization_however_often_it_is_used() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        // 22 November to 22 May are 181 days.
        for _ in 0..180 {
            probe.advance_s(DAY_S);
            assert_eq!(probe.refresh(&ada.refresh_token).await.status(), StatusCode::OK);
        }
        probe.advance_s(DAY_S);
        assert_eq!(refused(&probe, &ada.refresh_token).await, "invalid_grant");
        let again = probe.fake.reauthorize(&ada);
        assert_eq!(probe.refresh(&again).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_expired_grant_leaves_the_access_token_its_hour() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let access = probe.access(&ada).await;
        probe.fake.expire_grant(&ada);
        assert_eq!(refused(&probe, &ada.refresh_token).await, "invalid_grant");
        assert_eq!(probe.get(&access, "me").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_revoked_listener_gets_nothing_and_others_go_on() {
        let probe = Probe::start().await;
        let (ada, bob) = (probe.fake.add_listener("ada"), probe.fake.add_listener("bob"));
        let (of_ada, of_bob) = (probe.access(&ada).await, probe.access(&bob).await);
        probe.fake.revoke(&ada);
        assert_eq!(refused(&probe, &ada.refresh_token).await, "invalid_grant");
        assert_eq!(probe.get(&of_ada, "me").await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(probe.get(&of_bob, "me").await.status(), StatusCode::OK);
        assert_eq!(probe.refresh(&bob.refresh_token).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_ended_access_token_can_be_replaced_by_a_refresh() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let access = probe.access(&ada).await;
        probe.fake.expire_access(&ada);
        assert_eq!(probe.get(&access, "me").await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(probe.get(&probe.access(&ada).await, "me").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn unknown_tokens_and_wrong_clients_are_refused() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        assert_eq!(refused(&probe, "AQnobody").await, "invalid_grant");
        let url = format!("{}api/token", probe.fake.auth_url());
        let form = [("grant_type", "refresh_token"), ("refresh_token", &ada.refresh_token)];
        for request in [
            probe.http.post(&url).form(&form),
            probe.http.post(&url).form(&form).basic_auth(probe.fake.client_id(), Some("wrong")),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(response.json::<Value>().await.unwrap()["error"], "invalid_client");
        }
        let body: Value = probe.post_token(&[("grant_type", "password")]).await.json().await.unwrap();
        assert_eq!(body["error"], "unsupported_grant_type");
    }

    #[tokio::test]
    async fn rotation_brings_a_new_refresh_token_with_the_old_six_months() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let rotated = async |probe: &Probe, old: &str| {
            let reply: Value = probe.refresh(old).await.json().await.unwrap();
            reply["refresh_token"].as_str().unwrap().to_owned()
        };
        probe.fake.set_rotation(Rotation::OldStillWorks);
        let second = rotated(&probe, &ada.refresh_token).await;
        assert_ne!(second, ada.refresh_token);
        probe.advance_s(90 * DAY_S);
        probe.fake.set_rotation(Rotation::OldStops);
        let third = rotated(&probe, &ada.refresh_token).await;
        assert_eq!(refused(&probe, &ada.refresh_token).await, "invalid_grant");
        assert_eq!(probe.fake.refresh_token(&ada), third);

        probe.fake.set_rotation(Rotation::Off);
        assert_eq!(probe.refresh(&second).await.status(), StatusCode::OK);
        probe.advance_s(91 * DAY_S);
        assert_eq!(refused(&probe, &third).await, "invalid_grant");
    }

    fn rspotify(probe: &Probe, listener: &Listener) -> AuthCodeSpotify {
        let token = Token { refresh_token: Some(listener.refresh_token.clone()), ..Token::default() };
        let config =
            Config { api_base_url: probe.fake.api_url(), auth_base_url: probe.fake.auth_url(), ..Config::default() };
        let credentials = Credentials::new(probe.fake.client_id(), probe.fake.client_secret());
        AuthCodeSpotify::from_token_with_config(token, credentials, rspotify::OAuth::default(), config)
    }

    #[tokio::test]
    async fn rspotify_refreshes_by_itself_and_reads_the_plays_raw_and_typed() {
        let probe = Probe::start_extended().await;
        let ada = probe.fake.add_listener("ada");
        probe.fake.listen(&ada, 60, START_MS);
        let client = rspotify(&probe, &ada);

        let body = client.api_get("me/player/recently-played", &[("limit", "50")].into()).await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["items"].as_array().unwrap().len(), 50);
        assert_eq!(probe.fake.referee().calls_by(&ada, Endpoint::Token), 1);

        // Its strict models are a second opinion on the shapes: they refuse a field that is missing or of the wrong type.
        let page: rspotify::model::CursorBasedPage<rspotify::model::PlayHistory> = serde_json::from_str(&body).unwrap();
        assert_eq!(page.items.len(), 50);
        let track = &probe.fake.world().tracks[0];
        let artist = &probe.fake.world().artists[track.artists[0]];
        let album = &probe.fake.world().albums[track.album];
        let artist: rspotify::model::FullArtist = typed(&client, &format!("artists/{}", artist.id)).await;
        let album: rspotify::model::FullAlbum = typed(&client, &format!("albums/{}", album.id)).await;
        let features: rspotify::model::AudioFeatures = typed(&client, &format!("audio-features/{}", track.id)).await;
        let me: rspotify::model::PrivateUser = typed(&client, "me").await;
        assert_eq!(album.artists[0].id.as_ref(), Some(&artist.id));
        assert_eq!(features.duration.num_milliseconds(), track.duration_ms);
        assert_eq!(me.display_name.as_deref(), Some("ada"));
        assert_eq!(client.refresh_token().await.ok(), Some(()));
    }

    async fn typed<T: serde::de::DeserializeOwned>(client: &AuthCodeSpotify, path: &str) -> T {
        serde_json::from_str(&client.api_get(path, &[].into()).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn rspotify_hands_out_the_answer_of_a_failed_call() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        let client = rspotify(&probe, &ada);
        probe.fake.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(7))));
        let Err(ClientError::Http(error)) = client.api_get("me", &[].into()).await else { panic!("429 is an error") };
        let HttpError::StatusCode(response) = *error else { panic!("429 is a status") };
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "7");

        probe.fake.revoke(&ada);
        let Err(ClientError::Http(error)) = client.refresh_token().await else { panic!("a revoked grant is an error") };
        let HttpError::StatusCode(response) = *error else { panic!("400 is a status") };
        assert_eq!(response.json::<Value>().await.unwrap()["error"], "invalid_grant");
    }
}
