//! What is kept: an answer costs the database nothing while nothing has changed, and is right the moment something has.

use std::time::Duration;

use ::api::app::Keeping;
use ::api::revision::Freshness;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    while_nothing_changes_an_answer_costs_no_counting,
    questions_that_mean_the_same_are_one,
    what_one_listener_plays_leaves_the_others_answers_alone,
    a_crowd_that_asks_at_once_is_counted_for_once,
    a_number_of_everyone_is_used_for_its_time_and_says_of_when_it_is,
    a_client_that_insists_is_answered_from_the_database,
    clearing_reaches_every_instance,
    with_no_budget_nothing_is_kept,
    operators_see_what_the_cache_does,
}

/// Every field that counts, of one audience.
const EVERYTHING: &str = "asOf totals { plays tracks artists listenTimeMs } series { plays } weekHours { plays }
    topTracks { edges { plays previousRank } } topArtists { edges { plays } } topAlbums { edges { plays } }
    topGenres { edges { plays } } topListeners { edges { plays } } releaseYears { plays } skips { streams }
    audioProfile { coverage } firstPlay { playedAt } lastPlay { playedAt } streaks { longest { days } }
    sessions { count } discoveries { tracks }";

/// How many ask at once. A thousand do in the benchmark.
const CROWD: usize = 150;

async fn listen(db: &TestDb, listener: &str, times: i64, from: &str) {
    history().listener(listener).track("a").by(["x"]).album("b").played_times(times, from).load(&db.db()).await;
}

/// Statements that count or look up; those that read revisions are what a kept answer costs.
fn counting(statements: Vec<String>) -> Vec<String> {
    statements.into_iter().filter(|statement| !statement.contains("\"revision\"")).collect()
}

async fn while_nothing_changes_an_answer_costs_no_counting(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    for (query, later) in [
        (format!("{{ insights {{ {EVERYTHING} }} }}"), "2026-11-21T10:00:00Z"),
        (
            format!("{{ user(username: \"ada\") {{ insights {{ {EVERYTHING} }} plays {{ nodes {{ playedAt }} }} }} }}"),
            "2026-11-21T11:00:00Z",
        ),
        (
            format!("{{ viewer {{ insights {{ {EVERYTHING} }} affinity(with: \"ada\") {{ score }} }} }}"),
            "2026-11-21T12:00:00Z",
        ),
    ] {
        let first = api.ask(&query).await;
        let again = counting(api.statements(&query).await);
        assert!(again.is_empty(), "{query}\n{again:#?}");
        assert_eq!(api.ask(&query).await, first);
        listen(&db, "ada", 1, later).await;
        assert!(api.ask(&query).await != first, "a play that is not counted: {query}");
    }
}

async fn questions_that_mean_the_same_are_one(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    let count = async |insights: &str| {
        counting(api.statements(&format!("{{ insights{insights} {{ totals {{ plays }} }} }}")).await).len()
    };
    assert!(count("").await > 0);
    for same in [
        "(range: { preset: LAST_30_DAYS })",
        "(range: { dates: { from: \"2026-10-24\", until: \"2026-11-23\" } })",
        "(filter: {})",
        "(range: { instants: { from: \"2026-10-24T02:00:00+02:00\", until: \"2026-11-23T00:00:00Z\" } })",
    ] {
        assert_eq!(count(same).await, 0, "{same}");
    }
    assert!(count("(filter: { weekdays: [6, 7] })").await > 0);
    assert_eq!(count("(filter: { weekdays: [7, 6, 7] })").await, 0);
    // Where days begin makes another range of a preset, and other weekdays.
    assert!(count("(timeZone: \"Asia/Tokyo\")").await > 0);
    let instants = "range: { instants: { from: \"2026-11-01T00:00:00Z\", until: \"2026-11-23T00:00:00Z\" } }";
    assert!(count(&format!("({instants})")).await > 0);
    assert_eq!(count(&format!("({instants}, timeZone: \"Asia/Tokyo\")")).await, 0);
    assert!(count(&format!("({instants}, filter: {{ weekdays: [1] }})")).await > 0);
    assert!(count(&format!("({instants}, timeZone: \"Asia/Tokyo\", filter: {{ weekdays: [1] }})")).await > 0);
}

