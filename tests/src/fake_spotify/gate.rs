//! What every call goes through on its way in and out: it is counted, may be banned, may draw a quirk, and is checked for
//! its token, in that order. What the endpoint itself answers is passed in.

use std::{io, sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::{StreamExt as _, stream};
use serde_json::json;

use super::{
    accounts::{Bearer, Holder},
    answer::Answer,
    endpoint::Endpoint,
    instant,
    quirks::{Drawn, Quirk, RetryAfter},
    shared::Shared,
};

/// Answers a call of the Web API about one listener, which needs that listener's access token. `work` gets the listener.
pub(super) fn authorized(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    headers: &HeaderMap,
    work: impl FnOnce(usize) -> Answer,
) -> Response {
    open_to(shared, endpoint, headers, |holder| match holder {
        Holder::Listener(listener) => work(listener),
        // As reported: the app's own token names no user.
        Holder::App => Answer::error(StatusCode::NOT_FOUND, "Resource not found"),
    })
}

/// Answers a call of the Web API which any access token opens, a listener's or the app's own.
pub(super) fn open(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    headers: &HeaderMap,
    work: impl FnOnce() -> Answer,
) -> Response {
    open_to(shared, endpoint, headers, |_| work())
}

fn open_to(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    headers: &HeaderMap,
    work: impl FnOnce(Holder) -> Answer,
) -> Response {
    let bearer = access_token(headers).map(|token| shared.accounts().bearer(token, shared.now_ms()));
    let listener = match bearer {
        Some(Bearer::Good(holder) | Bearer::Expired(holder)) => holder.listener(),
        Some(Bearer::Unknown) | None => None,
    };
    pass(shared, endpoint, listener, || match bearer {
        Some(Bearer::Good(holder)) => work(holder),
        Some(Bearer::Expired(_)) => Answer::error(StatusCode::UNAUTHORIZED, "The access token expired"),
        Some(Bearer::Unknown) => Answer::error(StatusCode::UNAUTHORIZED, "Invalid access token"),
        None => Answer::error(StatusCode::UNAUTHORIZED, "No token provided"),
    })
}

/// Answers a call for which `work` checks by itself who may make it.
pub(super) fn pass(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    listener: Option<usize>,
    work: impl FnOnce() -> Answer,
) -> Response {
    let visit = Visit::enter(shared, endpoint, listener);
    let now_ms = shared.now_ms();
    let banned_s = if endpoint.is_web_api() { shared.bans().left_s(listener, now_ms, Instant::now()) } else { None };
    if banned_s.is_some() {
        shared.referee().entered_inside_ban(listener);
    }
    let drawn = shared.rules().draw(endpoint, listener, banned_s.is_some());
    let mut response = match (drawn, banned_s) {
        (Some(drawn), _) => spoiled(shared, visit, endpoint, drawn, now_ms, work),
        (None, Some(left_s)) => too_many(false, Some(left_s.to_string())),
        (None, None) => whole(work()),
    };
    // The time here, not the machine's: a date in `Retry-After` is read against it.
    let date = HeaderValue::try_from(instant::http_date(now_ms)).expect("dates are visible ASCII");
    response.headers_mut().insert(header::DATE, date);
    shared.referee().answered(response.status().as_u16());
    response
}

/// One open call, from its arrival to the end of its answer.
struct Visit {
    shared: Arc<Shared>,
    listener: Option<usize>,
}

impl Visit {
    fn enter(shared: &Arc<Shared>, endpoint: Endpoint, listener: Option<usize>) -> Self {
        shared.referee().enter(endpoint, listener);
        Self { shared: Arc::clone(shared), listener }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.shared.referee().leave(self.listener);
    }
}

fn spoiled(
    shared: &Shared,
    visit: Visit,
    endpoint: Endpoint,
    drawn: Drawn,
    now_ms: i64,
    work: impl FnOnce() -> Answer,
) -> Response {
    match drawn.quirk {
        Quirk::RateLimited { retry_after, quota_exceeded } => {
            let (header, length_ms) = retry_after_header(retry_after, now_ms);
            if endpoint.is_web_api() && length_ms > 0 {
                shared.bans().begin(drawn.listener, now_ms, Instant::now(), length_ms);
            }
            too_many(quota_exceeded, header)
        }
        Quirk::ServerError(status) => {
            let status = status_code(status);
            whole(Answer::error(status, status.canonical_reason().unwrap_or("Server error")))
        }
        Quirk::Unauthorized => whole(Answer::error(StatusCode::UNAUTHORIZED, "The access token expired")),
        Quirk::Forbidden(Some(message)) => whole(Answer::error(StatusCode::FORBIDDEN, &message)),
        Quirk::Forbidden(None) => whole(Answer::error_without_message(StatusCode::FORBIDDEN)),
        Quirk::Html(status) => whole(Answer::html(status_code(status))),
        Quirk::NoContent => whole(Answer::empty(StatusCode::NO_CONTENT)),
        Quirk::EmptyBody => whole(Answer::empty(StatusCode::OK)),
        Quirk::TruncatedJson => {
            let mut answer = work();
            answer.body.truncate(answer.body.len() / 2);
            whole(answer)
        }
        Quirk::CutOff => in_two(work(), async move {
            drop(visit);
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }),
        Quirk::Slow(delay) => {
            let stop = shared.stop.clone();
            let mut answer = work();
            let rest = answer.body.split_off(answer.body.len() / 2);
            in_two(answer, async move {
                // A fake that is being stopped does not let a test wait for its slowest answer.
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    () = stop.cancelled() => {}
                }
                // Before the last bytes leave, because the caller may call again as soon as it has them.
                drop(visit);
                Ok(Bytes::from(rest))
            })
        }
        // Rules give these out with `draw_items` only; were one to come here, the right answer is the harmless one.
        Quirk::Item(_) => whole(work()),
    }
}

