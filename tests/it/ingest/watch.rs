//! `watch` and `run` as processes: alone on SQLite, one of several on Postgres, and told to stop.

use std::fs::File;
use std::time::Duration;

use tests::database::TestDb;
use tests::export::{Export, file, row};
use tests::fake_spotify::{Endpoint, FakeSpotify, Listener, Options, Quirk, RetryAfter, Rule};
use tests::ingest::TOKEN_KEYS;
use tests::on_both;
use tests::program::Program;

on_both! {
    watch_fetches_what_is_due_and_stops_when_it_is_told_to,
    two_runs_at_once_fetch_everyone_once,
    a_dry_run_changes_nothing,
    ticks_that_were_missed_are_made_up_for_at_once_and_once,
    whatever_works_ends_soon_when_it_is_told_to,
    old_runs_are_forgotten,
    a_ban_binds_every_process_and_outlives_them,
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
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(200), reached)
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

    // Nor does one where there is something to do.
    assert_eq!(program.run(&["run"]).await.code, 0);
    db.execute("DELETE FROM track_total").await;
    let before = db.rows(tables.iter().map(String::as_str)).await;
    let calls = spotify.referee().web_api_calls();
    for arguments in [
        &["run", "--all", "--dry-run"][..],
        &["replay", "--dry-run"],
        &["replay", "--from-archive", "--dry-run"],
        &["backfill", "--dry-run"],
        &["rollup", "rebuild", "--dry-run"],
        &["accounts", "disconnect", "ada", "--erase", "--dry-run"],
        &["accounts", "remove", "ada", "--dry-run"],
        &["accounts", "rotate-keys", "--dry-run"],
    ] {
        let said = program.run(arguments).await;
        assert!(said.code == 0 && !said.stdout.is_empty(), "{arguments:?}: {said:?}");
        assert_eq!(db.rows(tables.iter().map(String::as_str)).await, before, "{arguments:?}");
    }
    assert_eq!(spotify.referee().web_api_calls(), calls);
}

async fn ticks_that_were_missed_are_made_up_for_at_once_and_once(db: TestDb) {
    let (spotify, program, listeners) = with_listeners(&db, &["ada", "bob"]).await;
    assert_eq!(program.run(&["run"]).await.code, 0);
    for listener in &listeners {
        spotify.listen(listener, 5, spotify.now_ms());
    }
    // Nothing ran for a day.
    db.execute("UPDATE spotify_account SET due_at = due_at - 86400000").await;
    let mut watch = program.start(&["watch"]);
    watch.says("watching").await;
    until(&db, "SELECT count(*) FROM play", 30).await;
    until(&db, "SELECT count(*) FROM ingest_run WHERE command = 'watch' AND outcome = 'succeeded'", 1).await;
    assert_eq!(watch.terminate().await.code, 0);
    for listener in &listeners {
        assert_eq!(spotify.referee().calls_by(listener, Endpoint::RecentlyPlayed), 2, "once for all that were missed");
    }
}

async fn whatever_works_ends_soon_when_it_is_told_to(db: TestDb) {
    let (spotify, program, _) = with_listeners(&db, &["ada", "bob"]).await;
    let export = Export::default();
    let begin_ms = spotify.now_ms() - 300 * 86_400_000;
    let rows: Vec<_> = (0..60_000).map(|nth| row("t1", "a1", begin_ms + nth * 120_000, 100_000)).collect();
    let path = export.write("endsong_0.json", &file(&rows));
    for (command, busy) in [
        (&["run", "--all"][..], Some(Endpoint::RecentlyPlayed)),
        (&["backfill"], Some(Endpoint::Artist)),
        (&["import", path.to_str().unwrap(), "--user", "ada"], None),
    ] {
        if let Some(endpoint) = busy {
            spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_secs(60))).at(endpoint));
        }
        let calls = |endpoint| spotify.referee().calls(endpoint);
        let before = busy.map(calls);
        let running = program.start(command);
        match busy {
            Some(_) => {
                while busy.map(calls) == before {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            None => until(&db, "SELECT count(*) FROM ingest_run WHERE command = 'import'", 1).await,
        }
        let began = std::time::Instant::now();
        let said = running.terminate().await;
        assert!(began.elapsed() < Duration::from_secs(10), "{command:?}: whoever stops us kills us then: {said:?}");
        assert!(said.code >= 0, "{command:?} ended by itself: {said:?}");
        let running = db.number("SELECT count(*) FROM ingest_run WHERE outcome = 'running'").await;
        assert_eq!(running, 0, "{command:?} is no crash");
        spotify.clear_rules();
        // The same again goes on, and to its end.
        if command[0] == "backfill" {
            db.execute("UPDATE spotify_app SET enriching_until = 0").await;
        }
        let said = program.run(command).await;
        assert_eq!(said.code, 0, "{command:?}: {said:?}");
    }
    assert_eq!(db.count("play").await, 60_020);
}