async fn what_one_listener_plays_leaves_the_others_answers_alone(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    listen(&db, "bob", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    let of = |listener: &str| format!("{{ user(username: \"{listener}\") {{ insights {{ {EVERYTHING} }} }} }}");
    api.ask(&of("ada")).await;
    let before = api.ask(&of("bob")).await;
    listen(&db, "bob", 1, "2026-11-21T10:00:00Z").await;
    let statements = counting(api.statements(&of("ada")).await);
    assert!(statements.is_empty(), "{statements:#?}");
    assert_ne!(api.ask(&of("bob")).await, before);
}

async fn a_crowd_that_asks_at_once_is_counted_for_once(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    let query =
        "{ user(username: \"ada\") { insights { totals { plays } topTracks { totalCount } topGenres { totalCount }
        series { plays } sessions { count } } } }";
    let statements = join_all((0..CROWD).map(|_| api.statements(query))).await;
    let mut counted = counting(statements.into_iter().flatten().collect());
    // Looked up once for each field, by one text with other values bound.
    let looked_up = counted.extract_if(.., |statement| statement.contains("FROM period_total")).count();
    assert_eq!(looked_up, 3, "{counted:#?}");
    let (all, _) = (counted.len(), counted.sort());
    counted.dedup();
    assert_eq!(all, counted.len(), "a statement ran twice");
    assert!(all >= 6, "{counted:#?}");
}

