//! The end of a link, and of everything that came by it.

use std::time::Duration;

use entity::db::Db;
use entity::erasure;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::spotify_account::{State, disconnect};
use ingest::command::accounts::remove;
use ingest::erase;
use ingest::load;
use ingest::pipeline::Failure;
use ingest::rollup;
use sea_orm::ConnectionTrait;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Listener};
use tests::ingest::{Station, TestArchive};
use tests::on_both;
use tokio_util::sync::CancellationToken;

on_both! {
    a_link_that_ends_keeps_the_plays_and_forgets_the_token,
    an_erasure_takes_all_of_one_person_and_nothing_of_others,
    an_erasure_that_was_asked_for_is_carried_out_by_the_next_run,
    an_erasure_goes_on_when_the_archive_is_back,
    an_erasure_that_is_told_to_stop_is_no_crash_and_goes_on_later,
    what_was_fetched_before_an_erasure_does_not_come_back,
    loads_that_race_with_an_erasure_leave_nothing_behind,
    whoever_connects_again_begins_anew,
    a_person_who_is_removed_leaves_true_totals_behind,
}

/// Everything of a person that an erasure leaves: the account with its settings, the tombstone, and what the runs did.
const KEPT: [&str; 4] = ["user", "spotify_account", "erasure", "ingest_step"];

async fn pair(db: TestDb) -> (Station, Listener, Listener) {
    pair_with(db, TestArchive::directory()).await
}

/// Two people who share most of their tracks, so that totals are shared, too.
async fn pair_with(db: TestDb, archive: TestArchive) -> (Station, Listener, Listener) {
    let station = Station::with(db, tests::fake_spotify::AppMode::Extended, archive).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    for track in 0..20 {
        station.pass_ms(180_000);
        station.spotify.play(&ada, track, station.now_ms());
        station.spotify.play(&bob, track + 10, station.now_ms() - 1);
    }
    assert_eq!(station.run().await, Outcome::Succeeded);
    (station, ada, bob)
}

async fn erase(station: &Station, listener: &Listener) -> UserId {
    let user = station.user(listener).await;
    station.pass_ms(1_000);
    let now = station.pipeline.clock.now();
    assert!(disconnect(&station.pipeline.db, user, true, now).await.unwrap());
    user
}

/// The tables that still hold rows of `user`.
async fn tables_of(db: &TestDb, user: UserId) -> Vec<String> {
    let mut tables = Vec::new();
    for (table, shape) in db.shapes().await {
        let mut foreign_keys = shape.foreign_keys.iter();
        let leads_there = foreign_keys.find(|(_, key)| key.table == "user").map(|(column, _)| column.as_str());
        let column = if table == "user" { Some("id") } else { leads_there };
        let Some(column) = column else { continue };
        if db.number(&format!("SELECT COUNT(*) FROM \"{table}\" WHERE {column} = {user}")).await > 0 {
            tables.push(table);
        }
    }
    tables
}

async fn assert_true_totals(station: &Station) {
    assert_eq!(rollup::verify(&station.pipeline.db).await.unwrap(), []);
}

