//! What is too large, too many or too slow, through the whole face.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{body::Body, http::Request};
use futures::stream;
use serde_json::json;

use super::face::{Face, NEW};
use crate::http::Limits;

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_whether_or_not_its_length_is_declared() {
    let face = Face::with(Limits { body_bytes_max: 100, ..Limits::default() });
    let declared = face.post(json!({ "query": "{ hello }", "pad": "x".repeat(100) }).to_string(), &[]).await;
    declared.assert_refused(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(declared.message(), "The request is too large: at most 100 bytes are accepted.");
    let chunks = stream::iter((0..20).map(|_| Ok::<_, std::io::Error>("0123456789")));
    face.post(Body::from_stream(chunks), &[]).await.assert_refused(413, "PAYLOAD_TOO_LARGE");
    let uri = format!("/graphql?query=%7Bhello%7D&pad={}", "x".repeat(100));
    face.get(&uri, &[]).await.assert_refused(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn every_limit_on_the_document_answers_with_its_code() {
    let face = Face::new();
    let tokens = format!("{{ hello }} # fine\n{}", "query ".repeat(5_000));
    let aliases = format!("{{ deep {{ {} }} }}", (0..101).map(|n| format!("a{n}: hello ")).collect::<String>());
    let roots = format!("{{ {} }}", "hello ".repeat(31));
    let depth = format!("{}hello{}", "{ deep ".repeat(16) + "{ ", " }".repeat(17));
    let brackets = "{".repeat(10_000);
    for document in [tokens, aliases, roots, depth, brackets] {
        face.ask(&document).await.assert_refused(400, "QUERY_TOO_COMPLEX");
    }
}

#[tokio::test]
async fn complexity_is_limited_by_the_schema_built_through_the_limits() {
    let face = Face::with(Limits { complexity_max: 3, ..Limits::default() });
    face.ask("{ deep { deep { deep { hello } } } }").await.assert_refused(400, "QUERY_TOO_COMPLEX");
    assert_eq!(face.ask("{ deep { deep { hello } } }").await.status, 200);
}

#[tokio::test]
async fn introspection_as_tools_do_it_is_within_all_limits() {
    let types = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
                 ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name }} types {{ \
         ...FullType }} directives {{ name isRepeatable locations args {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name specifiedByURL fields(includeDeprecated: true) {{ name args {{ \
         ...InputValue }} type {{ ...TypeRef }} }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} \
         enumValues(includeDeprecated: true) {{ name }} possibleTypes {{ ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} defaultValue }} \
         fragment TypeRef on __Type {{ {types} }}"
    );
    let answer = Face::new().ask(&query).await;
    assert!(answer.status == 200 && answer.json().get("errors").is_none(), "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn an_execution_over_its_time_is_given_up_with_a_504() {
    let answer = Face::new().ask("{ slow(ms: 60000) }").await;
    answer.assert_refused(504, "TIMEOUT");
    assert_eq!(answer.message(), "The answer took longer than 10 s and was given up. Ask for less at a time.");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_a_408() {
    let answer = Face::new().post(Body::from_stream(stream::pending::<Result<&str, std::io::Error>>()), &[]).await;
    answer.assert_refused(408, "TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn beyond_the_executions_at_one_time_requests_are_turned_away() {
    let face = Face::with(Limits { executions_max: 1, ..Limits::default() });
    let (slow, turned_away) = tokio::join!(face.ask("{ slow(ms: 100) }"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        face.ask("{ hello }").await
    });
    assert_eq!(slow.status, 200);
    turned_away.assert_refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(turned_away.header("retry-after"), "1");
    assert_eq!(face.ask("{ hello }").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_does_not_cancel_and_finish_waits_for_the_rest() {
    let face = Face::new();
    let body = json!({ "query": "{ slow(ms: 1000) }" }).to_string();
    let request = Request::post("/graphql").header("content-type", "application/json").header("accept", NEW);
    let asking = face.send(request.body(Body::from(body)).unwrap());
    assert!(tokio::time::timeout(Duration::from_millis(10), asking).await.is_err());
    assert_eq!(face.ended.0.load(Ordering::SeqCst), 0);
    face.graphql.finish().await;
    assert_eq!(face.ended.0.load(Ordering::SeqCst), 1);
}
