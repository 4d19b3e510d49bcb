//! The listening history: every play once, newest first.

use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    pages_of_any_length_hold_each_play_once_newest_first,
    plays_loaded_meanwhile_do_not_shift_a_page,
    a_range_is_cut_out_in_the_listeners_own_zone,
    a_play_says_when_how_long_and_what,
}

const PLAYS: &str = "edges { cursor node { playedAt track { name } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

async fn pages_of_any_length_hold_each_play_once_newest_first(db: TestDb) {
    let mut plays = history().listener("bob").track("a").played_times(3, "2026-11-01T10:00:00Z").listener("ada");
    let mut expected = Vec::new();
    // Two tracks may end in one millisecond, and four do.
    for (track, end) in [
        ("a", "2026-11-01T10:00:00Z"),
        ("b", "2026-11-01T10:00:00Z"),
        ("c", "2026-11-01T10:00:00Z"),
        ("d", "2026-11-01T10:00:00Z"),
        ("a", "2026-11-01T10:00:00.001Z"),
        ("b", "2026-11-02T10:00:00Z"),
        ("a", "2026-11-03T10:00:00Z"),
    ] {
        plays = plays.track(track).played_at(end);
        expected.push(json!([end, track]));
    }
    expected.reverse();
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for first in [1, 2, 3, 6, 7, 8, 100] {
        let query = format!(
            "query ($after: String) {{ user(username: \"ada\") {{ plays(first: {first}, after: $after) {{ {PLAYS} }} }} }}"
        );
        let edges = api.edges(&query, "/user/plays").await;
        let row = |edge: &Value| json!([edge["node"]["playedAt"], edge["node"]["track"]["name"]]);
        assert_eq!(edges.iter().map(row).collect::<Vec<_>>(), expected, "{first} at a time");
    }
}

async fn plays_loaded_meanwhile_do_not_shift_a_page(db: TestDb) {
    history().listener("ada").track("a").played_times(4, "2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = format!(
        "query ($after: String) {{ user(username: \"ada\") {{ plays(first: 2, after: $after) {{ {PLAYS} }} }} }}"
    );
    let first = api.ask(&query).await["user"]["plays"].take();
    let late = history().listener("ada").track("b").played_times(3, "2026-11-02T10:00:00Z");
    late.played_at("2026-11-01T10:00:30Z").load(&db.db()).await;
    let second = api.ask_with(&query, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    let second = second["user"]["plays"]["edges"].as_array().unwrap();
    let ends: Vec<&Value> = second.iter().map(|edge| &edge["node"]["playedAt"]).collect();
    // A play that surfaced late, behind where the reader stands, is in its place.
    assert_eq!(ends, ["2026-11-01T10:01:00Z", "2026-11-01T10:00:30Z"]);
}

async fn a_range_is_cut_out_in_the_listeners_own_zone(db: TestDb) {
    history()
        .listener_in("ada", "Asia/Tokyo")
        .track("a")
        .played_at("2026-10-31T14:59:59.999Z")
        .played_at("2026-10-31T15:00:00Z")
        .played_at("2026-11-30T14:59:59.999Z")
        .played_at("2026-11-30T15:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    let query = "{ user(username: \"ada\") { plays(range: { month: { year: 2026, month: 11 } }) { nodes { playedAt } }
        ever: plays { nodes { playedAt } } } }";
    let user = api.ask(query).await["user"].take();
    let november = json!([{ "playedAt": "2026-11-30T14:59:59.999Z" }, { "playedAt": "2026-10-31T15:00:00Z" }]);
    assert_eq!(user["plays"]["nodes"], november);
    assert_eq!(user["ever"]["nodes"].as_array().unwrap().len(), 4);
}

async fn a_play_says_when_how_long_and_what(db: TestDb) {
    let plays = history().listener("ada").track("a").lasting_ms(300_000).by(["x"]).played_at("2026-11-01T10:00:00Z");
    plays.measured_at("2026-11-01T11:00:00.5+01:00", 12_345).load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "{ user(username: \"ada\") { plays { nodes {
        playedAt listenTimeMs measured contextUri track { name durationMs } } } } }";
    let track = json!({ "name": "a", "durationMs": 300_000 });
    let play = |at: &str, ms: i64, measured: bool| json!({ "playedAt": at, "listenTimeMs": ms, "measured": measured, "contextUri": null, "track": track });
    let expected = [play("2026-11-01T10:00:00.5Z", 12_345, true), play("2026-11-01T10:00:00Z", 300_000, false)];
    assert_eq!(api.ask(query).await["user"]["plays"]["nodes"], json!(expected));
}
