//! Loading twice equals loading once, whatever the second page looks like.

use entity::archive::Kind;
use entity::ingest_run::Outcome;
use serde_json::json;
use tests::database::{Rows, TestDb};
use tests::fake_spotify::{Endpoint, ItemQuirk, Quirk, Rule};
use tests::ingest::Station;
use tests::ingest::documents::{Track, page};
use tests::on_both;

on_both! {
    a_second_run_loads_nothing_and_says_so,
    the_same_bytes_loaded_again_change_nothing,
    a_play_on_two_pages_counts_once,
    a_late_play_counts_although_it_is_older_than_the_newest_known,
    an_item_that_comes_twice_in_a_page_counts_once,
    repeats_of_a_track_are_plays_of_their_own,
    a_relinked_track_is_not_a_second_play,
    two_ids_of_one_recording_at_one_instant_are_one_play,
    two_loads_of_one_page_at_the_same_time_are_one,
}

/// Everything that answers are made of; the rest is the story of the runs.
const FACTS: &[&str] = &[
    "user",
    "artist",
    "album",
    "track",
    "track_artist",
    "album_artist",
    "album_image",
    "artist_image",
    "artist_genre",
    "track_popularity",
    "artist_popularity",
    "artist_followers",
    "track_features",
    "play",
    "skip",
    "gap",
    "revision",
    "track_total",
    "album_total",
    "artist_total",
    "listener_total",
    "quarter_hour_total",
];

async fn facts(station: &Station) -> Rows {
    station.db.rows(FACTS.iter().copied()).await
}

async fn a_second_run_loads_nothing_and_says_so(db: TestDb) {
    let station = Station::new(db).await;
    for name in ["ada", "bob"] {
        let listener = station.listener(name).await;
        station.spotify.listen(&listener, 30, station.now_ms());
    }
    station.run().await;
    let before = facts(&station).await;
    assert_eq!(before["play"].len(), 60);

    station.pass_ms(3_600_000);
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(facts(&station).await, before);
    let run = station.last_run().await;
    assert_eq!((run.accounts, run.plays_loaded, run.plays_known, run.gaps), (2, 0, 60, 0));
}

async fn the_same_bytes_loaded_again_change_nothing(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let kind = Kind::Plays(station.user(&ada).await);
    let now = station.now_ms();
    let bytes = page(&[
        Track::new("t2").by(&["a1", "a2"]).on("al1").at(now - 1_000),
        Track::new("t1").by(&["a1"]).at(now - 200_000),
        Track { id: "not an id".to_owned(), ..Track::default() }.at(now - 400_000),
    ]);
    let loaded = station.load(kind, bytes.clone()).await.unwrap();
    assert_eq!((loaded.plays_loaded, loaded.plays_known, loaded.rejected), (2, 0, 1));
    let all = station.db.tables().await;
    let before = station.db.rows(all.iter().map(String::as_str)).await;

    let loaded = station.load(kind, bytes).await.unwrap();
    assert_eq!((loaded.plays_loaded, loaded.plays_known), (0, 2));
    assert_eq!(station.db.rows(all.iter().map(String::as_str)).await, before, "archive's index and rejects too");
    assert_eq!(station.archive.keys().await.len(), 1);
}

async fn a_play_on_two_pages_counts_once(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    for heard in [30, 15, 0, 20] {
        station.hear(&ada, heard);
        assert_eq!(station.run().await, Outcome::Succeeded);
    }
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    let run = station.last_run().await;
    assert_eq!((run.plays_loaded, run.plays_known, run.gaps), (20, 30, 0));
}

async fn a_late_play_counts_although_it_is_older_than_the_newest_known(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 4);
    let surfaces_at_ms = station.now_ms() + 7_200_000;
    station.spotify.play_late(&ada, 1, station.now_ms() - 5_000, surfaces_at_ms);
    station.run().await;
    assert_eq!(station.plays(&ada).await.len(), 4);

    station.pass_ms(7_200_000);
    station.run().await;
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.plays(&ada).await.len(), 5);
}

async fn an_item_that_comes_twice_in_a_page_counts_once(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 4);
    station.spotify.add_rule(Rule::next(1, Quirk::duplicate(2)).at(Endpoint::RecentlyPlayed));
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.last_run().await.plays_loaded, 4);
}

async fn repeats_of_a_track_are_plays_of_their_own(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    // One millisecond apart: the key keeps them.
    for ago_ms in [1, 2, 60_000, 60_001] {
        station.spotify.play(&ada, 0, station.now_ms() - ago_ms);
    }
    station.run().await;
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_relinked_track_is_not_a_second_play(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let world = station.spotify.world();
    let [original, again] = world.landmarks.rerelease.map(|index| world.tracks[index].id.clone());
    station.spotify.play(&ada, world.landmarks.rerelease[0], station.now_ms());
    station.run().await;
    let before = station.db.rows(["play", "track_total", "listener_total", "quarter_hour_total"]).await;

    for (pointer, value) in [("/track/id", again.clone()), ("/track/uri", format!("spotify:track:{again}"))] {
        let relinked = ItemQuirk::Replace { item: 0, pointer: pointer.to_owned(), value: json!(value) };
        station.spotify.add_rule(Rule::next(1, Quirk::Item(relinked)).at(Endpoint::RecentlyPlayed));
    }
    station.run().await;
    assert_eq!(station.plays(&ada).await[0].track, original);
    assert_eq!(station.db.rows(["play", "track_total", "listener_total", "quarter_hour_total"]).await, before);
    assert_eq!(station.db.count("track").await, 2, "the page did name the other id");
}

async fn two_ids_of_one_recording_at_one_instant_are_one_play(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    for index in station.spotify.world().landmarks.rerelease {
        station.spotify.play(&ada, index, station.now_ms());
    }
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await.len(), 1, "one page says it as two pages would");
}

async fn two_loads_of_one_page_at_the_same_time_are_one(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let kind = Kind::Plays(station.user(&ada).await);
    let items: Vec<_> = (0..20)
        .map(|n| Track::new(&format!("t{n}")).by(&["a1", "a2"]).on("al1").at(station.now_ms() - n * 200_000))
        .collect();
    let bytes = page(&items);
    let loads = futures::future::join_all((0..6).map(|_| station.load(kind, bytes.clone()))).await;
    let loaded: usize = loads.into_iter().map(|loaded| loaded.unwrap().plays_loaded).sum();
    assert_eq!((loaded, station.db.count("play").await), (20, 20));
    assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
}
