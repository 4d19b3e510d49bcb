//! What instances share through Redis, and that whatever becomes of Redis, every answer is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::redis::cmd;
use serde_json::json;
use sha2::{Digest, Sha256};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::redis::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Whatever Redis says.
type Reply = ::redis::Value;

const QUERY: &str = "{ insights { totals { plays } topTracks { edges { plays node { name } } } } }";

/// Loads plays one after the other, and knows how many there are.
struct Plays<'a> {
    db: &'a TestDb,
    count: i64,
}

impl Plays<'_> {
    async fn load_one(&mut self) {
        let played_at = format!("2026-11-20T10:{:02}:00Z", self.count);
        history().listener("ada").track("a").by(["x"]).played_at(&played_at).load(&self.db.db()).await;
        self.count += 1;
    }

    /// Asks each instance, after a change and again.
    async fn are_counted_by(&mut self, instances: &[&Api], when: &str) {
        self.load_one().await;
        for round in 0..2 {
            for api in instances {
                let answer = api.ask(QUERY).await;
                assert_eq!(answer["insights"]["totals"]["plays"], self.count, "{when}, round {round}");
                assert_eq!(answer["insights"]["topTracks"]["edges"][0]["plays"], self.count, "{when}, round {round}");
            }
        }
    }
}

async fn metric(api: &Api, line: &str) -> f64 {
    let text = api.get("/metrics").send().await.unwrap().text().await.unwrap();
    let value = text.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {line} in\n{text}"))
}

async fn until_connected(api: &Api, connected: f64) {
    let until = Instant::now() + Duration::from_secs(30);
    while metric(api, "refrain_redis_connected").await != connected {
        assert!(Instant::now() < until, "Redis does not come to be {connected}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_one_instance_has_asked_the_other_knows() {
    let (db, redis) = (TestDb::postgres().await, Redis::start().await);
    let mut plays = Plays { db: &db, count: 0 };
    plays.load_one().await;
    let (here, there) = (Api::sharing(&db.db(), &redis.url()).await, Api::sharing(&db.db(), &redis.url()).await);
    until_connected(&here, 1.0).await;
    until_connected(&there, 1.0).await;
    let query = "{ insights { totals { plays } } }";
    let counting = |statements: Vec<String>| -> Vec<String> {
        statements.into_iter().filter(|statement| !statement.contains("\"revision\"")).collect()
    };
    assert!(!counting(here.statements(query).await).is_empty());
    let until = Instant::now() + Duration::from_secs(30);
    // It is shared in the background.
    while redis.ask::<Vec<String>>(cmd("KEYS").arg("refrain:*")).await.iter().all(|key| key.ends_with(":turn")) {
        assert!(Instant::now() < until, "nothing is shared");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(counting(there.statements(query).await), Vec::<String>::new());
    assert_eq!(metric(&there, "refrain_shared_answers_total{outcome=\"hit\"}").await, 1.0);
    let report = there.ask("{ cache { fields { field sharedHits misses } } }").await;
    assert_eq!(report["cache"]["fields"], json!([{ "field": "totals", "sharedHits": 1, "misses": 0 }]));
    plays.are_counted_by(&[&there, &here], "shared").await;
}

#[tokio::test]
async fn clearing_empties_the_other_instance_too() {
    let (db, redis) = (TestDb::postgres().await, Redis::start().await);
    let mut plays = Plays { db: &db, count: 0 };
    let (here, there) = (Api::sharing(&db.db(), &redis.url()).await, Api::sharing(&db.db(), &redis.url()).await);
    until_connected(&here, 1.0).await;
    until_connected(&there, 1.0).await;
    plays.are_counted_by(&[&here, &there], "before").await;
    let entries = async || there.ask("{ cache { entries } }").await["cache"]["entries"].as_i64().unwrap();
    assert!(entries().await > 0);
    let removed = here.ask("mutation { clearCache { entriesRemoved userErrors { message } } }").await;
    assert!(removed["clearCache"]["entriesRemoved"].as_i64().unwrap() > 0, "{removed}");
    let until = Instant::now() + Duration::from_secs(30);
    while entries().await > 0 {
        assert!(Instant::now() < until, "the other instance was not told");
        sleep(Duration::from_millis(10)).await;
    }
    plays.are_counted_by(&[&here, &there], "after").await;
}

#[tokio::test]
async fn a_redis_that_answers_late_is_waited_for_only_a_moment() {
    let (db, redis) = (TestDb::postgres().await, Redis::start().await);
    let mut plays = Plays { db: &db, count: 0 };
    let (port, slow) = behind_a_slow_line(&redis).await;
    let api = Api::sharing(&db.db(), &format!("redis://127.0.0.1:{port}")).await;
    until_connected(&api, 1.0).await;
    slow.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        plays.are_counted_by(&[&api], "late").await;
    }
    assert!(metric(&api, "refrain_redis_failures_total{kind=\"no_answer\"}").await >= 3.0);
    until_connected(&api, 0.0).await;
    slow.store(false, Ordering::SeqCst);
    until_connected(&api, 1.0).await;
    plays.are_counted_by(&[&api], "in time again").await;
}

/// A port behind which Redis is; while the switch is on, its answers take half a second.
async fn behind_a_slow_line(redis: &Redis) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = redis.url().trim_start_matches("redis://").to_owned();
    let slow = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&slow);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(&address).await else { continue };
            let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut near_in, &mut far_out).await });
            let switch = Arc::clone(&switch);
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = far_in.read(&mut buffer).await {
                    if switch.load(Ordering::SeqCst) {
                        sleep(Duration::from_millis(500)).await;
                    }
                    if near_out.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (port, slow)
}

