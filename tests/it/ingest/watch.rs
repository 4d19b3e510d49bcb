//! `watch` and `run` as processes: alone on SQLite, one of several on Postgres, and told to stop.

use std::fs::File;

use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Listener, Options};
use tests::ingest::TOKEN_KEYS;
use tests::on_both;
use tests::program::Program;

on_both! {
    watch_fetches_what_is_due_and_stops_when_it_is_told_to,
    two_runs_at_once_fetch_everyone_once,
    a_dry_run_changes_nothing,
}

async fn with_listeners(db: &TestDb, names: &[&str]) -> (FakeSpotify, Program, Vec<Listener>) {
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    let program = Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS).envs(spotify.env());
    let mut listeners = Vec::new();
    for name in names {
        let listener = spotify.add_listener(name);
        spotify.listen(&listener, 10, spotify.now_ms());
        let token = program.file("token", &listener.refresh_token);
        assert_eq!(program.run(&["accounts", "add", name, "--refresh-token-file", &token]).await.code, 0);
        listeners.push(listener);
    }
    (spotify, program, listeners)
}

async fn until(db: &TestDb, sql: &str, wanted: i64) {
    let reached = async {
        while db.number(sql).await < wanted {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(100), reached)
        .await
        .unwrap_or_else(|_| panic!("{sql} never became {wanted}"));
}

async fn watch_fetches_what_is_due_and_stops_when_it_is_told_to(db: TestDb) {
    let (spotify, program, listeners) = with_listeners(&db, &["ada", "bob", "cleo", "dan"]).await;
    let mut watches = vec![program.start(&["watch"])];
    if !db.is_sqlite() {
        watches.push(program.start(&["watch"]));
    }
    for watch in &mut watches {
        watch.says("watching").await;
    }
    until(&db, "SELECT count(*) FROM play", 40).await;
    until(&db, "SELECT count(*) FROM ingest_run WHERE outcome = 'succeeded'", 1).await;
    assert_eq!(db.number("SELECT count(*) FROM ingest_run").await, 1, "a tick at which nobody is due is no run");
    assert_eq!(db.number("SELECT CAST(accounts AS bigint) FROM ingest_run").await, 4);
    assert_eq!(db.number("SELECT CAST(plays_loaded AS bigint) FROM ingest_run").await, 40);
    for watch in watches {
        let began = std::time::Instant::now();
        let said = watch.terminate().await;
        assert_eq!(said.code, 0, "{said:?}");
        assert!(began.elapsed().as_secs() < 10, "whoever stops us kills us then");
    }
    for listener in &listeners {
        assert_eq!(spotify.referee().calls_by(listener, Endpoint::RecentlyPlayed), 1, "shared, not repeated");
    }
}

async fn two_runs_at_once_fetch_everyone_once(db: TestDb) {
    let (spotify, program, listeners) = with_listeners(&db, &["ada", "bob"]).await;
    let (one, other) = futures::join!(program.run(&["run"]), program.run(&["run"]));
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    assert_eq!(db.count("play").await, 20);
    for listener in &listeners {
        assert_eq!(spotify.referee().calls_by(listener, Endpoint::RecentlyPlayed), 1);
    }
}

async fn a_dry_run_changes_nothing(db: TestDb) {
    let (spotify, program, _) = with_listeners(&db, &["ada", "bob"]).await;
    let tables = db.tables().await;
    let before = db.rows(tables.iter().map(String::as_str)).await;
    for (arguments, says) in [
        (&["run", "--dry-run"][..], "2 account(s) are due; 0 answer(s) wait in the spool ./spool"),
        (&["watch", "--dry-run"], "2 account(s) are due now"),
        (&["spool", "drain", "--dry-run"], "0 answer(s) wait"),
        (&["replay", "--from-archive", "--dry-run"], "0 page(s)"),
    ] {
        let said = program.run(arguments).await;
        assert!(said.code == 0 && said.stdout.contains(says), "{arguments:?}: {said:?}");
    }
    assert_eq!(db.rows(tables.iter().map(String::as_str)).await, before);
    assert_eq!(spotify.referee().calls(Endpoint::Token), 0);
    assert!(!program.folder().join("archive").exists() && !program.folder().join("spool").exists());
}

#[tokio::test]
async fn a_run_that_finds_another_one_at_work_leaves_it_to_it() {
    let db = TestDb::sqlite().await;
    let (_spotify, program, _) = with_listeners(&db, &["ada"]).await;
    let path = db.url().trim_start_matches("sqlite://").split('?').next().unwrap().to_owned() + ".lock";
    let lock = File::create(path).unwrap();
    lock.try_lock().unwrap();
    let said = program.run(&["run"]).await;
    assert!(said.code == 0 && said.stderr.contains("another run is at work"), "{said:?}");
    assert_eq!(db.count("play").await, 0);
    drop(lock);
    assert_eq!(program.run(&["run"]).await.code, 0);
    assert_eq!(db.count("play").await, 10);
}
