//! Reading a list page by page while plays arrive: what has not changed itself is read once, in its place, and nothing is
//! read twice as it was.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::api::{Api, History, history};
use tests::database::TestDb;
use tests::on_both;
use tests::reference::{CHARTS, Chart, Measure};

on_both! {
    every_chart_is_read_whole_while_plays_arrive,
    a_history_is_read_whole_while_plays_arrive,
}

const TRACKS: i64 = 17;
const PAGE: usize = 3;

/// From the rollups, and counted one by one.
const RANGES: [&str; 2] =
    ["{ preset: ALL_TIME }", r#"{ instants: { from: "2000-01-01T00:00:00Z", until: "2100-01-01T00:00:00Z" } }"#];

async fn every_chart_is_read_whole_while_plays_arrive(db: TestDb) {
    let mut plays = history();
    for number in 0..TRACKS {
        // Equals in one measure, in the other, and in both.
        plays = plays.listener(&format!("listener-{}", number % 11)).track(&format!("track {number}"));
        plays = of_the_catalogue(plays, number).lasting_ms(60_000 * (1 + i32::try_from(number % 3).unwrap()));
        plays = plays.played_times(1 + number % 4, &format!("2026-10-{:02}T10:00:00Z", number + 1));
    }
    plays.load(&db.db()).await;
    db.execute("INSERT INTO artist_genre (artist_id, genre) SELECT id, 'genre ' || (id % 7) FROM artist").await;
    let api = Api::start(&db.db()).await;
    let mut arrivals = 0;
    for (chart, by, range) in CHARTS
        .iter()
        .flat_map(|chart| [Measure::Plays, Measure::ListenTime].map(|by| (*chart, by)))
        .flat_map(|(chart, by)| RANGES.map(|range| (chart, by, range)))
    {
        let before = rows(&api, chart, by, range, 100, None).await.0;
        let mut read: Vec<Value> = Vec::new();
        let mut after = None;
        loop {
            let (page, end) = rows(&api, chart, by, range, PAGE, after.as_deref()).await;
            read.extend(page);
            after = end;
            if after.is_none() {
                break;
            }
            arrivals += 1;
            arrive(arrivals).load(&db.db()).await;
        }
        let now = rows(&api, chart, by, range, 100, None).await.0;
        let what = format!("{chart:?} by {by:?} in {range}\n{before:#?}\n{read:#?}\n{now:#?}");
        let once: BTreeSet<String> = read.iter().map(Value::to_string).collect();
        assert_eq!(once.len(), read.len(), "a row was read twice as it was: {what}");
        let unchanged: Vec<&Value> = before.iter().filter(|row| now.contains(row)).collect();
        let of_those: Vec<&Value> = read.iter().filter(|row| unchanged.contains(row)).collect();
        assert_eq!(of_those, unchanged, "{what}");
        assert!(now != before, "nothing arrived: {what}");
    }
}

/// Artists, a guest and an album, several to several tracks.
fn of_the_catalogue(plays: History, number: i64) -> History {
    let (artist, guest) = (format!("artist {}", number % 8), format!("artist {}", number % 5));
    let artists: BTreeSet<&str> = [artist.as_str(), guest.as_str()].into();
    plays.by(artists).album(&format!("album {}", number % 9))
}

/// A few plays: by somebody new of something new, and of something known, now at the head of a chart and now at its end.
fn arrive(number: i64) -> History {
    let end = |minute: i64| format!("2026-11-{:02}T{:02}:{minute:02}:00Z", 1 + number / 24 % 20, number % 24);
    let known = number * 5 % TRACKS;
    let plays = history().listener(&format!("listener-{}", number % 3)).track(&format!("track {known}"));
    let plays = plays.played_at(&end(1)).listener("newcomer").track(&format!("new {}", number % 4)).by(["new artist"]);
    plays.album("new album").played_times(2, &end(10))
}

/// A page of a chart without ranks and shares, which others' plays change; and the cursor of its end, if more follows.
async fn rows(
    api: &Api,
    chart: Chart,
    by: Measure,
    range: &str,
    first: usize,
    after: Option<&str>,
) -> (Vec<Value>, Option<String>) {
    let query = format!("{{ insights(range: {range}) {{ chart: {} }} }}", chart.field(by, first, after));
    let chart = api.ask(&query).await["insights"]["chart"].take();
    let row = |edge: &Value| json!([edge["node"], edge["genre"], edge["plays"], edge["listenTimeMs"]]);
    let rows = chart["edges"].as_array().unwrap().iter().map(row).collect();
    let info = &chart["pageInfo"];
    (rows, info["endCursor"].as_str().filter(|_| info["hasNextPage"] == true).map(str::to_owned))
}

async fn a_history_is_read_whole_while_plays_arrive(db: TestDb) {
    let ada = || history().listener("ada");
    // Several at one instant, over pages' ends.
    let mut plays = ada();
    for number in 0..20 {
        plays = plays.track(&format!("track {number}")).played_at(&format!("2026-11-01T10:{:02}:00Z", number / 4));
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "query ($after: String) { user(username: \"ada\") { plays(first: 3, after: $after) {
        nodes { playedAt track { name } } pageInfo { hasNextPage endCursor } } } }";
    let before = api.ask(&query.replace("first: 3", "first: 100")).await["user"]["plays"]["nodes"].take();
    let (mut read, mut after) = (Vec::new(), Value::Null);
    for round in 0.. {
        let page = api.ask_with(query, json!({ "after": after })).await["user"]["plays"].take();
        read.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
        // New ones; and late ones, before and behind the place of reading, at instants that have plays.
        let plays = ada().track("new").played_at(&format!("2026-11-02T10:{round:02}:00Z"));
        let plays =
            plays.track(&format!("late {round}")).played_at("2026-11-01T10:04:00Z").played_at("2026-11-01T10:00:00Z");
        plays.load(&db.db()).await;
    }
    let once: BTreeSet<String> = read.iter().map(Value::to_string).collect();
    assert_eq!(once.len(), read.len(), "a play was read twice: {read:#?}");
    let before: Vec<&Value> = before.as_array().unwrap().iter().collect();
    let of_those: Vec<&Value> = read.iter().filter(|play| before.contains(play)).collect();
    assert_eq!(of_those, before);
    let is_late = |play: &Value| play["track"]["name"].as_str().is_some_and(|name| name.starts_with("late"));
    let behind = read.iter().filter(|play| play["playedAt"] == "2026-11-01T10:00:00Z" && is_late(play));
    assert!(behind.count() > 0, "what surfaces behind the place of reading is read");
}
