//! Charts: ranks, order, pages and shares, the same for tracks, artists and listeners.

use std::cmp::Reverse;

use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    equal_plays_share_a_rank_and_the_next_rank_is_skipped,
    pages_of_any_length_are_the_same_chart,
    a_chart_goes_on_behind_its_row_while_plays_arrive,
    behind_the_last_row_there_is_nothing,
    a_play_counts_once_for_its_primary_artist_or_once_for_each_credited_one,
    namesakes_are_two_artists,
    a_track_whose_album_has_several_covers_is_one_row,
    shares_are_parts_of_everything_in_the_range,
    everyone_is_listed_by_how_much_they_played,
    a_page_has_1_to_100_rows_and_a_wrong_length_costs_no_other_field,
    a_cursor_of_another_list_is_refused,
}

/// Everything there ever was, counted from the rollups where everyone is asked about.
const ALL_TIME: &str = "{ preset: ALL_TIME }";

/// The same plays, counted one by one.
const EXPLICIT: &str = r#"{ instants: { from: "2000-01-01T00:00:00Z", until: "2100-01-01T00:00:00Z" } }"#;

async fn equal_plays_share_a_rank_and_the_next_rank_is_skipped(db: TestDb) {
    history()
        .listener("ada")
        .track("most")
        .lasting_ms(100_000)
        .played_times(3, "2026-11-01T10:00:00Z")
        .track("shorter")
        .lasting_ms(150_000)
        .played_times(2, "2026-11-02T10:00:00Z")
        .track("longer")
        .lasting_ms(400_000)
        .played_times(2, "2026-11-03T10:00:00Z")
        .track("b")
        .lasting_ms(100_000)
        .played_at("2026-11-04T10:00:00Z")
        .track("a")
        .lasting_ms(100_000)
        .played_at("2026-11-05T10:00:00Z")
        .track("c")
        .lasting_ms(300_000)
        .played_at("2026-11-06T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for range in [ALL_TIME, EXPLICIT] {
        let by_plays = ranks(&api, range, "PLAYS").await;
        let expected = [("most", 1), ("longer", 2), ("shorter", 2), ("c", 4), ("a", 4), ("b", 4)];
        assert_eq!(by_plays, expected.map(|(name, rank)| (name.to_owned(), rank)), "{range}");
        let by_listen_time = ranks(&api, range, "LISTEN_TIME").await;
        let expected = [("longer", 1), ("most", 2), ("shorter", 2), ("c", 2), ("a", 5), ("b", 5)];
        assert_eq!(by_listen_time, expected.map(|(name, rank)| (name.to_owned(), rank)), "{range}");
    }
}

async fn ranks(api: &Api, range: &str, by: &str) -> Vec<(String, i64)> {
    let query =
        format!("{{ insights(range: {range}) {{ topTracks(by: {by}) {{ edges {{ rank node {{ name }} }} }} }} }}");
    let data = api.ask(&query).await;
    let edges = data["insights"]["topTracks"]["edges"].as_array().unwrap();
    edges.iter().map(|edge| (text(&edge["node"]["name"]), edge["rank"].as_i64().unwrap())).collect()
}