async fn a_link_that_ends_keeps_the_plays_and_forgets_the_token(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let user = station.user(&ada).await;
    let generation = station.account(&ada).await.generation;
    assert!(disconnect(&station.pipeline.db, user, false, station.pipeline.clock.now()).await.unwrap());
    let account = station.account(&ada).await;
    assert_eq!((account.state, account.generation), (State::Disconnected, generation + 1));
    assert_eq!((account.sealed_refresh_token, account.spotify_user_id), (None, None));
    assert!(!disconnect(&station.pipeline.db, user, false, station.pipeline.clock.now()).await.unwrap());

    let calls = station.spotify.referee().calls_by(&ada, Endpoint::Token);
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::Token), calls);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn an_erasure_takes_all_of_one_person_and_nothing_of_others(db: TestDb) {
    let (station, ada, bob) = pair_with(db, TestArchive::s3().await).await;
    let (user, other) = (station.user(&ada).await, station.user(&bob).await);
    for (table, columns) in [
        ("skip", "(user_id, skipped_at, track_id, listened_ms) VALUES ({user}, 1, 1, 1)"),
        ("gap", "(user_id, \"after\", \"before\", detected_at) VALUES ({user}, 1, 2, 3)"),
    ] {
        for user in [user, other] {
            station.db.execute(&format!("INSERT INTO {table} {}", columns.replace("{user}", &user.to_string()))).await;
        }
    }
    let theirs = tables_of(&station.db, other).await;
    let revisions = "SELECT CAST(SUM(number) AS BIGINT) FROM revision WHERE audience = 0";
    let revision = station.db.number(revisions).await;

    erase(&station, &ada).await;
    let erased = erase::one(&station.pipeline, user).await.unwrap();
    assert_eq!((erased.plays, erased.skips, erased.gaps, erased.objects), (20, 1, 1, 2), "a page, and who it was");
    let left = tables_of(&station.db, user).await;
    assert!(left.iter().all(|table| KEPT.contains(&table.as_str())), "{left:?}");
    assert_eq!(tables_of(&station.db, other).await, theirs);
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    let keys = station.archive.keys().await;
    assert!(!keys.is_empty() && keys.iter().all(|key| !key.contains(&format!("/user={user}/"))), "{keys:?}");
    assert_true_totals(&station).await;
    assert!(station.db.number(revisions).await > revision, "kept answers are not asked for any more");
    let bytes = station.db.bytes().await;
    let refresh_token = station.spotify.refresh_token(&ada);
    assert!(!bytes.windows(refresh_token.len()).any(|window| window == refresh_token.as_bytes()));

    let again = erase::one(&station.pipeline, user).await.unwrap();
    assert_eq!(again, erase::Erased::default(), "doing it again is doing nothing");
    assert_true_totals(&station).await;
}

async fn an_erasure_that_was_asked_for_is_carried_out_by_the_next_run(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    let user = erase(&station, &ada).await;
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), [user]);
    assert_eq!(station.whole_run().await, Outcome::Succeeded);
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), []);
    assert_eq!((station.plays(&ada).await.len(), station.plays(&bob).await.len()), (0, 20));
    assert_true_totals(&station).await;
    let commands = station.db.number("SELECT COUNT(*) FROM ingest_run WHERE command = 'erase'").await;
    assert_eq!(commands, 1, "the run history tells of it");
}

async fn an_erasure_that_is_told_to_stop_is_no_crash_and_goes_on_later(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let user = erase(&station, &ada).await;
    let stop = CancellationToken::new();
    // It waits for a load that holds the listener, and is told to stop while it does.
    let elsewhere = Db::open(station.db.url(), 1).await.unwrap();
    let holds = elsewhere.begin().await.unwrap();
    let hold = format!("UPDATE \"user\" SET display_name = 'held' WHERE id = {}", user.0);
    holds.execute_unprepared(&hold).await.unwrap();
    let left = tokio::join!(erase::all(&station.pipeline, &stop), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop.cancel();
        tokio::time::sleep(Duration::from_millis(200)).await;
        holds.rollback().await.unwrap();
    });
    assert_eq!(left.0.unwrap(), 1);
    assert!(!station.plays(&ada).await.is_empty());
    assert_eq!(station.db.number("SELECT COUNT(*) FROM ingest_run WHERE outcome = 'running'").await, 0);
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), [user]);
    assert_eq!(station.whole_run().await, Outcome::Succeeded);
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), []);
}

async fn an_erasure_goes_on_when_the_archive_is_back(db: TestDb) {
    let (mut station, ada, _) = pair_with(db, TestArchive::s3().await).await;
    let user = erase(&station, &ada).await;
    station.archive.take_down().await;
    assert_eq!(erase::all(&station.pipeline, &CancellationToken::new()).await.unwrap(), 1);
    assert_eq!(station.plays(&ada).await.len(), 0, "the database is rid of it already");
    assert_true_totals(&station).await;
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), [user]);
    station.archive.bring_up();
    assert_eq!(erase::all(&station.pipeline, &CancellationToken::new()).await.unwrap(), 0);
    assert_eq!(erasure::pending(station.pipeline.db.read()).await.unwrap(), []);
    assert_eq!(station.archive.keys().await.iter().filter(|key| key.contains(&format!("/user={user}/"))).count(), 0);
}

