//! The raw archive: the same objects in a folder and in a bucket, and nothing loaded that it did not keep.

use entity::archive::{Archive, ArchiveKey, Error, Kind, Prefix};
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::time::Instant;
use tests::database::TestDb;
use tests::fake_spotify::AppMode;
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    a_folder_and_a_bucket_hold_the_same_objects,
    nothing_is_loaded_while_the_folder_is_away,
    nothing_is_loaded_while_the_bucket_is_away,
    a_wrong_secret_says_so_and_the_bytes_wait_in_the_spool,
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
    std::fs::write(station.spool_folder(), "in the way").unwrap();
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!((station.plays(&ada).await.len(), station.db.count("archive_object").await), (2, 1));
    let steps: Vec<_> = station.steps().await.into_iter().filter_map(|step| Some((step.name, step.message?))).collect();
    let [(archive, why), (spool, message)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((archive.as_str(), spool.as_str()), ("archive", "spool"));
    assert!(message.starts_with("nothing was loaded, because neither the archive nor the spool"), "{message}");
    assert!(message.contains("plays/v1/user="), "{message}");
    assert!(why.contains("refused") || why.contains("Not a directory"), "it says why: {why}");

    std::fs::remove_file(station.spool_folder()).unwrap();
    station.archive.bring_up();
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.archive.keys().await.len(), 2);
}

async fn a_wrong_secret_says_so_and_the_bytes_wait_in_the_spool(db: TestDb) {
    let mut station = Station::with(db, AppMode::Extended, TestArchive::s3().await).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.pipeline.archive = station.archive.open_with_wrong_secret();
    assert_eq!(station.run().await, Outcome::Partly);
    let (step, message) = station.failure(&ada).await.unwrap();
    assert!(step == "archive" && message.contains("SignatureDoesNotMatch"), "{message}");
    assert!(!message.contains("not the secret"), "{message}");
    assert_eq!((station.db.count("play").await, station.archive.keys().await.len()), (2, 0));
    assert_eq!(station.spooled().len(), 1);
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

/// Every key below a prefix, in the order of the listing.
async fn listed(archive: &Archive, prefix: &Prefix) -> Vec<String> {
    let mut listing = archive.list(prefix);
    let mut keys = Vec::new();
    while let Some(page) = listing.next_page().await.unwrap() {
        keys.extend(page.iter().map(ArchiveKey::to_string));
    }
    keys
}

#[tokio::test]
async fn what_was_put_is_read_back_listed_in_order_and_deleted_by_prefix() {
    for place in [TestArchive::directory(), TestArchive::s3().await] {
        let archive = place.open();
        assert_eq!(listed(&archive, &Prefix::everything()).await, [""; 0]);
        let mut kept = Vec::new();
        for (kind, hours) in [
            (Kind::Plays(UserId(1)), vec![0, 30, 2, 1]),
            (Kind::Plays(UserId(10)), vec![5]),
            (Kind::Plays(UserId(2)), vec![7, 6]),
            (Kind::Artists, vec![3]),
        ] {
            for hour in hours {
                let bytes = format!("{{\"hour\":{hour}}}").into_bytes();
                let key = ArchiveKey::new(kind, Instant::from_ms(hour * 3_600_000), &bytes);
                archive.put(&key, &bytes).await.unwrap();
                kept.push((key, bytes));
            }
        }
        for (key, bytes) in &kept {
            assert_eq!(&archive.get(key).await.unwrap(), bytes);
        }
        let mut keys: Vec<String> = kept.iter().map(|(key, _)| key.to_string()).collect();
        keys.sort();
        assert_eq!(listed(&archive, &Prefix::everything()).await, keys);
        let first = listed(&archive, &Prefix::of(Kind::Plays(UserId(1)))).await;
        assert_eq!(first.len(), 4, "user 1 is not user 10: {first:?}");

        assert_eq!(archive.people().await.unwrap(), [1, 2, 10].map(UserId));
        let mut deleted = Vec::new();
        for prefix in Prefix::personal(UserId(1)).iter().cycle().take(4) {
            deleted.push(archive.delete(prefix).await.unwrap());
        }
        assert_eq!(deleted, [4, 0, 0, 0], "doing it twice is doing it once");
        assert_eq!(archive.people().await.unwrap(), [2, 10].map(UserId));
        assert!(matches!(archive.get(&kept[0].0).await, Err(Error::Missing { .. })));
        keys.retain(|key| !key.starts_with("plays/v1/user=1/"));
        assert_eq!(listed(&archive, &Prefix::everything()).await, keys);
    }
}

#[tokio::test]
async fn an_object_that_is_not_what_was_put_is_refused() {
    let place = TestArchive::directory();
    let archive = place.open();
    let key = ArchiveKey::new(Kind::Artists, Instant::from_ms(0), b"{}");
    archive.put(&key, b"{}").await.unwrap();
    let path = place.folder().join(key.to_string());
    for (bytes, reason) in [(b"not zstd".to_vec(), "zstd"), (zstd::encode_all(&b"[]"[..], 3).unwrap(), "hash")] {
        std::fs::write(&path, bytes).unwrap();
        let Err(error) = archive.get(&key).await else { panic!("it was read") };
        assert!(matches!(error, Error::Damaged { .. }) && error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_listing_of_more_than_a_page_misses_nothing_and_passes_what_is_no_object() {
    let place = TestArchive::directory();
    let archive = place.open();
    let mut keys = Vec::new();
    for n in 0..1_100_i64 {
        let key = ArchiveKey::new(Kind::Plays(UserId(1)), Instant::from_ms(n * 3_600_000), b"{}");
        let path = place.folder().join(key.to_string());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        keys.push(key.to_string());
    }
    std::fs::write(place.folder().join("notes.txt"), "").unwrap();
    let mut listing = archive.list(&Prefix::everything());
    let (mut listed, mut pages) = (Vec::new(), 0);
    while let Some(page) = listing.next_page().await.unwrap() {
        listed.extend(page.iter().map(ArchiveKey::to_string));
        pages += 1;
    }
    assert_eq!((listed, pages, listing.strange()), (keys, 2, 1));
}

#[tokio::test]
async fn an_archive_that_is_away_says_what_it_did_not_do() {
    let mut place = TestArchive::s3().await;
    let archive = place.open();
    place.take_down().await;
    let key = ArchiveKey::new(Kind::Artists, Instant::from_ms(0), b"{}");
    assert!(matches!(archive.get(&key).await, Err(Error::Get { .. })));
    assert!(matches!(archive.list(&Prefix::everything()).next_page().await, Err(Error::List { .. })));
    assert!(matches!(archive.delete(&Prefix::of(Kind::Artists)).await, Err(Error::Delete { .. })));
}
