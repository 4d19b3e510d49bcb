//! How an instance learns that something has changed: Postgres tells it at once; where it does not, the rows are read.

use std::time::Duration;

use ::api::app::Keeping;
use serde_json::Value;
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;
use tokio::time::{sleep, timeout};

on_both! { news_arrives_on_either_database }

const PLAYS: &str = "{ user(username: \"ada\") { insights(range: { preset: ALL_TIME }) { totals { plays } } } }";

async fn plays(api: &Api) -> i64 {
    api.ask(PLAYS).await["user"]["insights"]["totals"]["plays"].as_i64().unwrap()
}

/// As the product is started: numbers that the database pushes are believed.
async fn as_in_production(db: &TestDb) -> Api {
    Api::keeping(&db.db(), &Keeping::default()).await
}

async fn listen(db: &TestDb, number: i64) {
    let played_at = format!("2026-11-01T10:{number:02}:00Z");
    history().listener("ada").track("a").played_at(&played_at).load(&db.db()).await;
}

async fn until<T>(what: &str, holds: impl AsyncFn() -> Option<T>) -> T {
    let wait = async {
        loop {
            match holds().await {
                Some(value) => return value,
                None => sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("{what} did not come about"))
}

/// Whether the database pushes, as operators see it.
async fn is_pushed(api: &Api) -> bool {
    let metrics = api.get("/metrics").send().await.unwrap().text().await.unwrap();
    metrics.lines().any(|line| line == "refrain_revisions_pushed 1")
}

#[tokio::test]
async fn while_the_database_pushes_an_answer_costs_no_statement_at_all() {
    let db = TestDb::postgres().await;
    listen(&db, 0).await;
    let api = as_in_production(&db).await;
    until("an answer that costs nothing", async || {
        let statements = api.statements(PLAYS).await;
        statements.is_empty().then_some(())
    })
    .await;
    for number in 1..5 {
        listen(&db, number).await;
        until("news of a play", async || (plays(&api).await == number + 1).then_some(())).await;
    }
}

#[tokio::test]
async fn a_cut_connection_is_noticed_bridged_and_made_anew() {
    let db = TestDb::postgres().await;
    listen(&db, 0).await;
    let api = as_in_production(&db).await;
    until("the push", async || is_pushed(&api).await.then_some(())).await;
    assert_eq!(plays(&api).await, 1);
    for number in 1..4 {
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'refrain-revisions'",
        )
        .await;
        // This is what the cut connection does not tell.
        listen(&db, number).await;
        until("news of a play", async || (plays(&api).await == number + 1).then_some(())).await;
    }
    until("the push", async || is_pushed(&api).await.then_some(())).await;
    until("an answer that costs nothing", async || api.statements(PLAYS).await.is_empty().then_some(())).await;
    listen(&db, 5).await;
    until("news of a play", async || (plays(&api).await == 5).then_some(())).await;
}

/// PgBouncer's transaction pooling accepts LISTEN and never delivers anything.
#[tokio::test]
async fn a_database_that_listens_and_tells_nothing_is_not_believed() {
    let db = TestDb::postgres().await;
    db.execute("CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS ''").await;
    db.execute(
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET search_path = public, pg_catalog'; END $$",
    )
    .await;
    let db_without = entity::db::Db::open(db.url(), 4).await.unwrap();
    let api = Api::keeping(&db_without, &Keeping::default()).await;
    for number in 0..4 {
        let load = history().listener("ada").track("a").played_at(&format!("2026-11-01T10:{number:02}:00Z"));
        load.load(&db_without).await;
        assert_eq!(plays(&api).await, number + 1, "at once, since the row is read");
    }
}

async fn news_arrives_on_either_database(db: TestDb) {
    let api = as_in_production(&db).await;
    for number in 0..3 {
        listen(&db, number).await;
        let found = until("news of a play", async || (plays(&api).await == number + 1).then_some(number + 1)).await;
        assert_eq!(Value::from(found), number + 1);
    }
}
