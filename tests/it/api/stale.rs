//! Under load, through two instances, no answer is older than what is promised: writers load plays and stamp each commit,
//! readers stamp when they ask, and an answer must count every play that was committed by then, less the promised lag.
//!
//! The readers are real clients of two applications. That the test would notice if they were answered wrongly is shown by
//! readers that stand on the product's own parts and put them together in ways that are tempting and wrong.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::api::app::Keeping;
use ::api::cache::{Cache, Key};
use ::api::insights::plays_ever;
use ::api::metrics::Metrics;
use ::api::revision::{Freshness, Revisions};
use entity::db::Db;
use entity::ids::UserId;
use futures::future::{join, join_all};
use tests::api::{Api, at, history};
use tests::database::TestDb;
use tests::on_both;
use tests::redis::Redis;
use tokio::time::sleep;

on_both! {
    no_answer_is_older_than_promised_where_rows_are_read,
    no_answer_is_older_than_promised_where_numbers_are_believed,
    readers_that_ask_in_the_right_order_are_never_told_old_news,
    reading_the_revision_after_the_data_is_caught,
    a_key_without_the_revision_is_caught,
    a_key_without_the_listener_is_caught,
}

const LISTENERS: [&str; 2] = ["ada", "bob"];
/// Enough for a right order to show itself, and the most that a wrong one is given to be caught.
const WRITES: [i64; 2] = [20, 500];
const READERS: usize = 4;

/// How many plays of a listener, or of everyone, have been committed, and by when.
#[derive(Default)]
struct Stamps {
    begun: AtomicI64,
    committed: Mutex<Vec<(Instant, i64)>>,
}

impl Stamps {
    fn commit(&self, plays: i64) {
        self.committed.lock().unwrap().push((Instant::now(), plays));
    }

    /// Plays that an answer to a question asked at `asked` must count.
    fn due(&self, asked: Instant, lag: Duration) -> i64 {
        let committed = self.committed.lock().unwrap();
        committed.iter().rev().find(|(at, _)| *at + lag <= asked).map_or(0, |(_, plays)| *plays)
    }
}

/// What is promised: how far behind the commits an answer may be.
#[derive(Clone, Copy)]
struct Lag {
    listener: Duration,
    everyone: Duration,
}

/// One place where questions are answered.
trait Answers: Send + Sync {
    /// Plays of one of [`LISTENERS`] and of everyone; `None` where it does not say.
    fn plays(&self, listener: usize) -> impl Future<Output = (i64, Option<i64>)> + Send;
}

impl Answers for Api {
    async fn plays(&self, listener: usize) -> (i64, Option<i64>) {
        let range = "range: { preset: ALL_TIME }";
        let query = format!(
            "{{ user(username: \"{}\") {{ insights({range}) {{ totals {{ plays }} }} }}
                insights({range}) {{ totals {{ plays }} }} }}",
            LISTENERS[listener]
        );
        let data = self.ask(&query).await;
        let plays = |pointer: &str| data.pointer(pointer).and_then(serde_json::Value::as_i64).unwrap();
        (plays("/user/insights/totals/plays"), Some(plays("/insights/totals/plays")))
    }
}