async fn a_number_of_everyone_is_used_for_its_time_and_says_of_when_it_is(db: TestDb) {
    let freshness = Freshness { sample: Duration::from_secs(3600), lease: Duration::ZERO };
    let api = Api::keeping(&db.db(), &Keeping { freshness, ..Keeping::default() }).await;
    history()
        .listener("ada")
        .track("a")
        .played_at("2026-11-20T10:00:00Z")
        .load_at(&db.db(), "2026-11-22T11:00:00Z")
        .await;
    let query = "{ insights { asOf totals { plays } lastPlay { playedAt } }
        user(username: \"ada\") { insights { asOf totals { plays } } } }";
    let answer = |[everyone, ada]: [(&str, i64); 2], last: &str| {
        json!({
            "insights": { "asOf": everyone.0, "totals": { "plays": everyone.1 }, "lastPlay": { "playedAt": last } },
            "user": { "insights": { "asOf": ada.0, "totals": { "plays": ada.1 } } },
        })
    };
    let first = ("2026-11-22T11:00:00Z", 1);
    assert_eq!(api.ask(query).await, answer([first, first], "2026-11-20T10:00:00Z"));
    history()
        .listener("ada")
        .track("a")
        .played_at("2026-11-21T10:00:00Z")
        .load_at(&db.db(), "2026-11-22T11:30:00Z")
        .await;
    // One listener's numbers follow at once, and so does the one answer about everyone that would look odd.
    let second = ("2026-11-22T11:30:00Z", 2);
    assert_eq!(api.ask(query).await, answer([first, second], "2026-11-21T10:00:00Z"));
    let fresh = api.post().header("cache-control", "no-cache").json(&json!({ "query": query }));
    assert_eq!(api.send(fresh).await.data, answer([second, second], "2026-11-21T10:00:00Z"));
    assert_eq!(api.ask(query).await, answer([second, second], "2026-11-21T10:00:00Z"), "the next sample was taken");
}

async fn a_client_that_insists_is_answered_from_the_database(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    let query = "{ user(username: \"ada\") { insights { totals { plays } } } }";
    let plays = |data: &Value| data["user"]["insights"]["totals"]["plays"].clone();
    assert_eq!(plays(&api.ask(query).await), 3);
    // By hand, and so without telling anybody.
    db.execute("DELETE FROM play WHERE played_at = (SELECT MAX(played_at) FROM play)").await;
    assert_eq!(plays(&api.ask(query).await), 3);
    let fresh = api.post().header("cache-control", "max-age=0, No-Cache").json(&json!({ "query": query }));
    assert_eq!(plays(&api.send(fresh).await.data), 2);
    assert_eq!(plays(&api.ask(query).await), 2, "what was kept is replaced");
}

async fn clearing_reaches_every_instance(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    listen(&db, "bob", 3, "2026-11-20T10:00:00Z").await;
    let (here, there) = (Api::start(&db.db()).await, Api::start(&db.db()).await);
    let of = |listener: &str| format!("{{ user(username: \"{listener}\") {{ insights {{ totals {{ plays }} }} }} }}");
    let plays =
        async |api: &Api, listener: &str| api.ask(&of(listener)).await["user"]["insights"]["totals"]["plays"].clone();
    for api in [&here, &there] {
        assert_eq!([plays(api, "ada").await, plays(api, "bob").await], [3, 3]);
    }
    db.execute("DELETE FROM play WHERE played_at = (SELECT MAX(played_at) FROM play)").await;
    let payload = "{ entriesRemoved userErrors { field code } }";
    let nobody = here.ask(&format!("mutation {{ clearCache(username: \"eve\") {payload} }}")).await;
    let expected = json!({ "entriesRemoved": 0, "userErrors": [{ "field": ["username"], "code": "NOT_FOUND" }] });
    assert_eq!(nobody["clearCache"], expected);
    let cleared = here.ask(&format!("mutation {{ clearCache(username: \"ada\") {payload} }}")).await;
    assert_eq!(cleared["clearCache"], json!({ "entriesRemoved": 1, "userErrors": [] }));
    for api in [&here, &there] {
        assert_eq!([plays(api, "ada").await, plays(api, "bob").await], [2, 3]);
    }
    let cleared = here.ask(&format!("mutation {{ clearCache {payload} }}")).await;
    assert!(cleared["clearCache"]["entriesRemoved"].as_u64().unwrap() > 0, "{cleared}");
    // Not only is nothing of it used any more: it is gone.
    let gone = async {
        while there.ask("{ cache { entries } }").await["cache"]["entries"] != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the other instance is told");
    for api in [&here, &there] {
        assert_eq!([plays(api, "ada").await, plays(api, "bob").await], [2, 2]);
    }
}

async fn with_no_budget_nothing_is_kept(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::keeping(&db.db(), &Keeping { cache_bytes: 0, ..Keeping::default() }).await;
    let query = "{ insights { totals { plays } } }";
    let first = counting(api.statements(query).await);
    assert!(!first.is_empty());
    assert_eq!(counting(api.statements(query).await), first);
    assert_eq!(
        api.ask("{ cache { entries weightBytes } }").await,
        json!({ "cache": { "entries": 0, "weightBytes": 0 } })
    );
}

async fn operators_see_what_the_cache_does(db: TestDb) {
    listen(&db, "ada", 3, "2026-11-20T10:00:00Z").await;
    let api = Api::start(&db.db()).await;
    // Three documents, since the answer to one of them would be given again as a whole.
    for field in ["plays", "tracks", "artists"] {
        api.ask(&format!("{{ insights {{ totals {{ {field} }} }} }}")).await;
    }
    let report = api
        .ask("{ cache { entries weightBytes fields { field entries weightBytes hits sharedHits misses waits } } }")
        .await;
    let field = &report["cache"]["fields"][0];
    assert_eq!(report["cache"]["entries"], 1);
    assert_eq!(report["cache"]["weightBytes"], field["weightBytes"]);
    assert!(field["weightBytes"].as_u64().unwrap() > 200, "{report}");
    let expected = json!({ "field": "totals", "entries": 1, "weightBytes": field["weightBytes"], "hits": 2, "sharedHits": 0, "misses": 1, "waits": 0 });
    assert_eq!(*field, expected);
    let response = api.get("/metrics").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let metrics = response.text().await.unwrap();
    for line in [
        "refrain_cache_questions_total{field=\"totals\",outcome=\"hit\"} 2",
        "refrain_cache_questions_total{field=\"totals\",outcome=\"miss\"} 1",
        "refrain_cache_fill_seconds_count{field=\"totals\"} 1",
        "refrain_cache_entries 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}