#[tokio::test]
async fn whatever_becomes_of_redis_every_answer_is_right() {
    let (db, mut redis) = (TestDb::postgres().await, Redis::start().await);
    let mut plays = Plays { db: &db, count: 0 };
    let (here, there) = (Api::sharing(&db.db(), &redis.url()).await, Api::sharing(&db.db(), &redis.url()).await);
    let both = [&here, &there];
    plays.are_counted_by(&both, "at the start").await;
    until_connected(&here, 1.0).await;
    until_connected(&there, 1.0).await;
    plays.are_counted_by(&both, "up").await;

    let _: Reply = redis.ask(&cmd("FLUSHALL")).await;
    plays.are_counted_by(&both, "flushed").await;

    // Somebody else's data under every key of ours: as text, and as another type.
    for other in [&["SET", "rubbish"][..], &["RPUSH", "rubbish"][..]] {
        plays.load_one().await;
        here.ask(QUERY).await;
        let until = Instant::now() + Duration::from_secs(30);
        let mut keys: Vec<String> = Vec::new();
        while keys.iter().filter(|key| !key.ends_with(":turn")).count() < 2 {
            assert!(Instant::now() < until, "nothing is shared: {keys:?}");
            keys = redis.ask(cmd("KEYS").arg("refrain:*")).await;
        }
        for key in keys {
            for key in [key.clone(), format!("{key}:turn")] {
                let _: i64 = redis.ask(cmd("DEL").arg(&key)).await;
                let _: Reply = redis.ask(cmd(other[0]).arg(&key).arg(other[1])).await;
            }
        }
        assert_eq!(there.ask(QUERY).await["insights"]["totals"]["plays"], plays.count, "{other:?}");
        plays.are_counted_by(&both, "among somebody else's data").await;
    }

    redis.pause().await;
    plays.are_counted_by(&both, "paused").await;
    until_connected(&here, 0.0).await;
    plays.are_counted_by(&both, "given up").await;
    redis.resume().await;
    until_connected(&here, 1.0).await;
    until_connected(&there, 1.0).await;
    plays.are_counted_by(&both, "resumed").await;

    redis.kill().await;
    plays.are_counted_by(&both, "killed").await;
    until_connected(&here, 0.0).await;
    redis.restart().await;
    until_connected(&here, 1.0).await;
    plays.are_counted_by(&both, "restarted").await;
}

#[tokio::test]
async fn a_document_is_sent_to_one_instance_and_named_to_all() {
    let (db, redis) = (TestDb::postgres().await, Redis::start().await);
    let (here, there) = (Api::sharing(&db.db(), &redis.url()).await, Api::sharing(&db.db(), &redis.url()).await);
    until_connected(&here, 1.0).await;
    until_connected(&there, 1.0).await;
    let query = "{ __typename }";
    let hash = hex(&Sha256::digest(query));
    let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let key = format!("refrain:document:{hash}");
    // Not what the name says: it proves itself.
    let _: Reply = redis.ask(cmd("SET").arg(&key).arg("{ insights { asOf } }")).await;
    let unknown = there.send(there.post().json(&json!({ "extensions": named }))).await;
    unknown.errors[0].says("PERSISTED_QUERY_NOT_FOUND", ["PersistedQueryNotFound"]);
    here.send(here.post().json(&json!({ "query": query, "extensions": named }))).await;
    let until = Instant::now() + Duration::from_secs(30);
    while redis.ask::<String>(cmd("GET").arg(&key)).await != query {
        assert!(Instant::now() < until, "the document is not shared");
        sleep(Duration::from_millis(5)).await;
    }
    let known = there.send(there.post().json(&json!({ "extensions": named }))).await;
    assert_eq!(known.data, json!({ "__typename": "Query" }));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
