//! The promises of the core, without a database.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::future::{join, join_all};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::*;
use crate::revision::Revision;
use entity::time::Instant as At;

fn cache(budget: u64) -> (Cache, Metrics) {
    let metrics = Metrics::default();
    (Cache::new(budget, &metrics), metrics)
}

fn key(number: i64, question: &str) -> Key {
    Key::new("field", vec![(7, Revision { number, changed_at: At::from_ms(0) })], question.to_owned())
}

/// A database that counts how often it is asked, and answers nobody before it is opened.
#[derive(Clone)]
struct Database(Arc<(AtomicUsize, Semaphore)>);

impl Database {
    fn shut() -> Self {
        Self(Arc::new((AtomicUsize::new(0), Semaphore::new(0))))
    }

    async fn answer(self, answer: Result<i64, DbErr>) -> Result<i64, DbErr> {
        self.0.0.fetch_add(1, SeqCst);
        let _open = self.0.1.acquire().await;
        answer
    }

    /// Opens it when everybody else has had a turn.
    async fn open(&self) {
        yield_now().await;
        self.0.1.add_permits(1);
    }

    fn asked(&self) -> usize {
        self.0.0.load(SeqCst)
    }
}

fn failure() -> DbErr {
    DbErr::Custom("the database is away".to_owned())
}

#[tokio::test]
async fn whoever_asks_at_once_asks_once() {
    for budget in [1 << 20, 0] {
        let (cache, _metrics) = cache(budget);
        let database = Database::shut();
        let ask = |_| cache.ask(key(1, "q"), database.clone().answer(Ok(42)));
        let (answers, ()) = join(join_all((0..1_000).map(ask)), database.open()).await;
        assert!(answers.iter().all(|answer| **answer.as_ref().unwrap() == 42));
        assert_eq!(database.asked(), 1, "with a budget of {budget}");
    }
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_wait_and_kept_for_nobody() {
    let (cache, _metrics) = cache(1 << 20);
    let database = Database::shut();
    let ask = |result| cache.ask::<i64, _>(key(1, "q"), database.clone().answer(result));
    let (answers, ()) = join(join_all((0..1_000).map(|_| ask(Err(failure())))), database.open()).await;
    let first = answers[0].as_ref().unwrap_err();
    assert!(answers.iter().all(|answer| Arc::ptr_eq(answer.as_ref().unwrap_err(), first)));
    assert_eq!(database.asked(), 1);
    assert_eq!(*ask(Ok(42)).await.unwrap(), 42);
    assert_eq!(database.asked(), 2);
    assert_eq!(*ask(Err(failure())).await.unwrap(), 42, "an answer is kept");
}

#[tokio::test]
async fn whoever_leaves_hands_over() {
    let (cache, _metrics) = cache(1 << 20);
    let database = Database::shut();
    let ask = || cache.ask(key(1, "q"), database.clone().answer(Ok(42)));
    let (mut leader, waiter) = (Box::pin(ask()), ask());
    assert!(futures::poll!(&mut leader).is_pending());
    let mut waiter = Box::pin(waiter);
    assert!(futures::poll!(&mut waiter).is_pending());
    drop(leader);
    database.open().await;
    let answer = timeout(Duration::from_secs(5), waiter).await.expect("nobody waits for ever");
    assert_eq!((*answer.unwrap(), database.asked()), (42, 1));
}

#[tokio::test]
async fn when_all_have_left_the_next_one_begins_anew() {
    let (cache, _metrics) = cache(1 << 20);
    let mut given_up = Box::pin(cache.ask::<i64, _>(key(1, "q"), pending()));
    assert!(futures::poll!(&mut given_up).is_pending());
    drop(given_up);
    let answer = timeout(Duration::from_secs(5), cache.ask(key(1, "q"), async { Ok(42_i64) })).await;
    assert_eq!(*answer.expect("nobody waits for ever").unwrap(), 42);
}

#[tokio::test]
async fn a_panic_is_the_failure_of_those_aboard_alone() {
    let (cache, _metrics) = cache(1 << 20);
    let there = cache.clone();
    let flight = tokio::spawn(async move { there.ask::<i64, _>(key(1, "q"), async { panic!("a defect") }).await });
    assert!(flight.await.unwrap_err().is_panic());
    assert_eq!(*cache.ask(key(1, "q"), async { Ok(42_i64) }).await.unwrap(), 42);
}

#[tokio::test]
async fn another_revision_or_question_or_audience_is_another_answer() {
    let (cache, _metrics) = cache(1 << 20);
    let other = Key::new("field", vec![(8, Revision { number: 1, changed_at: At::from_ms(0) })], "q".to_owned());
    let restored = Key::new("field", vec![(7, Revision { number: 1, changed_at: At::from_ms(5) })], "q".to_owned());
    let keys = [key(1, "q"), key(2, "q"), key(1, "p"), other, restored];
    for round in 0..2 {
        for (number, key) in (0_i64..).zip(&keys) {
            let answer = cache.ask(key.clone(), async move { Ok(number + 100 * round) }).await;
            assert_eq!(*answer.unwrap(), number, "{key}");
        }
    }
    assert_eq!(cache.clear(Some(8)), 1);
    assert_eq!(cache.report().fields["field"].entries, 4);
    assert_eq!(cache.clear(None), 4);
}

#[tokio::test]
async fn the_order_in_which_audiences_are_named_does_not_matter() {
    let revision = |number| Revision { number, changed_at: At::from_ms(9) };
    let one = Key::new("affinity", vec![(7, revision(1)), (-1, revision(2))], "{}".to_owned());
    let other = Key::new("affinity", vec![(-1, revision(2)), (7, revision(1))], "{}".to_owned());
    assert_eq!(one, other);
    assert_eq!(one.to_string(), "affinity -1:2@9 7:1@9 {}");
}

#[tokio::test]
async fn a_refreshed_answer_takes_the_place_of_the_kept_one() {
    let (cache, _metrics) = cache(1 << 20);
    assert_eq!(*cache.ask(key(1, "q"), async { Ok(1_i64) }).await.unwrap(), 1);
    assert_eq!(*cache.refresh(key(1, "q"), async { Ok(2_i64) }).await.unwrap(), 2);
    assert_eq!(*cache.ask(key(1, "q"), async { Ok(3_i64) }).await.unwrap(), 2);
}

#[tokio::test]
async fn a_scan_does_not_outgrow_the_budget_nor_drive_out_what_is_asked_for_again() {
    let (cache, _metrics) = cache(1 << 20);
    let popular = async || {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let answer = cache.ask(key(1, "popular"), async move {
            counted.fetch_add(1, SeqCst);
            Ok(vec![7_i64; 100])
        });
        answer.await.unwrap();
        asked.load(SeqCst)
    };
    let mut missed = 0;
    for number in 0..20_000 {
        let question = format!("a question of some length, as questions are: {number}");
        cache.ask(key(1, &question), async { Ok(vec![0_i64; 16]) }).await.unwrap();
        if number % 50 == 0 {
            missed += popular().await;
        }
    }
    let report = cache.report().fields["field"];
    assert!(report.bytes <= 1 << 20, "{report:?}");
    assert!(report.bytes > 1 << 19, "{report:?}");
    assert!(missed < 20, "what is asked for again was counted anew {missed} times");
}
