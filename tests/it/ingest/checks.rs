//! `check`, each trial with its failing twin; and that a dry run leaves everything as it is.

use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tests::database::{Rows, TestDb};
use tests::export::{Export, file, row};
use tests::fake_spotify::{FakeSpotify, Options};
use tests::ingest::{TOKEN_KEYS, TestArchive};
use tests::on_both;
use tests::ports::ReservedPort;
use tests::program::{Program, Said};
use tests::redis::Redis;

on_both! {
    everything_that_works_is_said_to_work_and_leaves_nothing_behind,
    what_does_not_work_is_told_with_what_to_do,
    a_dry_run_leaves_everything_as_it_is,
}

struct Place {
    db: TestDb,
    spotify: FakeSpotify,
    archive: TestArchive,
}

impl Place {
    async fn new(db: TestDb) -> Self {
        let spotify = FakeSpotify::start(Options::default()).await.unwrap();
        Self { db, spotify, archive: TestArchive::s3().await }
    }

    fn program(&self) -> Program {
        let program = Program::ingest().env("DATABASE_URL", self.db.url()).env("TOKEN_KEYS", TOKEN_KEYS);
        program.envs(self.spotify.env()).envs(self.archive.env())
    }

    async fn everything(&self) -> (Rows, Vec<String>) {
        let tables = self.db.tables().await;
        (self.db.rows(tables.iter().map(String::as_str)).await, self.archive.keys().await)
    }
}

/// Verdicts by name.
fn verdicts(said: &Said) -> Value {
    let report: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    assert_eq!(report["ok"], said.code == 0, "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        assert_eq!(check["advice"].is_string(), check["verdict"] == "failed", "{check}");
        assert!(check["durationMs"].is_i64() && !check["message"].as_str().unwrap().is_empty(), "{check}");
    }
    checks.iter().map(|check| (check["check"].as_str().unwrap().to_owned(), check["verdict"].clone())).collect()
}

async fn everything_that_works_is_said_to_work_and_leaves_nothing_behind(db: TestDb) {
    let place = Place::new(db).await;
    let ada = place.spotify.add_listener("ada");
    let program = place.program();
    let all = ["check", "--json"];
    let works = json!({ "database": "passed", "archive": "passed", "spotify": "passed", "pipeline": "passed",
        "redis": "skipped", "discord": "skipped" });
    assert_eq!(verdicts(&program.run(&all).await), works, "nobody is linked yet");

    let token = program.file("token", &ada.refresh_token);
    assert_eq!(program.run(&["accounts", "add", "ada", "--refresh-token-file", &token]).await.code, 0);
    let before = place.everything().await;
    assert_eq!(verdicts(&program.run(&all).await), works);
    let after = place.everything().await;
    assert_eq!(before, after);
    let said = program.run(&["check", "archive", "pipeline"]).await;
    assert_eq!((said.code, said.stdout.matches(" works ").count()), (0, 2), "{said:?}");

    let webhook = Router::new().route("/hook", get(async || axum::Json(json!({ "id": "1", "name": "alerts" }))));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let served = tokio::spawn(axum::serve(listener, webhook).into_future());
    let said = place.program().env("DISCORD_WEBHOOK_URL", url).run(&["check", "discord", "--json"]).await;
    assert_eq!(verdicts(&said), json!({ "discord": "passed" }));
    served.abort();
    let redis = Redis::start().await;
    let said = place.program().env("REDIS_URL", redis.url()).run(&["check", "redis", "--json"]).await;
    assert_eq!(verdicts(&said), json!({ "redis": "passed" }));
}

