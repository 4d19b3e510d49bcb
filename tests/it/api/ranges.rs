//! Ranges of time: what is inside, where days begin and end, and what cannot be a range.

use serde_json::{Value, json};
use tests::api::{Api, NOW, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    a_range_holds_its_first_millisecond_and_not_the_one_after_its_last,
    the_days_on_which_clocks_turn_have_23_and_25_hours,
    a_preset_stays_the_same_window_all_day,
    days_begin_where_the_listener_lives_unless_another_zone_is_asked_for,
    the_months_of_a_year_tile_it,
    all_time_of_everyone_is_what_counting_every_play_says,
    a_range_that_cannot_be_counted_is_refused_in_words,
    a_malformed_range_is_refused_before_anything_is_counted,
}

async fn a_range_holds_its_first_millisecond_and_not_the_one_after_its_last(db: TestDb) {
    let mut plays = history().listener("ada").track("a").by(["x"]);
    for end in ["09:59:59.999", "10:00:00.000", "10:59:59.999", "11:00:00.000"] {
        plays = plays.played_at(&format!("2026-11-01T{end}Z"));
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let range = r#"{ instants: { from: "2026-11-01T10:00:00Z", until: "2026-11-01T12:00:00+01:00" } }"#;
    let insights = "insights(range: $range) { range { from until } totals { plays } topTracks { edges { plays } }
        topArtists { edges { plays } } topListeners { edges { plays } } }";
    let insights = insights.replace("$range", range);
    let query = format!(
        "{{ {insights} user(username: \"ada\") {{ {insights} plays(range: {range}) {{ nodes {{ playedAt }} }} }} }}"
    );
    let data = api.ask(&query).await;
    let two = json!({ "edges": [{ "plays": 2 }] });
    let expected = json!({
        "range": { "from": "2026-11-01T10:00:00Z", "until": "2026-11-01T11:00:00Z" },
        "totals": { "plays": 2 }, "topTracks": two, "topArtists": two, "topListeners": two,
    });
    assert_eq!(data["insights"], expected);
    assert_eq!(data["user"]["insights"], expected);
    let inside = json!([{ "playedAt": "2026-11-01T10:59:59.999Z" }, { "playedAt": "2026-11-01T10:00:00Z" }]);
    assert_eq!(data["user"]["plays"]["nodes"], inside);
}

