//! What the ingest did, as operators are told.

use serde_json::json;
use tests::api::Api;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Quirk, Rule};
use tests::ingest::Station;
use tests::on_both;

on_both! {
    runs_are_told_newest_first_with_their_steps,
    runs_are_paged_and_chosen_by_outcome,
}

async fn runs_are_told_newest_first_with_their_steps(db: TestDb) {
    let station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.hear(&ada, 3);
    station.hear(&bob, 2);
    station.run().await;
    station.spotify.add_rule(Rule::next(1, Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed).by(&bob));
    station.run().await;
    let api = Api::start(&station.db.db()).await;
    let query =
        "{ ingestRuns { nodes { id command startedAt endedAt outcome accounts playsLoaded playsKnown rejected gaps
        steps { username name outcome attempts message durationMs } } } }";
    let runs = api.ask(query).await["ingestRuns"]["nodes"].clone();
    let [newest, first] = runs.as_array().unwrap().as_slice() else { panic!("two runs: {runs:#}") };
    assert_eq!((&newest["outcome"], &first["outcome"]), (&json!("PARTLY"), &json!("SUCCEEDED")));
    assert_eq!((&first["command"], &first["accounts"], &first["playsLoaded"]), (&json!("run"), &json!(2), &json!(5)));
    assert_eq!((&newest["playsLoaded"], &newest["playsKnown"], &newest["gaps"]), (&json!(0), &json!(3), &json!(0)));
    assert_eq!(first["startedAt"], json!("2026-11-22T09:15:00Z"));
    let steps = first["steps"].as_array().unwrap();
    for name in ["ada", "bob"] {
        let theirs: Vec<_> = steps.iter().filter(|step| step["username"] == name).map(|step| &step["name"]).collect();
        assert_eq!(theirs, ["refresh", "fetch", "archive", "transform", "load"]);
    }
    let failed: Vec<_> = newest["steps"].as_array().unwrap().iter().filter(|s| s["outcome"] == "FAILED").collect();
    let [failed] = failed.as_slice() else { panic!("one step failed: {failed:#?}") };
    assert_eq!((&failed["username"], &failed["name"]), (&json!("bob"), &json!("fetch")));
    assert!(failed["message"].as_str().unwrap().contains("the next run tries again"));
}

async fn runs_are_paged_and_chosen_by_outcome(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 1);
    for run in 0..7 {
        if run % 3 == 1 {
            let failing = Rule::next(1, Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed);
            station.spotify.add_rule(failing);
        }
        station.run().await;
    }
    let api = Api::start(&station.db.db()).await;
    let page = "edges { cursor node { id outcome } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let all = format!("query ($after: String) {{ ingestRuns(first: 3, after: $after) {{ {page} }} }}");
    let edges = api.edges(&all, "/ingestRuns").await;
    let ids: Vec<i32> = edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().parse().unwrap()).collect();
    assert!(ids.len() == 7 && ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    let failed =
        format!("query ($after: String) {{ ingestRuns(first: 1, after: $after, outcome: FAILED) {{ {page} }} }}");
    let edges = api.edges(&failed, "/ingestRuns").await;
    assert_eq!(edges.len(), 2);
    assert!(edges.iter().all(|edge| edge["node"]["outcome"] == "FAILED"));

    let problem = api.error("{ ingestRuns(first: 101) { nodes { id } } }").await;
    assert_eq!(problem.message, "`first` is 101: expected 1 to 100; ask for more page by page, with `after`");
    let problem = api.error(r#"{ ingestRuns(after: "nonsense") { nodes { id } } }"#).await;
    assert!(problem.message.contains("`after` is not a cursor of this list"), "{}", problem.message);
}
