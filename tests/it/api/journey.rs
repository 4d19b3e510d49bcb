//! A play's whole journey: issued by Spotify, fetched by the ingest, counted by the API. What Spotify's ledger says, GraphQL
//! must say.

use std::collections::BTreeMap;

use entity::ingest_run::Outcome;
use serde_json::Value;
use tests::api::{Api, at};
use tests::database::TestDb;
use tests::fake_spotify::{AppMode, Context, Ledger, Listener};
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    what_spotify_issued_to_an_extended_app_is_what_graphql_says,
    what_spotify_issued_to_a_development_app_is_what_graphql_says,
}

const DAY_MS: i64 = 86_400_000;

async fn what_spotify_issued_to_an_extended_app_is_what_graphql_says(db: TestDb) {
    travel(db, AppMode::Extended).await;
}

async fn what_spotify_issued_to_a_development_app_is_what_graphql_says(db: TestDb) {
    travel(db, AppMode::Development).await;
}

/// Three people listen, each to another extent, and are fetched three times, two weeks apart.
async fn travel(db: TestDb, mode: AppMode) {
    let station = Station::with(db, mode, TestArchive::directory()).await;
    let mut listeners = Vec::new();
    for name in ["ada", "bob", "cy"] {
        listeners.push(station.listener(name).await);
    }
    for round in 0..3 {
        for (index, listener) in listeners.iter().enumerate() {
            station.spotify.listen(listener, 36 - 9 * index + round, station.now_ms());
        }
        let outcome = station.run().await;
        assert_eq!(outcome, Outcome::Succeeded, "{:?}", station.steps().await);
        station.pass_ms(14 * DAY_MS);
    }
    assert_eq!(station.spotify.ledger_of_everyone().plays().len(), 3 * (36 + 27 + 18) + 3 * (1 + 2));

    let api = Api::start(&station.db.db()).await;
    let now = entity::time::Instant::from_ms(station.now_ms() - 14 * DAY_MS);
    api.set_now(&now.to_string());
    let [from, until] = [40, 10].map(|days| now + -days * DAY_MS);
    for range in [
        "{ preset: ALL_TIME }".to_owned(),
        "{ preset: LAST_30_DAYS }".to_owned(),
        format!("{{ instants: {{ from: \"{from}\", until: \"{until}\" }} }}"),
    ] {
        let everyone = Question { field: format!("insights(range: {range})"), pointer: "/insights" };
        check_insights(&api, &everyone, &listeners, &station).await;
        for listener in &listeners {
            let field = format!("user(username: \"{}\") {{ insights(range: {range})", listener.name);
            let theirs = Question { field, pointer: "/user/insights" };
            check_insights(&api, &theirs, std::slice::from_ref(listener), &station).await;
        }
    }
    for listener in &listeners {
        check_history(&api, listener, &station.spotify.ledger(listener)).await;
    }
}

/// A way to an `Insights`.
struct Question {
    /// Without its selection.
    field: String,
    pointer: &'static str,
}

impl Question {
    /// The query that selects `selection`, with all its braces.
    fn query(&self, selection: &str) -> String {
        let open = self.field.matches('{').count() - self.field.matches('}').count();
        let variable = if selection.contains("$after") { "($after: String)" } else { "" };
        format!("query {variable} {{ {} {{ {selection} }} {} }}", self.field, "}".repeat(open))
    }

    async fn ask(&self, api: &Api, selection: &str) -> Value {
        api.ask(&self.query(selection)).await.pointer(self.pointer).unwrap().clone()
    }

    /// Plays by the name of each row of a chart, in pages of 7.
    async fn chart(&self, api: &Api, chart: &str, name: &str) -> BTreeMap<String, u64> {
        let arguments = "first: 7, after: $after";
        let field = match chart.strip_suffix(')') {
            Some(chart) => format!("it: {chart}, {arguments})"),
            None => format!("it: {chart}({arguments})"),
        };
        let page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount";
        let query = self.query(&format!("{field} {{ edges {{ plays rank node {{ {name} }} }} {page} }}"));
        let edges = api.edges(&query, &format!("{}/it", self.pointer)).await;
        let rows: BTreeMap<String, u64> =
            edges.iter().map(|edge| (text(&edge["node"][name]), edge["plays"].as_u64().unwrap())).collect();
        assert_eq!(rows.len(), edges.len(), "a row came twice in {query}");
        assert!(edges.is_sorted_by_key(|edge| edge["rank"].as_i64()), "{query}");
        assert!(edges.is_sorted_by(|a, b| a["plays"].as_u64() >= b["plays"].as_u64()), "{query}");
        rows
    }
}

