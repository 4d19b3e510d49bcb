//! When the database goes: the API says so calmly, tells nobody how it is built, and goes on when the database is back.

use std::time::Duration;

use entity::db::Db;
use serde_json::{Value, json};
use tests::api::{Answer, Api, Relay, history};
use tests::database::TestDb;
use tests::on_both;
use url::Url;

on_both! { a_defect_is_named_by_its_request_alone }

const QUERY: &str =
    "{ __typename insights { asOf totals { plays } topTracks { totalCount } } user(username: \"ada\") { username } }";

/// The answer to [`QUERY`] when all is well.
fn well() -> Value {
    let insights =
        json!({ "asOf": "2026-11-22T12:00:00Z", "totals": { "plays": 1 }, "topTracks": { "totalCount": 1 } });
    json!({ "__typename": "Query", "insights": insights, "user": { "username": "ada" } })
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unavailable_until_it_is_back() {
    let db = TestDb::postgres().await;
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let mut url = Url::parse(db.url()).unwrap();
    let server = url.socket_addrs(|| Some(5432)).unwrap();
    let mut wire = Relay::to(*server.iter().find(|address| address.is_ipv4()).unwrap());
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(wire.port())).unwrap();
    let api = Api::start(&Db::open(url.as_str(), 2).await.unwrap()).await;
    assert_eq!(api.ask(QUERY).await, well());
    assert_eq!(api.get("/health/ready").send().await.unwrap().status(), 200);

    wire.cut().await;
    // First with connections that broke, then with none to be had.
    for _ in 0..3 {
        let answer = api.answer(QUERY).await;
        check_unavailable(&answer, &url);
        // As of when, nobody knows, and so there is nothing to say of it.
        assert_eq!(answer.data, json!({ "__typename": "Query", "insights": null, "user": null }));
        assert!(answer.errors.len() >= 2, "{:?}", answer.errors);
    }
    let ready = api.send(api.get("/health/ready")).await;
    assert_eq!(ready.status, 503);
    check_unavailable(&ready, &url);
    let live = api.get("/health/live").send().await.unwrap();
    assert_eq!(live.status(), 200, "a process that is restarted for its database's sake");
    assert_eq!(api.ask("{ __typename }").await, json!({ "__typename": "Query" }));

    wire.mend();
    recovers(&api).await;
    assert_eq!(api.get("/health/ready").send().await.unwrap().status(), 200);
}

/// A server that is restarted tells its clients so, in words of its own, before it hangs up.
#[tokio::test]
async fn a_database_that_ends_its_connections_is_unavailable_for_a_moment_at_most() {
    let db = TestDb::postgres().await;
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let own = Db::open(db.url(), 2).await.unwrap();
    let api = Api::start(&own).await;
    assert_eq!(api.ask(QUERY).await, well());
    db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let answer = api.answer(QUERY).await;
    if !answer.errors.is_empty() {
        check_unavailable(&answer, &Url::parse(db.url()).unwrap());
    }
    recovers(&api).await;
}

/// Every error is a calm sentence with its code, and nothing in the answer comes from the database or its driver.
fn check_unavailable(answer: &Answer, url: &Url) {
    assert!(!answer.errors.is_empty());
    for error in &answer.errors {
        assert_eq!(error.code, "SERVICE_UNAVAILABLE", "{error:?}");
        assert!(error.message.ends_with('.') && error.message.lines().count() == 1, "{error:?}");
    }
    let (name, port) = (url.path().trim_start_matches('/'), url.port().unwrap_or(5432).to_string());
    for word in ["postgres", "sqlx", "pool", "connection", "127.0.0.1", "os error", "terminat", "FATAL", name, &port] {
        assert!(!answer.text.contains(word), "\"{word}\" is in {}", answer.text);
    }
}

/// Waits for the first good answer, which the next one follows.
async fn recovers(api: &Api) {
    let good = async {
        loop {
            let answer = api.answer(QUERY).await;
            if answer.errors.is_empty() {
                return answer.data;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), good).await.unwrap(), well());
    assert_eq!(api.ask(QUERY).await, well());
}

async fn a_defect_is_named_by_its_request_alone(db: TestDb) {
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    db.execute("DROP TABLE track_features").await;
    let api = Api::start(&db.db()).await;
    let query = "{ insights { topTracks { nodes { name audioFeatures { valence } popularity } } } }";
    let request = api.post().header("x-request-id", "request-1234").json(&json!({ "query": query }));
    let answer = api.send(request).await;
    let nodes = json!([{ "name": "a", "audioFeatures": null, "popularity": null }]);
    assert_eq!(answer.data["insights"]["topTracks"]["nodes"], nodes);
    let [error] = &answer.errors[..] else { panic!("{:?}", answer.errors) };
    error.says("INTERNAL", ["Something went wrong on the server", "requestId"]);
    assert_eq!(error.path, "insights.topTracks.nodes.0.audioFeatures");
    assert!(answer.text.contains("\"requestId\":\"request-1234\""), "{}", answer.text);
    for word in ["track_features", "SELECT", "sqlx", "relation", "no such table"] {
        assert!(!answer.text.contains(word), "\"{word}\" is in {}", answer.text);
    }
}