async fn the_days_on_which_clocks_turn_have_23_and_25_hours(db: TestDb) {
    let mut plays = history().listener_in("ada", "Europe/Berlin").track("a");
    // Every half hour of the days around, in UTC.
    for day in ["2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"] {
        for half_hour in 0..48 {
            plays = plays.played_at(&format!("{day}T{:02}:{:02}:00Z", half_hour / 2, half_hour % 2 * 30));
        }
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for (from, until, first, end, hours) in [
        ("2026-03-29", "2026-03-30", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23),
        ("2026-10-25", "2026-10-26", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25),
    ] {
        let range = format!("range: {{ dates: {{ from: \"{from}\", until: \"{until}\" }} }}");
        let counted = "{ range { from until timeZone } totals { plays } topTracks { edges { plays } } }";
        let query = format!(
            "{{ insights({range}, timeZone: \"Europe/Berlin\") {counted}
                user(username: \"ada\") {{ insights({range}) {counted} plays({range}, first: 100) {{ nodes {{ measured }} }} }} }}"
        );
        let data = api.ask(&query).await;
        let expected = json!({
            "range": { "from": first, "until": end, "timeZone": "Europe/Berlin" },
            "totals": { "plays": 2 * hours },
            "topTracks": { "edges": [{ "plays": 2 * hours }] },
        });
        assert_eq!(data["insights"], expected);
        assert_eq!(data["user"]["insights"], expected);
        assert_eq!(data["user"]["plays"]["nodes"].as_array().unwrap().len(), 2 * hours);
    }
}

async fn a_preset_stays_the_same_window_all_day(db: TestDb) {
    history()
        .listener_in("ada", "America/New_York")
        .track("a")
        .played_at("2026-11-22T04:59:59.999Z")
        .played_at("2026-11-22T05:00:00Z")
        .played_at("2026-11-23T04:59:59.999Z")
        .played_at("2026-11-23T05:00:00Z")
        .load(&db.db())
        .await;
    let api = Api::start(&db.db()).await;
    // From the first to the last moment of Sunday, 22 November in New York.
    for now in ["2026-11-22T05:00:00Z", "2026-11-22T12:00:00Z", "2026-11-23T04:59:59.999Z"] {
        api.set_now(now);
        for (preset, from, plays) in [
            ("TODAY", "2026-11-22T05:00:00Z", 2),
            ("YESTERDAY", "2026-11-21T05:00:00Z", 1),
            ("THIS_WEEK", "2026-11-16T05:00:00Z", 3),
            ("THIS_MONTH", "2026-11-01T04:00:00Z", 3),
            ("THIS_YEAR", "2026-01-01T05:00:00Z", 3),
            ("LAST_7_DAYS", "2026-11-16T05:00:00Z", 3),
            ("LAST_30_DAYS", "2026-10-24T04:00:00Z", 3),
            ("LAST_90_DAYS", "2026-08-25T04:00:00Z", 3),
            ("LAST_365_DAYS", "2025-11-23T05:00:00Z", 3),
        ] {
            let until = if preset == "YESTERDAY" { "2026-11-22T05:00:00Z" } else { "2026-11-23T05:00:00Z" };
            let query = format!(
                "{{ user(username: \"ada\") {{ insights(range: {{ preset: {preset} }}) {{
                    asOf range {{ from until }} totals {{ plays }} }} }} }}"
            );
            let range = json!({ "from": from, "until": until });
            // All of it was loaded at one instant, and nothing has changed since.
            let expected = json!({ "asOf": NOW, "range": range, "totals": { "plays": plays } });
            assert_eq!(api.ask(&query).await["user"]["insights"], expected, "{preset} at {now}");
        }
        let ever = "{ user(username: \"ada\") { insights(range: { preset: ALL_TIME }) { range { from until } totals { plays } } } }";
        let range = json!({ "from": null, "until": "2026-11-23T05:00:00Z" });
        assert_eq!(api.ask(ever).await["user"]["insights"], json!({ "range": range, "totals": { "plays": 3 } }));
    }
}

async fn days_begin_where_the_listener_lives_unless_another_zone_is_asked_for(db: TestDb) {
    history().listener_in("ada", "Asia/Tokyo").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let range = "range: { preset: TODAY }";
    let query = format!(
        "{{ user(username: \"ada\") {{
            timeZone
            own: insights({range}) {{ range {{ from timeZone }} }}
            other: insights({range}, timeZone: \"europe/berlin\") {{ range {{ from timeZone }} }} }}
          everyone: insights({range}) {{ range {{ from timeZone }} }} }}"
    );
    api.set_now("2026-11-22T15:30:00Z"); // half past midnight in Tokyo
    let expected = json!({
        "user": {
            "timeZone": "Asia/Tokyo",
            "own": { "range": { "from": "2026-11-22T15:00:00Z", "timeZone": "Asia/Tokyo" } },
            "other": { "range": { "from": "2026-11-21T23:00:00Z", "timeZone": "Europe/Berlin" } },
        },
        "everyone": { "range": { "from": "2026-11-22T00:00:00Z", "timeZone": "UTC" } },
    });
    assert_eq!(api.ask(&query).await, expected);
}

