//! Totals kept beside the plays equal totals made anew from them, whatever was loaded in whatever order.

use std::time::Duration;

use ::ingest::rollup::{self, Difference};
use entity::archive::Kind;
use entity::ids::UserId;
use entity::revision;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;
use tests::database::{Rows, TestDb};
use tests::ingest::Station;
use tests::ingest::documents::{Item, Track, page};
use tests::on_both;

on_both! {
    totals_stay_true_through_any_sequence_of_loads,
    totals_stay_true_when_loads_run_side_by_side,
    a_total_that_is_off_is_told_and_mended,
    plays_of_a_track_move_with_its_credits_and_its_album,
    a_revision_rises_with_what_it_counts_and_only_then,
}

const ROLLUPS: [&str; 6] =
    ["track_total", "album_total", "artist_total", "genre_total", "listener_total", "quarter_hour_total"];

async fn totals(station: &Station) -> Rows {
    station.db.rows(ROLLUPS).await
}

async fn verified(station: &Station) -> Vec<Difference> {
    rollup::verify(&station.db.db()).await.unwrap()
}

/// A station and its so many listeners, of whom nothing is known.
async fn silent(db: TestDb, listeners: usize) -> (Station, Vec<UserId>) {
    let station = Station::new(db).await;
    let mut users = Vec::new();
    for number in 0..listeners {
        let listener = station.listener(&format!("listener{number}")).await;
        users.push(station.user(&listener).await);
    }
    (station, users)
}

/// A page of 0 to 20 plays within two days. What it says of a track (credits, album, length, recording) changes from page
/// to page and may not be said at all; a tenth of the tracks are one recording.
fn any_page(dice: &mut ChaCha8Rng, now_ms: i64) -> Vec<u8> {
    let items: Vec<Item> = (0..dice.random_range(0..=20))
        .map(|_| {
            let number = dice.random_range(0..20);
            let mut track = Track::new(&format!("t{number}"));
            track.duration_ms = dice.random_bool(0.8).then(|| 60_000 + 1_000 * number);
            if dice.random_bool(0.8) {
                let mut artists = ["a1", "a2", "a3", "a4", "a5", "a6"];
                artists.shuffle(dice);
                track = track.by(&artists[..dice.random_range(1..=4)]);
            }
            if dice.random_bool(0.7) {
                track = track.on(["al1", "al2", "al3"][dice.random_range(0..3)]);
            }
            if number < 2 {
                track = track.recorded_as("USRC12600001");
            }
            // Few instants, so that pages overlap and plays of several tracks end at the same time.
            track.at(now_ms - dice.random_range(0..40) * 4_321_987)
        })
        .collect();
    page(&items)
}

async fn totals_stay_true_through_any_sequence_of_loads(db: TestDb) {
    let (station, users) = silent(db, 3).await;
    let (mut dice, mut other_dice) = (ChaCha8Rng::seed_from_u64(20_261_122), ChaCha8Rng::seed_from_u64(8));
    let mut known = 0;
    for load in 0..40 {
        let user = users[dice.random_range(0..users.len())];
        let bytes = any_page(&mut dice, station.now_ms());
        known += station.load(Kind::Plays(user), bytes).await.unwrap().plays_known;
        if load % 4 == 3 {
            let genres = &["dream pop", "zeuhl", "été"][..other_dice.random_range(0..=3)];
            let document =
                json!({ "artists": [{ "id": "a1", "genres": genres }, { "id": "a2", "genres": ["zeuhl"] }] });
            station.load(Kind::Artists, document.to_string().into_bytes()).await.unwrap();
        }
        assert_eq!(verified(&station).await, [], "after load {load}");
    }
    assert!(known > 30 && station.db.count("play").await > 100, "the pages overlapped and brought plays");
    let folded = totals(&station).await;
    assert!(folded.values().all(|rows| !rows.is_empty()));
    rollup::rebuild(&station.db.db(), station.pipeline.clock.now()).await.unwrap();
    assert_eq!(totals(&station).await, folded);
}

async fn totals_stay_true_when_loads_run_side_by_side(db: TestDb) {
    let (station, users) = silent(db, 6).await;
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..4 {
        let loads = users.iter().map(|user| station.load(Kind::Plays(*user), any_page(&mut dice, station.now_ms())));
        for loaded in futures::future::join_all(loads.collect::<Vec<_>>()).await {
            loaded.unwrap();
        }
        assert_eq!(verified(&station).await, []);
    }
}