/// Lets writers write and readers ask until the writers are done, or something was told too late; what that was.
async fn stress(db: &TestDb, places: &[impl Answers], lag: Lag, writes: i64) -> Option<String> {
    let of_listener = [Stamps::default(), Stamps::default()];
    let of_everyone = Stamps::default();
    let done = AtomicBool::new(false);
    let caught: Mutex<Option<String>> = Mutex::default();
    let write = async |listener: usize| {
        // One of them plays twice as much, so that one's number is not the other's.
        let plays = if listener == 0 { 1 } else { 2 };
        for number in 0..writes {
            if caught.lock().unwrap().is_some() {
                break;
            }
            of_listener[listener].begun.fetch_add(plays, Ordering::SeqCst);
            of_everyone.begun.fetch_add(plays, Ordering::SeqCst);
            let from = (at("2026-11-01T00:00:00Z") + number * 300_000).to_string();
            history().listener(LISTENERS[listener]).track("a").played_times(plays, &from).load(&db.db()).await;
            of_listener[listener].commit(plays * (number + 1));
            // Writers may overtake each other, so of everyone's plays only those are certain that both have written.
            let both = of_listener.iter().map(|stamps| stamps.due(Instant::now(), Duration::ZERO)).sum();
            of_everyone.commit(both);
        }
    };
    let writers = async {
        join_all([0, 1].map(&write)).await;
        done.store(true, Ordering::SeqCst);
    };
    let read = async |reader: usize| {
        let mut turn = reader;
        // Once more when all is written, so that the last writes are asked for too.
        loop {
            let last = done.load(Ordering::SeqCst);
            turn += 1;
            let (place, listener) = (&places[turn / 2 % places.len()], turn % 2);
            let asked = Instant::now();
            let (plays, everyones) = place.plays(listener).await;
            let check = |whose: &str, stamps: &Stamps, plays: i64, lag: Duration| {
                let due = stamps.due(asked, lag);
                let begun = stamps.begun.load(Ordering::SeqCst);
                if !(due..=begun).contains(&plays) {
                    let text = format!("{plays} plays of {whose}, where {due} to {begun} are");
                    caught.lock().unwrap().get_or_insert(text);
                }
            };
            check(LISTENERS[listener], &of_listener[listener], plays, lag.listener);
            if let Some(plays) = everyones {
                check("everyone", &of_everyone, plays, lag.everyone);
            }
            if last || caught.lock().unwrap().is_some() {
                return;
            }
        }
    };
    join(writers, join_all((0..READERS).map(&read))).await;
    caught.into_inner().unwrap()
}

async fn two_instances(db: &TestDb, freshness: Freshness) -> [Api; 2] {
    let keeping = Keeping { freshness, ..Keeping::default() };
    for listener in LISTENERS {
        history().listener(listener).load(&db.db()).await;
    }
    [Api::keeping(&db.db(), &keeping).await, Api::keeping(&db.db(), &keeping).await]
}

async fn no_answer_is_older_than_promised_where_rows_are_read(db: TestDb) {
    let freshness = Freshness { sample: Duration::ZERO, lease: Duration::ZERO };
    let lag = Lag { listener: Duration::ZERO, everyone: Duration::ZERO };
    assert_eq!(stress(&db, &two_instances(&db, freshness).await, lag, WRITES[0]).await, None);
}

async fn no_answer_is_older_than_promised_where_numbers_are_believed(db: TestDb) {
    let (sample, lease) = (Duration::from_millis(200), Duration::from_secs(1));
    let listener = if db.is_sqlite() { Duration::ZERO } else { lease };
    let lag = Lag { listener, everyone: sample + listener };
    assert_eq!(stress(&db, &two_instances(&db, Freshness { sample, lease }).await, lag, WRITES[0]).await, None);
}

/// What becomes of the Redis that two instances share.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Up,
    /// Paused, resumed, killed and started again, over and over.
    Flapping,
    Down,
}