async fn the_months_of_a_year_tile_it(db: TestDb) {
    let mut plays = history().listener("ada").track("a");
    for month in 1..=12 {
        // The first and the last instant of each month in Berlin are in another month in UTC.
        plays = plays.played_at(&format!("2026-{month:02}-01T00:00:00+01:00"));
        plays = plays.played_times(month, &format!("2026-{month:02}-14T00:00:00Z"));
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for zone in ["UTC", "Europe/Berlin", "Pacific/Auckland"] {
        let plays = async |range: &str| {
            let query = format!(
                "{{ insights(range: {range}, timeZone: \"{zone}\") {{ range {{ from until }} totals {{ plays }} }} }}"
            );
            api.ask(&query).await["insights"].take()
        };
        let year = plays("{ year: 2026 }").await;
        let mut end = year["range"]["from"].clone();
        let mut sum = 0;
        for month in 1..=12 {
            let part = plays(&format!("{{ month: {{ year: 2026, month: {month} }} }}")).await;
            assert_eq!(part["range"]["from"], end, "month {month} in {zone}");
            end = part["range"]["until"].clone();
            sum += part["totals"]["plays"].as_i64().unwrap();
        }
        assert_eq!(end, year["range"]["until"], "{zone}");
        assert_eq!(sum, year["totals"]["plays"].as_i64().unwrap(), "{zone}");
    }
}

async fn all_time_of_everyone_is_what_counting_every_play_says(db: TestDb) {
    let mut plays = history();
    for (number, listener) in ["ada", "bob", "cy"].into_iter().enumerate() {
        plays = plays.listener(listener);
        for track in 0..9 - 2 * number {
            plays = plays.track(&format!("track {track}")).by(["x", "y", "z"].into_iter().skip(track % 3));
            plays =
                plays.album(&format!("album {}", track / 2)).lasting_ms(60_000 * (1 + i32::try_from(track).unwrap()));
            plays = plays.played_times(1 + (track % 2) as i64, &format!("2026-0{}-01T0{number}:00:00Z", track + 1));
        }
    }
    plays.load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let before = counted_both_ways(&api).await;
    assert_eq!(before["totals"]["plays"], 30);
    // What is played tomorrow, as Spotify's clock or a traveller's export may say, is not part of all time yet.
    let tomorrow = history().listener("dora").track("tomorrow").by(["w"]).album("later");
    tomorrow.played_times(5, "2026-11-23T00:00:00Z").load(&db.db()).await;
    assert_eq!(counted_both_ways(&api).await, before);
    api.set_now("2026-11-23T12:00:00Z");
    let after = counted_both_ways(&api).await;
    assert_eq!((&after["totals"]["plays"], &after["totals"]["artists"]), (&json!(35), &json!(4)));
}

/// Everyone's insights of all time, which must equal those of an explicit range with the same end.
async fn counted_both_ways(api: &Api) -> Value {
    let chart = "totalCount edges { rank plays listenTimeMs share cursor";
    let insights = format!(
        "totals {{ plays listenTimeMs measuredShare tracks artists all: artists(credit: ALL) albums listeners }}
         topTracks {{ {chart} node {{ name }} }} }} byTime: topTracks(by: LISTEN_TIME) {{ {chart} node {{ name }} }} }}
         topArtists {{ {chart} node {{ name }} }} }} all: topArtists(credit: ALL) {{ {chart} node {{ name }} }} }}
         topListeners {{ {chart} node {{ username }} }} }}"
    );
    let all_time = format!("{{ insights(range: {{ preset: ALL_TIME }}) {{ range {{ until }} {insights} }} }}");
    let all_time = api.ask(&all_time).await["insights"].take();
    let until = &all_time["range"]["until"];
    let explicit = format!("instants: {{ from: \"1970-01-01T00:00:00Z\", until: {until} }}");
    let explicit = format!("{{ insights(range: {{ {explicit} }}) {{ range {{ until }} {insights} }} }}");
    assert_eq!(all_time, api.ask(&explicit).await["insights"]);
    all_time
}

