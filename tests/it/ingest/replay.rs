//! The archive is the ground truth: whatever the database lost, a replay makes it anew, and `verify` tells.

use ::ingest::pipeline::Pipeline;
use ::ingest::replay::{Scope, Source, replay, verify};
use ::ingest::spool::Spool;
use entity::ids::UserId;
use entity::time::Instant;
use tests::database::{Rows, TestDb};
use tests::fake_spotify::{AppMode, Listener, Quirk, Rule};
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    a_replay_into_an_empty_database_yields_the_same_plays,
    a_damaged_database_is_told_and_repaired,
    a_part_can_be_replayed,
    somebody_elses_plays_are_not_mixed_in,
}

const EVERYTHING: Scope = Scope { user: None, since: None, source: Source::Archive };

/// What a replay must bring back to the row; keys of the catalogue may be others.
const SAME: &[&str] = &["user", "gap", "listener_total", "quarter_hour_total"];

async fn lived_in(db: TestDb, archive: TestArchive) -> (Station, Vec<Listener>) {
    let station = Station::with(db, AppMode::Extended, archive).await;
    let listeners = vec![station.listener("ada").await, station.listener("bob").await];
    for (tick, heard) in [30, 15, 70, 5].into_iter().enumerate() {
        station.hear(&listeners[0], heard);
        station.hear(&listeners[1], heard / 5);
        if tick == 1 {
            station.spotify.add_rule(Rule::next(1, Quirk::null_track(1)));
            station.spotify.add_rule(Rule::next(1, Quirk::TruncatedJson).by(&listeners[1]));
        }
        station.run().await;
        station.pass_ms(1_000);
    }
    (station, listeners)
}

/// The same archive before another database.
fn onto(station: &Station, db: &TestDb) -> Pipeline {
    let spool = Spool::new(station.spool_folder().join("another"));
    Pipeline::new(db.db(), station.archive.open(), spool, station.pipeline.clock.clone())
}

async fn plays(db: &TestDb) -> Vec<String> {
    let sql = "SELECT p.user_id || ' ' || p.played_at || ' ' || t.spotify_id || ' ' || p.listened_ms || ' ' || o.key
               FROM play p JOIN track t ON t.id = p.track_id JOIN archive_object o ON o.id = p.archive_object_id
               ORDER BY p.user_id, p.played_at, t.spotify_id";
    db.texts(sql).await
}

async fn a_replay_into_an_empty_database_yields_the_same_plays(db: TestDb) {
    let archive = if db.is_sqlite() { TestArchive::directory() } else { TestArchive::s3().await };
    let (station, _) = lived_in(db, archive).await;
    let (before, same) = (plays(&station.db).await, station.db.rows(SAME.iter().copied()).await);
    assert!(before.len() > 100 && same["gap"].len() == 1, "{} {same:?}", before.len());

    let empty = station.db.another().await;
    let pipeline = onto(&station, &empty);
    let replayed = replay(&pipeline, EVERYTHING).await.unwrap();
    assert_eq!((replayed.people, replayed.loaded.plays_loaded, replayed.unreadable), (2, before.len(), 0));
    assert_eq!(plays(&empty).await, before);
    let now: Rows = empty.rows(SAME.iter().copied()).await;
    for table in SAME.iter().filter(|table| **table != "gap") {
        assert_eq!(now[*table], same[*table], "{table}");
    }
    assert_eq!(now["gap"].len(), 1);
    assert_eq!(::ingest::rollup::verify(&empty.db()).await.unwrap(), []);
    assert!(verify(&pipeline, EVERYTHING).await.unwrap().is_whole());

    let tables = empty.tables().await;
    let once = empty.rows(tables.iter().map(String::as_str)).await;
    let again = replay(&pipeline, EVERYTHING).await.unwrap();
    assert_eq!((again.people, again.loaded.plays_loaded, again.pages), (0, 0, replayed.pages));
    assert_eq!(empty.rows(tables.iter().map(String::as_str)).await, once, "twice is once");

    // Whoever joins now gets a number of their own.
    empty.execute("INSERT INTO \"user\" (username, display_name, time_zone, listed, joined_at) VALUES ('new', 'new', 'UTC', FALSE, 0)").await;
    assert_eq!(empty.count("user").await, 3);
}

async fn a_damaged_database_is_told_and_repaired(db: TestDb) {
    let (station, listeners) = lived_in(db, TestArchive::directory()).await;
    let before = plays(&station.db).await;
    let whole = verify(&station.pipeline, EVERYTHING).await.unwrap();
    assert!(whole.is_whole() && whole.senseless == 1, "{whole:?}");

    let user = station.user(&listeners[0]).await;
    station.db.execute(&format!("DELETE FROM play WHERE user_id = {user} AND played_at % 2 = 0")).await;
    let lost = before.len() - station.db.count("play").await;
    let damaged = verify(&station.pipeline, EVERYTHING).await.unwrap();
    assert_eq!((damaged.missing, damaged.is_whole()), (lost, false));
    assert!(!damaged.differences.is_empty(), "the totals still count what is gone");

    let known = Scope { source: Source::Index, ..EVERYTHING };
    let replayed = replay(&station.pipeline, known).await.unwrap();
    assert_eq!((replayed.loaded.plays_loaded, replayed.people), (lost, 0));
    ::ingest::rollup::rebuild(&station.db.db(), Instant::from_ms(station.now_ms())).await.unwrap();
    assert!(verify(&station.pipeline, EVERYTHING).await.unwrap().is_whole());
    assert_eq!(plays(&station.db).await.len(), before.len());

    let key = station.archive.keys().await.into_iter().find(|key| key.starts_with("plays/")).unwrap();
    std::fs::write(station.archive.folder().join(key), "rot").unwrap();
    assert_eq!(verify(&station.pipeline, EVERYTHING).await.unwrap().unreadable, 1);
    assert_eq!(replay(&station.pipeline, EVERYTHING).await.unwrap().unreadable, 1, "and the rest is read");
}

async fn a_part_can_be_replayed(db: TestDb) {
    let (station, listeners) = lived_in(db, TestArchive::directory()).await;
    let bob = station.user(&listeners[1]).await;
    let empty = station.db.another().await;
    let pipeline = onto(&station, &empty);
    let one = replay(&pipeline, Scope { user: Some(bob), ..EVERYTHING }).await.unwrap();
    assert_eq!((one.people, empty.count("play").await), (1, station.plays(&listeners[1]).await.len()));

    let late = Scope { since: Some(Instant::from_ms(station.now_ms() - 2_000)), ..EVERYTHING };
    let replayed = replay(&pipeline, late).await.unwrap();
    assert_eq!((replayed.pages, replayed.people), (2, 1), "the last tick's pages");
}

async fn somebody_elses_plays_are_not_mixed_in(db: TestDb) {
    let (station, _) = lived_in(db, TestArchive::directory()).await;
    let other = station.db.another().await;
    other.execute("INSERT INTO \"user\" (id, username, display_name, time_zone, listed, joined_at) VALUES (1, 'eve', 'Eve', 'UTC', FALSE, 0)").await;
    let error = replay(&onto(&station, &other), EVERYTHING).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "number 1 is ada in the archive and eve in the database: replay into another database"
    );
    assert_eq!(other.count("play").await, 0);
    assert_eq!(UserId(1).to_string(), "1");
}
