//! GraphQL over HTTP, on a real socket: what other programs rely on, and what other sites' pages must not get.

use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use serde_json::{Value, json};
use tests::api::{Api, history, node};
use tests::database::TestDb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An API over the embedded database, which makes no difference here.
async fn api() -> (TestDb, Api) {
    let db = TestDb::sqlite().await;
    history().listener("ada").track("a").by(["x"]).played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    (db, api)
}

#[tokio::test]
async fn all_61_audits_of_graphql_over_http_are_passed() {
    let (_db, api) = api().await;
    let output = node("audit.mjs").arg(api.url("/graphql")).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.trim(), "61 passed, 0 failed");
}

/// What a browser sends for a page of another site without asking this server first: it must not be executed.
#[tokio::test]
async fn what_another_sites_page_can_send_is_refused() {
    let (_db, api) = api().await;
    let query = json!({ "query": "{ __typename }" }).to_string();
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let refused = api.send(api.post().header("content-type", media).body(query.clone())).await;
        assert_eq!(refused.status, 415, "{media}");
        refused.errors[0].says("UNSUPPORTED_MEDIA_TYPE", ["application/json"]);
    }
    let refused = api.send(api.post().body(query.clone())).await;
    assert_eq!((refused.status.as_u16(), refused.errors[0].code.as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    for site in ["cross-site", "same-site"] {
        let get = || api.get("/graphql?query={__typename}").header("sec-fetch-site", site);
        let refused = api.send(get()).await;
        assert_eq!(refused.status, 403, "{site}");
        refused.errors[0].says("FORBIDDEN", ["GraphQL-Require-Preflight"]);
        assert!(refused.data.is_null());
        assert_eq!(api.send(get().header("graphql-require-preflight", "1")).await.status, 200);
    }
    for site in ["same-origin", "none"] {
        let ours = api.send(api.get("/graphql?query={__typename}").header("sec-fetch-site", site)).await;
        assert_eq!(ours.data, json!({ "__typename": "Query" }), "{site}");
    }
}

#[tokio::test]
async fn no_other_site_is_ever_permitted_to_read_or_to_ask() {
    let (_db, api) = api().await;
    let elsewhere = "https://elsewhere.example";
    let preflight = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, api.url("/graphql"))
        .header("origin", elsewhere)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answers = [preflight, api.post().header("origin", elsewhere).json(&json!({ "query": "{ __typename }" }))];
    for request in answers {
        let answer = request.send().await.unwrap();
        let permissions = answer.headers().keys().filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(permissions.count(), 0, "{:?}", answer.headers());
    }
}

#[tokio::test]
async fn a_mutation_does_not_travel_by_get() {
    let (_db, api) = api().await;
    let response = api.get("/graphql?query=mutation%7B__typename%7D").send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[header::ALLOW], "POST");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_has_arrived() {
    let (_db, api) = api().await;
    let body = |bytes: usize| json!({ "query": format!("{{ __typename }} #{}", " ".repeat(bytes)) });
    assert_eq!(api.send(api.post().json(&body(200 * 1024))).await.status, 200);
    let refused = api.send(api.post().json(&body(256 * 1024))).await;
    assert_eq!(refused.status, 413);
    refused.errors[0].says("PAYLOAD_TOO_LARGE", ["262144 bytes"]);

    // By its declared length, with nothing sent yet; and, without one, as soon as it is too much.
    let declared = "Content-Length: 1000000000\r\n\r\n".to_owned();
    let chunks =
        format!("Transfer-Encoding: chunked\r\n\r\n{}", format!("FFFF\r\n{}\r\n", "x".repeat(0xFFFF)).repeat(5));
    for rest in [declared, chunks] {
        let host = api.url("").replace("http://", "");
        let mut socket = TcpStream::connect(&host).await.unwrap();
        let head = format!("POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{rest}");
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tokio::time::timeout(Duration::from_secs(20), socket.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 413");
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_can_read_them() {
    let (_db, api) = api().await;
    let introspect = || {
        api.post().json(&json!({ "query": "{ __schema { types { name description fields { name description } } } }" }))
    };
    let plain = introspect().send().await.unwrap();
    assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
    let plain_bytes = plain.bytes().await.unwrap();
    for encoding in ["br", "gzip", "zstd"] {
        let packed = introspect().header("accept-encoding", encoding).send().await.unwrap();
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], encoding);
        assert!(vary(packed.headers()).contains("accept-encoding"), "{:?}", packed.headers());
        let bytes = packed.bytes().await.unwrap();
        assert!(bytes.len() * 3 < plain_bytes.len(), "{} of {} bytes", bytes.len(), plain_bytes.len());
        if encoding == "zstd" {
            assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), plain_bytes);
        }
    }
    let small = api.post().json(&json!({ "query": "{ __typename }" })).header("accept-encoding", "br");
    assert!(small.send().await.unwrap().headers().get(header::CONTENT_ENCODING).is_none());
}

#[tokio::test]
async fn answers_say_who_may_keep_them_and_for_how_long() {
    let (db, api) = api().await;
    let answer = api.post().json(&json!({ "query": "{ insights { totals { plays } } }" })).send().await.unwrap();
    // Everyone's numbers are public; how old they may be is for the sample, which is none here.
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=0, must-revalidate");
    assert!(vary(answer.headers()).contains("accept"), "{:?}", answer.headers());
    let etag = answer.headers()[header::ETAG].clone();
    let mut url = url::Url::parse(&api.url("/graphql")).unwrap();
    url.query_pairs_mut().append_pair("query", "{ insights { totals { plays } } }");
    let get = || reqwest::Client::new().get(url.clone()).header(header::IF_NONE_MATCH, &etag);
    assert_eq!(get().send().await.unwrap().status(), 304);
    history().listener("ada").track("a").by(["x"]).played_at("2026-11-01T11:00:00Z").load(&db.db()).await;
    assert_eq!(get().send().await.unwrap().status(), 200);
    let own = json!({ "query": "{ viewer { insights { totals { plays } } } }" });
    let own = api.post().json(&own).send().await.unwrap();
    assert_eq!(own.headers()[header::CACHE_CONTROL], "private, max-age=0, must-revalidate");
    assert!(vary(own.headers()).contains("x-viewer"), "{:?}", own.headers());
    let unnumbered = api.post().json(&json!({ "query": "{ cache { entries } }" })).send().await.unwrap();
    assert_eq!(unnumbered.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(answer.headers()["x-request-id"].len() >= 8);
}

fn vary(headers: &HeaderMap) -> String {
    headers.get_all(header::VARY).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn the_schema_can_be_fetched_as_text() {
    let (_db, api) = api().await;
    let response = api.get("/schema.graphql").send().await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(response.text().await.unwrap().contains("type Query {"));
}

#[tokio::test]
async fn an_address_where_nothing_is_says_so_in_json() {
    let (_db, api) = api().await;
    for path in ["/nothing", "/graphql/", "/graphiql/assets/nothing.js", "/../etc/passwd"] {
        let answer = api.send(api.get(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.errors[0].says("NOT_FOUND", ["/graphql"]);
    }
}

#[tokio::test]
async fn health_is_told_apart_from_readiness() {
    let (_db, api) = api().await;
    for (path, status) in [("/health/live", "live"), ("/health/ready", "ready")] {
        let response = api.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.json::<Value>().await.unwrap()["status"], status);
    }
}
