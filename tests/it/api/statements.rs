//! What an answer costs the database: a long list as many statements as a short one.

use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    a_list_of_a_hundred_costs_as_many_statements_as_a_list_of_one,
    the_same_rows_are_read_once_for_each_way_that_leads_to_them,
    fields_that_ask_for_the_same_rows_share_a_statement,
    a_warm_list_costs_no_statement_but_for_revisions,
}

async fn a_list_of_a_hundred_costs_as_many_statements_as_a_list_of_one(db: TestDb) {
    load_a_hundred(&db).await;
    for query in [
        "{ insights { topTracks(first: N) { edges { node { name artists { name } album { name images { url } } } } } } }",
        "{ insights { topTracks(first: N) { nodes { name album { artists { name genres } } audioFeatures { valence } } } } }",
        "{ insights { topArtists(first: N, credit: ALL) { nodes { name genres images { url } popularity followers } } } }",
        "{ insights { topListeners(first: N) { edges { node { name: username } } } } }",
        "{ user(username: \"ada\") { plays(first: N) { nodes { track { name artists { name genres } } } } } }",
    ] {
        let (one, hundred) = (cost(&db, &query.replace('N', "1")).await, cost(&db, &query.replace('N', "100")).await);
        assert!(!one.is_empty(), "{query}");
        assert_eq!(one.len(), hundred.len(), "{query}\n{one:#?}\n{hundred:#?}");
        let answer = Api::start(&db.db()).await.ask(&query.replace('N', "100")).await;
        assert!(answer.to_string().matches("\"name\":").count() >= 100, "{query}\n{answer:#}");
    }
}

/// Where two ways of different length lead to the same rows, those may be read once for each way, and not more often.
async fn the_same_rows_are_read_once_for_each_way_that_leads_to_them(db: TestDb) {
    load_a_hundred(&db).await;
    let query = "{ insights { topTracks(first: 100) { nodes {
        artists { name genres } album { name artists { name genres } images { url } } primaryArtist { name genres }
        images { url } popularity audioFeatures { valence } } } } }";
    let statements = cost(&db, query).await;
    for (table, most) in [
        ("track", 1),
        ("track_artist", 1),
        ("track_popularity", 1),
        ("track_features", 1),
        ("album", 1),
        ("album_image", 1),
        ("album_artist", 1),
        ("artist", 2),
        ("artist_genre", 2),
    ] {
        let from = format!("FROM \"{table}\"");
        let count = statements.iter().filter(|statement| statement.contains(&from)).count();
        assert!((1..=most).contains(&count), "{count} times {table}\n{statements:#?}");
    }
}

async fn load_a_hundred(db: &TestDb) {
    let mut plays = history();
    for number in 0..100 {
        let [track, artist, guest, album, listener] =
            ["track", "artist", "guest", "album", "listener"].map(|kind| format!("{kind}-{number}"));
        plays = plays.track(&track).by([artist.as_str(), guest.as_str()]).album(&album).covers([640, 300, 64]);
        plays = plays.album_by([artist.as_str()]);
        plays = plays.listener(&listener).played_at("2026-11-01T10:00:00Z");
        plays = plays.listener("ada").played_times(2, "2026-11-02T10:00:00Z");
    }
    plays.load(&db.db()).await;
}

async fn fields_that_ask_for_the_same_rows_share_a_statement(db: TestDb) {
    let plays = history().listener("ada").track("a").by(["x", "y"]).album("b").covers([640]);
    plays.played_at("2026-11-01T10:00:00Z").load(&db.db()).await;
    let once = "{ insights { topTracks { nodes { primaryArtist { name } images { url } } } } }";
    let often = "{ insights { topTracks { nodes { primaryArtist { name } images { url } artists { name }
        album { images { url } } again: primaryArtist { name spotifyId } } } } }";
    let (once, often) = (cost(&db, once).await, cost(&db, often).await);
    // The album's row is the only one that the second query reads beside those of the first.
    assert_eq!(once.len() + 1, often.len(), "{once:#?}\n{often:#?}");
}

/// Neither for the chart nor for names and pictures; and as a whole answer, that of a query asked before, none at all.
async fn a_warm_list_costs_no_statement_but_for_revisions(db: TestDb) {
    load_a_hundred(&db).await;
    let api = Api::start(&db.db()).await;
    let query = "query N { insights { topTracks(first: 100) {
        edges { node { name artists { name } album { name images { url } } } } } } }";
    let cold = api.statements(&query.replace('N', "Cold")).await;
    let warm = api.statements(&query.replace('N', "Warm")).await;
    assert!(cold.iter().any(|statement| statement.contains("FROM \"artist\"")), "{cold:#?}");
    assert!(warm.iter().all(|statement| statement.contains("\"revision\"")), "{warm:#?}");
    assert_eq!(api.statements(&query.replace('N', "Warm")).await, Vec::<String>::new());
}

/// The statements of a query that is the first of its server, so that nothing is remembered from another.
async fn cost(db: &TestDb, query: &str) -> Vec<String> {
    Api::start(&db.db()).await.statements(query).await
}
