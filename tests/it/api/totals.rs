//! Totals: how much, and how many different things.

use serde_json::json;
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    different_things_are_counted_where_they_were_played_not_where_they_are_known,
    an_empty_history_is_zeros_and_empty_lists,
    an_unknown_listener_is_null,
    listen_time_tells_how_much_of_it_was_measured,
    one_listeners_totals_are_theirs_alone,
}

const TOTALS: &str =
    "totals { plays listenTimeMs listenTime measuredShare tracks artists allArtists: artists(credit: ALL)
    albums listeners }";

async fn different_things_are_counted_where_they_were_played_not_where_they_are_known(db: TestDb) {
    history()
        .track("never played")
        .by(["nobody"])
        .album("unheard")
        .listener("ada")
        .track("a")
        .by(["x", "y"])
        .album("b")
        .played_times(2, "2026-11-01T10:00:00Z")
        .track("c")
        .by(["x"])
        .album("b")
        .played_at("2026-11-02T10:00:00Z")
        .track("single")
        .by(["z"])
        .played_at("2026-11-03T10:00:00Z")
        .track("long ago")
        .by(["w"])
        .album("old")
        .played_at("2020-01-01T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for (range, tracks, artists, all, albums) in [
        ("{ preset: LAST_30_DAYS }", 3, 2, 3, 1),
        ("{ preset: ALL_TIME }", 4, 3, 4, 2),
        ("{ year: 2020 }", 1, 1, 1, 1),
        ("{ year: 2019 }", 0, 0, 0, 0),
    ] {
        let query = format!(
            "{{ insights(range: {range}) {{ totals {{ tracks artists allArtists: artists(credit: ALL) albums }} }} }}"
        );
        let expected = json!({ "tracks": tracks, "artists": artists, "allArtists": all, "albums": albums });
        assert_eq!(api.ask(&query).await["insights"]["totals"], expected, "{range}");
    }
}

async fn an_empty_history_is_zeros_and_empty_lists(db: TestDb) {
    let list = "{ edges { rank } nodes { id } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";
    let insights = format!("{TOTALS} topTracks {list} topArtists {list} all: topArtists(credit: ALL) {list}");
    let empty = json!({
        "edges": [],
        "nodes": [],
        "totalCount": 0,
        "pageInfo": { "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null },
    });
    let zeros = json!({
        "totals": {
            "plays": 0, "listenTimeMs": 0, "listenTime": "0s", "measuredShare": 0.0, "tracks": 0, "artists": 0,
            "allArtists": 0, "albums": 0, "listeners": 0,
        },
        "topTracks": empty, "topArtists": empty, "all": empty, "topListeners": empty,
    });
    let api = Api::start(&db.db()).await;
    let insights = format!("{insights} topListeners {list}");
    for range in ["{ preset: ALL_TIME }", "{ preset: TODAY }"] {
        let query = format!("{{ insights(range: {range}) {{ {insights} }} }}");
        assert_eq!(api.ask(&query).await["insights"], zeros, "{range}");
    }
    history().listener("ada").load(&db.db()).await;
    for range in ["{ preset: ALL_TIME }", "{ preset: TODAY }"] {
        let query = format!(
            "{{ user(username: \"ada\") {{ insights(range: {range}) {{ {insights} }}
                plays(range: {range}) {{ nodes {{ playedAt }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let user = api.ask(&query).await["user"].take();
        assert_eq!(user["insights"], zeros, "{range}");
        let nothing = json!({ "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } });
        assert_eq!(user["plays"], nothing, "{range}");
    }
}

async fn an_unknown_listener_is_null(db: TestDb) {
    history().listener("ada").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for stranger in ["bob", "Ada", "ada ", "", "%", "a_a"] {
        let data = api.ask_with("query ($it: String!) { user(username: $it) { id } }", json!({ "it": stranger })).await;
        assert_eq!(data, json!({ "user": null }), "{stranger:?}");
    }
    assert!(api.ask("{ user(username: \"ada\") { id } }").await["user"]["id"].is_string());
}

async fn listen_time_tells_how_much_of_it_was_measured(db: TestDb) {
    history()
        .listener("ada")
        .track("a")
        .lasting_ms(300_000)
        .played_at("2026-11-01T10:00:00Z")
        .measured_at("2026-11-01T11:00:00Z", 100_000)
        .track("length unknown")
        .lasting_ms(0)
        .played_at("2026-11-02T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for range in ["{ preset: ALL_TIME }", "{ year: 2026 }"] {
        let query =
            format!("{{ insights(range: {range}) {{ totals {{ plays listenTimeMs listenTime measuredShare }} }} }}");
        let expected = json!({ "plays": 3, "listenTimeMs": 400_000, "listenTime": "6m 40s", "measuredShare": 0.25 });
        assert_eq!(api.ask(&query).await["insights"]["totals"], expected, "{range}");
    }
}

async fn one_listeners_totals_are_theirs_alone(db: TestDb) {
    history()
        .listener("ada")
        .track("a")
        .by(["x"])
        .album("b")
        .played_times(2, "2026-11-01T10:00:00Z")
        .listener("bob")
        .track("a")
        .played_at("2026-11-01T10:00:00Z")
        .track("c")
        .played_at("2026-11-02T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for (username, plays, tracks) in [("ada", 2, 1), ("bob", 2, 2)] {
        let query =
            format!("{{ user(username: \"{username}\") {{ insights {{ totals {{ plays tracks listeners }} }} }} }}");
        let expected = json!({ "plays": plays, "tracks": tracks, "listeners": 1 });
        assert_eq!(api.ask(&query).await["user"]["insights"]["totals"], expected, "{username}");
    }
    let everyone = api.ask("{ insights { totals { plays tracks listeners } } }").await;
    assert_eq!(everyone["insights"]["totals"], json!({ "plays": 4, "tracks": 2, "listeners": 2 }));
}
