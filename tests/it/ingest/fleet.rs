//! The fleet on Postgres: each setting of the queue has a test here that fails without it.

use std::time::Duration;

use ::ingest::jobs::{Engine, Fleet, FleetSettings};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Listener, Quirk, Rule};
use tests::ingest::Station;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Quick to notice the dead, and never looking for jobs by itself: what is done, was told of or found on the way.
const SETTINGS: FleetSettings = FleetSettings {
    heartbeat: Duration::from_millis(100),
    dead_after: Duration::from_secs(60),
    sweep: Duration::from_millis(200),
    poll: Duration::from_millis(300),
};

struct Watch {
    stop: CancellationToken,
    worker: JoinHandle<anyhow::Result<()>>,
}

fn watch(station: &Station, settings: FleetSettings) -> Watch {
    let (stop, shift) = (CancellationToken::new(), station.shift());
    let token = stop.clone();
    let worker = tokio::spawn(async move { Fleet { settings }.work(shift, token).await });
    Watch { stop, worker }
}

impl Watch {
    async fn stop(self) {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
    }
}

async fn until(station: &Station, sql: &str, wanted: i64) {
    let reached = async {
        while station.db.number(sql).await != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    reached.unwrap_or_else(|_| panic!("{sql} never became {wanted}"));
}

async fn listeners(station: &Station, count: usize) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for n in 0..count {
        let listener = station.listener(&format!("listener{n}")).await;
        station.hear(&listener, 1);
        listeners.push(listener);
    }
    listeners
}

/// A poll in the queue, as a worker left it that was killed an hour ago at its `attempts`th attempt.
async fn left_by_a_killed_worker(station: &Station, listener: &Listener, attempts: i32) {
    let (user, account) = (station.user(listener).await, station.account(listener).await.user_id);
    station.db.execute("INSERT INTO ingest_run (command, started_at, outcome, accounts, plays_loaded, plays_known, rejected, gaps) VALUES ('watch', 0, 'running', 1, 0, 0, 0, 0)").await;
    station
        .db
        .execute(&format!("UPDATE spotify_account SET due_at = 9000000000000000 WHERE user_id = {account}"))
        .await;
    station
        .db
        .execute(&format!(
            "SELECT graphile_worker.add_job('poll', json_build_object('user', {user}, 'run', 1), \
             queue_name := 'account:{user}', max_attempts := 3, job_key := 'poll:{user}')"
        ))
        .await;
    station
        .db
        .execute(&format!(
            "UPDATE graphile_worker._private_jobs SET attempts = {attempts}, locked_by = 'killed', \
             locked_at = now() - interval '1 hour' WHERE key = 'poll:{user}'"
        ))
        .await;
    station
        .db
        .execute(&format!(
            "UPDATE graphile_worker._private_job_queues SET locked_by = 'killed', locked_at = now() - interval '1 hour' \
             WHERE queue_name = 'account:{user}'"
        ))
        .await;
}

#[tokio::test]
async fn what_a_killed_worker_held_is_done_by_another() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada] = listeners(&station, 1).await.try_into().unwrap();
    left_by_a_killed_worker(&station, &ada, 1).await;
    let watch = watch(&station, SETTINGS);
    until(&station, "SELECT count(*) FROM play", 1).await;
    watch.stop().await;
}

#[tokio::test]
async fn a_job_that_killed_its_workers_three_times_is_not_tried_again() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada, bob] = listeners(&station, 2).await.try_into().unwrap();
    left_by_a_killed_worker(&station, &ada, 3).await;
    left_by_a_killed_worker(&station, &bob, 1).await;
    let watch = watch(&station, SETTINGS);
    until(&station, "SELECT count(*) FROM graphile_worker._private_jobs WHERE locked_by = 'killed'", 0).await;
    until(&station, "SELECT count(*) FROM play", 1).await;
    watch.stop().await;
    let poison = format!("FROM graphile_worker._private_jobs WHERE key = 'poll:{}'", station.user(&ada).await);
    assert_eq!(station.db.number(&format!("SELECT attempts::bigint {poison}")).await, 3, "it counts as failed");
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed), 0);
}

#[tokio::test]
async fn a_worker_goes_on_until_there_are_no_jobs() {
    let station = Station::new(TestDb::postgres().await).await;
    listeners(&station, 30).await;
    // Nobody looks again.
    let watch = watch(&station, FleetSettings { poll: Duration::from_secs(3_600), ..SETTINGS });
    until(&station, "SELECT count(*) FROM play", 30).await;
    watch.stop().await;
    assert_eq!(station.last_run().await.accounts, 30);
}