/// 23 tracks by 5 artists, with equals in one measure, in the other, and in both.
async fn pages_of_any_length_are_the_same_chart(db: TestDb) {
    let mut plays = history().listener("ada");
    let mut expected: Vec<(i64, i64, String)> = Vec::new(); // plays, listen time, name
    for number in 0..23_i64 {
        let (id, times, length) = (format!("track {number:02}"), number % 4 + 1, 60_000 * (number % 3 + 1));
        let artist = format!("artist {}", number % 5);
        let day = format!("2026-10-{:02}T10:00:00Z", number + 1);
        plays = plays.track(&id).by([artist.as_str()]).lasting_ms(i32::try_from(length).unwrap());
        plays = plays.played_times(times, &day);
        expected.push((times, times * length, id));
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for by in ["PLAYS", "LISTEN_TIME"] {
        let measure = |row: &(i64, i64, String)| if by == "PLAYS" { (row.0, row.1) } else { (row.1, row.0) };
        expected.sort_by_key(|row| (Reverse(measure(row)), row.2.clone()));
        let rank = |row| 1 + expected.iter().filter(|other| measure(other).0 > measure(row).0).count();
        let chart: Vec<Value> = expected.iter().map(|row| json!([row.2, row.0, row.1, rank(row)])).collect();
        for range in [ALL_TIME, EXPLICIT] {
            for first in [1, 2, 7, 22, 23, 24, 100] {
                assert_eq!(rows(&api, "topTracks", range, first, by).await, chart, "{first} by {by} in {range}");
            }
            let artists = rows(&api, "topArtists", range, 100, by).await;
            assert_eq!(artists.len(), 5);
            assert_eq!(rows(&api, "topArtists", range, 2, by).await, artists);
        }
    }
}

/// Every row as name, plays, listen time and rank, asked for in pages of `first`.
async fn rows(api: &Api, field: &str, range: &str, first: usize, by: &str) -> Vec<Value> {
    let query = format!(
        "query ($after: String) {{ insights(range: {range}) {{ {field}(first: {first}, after: $after, by: {by}) {{
            edges {{ cursor rank plays listenTimeMs node {{ name }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
    );
    let edges = api.edges(&query, &format!("/insights/{field}")).await;
    let row = |edge: &Value| json!([edge["node"]["name"], edge["plays"], edge["listenTimeMs"], edge["rank"]]);
    edges.iter().map(row).collect()
}

async fn a_chart_goes_on_behind_its_row_while_plays_arrive(db: TestDb) {
    let plays = history().listener("ada");
    let plays = plays.track("a").played_times(3, "2026-11-01T10:00:00Z");
    let plays = plays.track("b").played_times(2, "2026-11-02T10:00:00Z");
    plays.track("c").played_at("2026-11-03T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "query ($after: String) { insights { topTracks(first: 2, after: $after) {
        edges { rank node { name } } pageInfo { endCursor } totalCount } } }";
    let first = api.ask(query).await["insights"]["topTracks"].take();
    assert_eq!(names(&first["edges"]), ["a", "b"]);
    let more = history().listener("bob").track("new").played_times(9, "2026-11-04T10:00:00Z");
    more.track("b").played_times(5, "2026-11-05T10:00:00Z").load(&db.db()).await;
    let second = api.ask_with(query, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    let second = &second["insights"]["topTracks"];
    assert_eq!(second["edges"], json!([{ "rank": 4, "node": { "name": "c" } }]));
    assert_eq!(second["totalCount"], 4);
}

async fn behind_the_last_row_there_is_nothing(db: TestDb) {
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "query ($after: String) { insights { topTracks(after: $after) { edges { cursor } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    let only = api.ask(query).await;
    let cursor = &only["insights"]["topTracks"]["edges"][0]["cursor"];
    assert_eq!(only["insights"]["topTracks"]["pageInfo"]["startCursor"], *cursor);
    let behind = api.ask_with(query, json!({ "after": cursor })).await;
    let nothing = json!({
        "edges": [],
        "totalCount": 1,
        "pageInfo": { "hasNextPage": false, "hasPreviousPage": true, "startCursor": null, "endCursor": null },
    });
    assert_eq!(behind["insights"]["topTracks"], nothing);
}

async fn a_play_counts_once_for_its_primary_artist_or_once_for_each_credited_one(db: TestDb) {
    let plays = history().listener("ada");
    let plays = plays.track("duet").by(["x", "y"]).played_times(2, "2026-11-01T10:00:00Z");
    let plays = plays.track("solo").by(["y"]).played_at("2026-11-02T10:00:00Z");
    plays.track("by nobody known").played_at("2026-11-03T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for range in [ALL_TIME, EXPLICIT] {
        let data = api
            .ask(&format!(
                "{{ insights(range: {range}) {{
                    totals {{ primary: artists all: artists(credit: ALL) }}
                    primary: topArtists {{ totalCount edges {{ rank plays node {{ name }} }} }}
                    all: topArtists(credit: ALL) {{ totalCount edges {{ rank plays node {{ name }} }} }} }} }}"
            ))
            .await;
        let x_first = json!({ "totalCount": 2, "edges": [
            { "rank": 1, "plays": 2, "node": { "name": "x" } },
            { "rank": 2, "plays": 1, "node": { "name": "y" } },
        ] });
        let y_first = json!({ "totalCount": 2, "edges": [
            { "rank": 1, "plays": 3, "node": { "name": "y" } },
            { "rank": 2, "plays": 2, "node": { "name": "x" } },
        ] });
        let totals = json!({ "primary": 2, "all": 2 });
        assert_eq!(data["insights"], json!({ "totals": totals, "primary": x_first, "all": y_first }), "{range}");
    }
}

async fn namesakes_are_two_artists(db: TestDb) {
    history()
        .artist("from Seattle", "Nirvana")
        .artist("from London", "Nirvana")
        .listener("ada")
        .track("a")
        .by(["from Seattle"])
        .played_times(2, "2026-11-01T10:00:00Z")
        .track("b")
        .by(["from London"])
        .played_at("2026-11-02T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for range in [ALL_TIME, EXPLICIT] {
        let query = format!(
            "{{ insights(range: {range}) {{ totals {{ artists }} topArtists {{ nodes {{ name spotifyId }} }} }} }}"
        );
        let expected = json!({ "totals": { "artists": 2 }, "topArtists": { "nodes": [
            { "name": "Nirvana", "spotifyId": "from Seattle" },
            { "name": "Nirvana", "spotifyId": "from London" },
        ] } });
        assert_eq!(api.ask(&query).await["insights"], expected, "{range}");
    }
}

async fn a_track_whose_album_has_several_covers_is_one_row(db: TestDb) {
    let plays = history().listener("ada").track("a").by(["x"]).album("b").covers([640, 300, 64]);
    plays.played_times(2, "2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let data = api.ask("{ insights { topTracks { totalCount edges { plays node { images { width } } } } } }").await;
    let images = json!([{ "width": 640 }, { "width": 300 }, { "width": 64 }]);
    let expected = json!({ "totalCount": 1, "edges": [{ "plays": 2, "node": { "images": images } }] });
    assert_eq!(data["insights"]["topTracks"], expected);
}

async fn shares_are_parts_of_everything_in_the_range(db: TestDb) {
    history()
        .listener("ada")
        .track("a")
        .by(["x", "y"])
        .lasting_ms(100_000)
        .played_times(3, "2026-11-01T10:00:00Z")
        .track("b")
        .by(["y"])
        .lasting_ms(900_000)
        .played_at("2026-11-02T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    for range in [ALL_TIME, EXPLICIT] {
        let data = api
            .ask(&format!(
                "{{ insights(range: {range}) {{
                    plays: topTracks {{ edges {{ share }} }}
                    time: topTracks(by: LISTEN_TIME) {{ edges {{ share }} }}
                    lastPlays: topTracks(first: 1) {{ edges {{ share }} }}
                    artists: topArtists(credit: ALL) {{ edges {{ share }} }} }} }}"
            ))
            .await;
        let share = |field: &str, row: usize| data["insights"][field]["edges"][row]["share"].as_f64().unwrap();
        assert_eq!((share("plays", 0), share("plays", 1)), (0.75, 0.25), "{range}");
        assert_eq!((share("time", 0), share("time", 1)), (0.75, 0.25), "{range}");
        assert_eq!(share("lastPlays", 0), 0.75, "a share of the page: {range}");
        assert_eq!((share("artists", 0), share("artists", 1)), (1.0, 0.75), "{range}");
    }
}