#[tokio::test]
async fn no_answer_is_older_than_promised_whatever_becomes_of_redis() {
    for fate in [Fate::Up, Fate::Flapping, Fate::Down] {
        let (db, mut redis) = (TestDb::postgres().await, Redis::start().await);
        for listener in LISTENERS {
            history().listener(listener).load(&db.db()).await;
        }
        let places = [Api::sharing(&db.db(), &redis.url()).await, Api::sharing(&db.db(), &redis.url()).await];
        let lag = Lag { listener: Duration::ZERO, everyone: Duration::ZERO };
        let befalls = async {
            match fate {
                Fate::Up => std::future::pending::<()>().await,
                Fate::Flapping => loop {
                    redis.pause().await;
                    sleep(Duration::from_millis(80)).await;
                    redis.resume().await;
                    sleep(Duration::from_millis(80)).await;
                    redis.kill().await;
                    sleep(Duration::from_millis(80)).await;
                    redis.restart().await;
                    sleep(Duration::from_millis(160)).await;
                },
                Fate::Down => {
                    redis.kill().await;
                    std::future::pending::<()>().await;
                }
            }
        };
        let caught = tokio::select! {
            caught = stress(&db, &places, lag, 3 * WRITES[0]) => caught,
            () = befalls => unreachable!("it befalls for ever"),
        };
        assert_eq!(caught, None, "{fate:?}");
    }
}

/// How a reader puts the parts together.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// The revision first, and all of the key.
    Right,
    /// The data first: what was read before a change may be kept under the number from after it.
    RevisionAfterData,
    /// A key that does not hold the revision.
    NoRevision,
    /// A key that does not hold whose plays they are.
    NoListener,
}

/// An instance of our own, made of the product's cache and revisions.
struct Instance {
    db: Db,
    cache: Cache,
    revisions: Revisions,
    users: [UserId; 2],
    order: Order,
}

impl Answers for Arc<Instance> {
    async fn plays(&self, listener: usize) -> (i64, Option<i64>) {
        let user = self.users[listener];
        let count = {
            let db = self.db.clone();
            async move { plays_ever(&db, user).await }
        };
        let read = async || self.revisions.pinned(false).of(user.0).await.unwrap().revision;
        let answer = match self.order {
            Order::RevisionAfterData => {
                let plays = count.await.unwrap();
                let key = Key::new("plays", vec![(user.0, read().await)], String::new());
                self.cache.ask(key, async move { Ok(plays) }).await
            }
            order => {
                let revision = read().await;
                let rests_on = match order {
                    Order::NoRevision => vec![(user.0, ::api::revision::Revision::NONE)],
                    Order::NoListener => vec![(0, revision)],
                    _ => vec![(user.0, revision)],
                };
                self.cache.ask(Key::new("plays", rests_on, String::new()), count).await
            }
        };
        (*answer.unwrap(), None)
    }
}

/// What the readers of two such instances are told too late, if anything.
async fn stress_in_order(db: &TestDb, order: Order) -> Option<String> {
    let users = {
        let mut users = Vec::new();
        for listener in LISTENERS {
            history().listener(listener).load(&db.db()).await;
            users.push(UserId(i32::try_from(db.number("SELECT CAST(MAX(id) AS BIGINT) FROM \"user\"").await).unwrap()));
        }
        [users[0], users[1]]
    };
    let instance = || {
        let metrics = Metrics::default();
        let freshness = Freshness { sample: Duration::ZERO, lease: Duration::ZERO };
        let revisions = Revisions::follow(&db.db(), freshness, &metrics, || {});
        Arc::new(Instance { db: db.db(), cache: Cache::new(1 << 20, &metrics), revisions, users, order })
    };
    let lag = Lag { listener: Duration::ZERO, everyone: Duration::ZERO };
    let writes = WRITES[usize::from(order != Order::Right)];
    stress(db, &[instance(), instance()], lag, writes).await
}

async fn readers_that_ask_in_the_right_order_are_never_told_old_news(db: TestDb) {
    assert_eq!(stress_in_order(&db, Order::Right).await, None);
}

async fn reading_the_revision_after_the_data_is_caught(db: TestDb) {
    assert!(stress_in_order(&db, Order::RevisionAfterData).await.is_some());
}

async fn a_key_without_the_revision_is_caught(db: TestDb) {
    assert!(stress_in_order(&db, Order::NoRevision).await.is_some());
}

async fn a_key_without_the_listener_is_caught(db: TestDb) {
    assert!(stress_in_order(&db, Order::NoListener).await.is_some());
}