async fn what_was_fetched_before_an_erasure_does_not_come_back(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let user = station.user(&ada).await;
    let prefix = format!("/user={user}/");
    let key = station
        .archive
        .keys()
        .await
        .into_iter()
        .find(|key| key.starts_with("plays/") && key.contains(&prefix))
        .unwrap();
    let page = station.archive.read(&key).await;
    let fetched_at = station.pipeline.clock.now();
    erase(&station, &ada).await;
    for moment in ["asked for", "carried out"] {
        if moment == "carried out" {
            erase::one(&station.pipeline, user).await.unwrap();
        }
        let late = station.load_fetched_at(entity::archive::Kind::Plays(user), page.clone(), fetched_at).await;
        assert!(matches!(late, Err(Failure::Erased)), "{moment}: {late:?}");
        let kept = station.archive.keys().await;
        assert!(moment == "asked for" || !kept.iter().any(|key| key.contains(&prefix)), "{moment}: {kept:?}");
    }
    assert_eq!(station.plays(&ada).await.len(), 0);
    assert_true_totals(&station).await;
}

/// Pages of one person are loaded while that person is erased: whichever comes first, nothing is left and all totals are
/// true.
async fn loads_that_race_with_an_erasure_leave_nothing_behind(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    let user = station.user(&ada).await;
    let keys = station.archive.keys().await;
    let key = keys.iter().find(|key| key.starts_with(&format!("plays/v1/user={user}/"))).unwrap();
    let key = entity::archive::ArchiveKey::parse(key).unwrap();
    let page = station.archive.read(&key.to_string()).await;
    let mut batch = ingest::transform::recently_played(&page).unwrap();
    erase(&station, &ada).await;
    // The request is taken back, so that the loads are let in until the erasure stands in their way again.
    station.db.execute("DELETE FROM erasure").await;
    let now = station.pipeline.clock.now();
    let loads: Vec<_> = (0..12)
        .map(|round| {
            for play in &mut batch.plays {
                play.played_at = play.played_at + 1;
            }
            let (db, batch) = (station.pipeline.db.clone(), batch.clone());
            let origin = load::Origin { key: key.clone(), user: Some(user), fetched_at: now };
            tokio::spawn(async move { (round, tests::ingest::load(&db, &origin, &batch, now).await) })
        })
        .collect();
    let erasing = async {
        disconnect(&station.pipeline.db, user, true, now).await.unwrap();
        erase::one(&station.pipeline, user).await.unwrap();
    };
    erasing.await;
    for load in loads {
        let (round, result) = load.await.unwrap();
        assert!(matches!(result, Ok(_) | Err(load::Error::Erased)), "{round}: {result:?}");
    }
    assert_eq!(station.plays(&ada).await, []);
    assert_true_totals(&station).await;
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
}

async fn whoever_connects_again_begins_anew(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let user = erase(&station, &ada).await;
    station.add("ada", &station.spotify.reauthorize(&ada)).await;
    station.pass_ms(1_000);
    station.hear(&ada, 1);
    assert_eq!(station.whole_run().await, Outcome::Succeeded, "{:?}", station.steps().await);
    assert_eq!(station.account(&ada).await.state, State::Active);
    assert_eq!(station.plays(&ada).await, station.issued(&ada), "what Spotify still shows was consented to anew");
    let objects =
        station.archive.keys().await.iter().filter(|key| key.starts_with(&format!("plays/v1/user={user}/"))).count();
    assert_eq!(objects, 1, "the new page stays, the old one is gone");
    assert_true_totals(&station).await;
}

async fn a_person_who_is_removed_leaves_true_totals_behind(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    let user = station.user(&ada).await;
    let page = station
        .archive
        .keys()
        .await
        .into_iter()
        .find(|key| key.starts_with(&format!("plays/v1/user={user}/")))
        .unwrap();
    let page = station.archive.read(&page).await;
    station.pass_ms(1_000);
    let erased = remove(&station.pipeline, user).await.unwrap();
    assert_eq!(erased.plays, 20);
    assert_eq!(tables_of(&station.db, user).await, Vec::<String>::new());
    assert_true_totals(&station).await;
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    let late = station.load(entity::archive::Kind::Plays(user), page).await;
    assert!(matches!(late, Err(Failure::Erased)), "{late:?}");
}