async fn a_ban_binds_every_process_and_outlives_them(db: TestDb) {
    let (spotify, program, _) = with_listeners(&db, &["ada", "bob", "cleo", "dan", "eve", "fay"]).await;
    assert_eq!(program.run(&["run"]).await.code, 0);
    spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(10_800))).at(Endpoint::RecentlyPlayed));
    let everyone_is_due = "UPDATE spotify_account SET due_at = 0";
    db.execute(everyone_is_due).await;
    let watches = async |count: usize| {
        let mut watches = Vec::new();
        for _ in 0..count {
            let mut watch = program.start(&["watch"]);
            watch.says("watching").await;
            watches.push(watch);
        }
        watches
    };
    let count = if db.is_sqlite() { 1 } else { 2 };
    let first = watches(count).await;
    until(&db, "SELECT count(*) FROM spotify_app WHERE blocked_until > 0", 1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let inside = spotify.referee().inside_ban();
    // Those whose call was on its way could not know. All are due again at once, and nobody is asked.
    db.execute(everyone_is_due).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(spotify.referee().inside_ban(), inside, "whoever has been told tells the others");
    for watch in first {
        assert_eq!(watch.terminate().await.code, 0);
    }

    db.execute(everyone_is_due).await;
    let second = watches(count).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for command in [&["run", "--all"][..], &["backfill"], &["check", "spotify"]] {
        let said = program.run(command).await;
        assert!(said.code >= 0, "{command:?}: {said:?}");
    }
    for watch in second {
        assert_eq!(watch.terminate().await.code, 0);
    }
    assert_eq!(spotify.referee().inside_ban(), inside, "nobody calls, not even after a restart");
}

async fn old_runs_are_forgotten(db: TestDb) {
    let (_spotify, program, _) = with_listeners(&db, &["ada"]).await;
    let runs = || db.number("SELECT count(*) FROM ingest_run");
    assert_eq!(program.run(&["run", "--all"]).await.code, 0);
    db.execute("UPDATE ingest_run SET ended_at = ended_at - 8640000000").await;
    let all = program.env("RUN_HISTORY_DAYS", "101");
    assert_eq!(all.run(&["run", "--all"]).await.code, 0);
    assert_eq!(runs().await, 2);
    let some = all.env("RUN_HISTORY_DAYS", "99");
    assert_eq!(some.run(&["run", "--all"]).await.code, 0);
    assert_eq!(runs().await, 2, "one was a hundred days old");
    assert_eq!(db.number("SELECT count(*) FROM ingest_step WHERE run_id NOT IN (SELECT id FROM ingest_run)").await, 0);
}

/// Postgres only: elsewhere nobody else is there. It takes as long as a worker has to be silent to count as dead.
#[tokio::test]
async fn what_a_killed_watch_was_at_is_done_by_another() {
    let db = TestDb::postgres().await;
    let (spotify, program, listeners) = with_listeners(&db, &["ada", "bob"]).await;
    spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_secs(3_600))).at(Endpoint::RecentlyPlayed));
    let watch = program.start(&["watch"]);
    while spotify.referee().calls(Endpoint::RecentlyPlayed) < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watch.kill().await;
    spotify.clear_rules();
    let mut watch = program.start(&["watch"]);
    watch.says("watching").await;
    until(&db, "SELECT count(*) FROM play", 20).await;
    until(&db, "SELECT count(*) FROM ingest_run WHERE outcome = 'succeeded'", 1).await;
    assert_eq!(watch.terminate().await.code, 0);
    for listener in &listeners {
        assert_eq!(spotify.referee().calls_by(listener, Endpoint::RecentlyPlayed), 2, "once by each");
    }
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
