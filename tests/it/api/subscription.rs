//! News of plays, over a websocket.

use std::time::Duration;

use serde_json::{Value, json};
use tests::api::{Api, Socket, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    new_plays_of_a_listener_are_told_with_what_they_change,
    a_listener_who_is_not_there_ends_the_subscription,
    a_websocket_answers_queries_and_says_what_is_wrong_with_them,
}

/// Changes are looked for twice a second; after this long, nobody was waiting for this one yet.
const PATIENCE: Duration = Duration::from_secs(10);

const SUBSCRIPTION: &str = "subscription ($username: String!) { playsLoaded(username: $username) {
    plays at user { username insights(range: { preset: ALL_TIME }) { totals { plays } lastPlay { track { name } } } } } }";

async fn new_plays_of_a_listener_are_told_with_what_they_change(db: TestDb) {
    let ada = |track: &str| history().listener("ada").track(track);
    ada("old").played_at("2026-10-01T10:00:00Z").load(&db.db()).await;
    history().listener("bob").track("b").played_at("2026-10-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let mut socket = Socket::open(&api).await;
    socket.begin("a", SUBSCRIPTION, json!({ "username": "ada" })).await;
    // When the server begins to count is its own affair, so plays are loaded until it tells of some.
    let mut loaded = 0;
    let first = loop {
        loaded += 1;
        ada("new").played_at(&format!("2026-11-01T10:{loaded:02}:00Z")).load(&db.db()).await;
        if let Some(message) = socket.message_within(PATIENCE).await {
            break message;
        }
    };
    let told = check_event(&first, 1 + loaded);
    assert!((1..=loaded).contains(&told), "{first}");

    // Not what others play, nor what was known before.
    history().listener("bob").track("b").played_times(5, "2026-11-02T10:00:00Z").load(&db.db()).await;
    ada("new").played_at("2026-11-01T10:01:00Z").load(&db.db()).await;
    ada("new").played_times(3, "2026-11-03T10:00:00Z").load(&db.db()).await;
    let second = socket.message().await;
    assert_eq!(check_event(&second, 1 + loaded + 3), 3);

    // Two of one connection are told apart, and one ends without the other.
    socket.begin("b", SUBSCRIPTION, json!({ "username": "bob" })).await;
    socket.end("a").await;
    let event = loop {
        loaded += 1;
        let end = format!("2026-11-04T10:{loaded:02}:00Z");
        ada("new").played_at(&end).load(&db.db()).await;
        history().listener("bob").track("b").played_at(&end).load(&db.db()).await;
        if let Some(message) = socket.message_within(PATIENCE).await {
            break message;
        }
    };
    assert_eq!((&event["type"], &event["id"]), (&json!("next"), &json!("b")), "{event}");
    assert_eq!(event["payload"]["data"]["playsLoaded"]["user"]["username"], "bob");
}

/// How many plays an event tells of; the listener has `ever` of them now.
fn check_event(message: &Value, ever: i64) -> i64 {
    assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!("a")), "{message}");
    let event = &message["payload"]["data"]["playsLoaded"];
    let insights = json!({ "totals": { "plays": ever }, "lastPlay": { "track": { "name": "new" } } });
    assert_eq!(event["user"], json!({ "username": "ada", "insights": insights }), "{message}");
    assert_eq!(event["at"], "2026-11-22T12:00:00Z");
    event["plays"].as_i64().unwrap()
}

async fn a_listener_who_is_not_there_ends_the_subscription(db: TestDb) {
    let api = Api::start(&db.db()).await;
    let mut socket = Socket::open(&api).await;
    for (id, username) in ["nobody", "", "ada' OR '1'='1", "\u{0}"].into_iter().enumerate() {
        socket.begin(&id.to_string(), SUBSCRIPTION, json!({ "username": username })).await;
        assert_eq!(socket.message().await, json!({ "type": "complete", "id": id.to_string() }), "{username:?}");
    }
}

async fn a_websocket_answers_queries_and_says_what_is_wrong_with_them(db: TestDb) {
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let mut socket = Socket::open(&api).await;
    socket.begin("q", "{ insights { totals { plays } } }", json!({})).await;
    let answer = socket.message().await;
    assert_eq!(answer["payload"]["data"], json!({ "insights": { "totals": { "plays": 1 } } }), "{answer}");
    assert_eq!(socket.message().await, json!({ "type": "complete", "id": "q" }));
    for (query, code) in [
        ("subscription { playsLoaded { plays } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { playsLoaded(username: 7) { plays } }", "BAD_USER_INPUT"),
        ("{ insights { topTracks(first: 0) { totalCount } } }", "BAD_USER_INPUT"),
        ("{ insights", "GRAPHQL_PARSE_FAILED"),
    ] {
        socket.begin("q", query, json!({})).await;
        let message = socket.message().await;
        let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
        assert_eq!(errors[0]["extensions"]["code"], code, "{query}: {message}");
        if message["type"] == "next" {
            assert_eq!(socket.message().await, json!({ "type": "complete", "id": "q" }));
        }
    }
}
