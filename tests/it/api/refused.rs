//! Questions that cannot be answered: each is refused in one sentence that says the limit and the way out, and costs no
//! field beside it. What names nothing is not refused: it looks like what is not there.

use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    ids_that_name_nothing_look_like_what_is_not_there,
    arguments_out_of_their_limits_are_refused_with_the_limit_and_the_way_out,
    every_list_of_a_filter_is_bounded,
    a_cursor_is_refused_by_every_other_list,
}

/// Of something that is no more, of a kind that is not, of a number that is none, and none at all.
const STRANGE: [&str; 9] = [
    "VHJhY2s6MjE0NzQ4MzY0Nw",       // Track:2147483647
    "VXNlcjoyMTQ3NDgzNjQ3",         // User:2147483647
    "QXJ0aXN0OjA",                  // Artist:0
    "QWxidW06LTE",                  // Album:-1
    "VHJhY2s6OTk5OTk5OTk5OTk5OTk5", // Track:999999999999999
    "Vm9sdGFnZTo0Mg",               // Voltage:42
    "4iQtfIF_6L",
    "' OR 1=1 --",
    "",
];

async fn ids_that_name_nothing_look_like_what_is_not_there(db: TestDb) {
    history().listener("ada").track("a").by(["x"]).album("b").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "query ($id: ID!, $ids: [ID!]!, $name: String!) {
        node(id: $id) { id } nodes(ids: $ids) { id }
        track(spotifyId: $name) { id } artist(spotifyId: $name) { id } album(spotifyId: $name) { id }
        user(username: $name) { id }
        known: user(username: \"ada\") { affinity(with: $name) { score } }
        one: track(spotifyId: \"a\") { insights(username: $name) { totals { plays } } }
        with: insights(filter: { trackIds: $ids, artistIds: $ids, albumIds: $ids }) { totals { plays } }
        tracks: insights(filter: { trackIds: [$id] }) { totals { plays } topTracks { totalCount } }
        without: insights(filter: { excludeArtistIds: $ids }) { totals { plays } } }";
    for id in STRANGE {
        let data = api.ask_with(query, json!({ "id": id, "ids": [id, id], "name": id })).await;
        let expected = json!({
            "node": null, "nodes": [null, null], "track": null, "artist": null, "album": null, "user": null,
            "known": { "affinity": null },
            "one": { "insights": null },
            "with": { "totals": { "plays": 0 } },
            "tracks": { "totals": { "plays": 0 }, "topTracks": { "totalCount": 0 } },
            "without": { "totals": { "plays": 1 } },
        });
        assert_eq!(data, expected, "{id:?}");
    }
}

async fn arguments_out_of_their_limits_are_refused_with_the_limit_and_the_way_out(db: TestDb) {
    history().listener("ada").track("a").by(["x"]).album("b").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let millennium = r#"range: { instants: { from: "1000-01-01T00:00:00Z", until: "2141-01-01T00:00:00Z" } }"#;
    let mut questions = Vec::new();
    for chart in ["topTracks", "topArtists", "topAlbums", "topGenres", "topListeners"] {
        questions.push((
            format!("insights {{ it: {chart}(first: 101) {{ totalCount }} }}"),
            ["`first` is 101", "1 to 100", "`after`"],
        ));
    }
    let of_ada = |asked: &str| format!("user(username: \"ada\") {{ {asked} }}");
    for (asked, words) in [
        (of_ada("it: plays(first: 0) { nodes { playedAt } }"), ["`first` is 0", "1 to 100", "`after`"]),
        (of_ada("insights { it: sessions(first: 101) { count } }"), ["`first` is 101", "1 to 100", ""]),
        (of_ada("insights { it: discoveries(first: -5) { tracks } }"), ["`first` is -5", "1 to 100", ""]),
        (
            of_ada("affinity(with: \"ada\") { it: sharedTracks(first: 101) { name } }"),
            ["`first` is 101", "1 to 100", ""],
        ),
        (of_ada("insights { it: sessions(gapMinutes: 0) { count } }"), ["`gapMinutes` is 0", "1 to 1440", ""]),
        (of_ada("insights { it: sessions(gapMinutes: 1441) { count } }"), ["`gapMinutes` is 1441", "1 to 1440", ""]),
        (
            "it: insights(filter: { weekdays: [1, 9] }) { asOf }".to_owned(),
            ["`weekdays` holds 9", "1 (Monday) to 7 (Sunday)", ""],
        ),
        (
            "it: insights(filter: { weekdays: [0] }) { asOf }".to_owned(),
            ["`weekdays` holds 0", "1 (Monday) to 7 (Sunday)", ""],
        ),
        // Ten million hours.
        (
            format!("insights({millennium}) {{ it: series(granularity: HOUR) {{ plays }} }}"),
            ["1000 buckets", "coarser granularity", "shorter range"],
        ),
        (
            format!("insights({millennium}) {{ it: series(granularity: YEAR) {{ plays }} }}"),
            ["1000 buckets", "coarser granularity", "shorter range"],
        ),
        ("it: search(text: \"a\", first: 1000) { __typename }".to_owned(), ["`first` is 1000", "1 to 100", ""]),
        (
            format!("it: search(text: \"{}\") {{ __typename }}", "a".repeat(101)),
            ["`text` has 101 characters", "at most 100", ""],
        ),
    ] {
        questions.push((asked, words));
    }
    for (asked, words) in questions {
        let answer = api.answer(&format!("{{ beside: insights {{ totals {{ plays }} }} {asked} }}")).await;
        assert_eq!(answer.data["beside"], json!({ "totals": { "plays": 1 } }), "{asked}");
        let [error] = &answer.errors[..] else { panic!("{asked}: {:?}", answer.errors) };
        error.says("BAD_USER_INPUT", words);
        assert!(error.path == "it" || error.path.ends_with(".it"), "{asked}: {error:?}");
        assert_eq!(error.message.lines().count(), 1, "{error:?}");
    }
    let ids: Vec<&str> = [STRANGE[0]].repeat(101);
    let answer = api.answer_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
    answer.errors[0].says("BAD_USER_INPUT", ["`ids` has 101 entries", "at most 100", "several"]);
}

async fn every_list_of_a_filter_is_bounded(db: TestDb) {
    history().listener("ada").track("a").by(["x"]).played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query =
        "query ($filter: PlayFilter) { it: insights(filter: $filter) { totals { plays } } beside: insights { asOf }
        user(username: \"ada\") { plays(filter: $filter) { nodes { playedAt } } } }";
    let lists: [(&str, Value); 7] = [
        ("trackIds", json!(STRANGE[0])),
        ("artistIds", json!(STRANGE[0])),
        ("albumIds", json!(STRANGE[0])),
        ("genres", json!("pop")),
        ("excludeArtistIds", json!(STRANGE[0])),
        ("excludeGenres", json!("pop")),
        ("weekdays", json!(7)),
    ];
    for (list, entry) in lists {
        for (many, is_refused) in [(100, false), (101, true), (700, true)] {
            let filter = json!({ list: vec![entry.clone(); many] });
            let answer = api.answer_with(query, json!({ "filter": filter })).await;
            assert!(answer.data["beside"]["asOf"].is_string(), "{list}: {:?}", answer.errors);
            if !is_refused {
                assert_eq!(answer.errors, [], "{many} of {list}");
                continue;
            }
            let paths: Vec<&str> = answer.errors.iter().map(|error| error.path.as_str()).collect();
            assert_eq!(paths, ["it", "user.plays"], "{many} of {list}");
            for error in &answer.errors {
                let has = format!("`{list}` has {many} entries");
                error.says("BAD_USER_INPUT", [has.as_str(), "at most 100", "ask in several parts"]);
            }
        }
    }
}

async fn a_cursor_is_refused_by_every_other_list(db: TestDb) {
    let mut plays = history().listener("bob").track("a").played_at("2026-11-01T10:00:00Z");
    plays = plays.listener("ada").track("a").by(["x", "y"]).album("b").played_at("2026-11-01T10:00:00Z");
    plays.load(&db.db()).await;
    db.execute("INSERT INTO artist_genre (artist_id, genre) SELECT id, 'pop' FROM artist").await;
    let api = Api::start(&db.db()).await;
    let charts = ["topTracks", "topArtists", "topAlbums", "topGenres", "topListeners"];
    let charts =
        charts.iter().flat_map(|chart| ["PLAYS", "LISTEN_TIME"].map(|by| format!("{chart}(by: {by}, after: $after)")));
    let mut lists: Vec<String> = charts.chain(["topArtists(credit: ALL, after: $after)".to_owned()]).collect();
    lists = lists.iter().map(|list| format!("insights {{ it: {list} {{ pageInfo {{ endCursor }} }} }}")).collect();
    lists.push("user(username: \"ada\") { it: plays(after: $after) { pageInfo { endCursor } } }".to_owned());
    let query = |list: &str| format!("query ($after: String) {{ {list} }}");
    let mut cursors = Vec::new();
    for list in &lists {
        let data = api.ask(&query(list)).await;
        let end = data.pointer("/insights/it/pageInfo/endCursor").or(data.pointer("/user/it/pageInfo/endCursor"));
        cursors.push(end.filter(|end| end.is_string()).unwrap_or_else(|| panic!("{list}: {data}")).clone());
    }
    for (own, cursor) in cursors.iter().enumerate() {
        for (place, list) in lists.iter().enumerate() {
            let answer = api.answer_with(&query(list), json!({ "after": cursor })).await;
            if place == own {
                assert_eq!(answer.errors, [], "{list}");
            } else {
                let [error] = &answer.errors[..] else { panic!("{list} took the cursor of {}", lists[own]) };
                error.says("BAD_USER_INPUT", ["`after` is not a cursor of this list", "`endCursor`"]);
            }
        }
    }
}