async fn check_insights(api: &Api, question: &Question, listeners: &[Listener], station: &Station) {
    let ledger = Ledger::merged(listeners.iter().map(|listener| station.spotify.ledger(listener)));
    let selection = "range { from until } totals { plays listenTimeMs tracks artists all: artists(credit: ALL)
        albums listeners measuredShare }";
    let insights = question.ask(api, selection).await;
    let bound = |name: &str, unbounded: i64| insights["range"][name].as_str().map_or(unbounded, |text| at(text).ms());
    let range = bound("from", i64::MIN)..bound("until", i64::MAX);

    let expected = ledger.totals(range.clone());
    assert!(expected.plays > 10, "too few plays in {}", question.field);
    let total = |name: &str| insights["totals"][name].as_u64().unwrap();
    assert_eq!(total("plays"), expected.plays, "{}", question.field);
    assert_eq!(total("listenTimeMs"), u64::try_from(expected.listen_time_ms).unwrap(), "{}", question.field);
    assert_eq!(total("tracks"), expected.tracks, "{}", question.field);
    assert_eq!(total("artists"), expected.primary_artists, "{}", question.field);
    assert_eq!(total("all"), expected.artists, "{}", question.field);
    assert_eq!(total("albums"), expected.albums, "{}", question.field);
    assert_eq!(total("listeners"), listeners.len() as u64, "{}", question.field);
    assert_eq!(insights["totals"]["measuredShare"], 0.0, "Spotify measures nothing");

    assert_eq!(question.chart(api, "topTracks", "spotifyId").await, ledger.plays_by_track(range.clone()));
    let credited = question.chart(api, "topArtists(credit: ALL)", "spotifyId").await;
    assert_eq!(credited, ledger.plays_by_artist(range.clone()));
    let mut by_primary_artist: BTreeMap<String, u64> = BTreeMap::new();
    for play in ledger.plays().iter().filter(|play| range.contains(&play.played_at_ms)) {
        *by_primary_artist.entry(play.artist_ids[0].clone()).or_default() += 1;
    }
    assert_eq!(question.chart(api, "topArtists(credit: PRIMARY)", "spotifyId").await, by_primary_artist);
    let plays = |listener: &Listener| station.spotify.ledger(listener).totals(range.clone()).plays;
    let by_listener = listeners.iter().map(|listener| (listener.name.clone(), plays(listener))).collect();
    assert_eq!(question.chart(api, "topListeners", "username").await, by_listener);
}

/// The whole history, page by page, is the ledger.
async fn check_history(api: &Api, listener: &Listener, ledger: &Ledger) {
    let query = format!(
        "query ($after: String) {{ user(username: \"{}\") {{ plays(first: 10, after: $after) {{
            edges {{ node {{ playedAt listenTimeMs measured contextUri
                track {{ spotifyId album {{ spotifyId }} artists {{ spotifyId }} }} }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}",
        listener.name
    );
    let edges = api.edges(&query, "/user/plays").await;
    let ids = |artists: &Value| artists.as_array().unwrap().iter().map(|artist| text(&artist["spotifyId"])).collect();
    let mut told: Vec<Row> = edges
        .iter()
        .map(|edge| {
            let (play, track) = (&edge["node"], &edge["node"]["track"]);
            assert_eq!(play["measured"], false);
            (
                at(play["playedAt"].as_str().unwrap()).ms(),
                text(&track["spotifyId"]),
                play["listenTimeMs"].as_i64().unwrap(),
                text(&track["album"]["spotifyId"]),
                ids(&track["artists"]),
                play["contextUri"].as_str().map(str::to_owned),
            )
        })
        .collect();
    assert!(told.is_sorted_by(|a, b| a.0 >= b.0), "newest first");
    told.sort();
    let context = |context: &Context| match context {
        Context::Album(id) => format!("spotify:album:{id}"),
        Context::Artist(id) => format!("spotify:artist:{id}"),
        Context::Playlist(id) => format!("spotify:playlist:{id}"),
    };
    let mut issued: Vec<Row> = ledger
        .plays()
        .iter()
        .cloned()
        .map(|play| {
            let context = play.context.as_ref().map(context);
            (play.played_at_ms, play.track_id, play.duration_ms, play.album_id, play.artist_ids, context)
        })
        .collect();
    issued.sort();
    assert_eq!(told, issued, "{}", listener.name);
}

/// When, which track, for how long, from which album, by whom, played from where.
type Row = (i64, String, i64, String, Vec<String>, Option<String>);

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
