//! What a fault costs and how it reads: the two promises for which the GraphQL library is pinned to its version, and the
//! codes and sentences of everything a client can get wrong.

use serde_json::json;
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    fields_come_in_the_order_in_which_they_were_asked_for,
    an_error_in_a_nullable_field_costs_that_field_only,
    documents_at_fault_are_refused_with_a_code_and_a_sentence,
}

/// async-graphql 7.1 and later answer in the order in which fields complete: those that ask the database come last.
async fn fields_come_in_the_order_in_which_they_were_asked_for(db: TestDb) {
    let plays = history().listener("ada").track("a").by(["x"]).album("b");
    plays.played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "{
        z: insights { topTracks { edges { node { album { name } name artists { name } } rank } } asOf totals { plays } }
        __typename
        m: user(username: \"ada\") { insights { totals { plays } asOf } username plays { nodes { playedAt } } id }
        a: track(spotifyId: \"a\") { primaryArtist { name } spotifyId }
    }";
    let answer = api.answer(query).await;
    assert_eq!(answer.errors, []);
    let id = answer.data["m"]["id"].as_str().unwrap();
    let expected = r#"{"data":{
        "z":{"topTracks":{"edges":[{"node":{"album":{"name":"b"},"name":"a","artists":[{"name":"x"}]},"rank":1}]},
             "asOf":"2026-11-22T12:00:00Z","totals":{"plays":1}},
        "__typename":"Query",
        "m":{"insights":{"totals":{"plays":1},"asOf":"2026-11-22T12:00:00Z"},"username":"ada",
             "plays":{"nodes":[{"playedAt":"2026-11-01T10:00:00Z"}]},"id":"ID"},
        "a":{"primaryArtist":{"name":"x"},"spotifyId":"a"}}}"#;
    let expected: String = expected.lines().map(str::trim).collect();
    assert_eq!(answer.text, expected.replace("ID", id));
}

/// async-graphql 7.1 and later drop a failed field, key and all, or null what is around it.
async fn an_error_in_a_nullable_field_costs_that_field_only(db: TestDb) {
    history().listener("ada").track("a").played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "{ insights {
        totals { plays } topTracks(first: 0) { totalCount } topArtists(after: \"x\") { totalCount }
        topListeners { totalCount } asOf } }";
    let answer = api.answer(query).await;
    assert_eq!(answer.status, 200);
    let data = answer.text.split(",\"errors\":").next().unwrap();
    let expected = r#"{"data":{"insights":{"totals":{"plays":1},"topTracks":null,"topArtists":null,
        "topListeners":{"totalCount":1},"asOf":"2026-11-22T12:00:00Z"}}"#;
    assert_eq!(data, expected.lines().map(str::trim).collect::<String>());
    let mut paths: Vec<_> = answer.errors.iter().map(|error| (error.path.as_str(), error.code.as_str())).collect();
    paths.sort_unstable();
    assert_eq!(paths, [("insights.topArtists", "BAD_USER_INPUT"), ("insights.topTracks", "BAD_USER_INPUT")]);
}

async fn documents_at_fault_are_refused_with_a_code_and_a_sentence(db: TestDb) {
    let api = Api::start(&db.db()).await;
    let deep = format!("{{ a {} {}", "{ a ".repeat(20), "} ".repeat(21));
    let wide: String = (0..31).map(|n| format!("a{n}: insights {{ asOf }} ")).collect();
    for (query, code, words) in [
        ("{ insights { totals { plays }", "GRAPHQL_PARSE_FAILED", "line 1, column 30"),
        ("", "GRAPHQL_PARSE_FAILED", "expected an operation"),
        ("{ insights { totals { hats } } }", "GRAPHQL_VALIDATION_FAILED", "Unknown field \"hats\" on type \"Totals\""),
        ("{ insights { totals } }", "GRAPHQL_VALIDATION_FAILED", "selection of subfields"),
        ("query ($n: Int) { __typename }", "GRAPHQL_VALIDATION_FAILED", "\"$n\" is not used"),
        ("{ insights { topTracks(first: $n) { totalCount } } }", "GRAPHQL_VALIDATION_FAILED", "\"$n\" is not defined"),
        ("{ user { id } }", "GRAPHQL_VALIDATION_FAILED", "\"username\""),
        ("{ user(username: 7) { id } }", "BAD_USER_INPUT", "expected type \"String\""),
        ("mutation { anything }", "GRAPHQL_VALIDATION_FAILED", "Unknown field \"anything\" on type \"Mutation\""),
        ("subscription { anything }", "BAD_REQUEST", "/graphql/ws"),
        ("query A { __typename } query B { __typename }", "BAD_REQUEST", "operationName"),
        ("{ insights { topTracks(by: FAME) { totalCount } } }", "BAD_USER_INPUT", "\"FAME\""),
        ("{ insights { topTracks(first: 99999999999) { totalCount } } }", "BAD_USER_INPUT", "2147483647"),
        ("query ($n: Int!) { insights { topTracks(first: $n) { totalCount } } }", "BAD_USER_INPUT", "$n"),
        (&deep, "QUERY_TOO_COMPLEX", "16"),
        (&format!("{{ {wide} }}"), "QUERY_TOO_COMPLEX", "30"),
    ] {
        let answer = api.answer(query).await;
        assert!(answer.data.is_null() || answer.data == json!({ "insights": null }), "{query}: {}", answer.data);
        assert!(!answer.errors.is_empty(), "{query}");
        for error in answer.errors {
            error.says(code, [words]);
            assert_eq!(error.message.lines().count(), 1, "{error:?}");
        }
    }
}