async fn a_range_that_cannot_be_counted_is_refused_in_words(db: TestDb) {
    let plays = history().listener("ada").track("a");
    plays.played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    for (arguments, words) in [
        ("timeZone: \"Mars/Olympus\"", ["\"Mars/Olympus\" is not a time zone", "Europe/Berlin"]),
        ("timeZone: \"+02:00\"", ["\"+02:00\" is not a time zone", "Europe/Berlin"]),
        ("timeZone: \"\"", ["\"\" is not a time zone", "IANA"]),
        (
            "range: { dates: { from: \"2026-11-02\", until: \"2026-11-01\" } }",
            ["ends before it begins", "`until` (2026-11-01) is exclusive"],
        ),
        ("range: { dates: { from: \"2026-11-02\", until: \"2026-11-02\" } }", ["ends before it begins", "exclusive"]),
        (
            "range: { instants: { from: \"2026-11-01T10:00:00Z\", until: \"2026-11-01T10:00:00Z\" } }",
            ["ends before it begins", "later than `from` (2026-11-01T10:00:00Z)"],
        ),
        ("range: { year: 0 }", ["year 0 is out of range", "1 to 9998"]),
        ("range: { year: -2147483648 }", ["year -2147483648 is out of range", "1 to 9998"]),
        ("range: { month: { year: 2026, month: 13 } }", ["month 13 is out of range", "12 (December)"]),
        ("range: { dates: { from: \"9999-12-30\", until: \"9999-12-31\" } }", ["out of range", "9998-12-31"]),
    ] {
        let query = format!(
            "{{ it: insights({arguments}) {{ totals {{ plays }} }} insights {{ totals {{ plays }} }}
                user(username: \"ada\") {{ username it: insights({arguments}) {{ totals {{ plays }} }} }} }}"
        );
        let answer = api.answer(&query).await;
        let siblings = json!({
            "it": null,
            "insights": { "totals": { "plays": 1 } },
            "user": { "username": "ada", "it": null },
        });
        assert_eq!(answer.data, siblings, "{arguments}");
        assert_eq!(answer.errors.len(), 2, "{:?}", answer.errors);
        for (error, path) in answer.errors.iter().zip(["it", "user.it"]) {
            error.says("BAD_USER_INPUT", words);
            assert_eq!((error.path.as_str(), error.message.lines().count()), (path, 1), "{error:?}");
        }
    }
    let query = "{ user(username: \"ada\") { username plays(range: { year: 0 }) { nodes { playedAt } } } }";
    let answer = api.answer(query).await;
    assert_eq!(answer.data, json!({ "user": { "username": "ada", "plays": null } }));
    answer.errors[0].says("BAD_USER_INPUT", ["year 0 is out of range"]);
}

async fn a_malformed_range_is_refused_before_anything_is_counted(db: TestDb) {
    let api = Api::start(&db.db()).await;
    let until = "2026-11-02T00:00:00Z";
    for (range, words) in [
        (r#"{ dates: { from: "yesterday", until: "2026-11-02" } }"#.to_owned(), ["range.dates.from", "\"Date\""]),
        (format!("{{ dates: {{ from: \"{until}\", until: \"2026-11-02\" }} }}"), ["range.dates.from", "\"Date\""]),
        (r#"{ dates: { from: "2026-02-29", until: "2026-03-01" } }"#.to_owned(), ["range.dates.from", "\"Date\""]),
        (r#"{ dates: { from: 20261101, until: "2026-11-02" } }"#.to_owned(), ["range.dates.from", "\"Date\""]),
        (
            format!("{{ instants: {{ from: \"2026-11-01\", until: \"{until}\" }} }}"),
            ["range.instants.from", "\"DateTime\""],
        ),
        (
            format!("{{ instants: {{ from: \"2026-11-01T10:00:00\", until: \"{until}\" }} }}"),
            ["range.instants.from", "\"DateTime\""],
        ),
        ("{ preset: LAST_FORTNIGHT }".to_owned(), ["range.preset", "LAST_FORTNIGHT"]),
        ("{ preset: TODAY, year: 2026 }".to_owned(), ["\"range\"", "exactly one field"]),
        ("{}".to_owned(), ["\"range\"", "exactly one field"]),
    ] {
        let literal = format!("{{ insights(range: {range}) {{ asOf }} __typename }}");
        let variable = "query ($range: TimeRangeInput!) { insights(range: $range) { asOf } __typename }";
        for answer in [api.answer(&literal).await, api.answer_with(variable, json!({ "range": as_json(&range) })).await]
        {
            assert_eq!(answer.data, Value::Null, "{range}");
            let [error] = &answer.errors[..] else { panic!("{range}: {:?}", answer.errors) };
            error.says("BAD_USER_INPUT", words);
        }
    }
}

/// A GraphQL literal of enum values, strings and objects as a variable's JSON.
fn as_json(literal: &str) -> Value {
    let mut json = String::new();
    let mut word = String::new();
    let mut in_string = false;
    for c in literal.chars() {
        if c == '"' {
            in_string = !in_string;
        }
        if !in_string && (c.is_ascii_alphabetic() || c == '_') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            json.push_str(&format!("\"{word}\""));
            word.clear();
        }
        json.push(c);
    }
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}
