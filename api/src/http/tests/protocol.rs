//! GraphQL over HTTP: media types, methods, parameters, statuses.

use axum::http::Method;
use serde_json::json;

use super::face::{Face, NEW};

#[tokio::test]
async fn an_answer_has_the_media_type_that_was_asked_for() {
    let face = Face::new();
    let body = || json!({ "query": "{ hello }" }).to_string();
    let new = face.post(body(), &[("accept", NEW)]).await;
    assert_eq!(new.header("content-type"), "application/graphql-response+json; charset=utf-8");
    assert_eq!(new.json(), json!({ "data": { "hello": "hello" } }));
    let old = face.post(body(), &[("accept", "*/*")]).await;
    assert_eq!(old.header("content-type"), "application/json; charset=utf-8");
    face.post(body(), &[("accept", "text/html")]).await.assert_refused(406, "NOT_ACCEPTABLE");
}

#[tokio::test]
async fn answers_are_not_kept_and_vary_by_accept() {
    let answer = Face::new().ask("{ hello }").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get_all("vary").iter().any(|value| value == "accept"), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_document_at_fault_is_a_400_without_data_or_a_200_under_plain_json() {
    let face = Face::new();
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_REQUEST"),
        ("query ($n: Int!) { hello(times: $n) }", "BAD_USER_INPUT"),
        ("{ hello(times: \"x\") }", "BAD_USER_INPUT"),
        ("subscription { ticks }", "BAD_REQUEST"),
    ] {
        face.ask(query).await.assert_refused(400, code);
        let old = face.post(json!({ "query": query }).to_string(), &[("accept", "application/json")]).await;
        old.assert_refused(200, code);
    }
}

#[tokio::test]
async fn a_variable_of_the_wrong_type_is_the_clients_mistake() {
    let body = json!({ "query": "query ($n: Int!) { hello(times: $n) }", "variables": { "n": "many" } });
    let answer = Face::new().post(body.to_string(), &[("accept", NEW)]).await;
    answer.assert_refused(400, "BAD_USER_INPUT");
}

#[tokio::test]
async fn malformed_parameters_are_a_400_in_words_under_both_types() {
    let face = Face::new();
    for accept in [NEW, "application/json"] {
        let answer = face.post(r#"{"query": {}}"#, &[("accept", accept)]).await;
        answer.assert_refused(400, "BAD_REQUEST");
        assert_eq!(answer.message(), "`query` must be a string, not an object.");
        face.post("", &[("accept", accept)]).await.assert_refused(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn batches_are_refused_with_what_to_do_instead() {
    let answer = Face::new().post(r#"[{"query": "{ hello }"}]"#, &[("accept", NEW)]).await;
    answer.assert_refused(400, "BAD_REQUEST");
    assert!(answer.message().starts_with("Batches are not accepted: send each operation as a request of its own"));
}

#[tokio::test]
async fn the_operation_name_is_honoured_by_post_and_get() {
    let face = Face::new();
    let document = "query One { hello } query Two { hello(times: 2) }";
    let posted = face.post(json!({ "query": document, "operationName": "Two" }).to_string(), &[]).await;
    assert_eq!(posted.json()["data"]["hello"], "hello hello");
    let uri = "/graphql?query=query%20One%7Bhello%7Dquery%20Two%7Bhello(times:2)%7D&operationName=Two";
    assert_eq!(face.get(uri, &[]).await.json()["data"]["hello"], "hello hello");
}

#[tokio::test]
async fn a_mutation_changes_something_by_post_and_nothing_by_get() {
    let face = Face::new();
    let got = face.get("/graphql?query=mutation%7Bchange%7D", &[("accept", NEW)]).await;
    got.assert_refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(got.header("allow"), "POST");
    assert_eq!(face.ended.0.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert_eq!(face.ask("mutation { change }").await.json()["data"]["change"], true);
    assert_eq!(face.ended.0.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn bodies_that_a_foreign_page_could_send_are_not_read() {
    let face = Face::new();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let answer = face.post(r#"{"query": "mutation { change }"}"#, &[("content-type", content_type)]).await;
        answer.assert_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let zipped = face.post("zipped", &[("content-encoding", "gzip")]).await;
    zipped.assert_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(face.ended.0.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_browser_may_get_for_its_own_site_and_with_a_forcing_header_for_another() {
    let face = Face::new();
    let uri = "/graphql?query=%7Bhello%7D";
    assert_eq!(face.get(uri, &[("sec-fetch-site", "same-origin")]).await.status, 200);
    for site in ["cross-site", "same-site"] {
        face.get(uri, &[("sec-fetch-site", site)]).await.assert_refused(403, "FORBIDDEN");
        let forced = [("sec-fetch-site", site), ("apollo-require-preflight", "1")];
        assert_eq!(face.get(uri, &forced).await.status, 200);
    }
}

#[tokio::test]
async fn other_methods_are_a_405_that_names_the_right_ones() {
    let face = Face::new();
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = face.method(method, "/graphql", &[]).await;
        answer.assert_refused(405, "METHOD_NOT_ALLOWED");
        assert!(answer.header("allow").contains("GET") && answer.header("allow").contains("POST"));
    }
    face.method(Method::POST, "/other", &[]).await.assert_refused(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn unknown_addresses_are_a_404_in_json() {
    Face::new().get("/nowhere", &[]).await.assert_refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_query_and_a_failed_field_keeps_its_siblings() {
    let answer = Face::new().ask("{ b: hello fails a: hello }").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.text().starts_with(r#"{"data":{"b":"hello","fails":null,"a":"hello"},"errors":["#),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_field_that_nulls_the_whole_answer_leaves_data_null_and_a_200() {
    let answer = Face::new().ask("{ needed }").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"], json!(null));
    assert!(answer.json().as_object().unwrap().contains_key("data"));
    assert_eq!(answer.refusal().1, "BAD_USER_INPUT");
}

#[tokio::test]
async fn per_request_data_reaches_resolvers_and_may_refuse() {
    let face = Face::new();
    let body = json!({ "query": "{ viewer }" }).to_string();
    let known = face.post(body.clone(), &[("authorization", "Bearer ada")]).await;
    assert_eq!(known.json()["data"]["viewer"], "Bearer ada");
    let expired = face.post(body, &[("authorization", "Bearer expired")]).await;
    expired.assert_refused(401, "UNAUTHENTICATED");
    assert_eq!(expired.message(), "The sign-in has expired.");
}