/// The header's text, and the length of the ban that it tells.
fn retry_after_header(retry_after: RetryAfter, now_ms: i64) -> (Option<String>, i64) {
    match retry_after {
        RetryAfter::Seconds(seconds) => (Some(seconds.to_string()), ms(seconds)),
        RetryAfter::Date(seconds) => {
            // Up to the next whole second, so that the date is never earlier than asked for.
            let until_ms = now_ms.saturating_add(ms(seconds)).saturating_add(999) / 1_000 * 1_000;
            (Some(instant::http_date(until_ms)), until_ms - now_ms)
        }
        RetryAfter::Missing => (None, 0),
    }
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}

fn too_many(quota_exceeded: bool, retry_after: Option<String>) -> Response {
    let mut error = json!({ "status": 429, "message": "Too many requests" });
    if quota_exceeded {
        error["reason"] = json!("QUOTA_EXCEEDED");
    }
    let mut response = whole(Answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({ "error": error })));
    if let Some(value) = retry_after {
        let value = HeaderValue::try_from(value).expect("numbers and dates are visible ASCII");
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

fn whole(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    response
}

/// The answer's body at once, then whatever the second part comes to.
fn in_two(mut answer: Answer, second: impl Future<Output = io::Result<Bytes>> + Send + 'static) -> Response {
    let first = Bytes::from(std::mem::take(&mut answer.body));
    let body = stream::iter([Ok(first)]).chain(stream::once(second));
    whole(answer).map(|_| Body::from_stream(body))
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a rule names a status that HTTP has")
}

fn access_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use reqwest::StatusCode;
    use serde_json::{Value, json};

    use super::super::{
        Endpoint, Listener, Quirk, RetryAfter, Rule,
        probe::{Probe, START_MS},
    };

    const PLAYS: &str = "me/player/recently-played";

    async fn two_listeners() -> (Probe, [(Listener, String); 2]) {
        let probe = Probe::start().await;
        let (ada, bob) = (probe.fake.add_listener("ada"), probe.fake.add_listener("bob"));
        probe.fake.listen(&ada, 50, START_MS);
        let (of_ada, of_bob) = (probe.access(&ada).await, probe.access(&bob).await);
        (probe, [(ada, of_ada), (bob, of_bob)])
    }

    #[tokio::test]
    async fn a_ban_holds_for_its_seconds_and_calls_inside_it_are_counted() {
        let (probe, [(ada, of_ada), (bob, of_bob)]) = two_listeners().await;
        probe.fake.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(90))).by(&ada));
        let response = probe.get(&of_ada, "me").await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "90");
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["status"], 429);
        assert_eq!(probe.fake.referee().inside_ban(), 0, "the call that was told of the ban was not inside it");

        probe.advance_s(89);
        let response = probe.get(&of_ada, "me").await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(probe.get(&of_bob, "me").await.status(), StatusCode::OK);
        probe.advance_s(1);
        assert_eq!(probe.get(&of_ada, "me").await.status(), StatusCode::OK);
        let referee = probe.fake.referee();
        assert_eq!((referee.inside_ban_by(&ada), referee.inside_ban_by(&bob)), (1, 0));
    }

    #[tokio::test]
    async fn a_quota_bans_the_whole_app_but_not_its_refreshes() {
        let (probe, [(_, of_ada), (bob, of_bob)]) = two_listeners().await;
        probe.fake.add_rule(Rule::next(1, Quirk::quota_exceeded(80_000)));
        let expected = json!({
            "error": { "status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED" }
        });
        assert_eq!(probe.outcome(&of_ada, PLAYS).await, (429, expected));
        assert_eq!(probe.get(&of_bob, PLAYS).await.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(probe.refresh(&bob.refresh_token).await.status(), StatusCode::OK);
        assert_eq!(probe.fake.referee().inside_ban(), 1);
        probe.fake.lift_bans();
        assert_eq!(probe.get(&of_bob, PLAYS).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn retry_after_may_be_a_date_or_missing() {
        let (probe, [(_, of_ada), _]) = two_listeners().await;
        probe.fake.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Date(60))));
        assert_eq!(probe.get(&of_ada, "me").await.headers()["retry-after"], "Sun, 22 Nov 2026 09:01:00 GMT");
        probe.advance_s(60);
        probe.fake.add_rule(Rule::next(2, Quirk::rate_limited(RetryAfter::Missing)));
        for _ in 0..2 {
            let response = probe.get(&of_ada, "me").await;
            assert_eq!(
                (response.status(), response.headers().get("retry-after")),
                (StatusCode::TOO_MANY_REQUESTS, None)
            );
        }
        assert_eq!(probe.get(&of_ada, "me").await.status(), StatusCode::OK);
        let referee = probe.fake.referee();
        assert_eq!((referee.inside_ban(), referee.answers(429)), (0, 3));
    }

    #[tokio::test]
    async fn answers_are_spoiled_as_often_and_for_whom_the_rule_says() {
        let (probe, [(ada, of_ada), (_, of_bob)]) = two_listeners().await;
        probe.fake.add_rule(Rule::next(2, Quirk::ServerError(503)).by(&ada).at(Endpoint::RecentlyPlayed));
        assert_eq!(probe.get(&of_bob, PLAYS).await.status(), StatusCode::OK);
        assert_eq!(probe.get(&of_ada, "me").await.status(), StatusCode::OK);
        let expected = json!({ "error": { "status": 503, "message": "Service Unavailable" } });
        assert_eq!(probe.outcome(&of_ada, PLAYS).await, (503, expected));
        assert_eq!(probe.get(&of_ada, PLAYS).await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(probe.get(&of_ada, PLAYS).await.status(), StatusCode::OK);
        let referee = probe.fake.referee();
        assert_eq!((referee.calls(Endpoint::RecentlyPlayed), referee.calls_by(&ada, Endpoint::RecentlyPlayed)), (4, 3));
        assert_eq!((referee.web_api_calls(), referee.calls(Endpoint::Token)), (5, 2));
    }

    #[tokio::test]
    async fn bodies_come_truncated_cut_off_as_html_or_not_at_all() {
        let (probe, [(_, of_ada), _]) = two_listeners().await;
        for quirk in [
            Quirk::TruncatedJson,
            Quirk::Html(502),
            Quirk::Html(200),
            Quirk::NoContent,
            Quirk::EmptyBody,
            Quirk::CutOff,
        ] {
            probe.fake.add_rule(Rule::next(1, quirk));
        }
        let whole = async || {
            let response = probe.get(&of_ada, PLAYS).await;
            (response.status().as_u16(), response.text().await.unwrap())
        };
        let (status, truncated) = whole().await;
        assert!(status == 200 && truncated.starts_with(r#"{"items":["#));
        assert!(serde_json::from_str::<Value>(&truncated).is_err());
        for expected in [502, 200] {
            let (status, page) = whole().await;
            assert!(status == expected && page.starts_with("<!DOCTYPE html>"));
        }
        assert_eq!(whole().await, (204, String::new()));
        assert_eq!(whole().await, (200, String::new()));
        let url = format!("{}{PLAYS}", probe.fake.api_url());
        let cut_off = async { probe.http.get(url).bearer_auth(&of_ada).send().await?.bytes().await };
        assert!(cut_off.await.is_err());
        assert!(serde_json::from_str::<Value>(&whole().await.1).is_ok());
    }

    #[tokio::test]
    async fn a_403_says_why_or_nothing() {
        let (probe, [(ada, of_ada), (_, of_bob)]) = two_listeners().await;
        probe.fake.add_rule(Rule::always(Quirk::not_allow_listed()).by(&ada));
        for path in ["me", PLAYS] {
            let (status, body) = probe.outcome(&of_ada, path).await;
            assert_eq!(
                (status, &body["error"]["message"]),
                (403, &json!("User not registered in the Developer Dashboard"))
            );
        }
        assert_eq!(probe.get(&of_bob, "me").await.status(), StatusCode::OK);
        probe.fake.clear_rules();
        probe.fake.add_rule(Rule::next(1, Quirk::Forbidden(None)));
        assert_eq!(probe.outcome(&of_ada, "me").await, (403, json!({ "error": { "status": 403 } })));
    }

    #[tokio::test]
    async fn a_slow_body_begins_at_once_and_calls_open_together_are_counted() {
        let (probe, [(ada, of_ada), (bob, of_bob)]) = two_listeners().await;
        let delay = Duration::from_millis(300);
        probe.fake.add_rule(Rule::next(3, Quirk::Slow(delay)).by(&ada));
        let begun = Instant::now();
        let mut response = probe.get(&of_ada, PLAYS).await;
        let first = response.chunk().await.unwrap().unwrap();
        assert!(!first.is_empty() && begun.elapsed() < delay);
        while response.chunk().await.unwrap().is_some() {}
        assert!(begun.elapsed() >= delay);
        assert_eq!(probe.fake.referee().most_at_once(&ada), 1);

        let read = async |access: &str| probe.get(access, PLAYS).await.bytes().await.unwrap();
        tokio::join!(read(&of_ada), read(&of_ada), read(&of_bob));
        let referee = probe.fake.referee();
        assert_eq!((referee.most_at_once(&ada), referee.most_at_once(&bob)), (2, 1));
    }

    #[tokio::test]
    async fn the_token_endpoint_fails_only_when_it_is_named() {
        let (probe, [(ada, _), (bob, _)]) = two_listeners().await;
        probe.fake.add_rule(Rule::always(Quirk::ServerError(500)));
        assert_eq!(probe.refresh(&ada.refresh_token).await.status(), StatusCode::OK);
        probe.fake.add_rule(Rule::next(1, Quirk::ServerError(503)).by(&ada).at(Endpoint::Token));
        assert_eq!(probe.refresh(&bob.refresh_token).await.status(), StatusCode::OK);
        assert_eq!(probe.refresh(&ada.refresh_token).await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(probe.refresh(&ada.refresh_token).await.status(), StatusCode::OK);
    }
}