async fn everyone_is_listed_by_how_much_they_played(db: TestDb) {
    history()
        .listener("silent")
        .listener("ada")
        .track("a")
        .lasting_ms(300_000)
        .played_times(2, "2026-11-01T10:00:00Z")
        .listener("bob")
        .track("a")
        .played_times(3, "2026-11-01T10:00:00Z")
        .listener("cy")
        .track("b")
        .lasting_ms(100_000)
        .played_times(2, "2026-11-02T10:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    let listeners = "topListeners { totalCount edges { rank plays node { username } } }";
    for range in [ALL_TIME, EXPLICIT] {
        let everyone =
            api.ask(&format!("{{ insights(range: {range}) {{ totals {{ listeners }} {listeners} }} }}")).await;
        let expected = json!({ "totals": { "listeners": 3 }, "topListeners": { "totalCount": 3, "edges": [
            { "rank": 1, "plays": 3, "node": { "username": "bob" } },
            { "rank": 2, "plays": 2, "node": { "username": "ada" } },
            { "rank": 2, "plays": 2, "node": { "username": "cy" } },
        ] } });
        assert_eq!(everyone["insights"], expected, "{range}");
    }
    let query = format!("{{ user(username: \"ada\") {{ insights {{ totals {{ listeners }} {listeners} }} }} }}");
    let expected = json!({ "totals": { "listeners": 1 }, "topListeners": { "totalCount": 1, "edges": [
        { "rank": 1, "plays": 2, "node": { "username": "ada" } },
    ] } });
    assert_eq!(api.ask(&query).await["user"]["insights"], expected);
}

async fn a_page_has_1_to_100_rows_and_a_wrong_length_costs_no_other_field(db: TestDb) {
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for first in [0, -1, 101] {
        for field in ["topTracks", "topArtists", "topListeners"] {
            let query = format!("{{ insights {{ totals {{ plays }} it: {field}(first: {first}) {{ totalCount }} }} }}");
            let answer = api.answer(&query).await;
            assert_eq!(answer.data, json!({ "insights": { "totals": { "plays": 1 }, "it": null } }));
            let [error] = &answer.errors[..] else { panic!("{:?}", answer.errors) };
            error.says("BAD_USER_INPUT", [format!("`first` is {first}: expected 1 to 100").as_str(), "`after`"]);
            assert_eq!(error.path, "insights.it");
        }
        let query =
            format!("{{ user(username: \"ada\") {{ username plays(first: {first}) {{ nodes {{ playedAt }} }} }} }}");
        let answer = api.answer(&query).await;
        assert_eq!(answer.data, json!({ "user": { "username": "ada", "plays": null } }));
        answer.errors[0].says("BAD_USER_INPUT", ["1 to 100"]);
    }
    for first in [1, 100] {
        api.ask(&format!("{{ insights {{ topTracks(first: {first}) {{ totalCount }} }} }}")).await;
    }
}

async fn a_cursor_of_another_list_is_refused(db: TestDb) {
    let plays = history().listener("ada").track("a").by(["x"]).album("b");
    plays.played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let lists = [
        "topTracks(after: $after)",
        "topTracks(by: LISTEN_TIME, after: $after)",
        "topArtists(after: $after)",
        "topArtists(credit: ALL, after: $after)",
        "topListeners(after: $after)",
    ];
    let query =
        |list: &str| format!("query ($after: String) {{ insights {{ it: {list} {{ pageInfo {{ endCursor }} }} }} }}");
    let plays =
        "query ($after: String) { user(username: \"ada\") { it: plays(after: $after) { pageInfo { endCursor } } } }";
    let mut cursors = vec![api.ask(plays).await["user"]["it"]["pageInfo"]["endCursor"].take()];
    for list in lists {
        cursors.push(api.ask(&query(list)).await["insights"]["it"]["pageInfo"]["endCursor"].take());
    }
    for (own, cursor) in cursors.iter().enumerate() {
        assert!(cursor.is_string());
        for (index, query) in std::iter::once(plays.to_owned()).chain(lists.map(query)).enumerate() {
            let answer = api.answer_with(&query, json!({ "after": cursor })).await;
            if index == own {
                assert_eq!(answer.errors, []);
            } else {
                assert_eq!(answer.errors.len(), 1, "{query} took the cursor of list {own}");
                answer.errors[0].says("BAD_USER_INPUT", ["`after`", "cursor", "endCursor"]);
            }
        }
    }
    for nonsense in ["", "nonsense", "😀", "VHJhY2tzL3BsYXlzOjk5OTk5OTk5OTk5OTk5OTk5OTk5OTksMSwx"] {
        let answer = api.answer_with(&query(lists[0]), json!({ "after": nonsense })).await;
        answer.errors[0].says("BAD_USER_INPUT", ["`after`", "endCursor"]);
    }
}

fn names(edges: &Value) -> Vec<String> {
    edges.as_array().unwrap().iter().map(|edge| text(&edge["node"]["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
