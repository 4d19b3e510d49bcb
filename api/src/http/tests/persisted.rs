//! Documents asked for by their hash.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;

use super::face::{Answer, Face, NEW};
use crate::http::Limits;

fn named(query: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hex::encode(Sha256::digest(query)) } })
}

async fn post(face: &Face, body: Value) -> Answer {
    face.post(body.to_string(), &[("accept", NEW)]).await
}

fn uri(extensions: &Value) -> String {
    let extensions: String = byte_serialize(extensions.to_string().as_bytes()).collect();
    format!("/graphql?extensions={extensions}")
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_named() {
    let (face, query) = (Face::new(), "{ hello }");
    let by_name = || json!({ "extensions": named(query) });
    let unknown = post(&face, by_name()).await;
    unknown.assert_refused(400, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.message(), "PersistedQueryNotFound");
    assert_eq!(unknown.header("cache-control"), "no-store");
    // Clients of the old media type read the body of a 200.
    face.post(by_name().to_string(), &[]).await.assert_refused(200, "PERSISTED_QUERY_NOT_FOUND");

    let sent = post(&face, json!({ "query": query, "extensions": named(query) })).await;
    assert_eq!(sent.json(), json!({ "data": { "hello": "hello" } }));
    assert_eq!(post(&face, by_name()).await.json(), json!({ "data": { "hello": "hello" } }));
    let got = face.get(&uri(&named(query)), &[]).await;
    assert_eq!(got.json(), json!({ "data": { "hello": "hello" } }));
}

#[tokio::test]
async fn a_hash_of_another_text_is_refused() {
    let face = Face::new();
    let answer = post(&face, json!({ "query": "{ hello }", "extensions": named("{ long }") })).await;
    answer.assert_refused(400, "BAD_REQUEST");
    post(&face, json!({ "extensions": named("{ long }") })).await.assert_refused(400, "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_good_is_not_remembered() {
    let face = Face::new();
    for query in ["{ nothing }", "{"] {
        let sent = post(&face, json!({ "query": query, "extensions": named(query) })).await;
        assert_eq!(sent.status, 400);
        post(&face, json!({ "extensions": named(query) })).await.assert_refused(400, "PERSISTED_QUERY_NOT_FOUND");
    }
}

#[tokio::test]
async fn another_protocol_and_a_bad_hash_are_told_apart() {
    let face = Face::new();
    for (persisted, code) in [
        (json!({ "version": 2, "sha256Hash": "00" }), "PERSISTED_QUERY_NOT_SUPPORTED"),
        (json!("00"), "PERSISTED_QUERY_NOT_SUPPORTED"),
        (json!({ "version": 1, "sha256Hash": "not hexadecimal" }), "BAD_REQUEST"),
        (json!({ "version": 1 }), "BAD_REQUEST"),
    ] {
        post(&face, json!({ "extensions": { "persistedQuery": persisted } })).await.assert_refused(400, code);
    }
}

#[tokio::test]
async fn a_named_mutation_does_not_travel_by_get_either() {
    let (face, query) = (Face::new(), "mutation { change }");
    assert_eq!(post(&face, json!({ "query": query, "extensions": named(query) })).await.status, 200);
    face.get(&uri(&named(query)), &[]).await.assert_refused(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_store_is_bounded() {
    let face = Face::with(Limits { documents_bytes_max: 64 * 1_024, ..Limits::default() });
    let queries: Vec<String> = (0..200).map(|n| format!("query Q{n} {{ hello(times: {n}) }}")).collect();
    for query in &queries {
        post(&face, json!({ "query": query, "extensions": named(query) })).await;
    }
    let mut known = 0;
    for query in &queries {
        known += usize::from(post(&face, json!({ "extensions": named(query) })).await.status == 200);
    }
    assert!((1..100).contains(&known), "{known} of 200 are known");
}
