//! The spool: whatever is away, the archive or the database, nothing that was fetched is lost.

use entity::ingest_run::Outcome;
use tests::database::TestDb;
use tests::fake_spotify::AppMode;
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    a_bucket_that_is_away_for_three_ticks_costs_nothing,
    a_database_that_is_away_is_caught_up_with_before_anything_is_fetched,
    a_damaged_file_is_put_aside_and_the_rest_drains,
    what_waits_of_somebody_who_is_gone_is_dropped,
    two_drains_at_once_are_one,
}

async fn a_bucket_that_is_away_for_three_ticks_costs_nothing(db: TestDb) {
    let mut station = Station::with(db, AppMode::Extended, TestArchive::s3().await).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.archive.take_down().await;
    for tick in 1..=3 {
        station.hear(&ada, 20);
        station.hear(&bob, 1);
        assert_eq!(station.run_due().await, Outcome::Partly, "the upload is left to do");
        assert_eq!(station.plays(&ada).await, station.issued(&ada), "fresh plays load all the same");
        assert_eq!(station.spooled().len(), 2 * tick);
        assert_eq!(station.failure(&ada).await.unwrap().0, "archive");
    }
    station.archive.bring_up();
    station.pass_ms(3_600_000);
    assert_eq!(station.run_due().await, Outcome::Succeeded);
    assert_eq!(station.spooled(), [""; 0].map(std::path::PathBuf::from));
    assert_eq!(station.archive.keys().await.len(), 8);
    assert_eq!(station.db.count("archive_object").await, 8);
    for listener in [&ada, &bob] {
        assert_eq!(station.plays(listener).await, station.issued(listener));
    }
    assert_eq!(station.db.count("gap").await, 0);
}

async fn a_database_that_is_away_is_caught_up_with_before_anything_is_fetched(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 50);
    station.db.execute("ALTER TABLE play RENAME TO away").await;
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!(station.failure(&ada).await.unwrap().0, "load");
    assert_eq!((station.spooled().len(), station.archive.keys().await.len()), (1, 1));
    station.db.execute("ALTER TABLE away RENAME TO play").await;

    // Spotify has forgotten these plays by now.
    station.hear(&ada, 50);
    assert_eq!(station.run_due().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await.len(), 100);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.spooled().len(), 0);
    assert_eq!(station.archive.keys().await.len(), 2);
    assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
}

async fn a_damaged_file_is_put_aside_and_the_rest_drains(db: TestDb) {
    let mut station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.hear(&ada, 2);
    station.hear(&bob, 2);
    station.archive.take_down().await;
    station.run().await;
    let [first, _] = station.spooled().try_into().unwrap();
    std::fs::write(&first, "half a pa").unwrap();

    station.archive.bring_up();
    let drained = station.drain().await;
    assert_eq!((drained.done, drained.damaged, drained.waiting), (1, 1, 0));
    let [aside] = station.spooled().try_into().unwrap();
    assert!(aside.starts_with(station.spool_folder().join(".damaged")), "{aside:?}");
    assert_eq!(std::fs::read(&aside).unwrap(), b"half a pa", "nothing is thrown away");
    assert_eq!(station.pipeline.spool.damaged().await.unwrap(), 1);
    assert_eq!(station.drain().await, ::ingest::spool::Drained::default(), "and it is not tried again");
}

async fn what_waits_of_somebody_who_is_gone_is_dropped(db: TestDb) {
    let mut station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.hear(&ada, 2);
    station.hear(&bob, 2);
    station.archive.take_down().await;
    station.run().await;
    station.archive.bring_up();
    let gone = station.user(&ada).await;
    station.db.execute(&format!("DELETE FROM \"user\" WHERE id = {gone}")).await;
    let drained = station.drain().await;
    assert_eq!((drained.done, drained.dropped, station.spooled().len()), (1, 1, 0));
    let keys = station.archive.keys().await;
    assert!(keys.len() == 1 && keys[0].contains(&format!("user={}/", station.user(&bob).await)), "{keys:?}");

    station.hear(&bob, 1);
    station.archive.take_down().await;
    station.run().await;
    assert_eq!(station.pipeline.spool.erase(station.user(&bob).await).await.unwrap(), 1);
    assert_eq!(station.spooled().len(), 0);
}

async fn two_drains_at_once_are_one(db: TestDb) {
    let mut station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.archive.take_down().await;
    for _ in 0..5 {
        station.hear(&ada, 5);
        station.run().await;
    }
    station.archive.bring_up();
    let all = futures::future::join_all((0..3).map(|_| station.drain())).await;
    assert!(all.iter().all(|drained| drained.waiting + drained.damaged == 0), "{all:?}");
    assert_eq!((station.spooled().len(), station.archive.keys().await.len()), (0, 5));
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}