/// The test plays the part of the other load, which has taken out its track and not committed yet. On SQLite the two would
/// come one after the other.
#[tokio::test]
async fn a_total_that_two_loads_empty_together_is_gone() {
    let (station, users) = silent(TestDb::postgres().await, 1).await;
    let kind = Kind::Plays(users[0]);
    let now = station.now_ms();
    let both = page(&[Track::new("t1").on("al1").at(now), Track::new("t2").on("al1").at(now - 1)]);
    station.load(kind, both).await.unwrap();

    let other = station.pipeline.db.begin().await.unwrap();
    for sql in [
        "UPDATE track SET album_id = NULL WHERE spotify_id = 't2'",
        "UPDATE album_total SET plays = plays - 1, listened_ms = listened_ms - 180000",
    ] {
        other.execute_unprepared(sql).await.unwrap();
    }
    let load = station.load(kind, page(&[Track::new("t1").on("al2").at(now)]));
    let commit = async {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while station.db.number(waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        other.commit().await.unwrap();
    };
    let (loaded, ()) = futures::join!(load, commit);
    loaded.unwrap();
    assert_eq!(verified(&station).await, []);
    assert_eq!(station.db.count("album_total").await, 1, "only al2 has plays");
}

async fn a_total_that_is_off_is_told_and_mended(db: TestDb) {
    let (station, users) = silent(db, 1).await;
    let mut dice = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..5 {
        station.load(Kind::Plays(users[0]), any_page(&mut dice, station.now_ms())).await.unwrap();
    }
    let folded = totals(&station).await;
    let one = |table: &str, column: &str| format!("{column} = (SELECT min({column}) FROM {table})");
    for (table, column, missing_and_false) in [
        ("track_total", "track_id", (1, 1)),
        ("album_total", "album_id", (1, 1)),
        ("artist_total", "artist_id", (2, 2)),
        ("listener_total", "user_id", (1, 1)),
        ("quarter_hour_total", "quarter_hour", (1, 1)),
    ] {
        let (missing, false_rows) = missing_and_false;
        let row = one(table, column);
        let mut told = Vec::new();
        for corrupt in [
            format!("UPDATE {table} SET plays = plays + 1 WHERE {row}"),
            format!("UPDATE {table} SET listened_ms = listened_ms - 1 WHERE {row}"),
            format!("DELETE FROM {table} WHERE {row}"),
        ] {
            station.db.execute(&corrupt).await;
            told.extend(verified(&station).await);
            rollup::rebuild(&station.db.db(), station.pipeline.clock.now()).await.unwrap();
            assert_eq!(totals(&station).await, folded, "{corrupt}");
        }
        let wrong = Difference { table, missing, false_rows };
        assert_eq!(told, [wrong.clone(), wrong, Difference { table, missing, false_rows: 0 }]);
    }
}

async fn plays_of_a_track_move_with_its_credits_and_its_album(db: TestDb) {
    let (station, users) = silent(db, 1).await;
    let kind = Kind::Plays(users[0]);
    let now = station.now_ms();
    let first = Track::new("t1").by(&["a1", "a2"]).on("al1");
    station.load(kind, page(&[first.clone().at(now), first.at(now - 1)])).await.unwrap();
    let second = Track::new("t1").by(&["a2"]).on("al2");
    station.load(kind, page(&[second.at(now - 2)])).await.unwrap();

    let artists = entity::artist_total::Entity::find().find_also_related(entity::artist::Entity);
    let mut counted: Vec<_> = artists
        .all(station.pipeline.db.read())
        .await
        .unwrap()
        .into_iter()
        .map(|(total, artist)| (artist.unwrap().spotify_id, total.credit, total.plays, total.listened_ms))
        .collect();
    counted.sort_by_key(|(id, credit, ..)| (id.clone(), *credit));
    let all = |credit| ("a2".to_owned(), credit, 3, 540_000);
    assert_eq!(counted, [all(entity::artist_total::Credit::Primary), all(entity::artist_total::Credit::All)]);

    let albums = entity::album_total::Entity::find().find_also_related(entity::album::Entity);
    let counted: Vec<_> = albums.all(station.pipeline.db.read()).await.unwrap();
    let [(total, Some(album))] = counted.as_slice() else { panic!("{counted:?}") };
    assert_eq!((album.spotify_id.as_str(), total.plays), ("al2", 3), "an album without plays has no total");
    assert_eq!(verified(&station).await, []);
}

async fn a_revision_rises_with_what_it_counts_and_only_then(db: TestDb) {
    let (station, users) = silent(db, 2).await;
    let now = station.now_ms();
    let revisions = async || {
        let of = async |audience: i32| {
            let row = revision::Entity::find_by_id(audience).one(station.pipeline.db.read()).await.unwrap();
            row.map_or(0, |row| row.number)
        };
        [of(users[0].0).await, of(users[1].0).await, of(revision::EVERYONE).await, of(revision::CATALOGUE).await]
    };
    let load = async |user: usize, items: &[Item]| {
        station.load(Kind::Plays(users[user]), page(items)).await.unwrap();
    };
    let track = || Track::new("t1").by(&["a1"]).on("al1");
    assert_eq!(revisions().await, [0, 0, 0, 0]);
    load(0, &[track().at(now)]).await;
    assert_eq!(revisions().await, [1, 0, 1, 0]);
    load(1, &[track().at(now)]).await;
    assert_eq!(revisions().await, [1, 1, 2, 0]);
    load(1, &[track().at(now)]).await;
    assert_eq!(revisions().await, [1, 1, 2, 0], "nothing new");
    load(1, &[Track::new("t1").by(&["a2"]).at(now)]).await;
    assert_eq!(revisions().await, [1, 1, 2, 1], "a known track is credited to somebody else");
}
