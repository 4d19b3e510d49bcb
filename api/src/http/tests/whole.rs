//! Whole answers that are given again: while what they rest on stands, to those they are for.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::json;

use super::face::{Answer, Face};

const KEEP: (&str, &str) = ("x-keep", "1");

async fn post(face: &Face, query: &str, headers: &[(&str, &str)]) -> Answer {
    face.post(json!({ "query": query }).to_string(), headers).await
}

fn executions(face: &Face) -> usize {
    face.ended.0.load(Ordering::SeqCst)
}

#[tokio::test]
async fn an_answer_is_given_again_until_what_it_rests_on_changes() {
    let face = Face::new();
    let first = post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    assert_eq!(post(&face, "{ slow(ms: 0) }", &[KEEP]).await.body, first.body);
    assert_eq!(executions(&face), 1);
    face.number.fetch_add(1, Ordering::SeqCst);
    post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    assert_eq!(executions(&face), 2);
}

#[tokio::test]
async fn what_was_found_valid_is_not_validated_again() {
    let face = Face::new();
    let trusted = || face.trusted.0.load(Ordering::SeqCst);
    let query = "query ($ms: Int!) { slow(ms: $ms) }";
    let ask = async |variables| face.post(json!({ "query": query, "variables": variables }).to_string(), &[]).await;
    for _ in 0..3 {
        ask(json!({ "ms": 0 })).await;
    }
    assert_eq!((executions(&face), trusted()), (3, 2));
    // Other variables may be wrong ones.
    ask(json!({ "ms": 1 })).await;
    assert_eq!((executions(&face), trusted()), (4, 2));
    for _ in 0..2 {
        assert_eq!(ask(json!({ "ms": "long" })).await.refusal(), (200, "BAD_USER_INPUT".to_owned()));
        let answer = post(&face, "query ($ms: Int) { slow(ms: $ms, mistaken: 1) }", &[]).await;
        assert_eq!(answer.refusal(), (200, "GRAPHQL_VALIDATION_FAILED".to_owned()));
    }
    // A mutation is validated always.
    for _ in 0..2 {
        post(&face, "mutation { change }", &[]).await;
    }
    assert_eq!((executions(&face), trusted()), (6, 2));
}

#[tokio::test]
async fn another_question_is_another_answer() {
    let face = Face::new();
    let query = "query A($ms: Int!) { slow(ms: $ms) } query B($ms: Int!) { slow(ms: $ms) }";
    for (operation, variables) in [("A", json!({ "ms": 0 })), ("B", json!({ "ms": 0 })), ("A", json!({ "ms": 1 }))] {
        for _ in 0..2 {
            let body = json!({ "query": query, "operationName": operation, "variables": variables });
            assert_eq!(face.post(body.to_string(), &[KEEP]).await.status, 200);
        }
    }
    assert_eq!(executions(&face), 3);
}

#[tokio::test]
async fn what_nothing_numbers_is_asked_anew() {
    let face = Face::new();
    for _ in 0..2 {
        let answer = post(&face, "{ slow(ms: 0) }", &[]).await;
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""));
    }
    assert_eq!(executions(&face), 2);
}

#[tokio::test]
async fn errors_and_mutations_are_never_kept() {
    let face = Face::new();
    for query in ["{ slow(ms: 0) fails }", "mutation { change }"] {
        let before = executions(&face);
        for _ in 0..2 {
            assert_eq!(post(&face, query, &[KEEP]).await.header("cache-control"), "no-store");
        }
        assert_eq!(executions(&face), before + 2, "{query}");
    }
}

#[tokio::test]
async fn what_is_for_one_is_given_to_nobody_else() {
    let face = Face::new();
    let ask = async |who: Option<&'static str>| {
        let headers: Vec<_> = who.map(|who| ("authorization", who)).into_iter().chain([KEEP]).collect();
        post(&face, "{ viewer slow(ms: 0) }", &headers).await
    };
    for who in [Some("Bearer ada"), Some("Bearer ben"), None] {
        for _ in 0..2 {
            let answer = ask(who).await;
            assert_eq!(answer.json()["data"]["viewer"], json!(who));
            let control = if who.is_some() { "private, max-age=" } else { "public, max-age=" };
            assert!(answer.header("cache-control").starts_with(control), "{}", answer.header("cache-control"));
            let varies: Vec<_> = answer.headers.get_all("vary").iter().collect();
            let names = varies.iter().flat_map(|value| value.to_str().unwrap().split(", "));
            assert_eq!(names.filter(|name| ["accept", "authorization"].contains(name)).count(), 2, "{varies:?}");
        }
    }
}

#[tokio::test]
async fn whoever_insists_gets_a_fresh_answer_which_takes_the_place_of_the_kept_one() {
    let face = Face::new();
    post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    post(&face, "{ slow(ms: 0) }", &[KEEP, ("cache-control", "no-cache")]).await;
    assert_eq!(executions(&face), 2);
    post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    assert_eq!(executions(&face), 2);
    // Also where the very body was answered from memory before.
    post(&face, "{ slow(ms: 0) }", &[KEEP, ("cache-control", "no-cache")]).await;
    assert_eq!(executions(&face), 3);
    post(&face, "{ slow(ms: 0) }", &[KEEP]).await;
    assert_eq!(executions(&face), 3);
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_told_so_when_it_gets() {
    let face = Face::new();
    let uri = "/graphql?query=%7Bhello%7D";
    let first = face.get(uri, &[KEEP]).await;
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with("W/\"") && first.header("cache-control").starts_with("public, max-age="), "{etag}");
    for tags in [etag.clone(), format!("\"other\", {etag}"), etag.trim_start_matches("W/").to_owned(), "*".to_owned()] {
        let again = face.get(uri, &[KEEP, ("if-none-match", &tags)]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{tags}");
        assert_eq!(again.header("etag"), etag);
    }
    let other = face.get(uri, &[KEEP, ("if-none-match", "W/\"other\"")]).await;
    assert_eq!((other.status, other.body), (StatusCode::OK, first.body));
    // A POST asks for an answer, whatever its sender has.
    assert_eq!(post(&face, "{hello}", &[KEEP, ("if-none-match", &etag)]).await.status, 200);
}

#[tokio::test]
async fn equal_queries_at_one_time_are_executed_once() {
    let face = Face::new();
    let answers = join_all((0..20).map(|_| post(&face, "{ slow(ms: 50) }", &[KEEP]))).await;
    assert!(answers.iter().all(|answer| answer.json() == json!({ "data": { "slow": true } })));
    assert_eq!(executions(&face), 1);
}

#[tokio::test]
async fn whoever_comes_late_is_not_told_what_has_changed_meanwhile() {
    let face = Face::new();
    let mut first = Box::pin(post(&face, "{ slow(ms: 50) }", &[KEEP]));
    assert!(futures::poll!(&mut first).is_pending());
    tokio::task::yield_now().await;
    face.number.fetch_add(1, Ordering::SeqCst);
    let late = join_all((0..5).map(|_| post(&face, "{ slow(ms: 50) }", &[KEEP])));
    futures::future::join(first, late).await;
    // One for the first, and one for all who came after the change.
    assert_eq!(executions(&face), 2);
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_wait_for_it() {
    let face = Face::new();
    let answers = join_all((0..20).map(|_| post(&face, "{ slow(ms: 50) fails }", &[KEEP]))).await;
    assert!(answers.iter().all(|answer| answer.refusal() == (200, "INTERNAL".to_owned())));
    assert_eq!(executions(&face), 1);
}
