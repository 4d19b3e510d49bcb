//! The raw archive: the same objects in a folder and in a bucket, and nothing loaded that it did not keep.

use entity::ingest_run::Outcome;
use tests::database::TestDb;
use tests::fake_spotify::AppMode;
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    a_folder_and_a_bucket_hold_the_same_objects,
    nothing_is_loaded_while_the_folder_is_away,
    nothing_is_loaded_while_the_bucket_is_away,
    a_wrong_secret_fails_and_says_so,
    a_persons_objects_lie_below_one_prefix,
}

async fn a_folder_and_a_bucket_hold_the_same_objects(db: TestDb) {
    let mut held = Vec::new();
    for archive in [TestArchive::directory(), TestArchive::s3().await] {
        let station = Station::with(db.another().await, AppMode::Development, archive).await;
        for name in ["ada", "bob"] {
            let listener = station.listener(name).await;
            station.hear(&listener, 3);
        }
        for _ in 0..2 {
            assert_eq!(station.run().await, Outcome::Succeeded);
            station.pass_ms(86_400_000);
        }
        // At the same instant the same bytes have the same key.
        assert_eq!((station.run().await, station.run().await), (Outcome::Succeeded, Outcome::Succeeded));
        let mut objects = Vec::new();
        for key in station.archive.keys().await {
            let mut bytes = String::from_utf8(station.archive.read(&key).await).unwrap();
            // The fake's own port stands in its pages.
            bytes = bytes.replace(&station.spotify.api_url(), "");
            objects.push((key.rsplit_once('-').unwrap().0.to_owned(), bytes));
        }
        held.push(objects);
    }
    assert_eq!(held[0].len(), 6);
    assert_eq!(held[0], held[1]);
}

async fn nothing_is_loaded_while_the_folder_is_away(db: TestDb) {
    nothing_is_loaded_while_the_archive_is_away(db, TestArchive::directory()).await;
}

async fn nothing_is_loaded_while_the_bucket_is_away(db: TestDb) {
    nothing_is_loaded_while_the_archive_is_away(db, TestArchive::s3().await).await;
}

async fn nothing_is_loaded_while_the_archive_is_away(db: TestDb, archive: TestArchive) {
    let mut station = Station::with(db, AppMode::Extended, archive).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    assert_eq!(station.run().await, Outcome::Succeeded);
    station.hear(&ada, 2);

    station.archive.take_down().await;
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!((station.plays(&ada).await.len(), station.db.count("archive_object").await), (2, 1));
    let (step, message) = station.failure(&ada).await.unwrap();
    assert_eq!(step, "archive");
    assert!(message.starts_with("nothing was loaded, because the raw bytes could not be kept first"), "{message}");
    assert!(message.contains("plays/v1/user="), "{message}");
    assert!(message.contains("refused") || message.contains("Not a directory"), "it says why: {message}");

    station.archive.bring_up();
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.archive.keys().await.len(), 2);
}

async fn a_wrong_secret_fails_and_says_so(db: TestDb) {
    let mut station = Station::with(db, AppMode::Extended, TestArchive::s3().await).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.pipeline.archive = station.archive.open_with_wrong_secret();
    assert_eq!(station.run().await, Outcome::Failed);
    let (step, message) = station.failure(&ada).await.unwrap();
    assert!(step == "archive" && message.contains("SignatureDoesNotMatch"), "{message}");
    assert!(!message.contains("not the secret"), "{message}");
    assert_eq!((station.db.count("play").await, station.archive.keys().await.len()), (0, 0));
}

async fn a_persons_objects_lie_below_one_prefix(db: TestDb) {
    let station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.hear(&ada, 1);
    station.hear(&bob, 1);
    station.run().await;
    let keys = station.archive.keys().await;
    for (listener, key) in [&ada, &bob].into_iter().zip(&keys) {
        let day = format!("plays/v1/user={}/date=2026-11-22/20261122T0906", station.user(listener).await);
        assert!(key.starts_with(&day) && key.ends_with(".json.zst"), "{key}");
    }
    assert_eq!(keys.len(), 2);
}