async fn what_does_not_work_is_told_with_what_to_do(db: TestDb) {
    let mut place = Place::new(db).await;
    let ada = place.spotify.add_listener("ada");
    let program = place.program();
    let token = program.file("token", &ada.refresh_token);
    program.run(&["accounts", "add", "ada", "--refresh-token-file", &token]).await;
    let failed = async |program: Program, subject: &str, words: &[&str]| {
        let said = program.run(&["check", subject]).await;
        assert_eq!(said.code, 1, "{said:?}");
        for word in [&["FAILED", "What to do:"], words].concat() {
            assert!(said.stdout.contains(word), "\"{word}\" is not in {said:?}");
        }
        for secret in ["hunter2", &ada.refresh_token, place.spotify.client_secret()] {
            assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{said:?}");
        }
    };
    let port = ReservedPort::reserve().unwrap();
    let closed = port.address();

    let program = place.program().env("SPOTIFY_CLIENT_SECRET", "hunter2");
    failed(program, "spotify", &["SPOTIFY_CLIENT_SECRET"]).await;
    let program = Program::ingest().env("DATABASE_URL", format!("postgres://ada:hunter2@{closed}/x"));
    failed(program, "database", &["cannot be reached", "DATABASE_URL"]).await;
    let program = place.program().env("REDIS_URL", format!("redis://:hunter2@{closed}"));
    failed(program, "redis", &["REDIS_URL"]).await;
    failed(place.program(), "redis", &["REDIS_URL is not set"]).await;
    let program = place.program().env("DISCORD_WEBHOOK_URL", format!("http://{closed}/hunter2"));
    failed(program, "discord", &["DISCORD_WEBHOOK_URL"]).await;
    // The half that writes of the database: the totals' table is not there, and so nothing can be loaded.
    place.db.execute("ALTER TABLE quarter_hour_total RENAME TO away").await;
    failed(place.program(), "pipeline", &["quarter_hour_total"]).await;
    place.db.execute("ALTER TABLE away RENAME TO quarter_hour_total").await;
    place.db.execute("ALTER TABLE spent_state RENAME TO away").await;
    failed(place.program(), "database", &["no row could be written"]).await;
    place.db.execute("ALTER TABLE away RENAME TO spent_state").await;
    place.spotify.revoke(&ada);
    failed(place.program(), "spotify", &["must connect again"]).await;
    let program = place.program();
    place.archive.take_down().await;
    let said = program.run(&["check", "archive", "--json"]).await;
    assert_eq!(verdicts(&said), json!({ "archive": "failed" }));
}

async fn a_dry_run_leaves_everything_as_it_is(db: TestDb) {
    let place = Place::new(db).await;
    let program = place.program();
    let said = program.run(&["demo", "--dry-run", "--listeners", "2", "--plays", "60"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (0, "60 plays of 2 listeners would be generated, archived and loaded\n")
    );
    assert_eq!(place.db.count("user").await, 0);
    let ada = place.spotify.add_listener("ada");
    let token = program.file("token", &ada.refresh_token);
    assert_eq!(program.run(&["accounts", "add", "ada", "--refresh-token-file", &token]).await.code, 0);
    place.spotify.listen(&ada, 9, place.spotify.now_ms());
    assert_eq!(program.run(&["run"]).await.code, 0);
    place.db.execute("UPDATE listener_total SET plays = plays + 1").await;

    let rotating = TOKEN_KEYS.replace("test:", "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,test:");
    let rotating = place.program().env("TOKEN_KEYS", rotating);
    let before = place.everything().await;
    for (program, arguments, says) in [
        (&program, &["accounts", "add", "bob", "--dry-run"][..], "bob would be added, without a Spotify link"),
        (&program, &["accounts", "add", "ada", "--refresh-token-file", &token, "--dry-run"], "ada would get a new"),
        (&program, &["accounts", "connect", "ada", "--dry-run"], "ada would sign in at"),
        (&program, &["accounts", "disconnect", "ada", "--erase", "--dry-run"], "9 plays, 0 skips"),
        (&program, &["accounts", "remove", "ada", "--dry-run"], "ada would be removed. 9 plays"),
        (&rotating, &["accounts", "rotate-keys", "--dry-run"], "1 token(s) would be sealed with key \"new\""),
        (&program, &["rollup", "rebuild", "--dry-run"], "listener_total would be mended"),
    ] {
        let said = program.run(arguments).await;
        assert!(said.code == 0 && said.stdout.contains(says), "{arguments:?}: {said:?}");
        assert_eq!(place.everything().await, before, "{arguments:?}");
    }
    let said = program.run(&["demo", "--dry-run"]).await;
    assert!(said.one_error().contains("the database is not empty"), "{said:?}");

    let export = Export::default();
    let path = export.write("endsong_0.json", &file(&[row("t1", "a1", 0, 60_000)]));
    let nowhere = Program::ingest().env("SPOTIFY_CLIENT_ID", "app").env("SPOTIFY_CLIENT_SECRET", "secret");
    for arguments in [
        &["accounts", "add", "ada"][..],
        &["run"],
        &["watch"],
        &["backfill"],
        &["replay"],
        &["import", path.to_str().unwrap(), "--user", "ada", "--create-user"],
    ] {
        let said = nowhere.run(&[arguments, &["--dry-run"][..]].concat()).await;
        assert_eq!(said.code, 1, "{arguments:?}: {said:?}");
        let made: Vec<_> = std::fs::read_dir(nowhere.folder()).unwrap().collect();
        assert!(made.is_empty(), "{arguments:?} made {made:?}");
    }
}