#[tokio::test]
async fn no_two_jobs_of_one_account_run_at_once() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada] = listeners(&station, 1).await.try_into().unwrap();
    let user = station.user(&ada).await;
    left_by_a_killed_worker(&station, &ada, 1).await;
    station.db.execute("DELETE FROM graphile_worker._private_jobs").await;
    station.db.execute("UPDATE graphile_worker._private_job_queues SET locked_by = NULL, locked_at = NULL").await;
    station.spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_millis(150))).at(Endpoint::RecentlyPlayed));
    for _ in 0..4 {
        station
            .db
            .execute(&format!(
                "SELECT graphile_worker.add_job('poll', json_build_object('user', {user}, 'run', 1), queue_name := 'account:{user}')"
            ))
            .await;
    }
    let watch = watch(&station, SETTINGS);
    until(&station, "SELECT count(*) FROM graphile_worker._private_jobs", 0).await;
    watch.stop().await;
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed), 4);
    assert_eq!(station.spotify.referee().most_at_once(&ada), 1);
}

#[tokio::test]
async fn an_account_that_is_due_again_while_it_is_polled_waits_for_that_poll_and_once() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada] = listeners(&station, 1).await.try_into().unwrap();
    station.spotify.add_rule(Rule::next(1, Quirk::Slow(Duration::from_secs(4))).at(Endpoint::RecentlyPlayed));
    let mut watches = vec![watch(&station, SETTINGS)];
    let held = "SELECT count(*) FROM graphile_worker.jobs WHERE key LIKE 'poll:%' AND locked_at IS NOT NULL
                AND max_attempts = 3";
    until(&station, held, 1).await;
    // Whoever joins looks at once who is due.
    for joined in 1..3 {
        station.db.execute("UPDATE spotify_account SET requested_at = 1").await;
        watches.push(watch(&station, SETTINGS));
        until(&station, "SELECT count(*) FROM spotify_account WHERE requested_at IS NOT NULL", 0).await;
        let waiting = "SELECT count(*) FROM graphile_worker.jobs WHERE key LIKE 'poll:%' AND locked_at IS NULL";
        assert_eq!(station.db.number(waiting).await, 1, "after {joined} more have joined");
    }
    until(&station, "SELECT count(*) FROM graphile_worker._private_jobs", 0).await;
    for watch in watches {
        watch.stop().await;
    }
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed), 2);
    assert_eq!(station.spotify.referee().most_at_once(&ada), 1);
    assert_eq!(station.db.number("SELECT count(*) FROM ingest_run WHERE outcome = 'running'").await, 0);
}

#[tokio::test]
async fn a_worker_takes_jobs_ahead_and_gives_back_what_it_has_not_begun() {
    let station = Station::new(TestDb::postgres().await).await;
    listeners(&station, 30).await;
    station.spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_secs(3_600))).at(Endpoint::RecentlyPlayed));
    let watch = watch(&station, SETTINGS);
    let held = "SELECT CAST(count(*) > 8 AS int)::bigint FROM graphile_worker.jobs WHERE locked_at IS NOT NULL";
    until(&station, held, 1).await;
    watch.stop().await;
    assert_eq!(station.db.number("SELECT count(*) FROM graphile_worker.jobs WHERE locked_at IS NOT NULL").await, 0);
    assert_eq!(station.db.number("SELECT count(*) FROM graphile_worker.jobs WHERE key LIKE 'poll:%'").await, 30);
}

#[tokio::test]
async fn a_job_that_fails_waits_in_the_queue_and_is_tried_again() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada] = listeners(&station, 1).await.try_into().unwrap();
    station.db.execute("ALTER TABLE play RENAME TO away").await;
    let first = watch(&station, SETTINGS);
    let waiting = "SELECT count(*) FROM graphile_worker._private_jobs WHERE key LIKE 'poll:%' AND attempts > 0
                   AND locked_at IS NULL AND run_at > now() AND last_error IS NOT NULL";
    until(&station, waiting, 1).await;
    first.stop().await;
    station.db.execute("ALTER TABLE away RENAME TO play").await;
    let second = watch(&station, SETTINGS);
    until(&station, "SELECT count(*) FROM play", 1).await;
    until(&station, "SELECT count(*) FROM graphile_worker._private_jobs WHERE key LIKE 'poll:%'", 0).await;
    second.stop().await;
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

#[tokio::test]
async fn what_is_under_way_when_a_worker_stops_is_handed_back() {
    let station = Station::new(TestDb::postgres().await).await;
    let [ada] = listeners(&station, 1).await.try_into().unwrap();
    station.spotify.add_rule(Rule::next(1, Quirk::Slow(Duration::from_secs(3_600))).at(Endpoint::RecentlyPlayed));
    let first = watch(&station, SETTINGS);
    let called = async {
        while station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), called).await.unwrap();
    let began = std::time::Instant::now();
    first.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let held = "SELECT count(*) FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL";
    assert_eq!(station.db.number(held).await, 0);
    let second = watch(&station, SETTINGS);
    until(&station, "SELECT count(*) FROM play", 1).await;
    second.stop().await;
}

#[tokio::test]
async fn a_fleet_on_a_queue_that_is_not_migrated_says_how_to_migrate_it() {
    let station = Station::new(TestDb::postgres().await).await;
    station.db.execute("DELETE FROM graphile_worker.migrations WHERE id > 20").await;
    let error = Fleet::default().work(station.shift(), CancellationToken::new()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the queue's tables are at step 20 of 22: run `migration up` with the same DATABASE_URL first"
    );
}
