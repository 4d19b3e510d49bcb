//! What an export knows by name only is asked for by name, and takes Spotify's id.

use ::ingest::enrich::{KINDS, Stop};
use entity::enrichment::Kind;
use entity::ids::UserId;
use serde_json::{Value, json};
use tests::database::TestDb;
use tests::export::{Export, file, short_row, with};
use tests::fake_spotify::{AppMode, Endpoint, Quirk, Rule};
use tests::ingest::{Station, TestArchive, documents};
use tests::on_both;

use super::{T0, import, person, texts};

on_both! {
    tracks_known_by_name_only_are_found_by_a_search,
    what_no_search_finds_stays_and_is_not_searched_for_again,
    a_budget_covers_the_search_and_what_it_found,
    a_search_that_is_refused_stops_nothing_else,
}

/// A row of the short account data about a track of the fake's world.
fn short_row_of(station: &Station, track: usize, at: i64) -> Value {
    let world = station.spotify.world();
    let track = &world.tracks[track];
    let names = json!({ "trackName": track.name, "artistName": world.artists[track.artists[0]].name });
    with(short_row("", "", at, 180_000), names)
}

async fn imported(db: TestDb, mode: AppMode, rows: impl Fn(&Station) -> Vec<Value>) -> Station {
    let station = Station::with(db, mode, TestArchive::directory()).await;
    let ada = person(&station.db, "ada").await;
    let export = Export::default();
    let short = export.write("StreamingHistory_music_0.json", &file(&rows(&station)));
    import(&station, ada, &[short]).await;
    station
}

async fn tracks_known_by_name_only_are_found_by_a_search(db: TestDb) {
    for mode in [AppMode::Development, AppMode::Extended] {
        let station = imported(db.another().await, mode, |station| {
            (0..3).map(|n| short_row_of(station, n, T0 + n as i64 * 600_000)).collect()
        })
        .await;
        let ids = "SELECT DISTINCT t.spotify_id FROM play p JOIN track t ON t.id = p.track_id";
        assert!(texts(&station.db, ids).await.iter().all(|id| id.starts_with("name:")), "{mode:?}");

        let enriched = station.backfill(&KINDS, 1_000).await;
        assert_eq!((enriched.stopped, enriched.absent), (None, 0), "{mode:?}");
        assert_eq!(enriched.found[&Kind::Name], 3, "{mode:?}");
        let told = texts(&station.db, &format!("{ids} WHERE t.duration_ms > 0 AND t.album_id IS NOT NULL")).await;
        let world = station.spotify.world();
        let namesakes = |id: &String| {
            let track = world.track(id).unwrap_or_else(|| panic!("{mode:?}: {id} is nothing at Spotify"));
            (0..3).any(|n| world.tracks[n].name == track.name)
        };
        assert!(told.len() == 3 && told.iter().all(namesakes), "{mode:?}: {told:?}");
        assert_eq!(station.db.count("play").await, 3, "{mode:?}");
        assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), [], "{mode:?}");
        assert_eq!(station.backfill(&KINDS, 1_000).await.calls, 0, "{mode:?}: nothing is lacking any more");

        // What was found stands in the archive, and makes nothing anew by itself.
        let searches = station.archive.keys().await.into_iter().filter(|key| key.starts_with("searches/v1/")).count();
        assert!((1..=3).contains(&searches), "{mode:?}: {searches}");
    }
}

async fn what_no_search_finds_stays_and_is_not_searched_for_again(db: TestDb) {
    let rows = |_: &Station| vec![short_row("Never Recorded", "Nobody", T0, 60_000)];
    let station = imported(db, AppMode::Development, rows).await;
    let enriched = station.backfill(&[Kind::Track, Kind::Name], 100).await;
    assert_eq!((enriched.calls, enriched.absent, enriched.stopped), (1, 1, None));
    assert_eq!(station.backfill(&[Kind::Track, Kind::Name], 100).await.calls, 0);
    let left = texts(&station.db, "SELECT t.name FROM play p JOIN track t ON t.id = p.track_id").await;
    assert_eq!(left, ["Track Never Recorded"]);
}

async fn a_budget_covers_the_search_and_what_it_found(db: TestDb) {
    let rows = |station: &Station| (0..3).map(|n| short_row_of(station, n, T0 + n as i64 * 600_000)).collect();
    let station = imported(db, AppMode::Development, rows).await;
    // Which batches the app may ask is found out with the first one.
    assert_eq!(station.backfill(&[Kind::Name], 2).await.found[&Kind::Name], 1);
    let enriched = station.backfill(&[Kind::Name], 3).await;
    assert_eq!((enriched.calls, enriched.found[&Kind::Name], enriched.stopped), (2, 1, Some(Stop::Budget)));
    assert_eq!(station.spotify.referee().calls(Endpoint::Search), 2);
    let enriched = station.backfill(&[Kind::Name], 100).await;
    assert_eq!((enriched.calls, enriched.found[&Kind::Name], enriched.stopped), (2, 1, None));
}

async fn a_search_that_is_refused_stops_nothing_else(db: TestDb) {
    let rows = |station: &Station| (0..2).map(|n| short_row_of(station, n, T0 + n as i64 * 600_000)).collect();
    let station = imported(db, AppMode::Development, rows).await;
    let said = station.spotify.world().tracks[5].clone();
    let bare = documents::Track { id: said.id.clone(), ..documents::Track::default() };
    let document = documents::page(&[bare.at(station.now_ms())]);
    station.load(entity::archive::Kind::Plays(UserId(1)), document).await.unwrap();
    for quirk in [Quirk::Forbidden(None), Quirk::Html(200)] {
        station.spotify.add_rule(Rule::next(1, quirk).at(Endpoint::Search));
        let enriched = station.backfill(&KINDS, 100).await;
        assert_eq!(enriched.stopped, None);
        station.spotify.clear_rules();
    }
    assert!(station.db.count("artist_image").await > 0, "all else went on");
    let ids = "SELECT t.spotify_id FROM play p JOIN track t ON t.id = p.track_id";
    // What made no sense is left alone for a week; the other one was found.
    let names = texts(&station.db, ids).await.into_iter().filter(|id| id.starts_with("name:")).count();
    assert_eq!(names, 1);
}
