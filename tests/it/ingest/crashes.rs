//! `kill -9` at every boundary between two steps, through the real program: the next run mends it, on both databases.

use ::ingest::crash::{OF_A_DRAIN, OF_A_RUN, OF_AN_ALERT, OF_AN_ENRICHMENT, OF_AN_ERASURE, OF_AN_IMPORT};
use serde_json::Value;
use tests::database::TestDb;
use tests::export::{Export, file, row};
use tests::fake_discord::FakeDiscord;
use tests::fake_spotify::{FakeSpotify, Listener, Options};
use tests::ingest::TOKEN_KEYS;
use tests::on_both;
use tests::program::{Program, Said};

on_both! {
    nothing_is_lost_doubled_or_told_twice_wherever_the_program_is_killed,
    an_enrichment_that_is_killed_goes_on_where_it_was,
    an_import_that_is_killed_goes_on_where_it_was,
    an_erasure_that_is_killed_is_carried_out_to_its_end,
    an_alert_is_told_once_but_where_nobody_can_know_whether_it_was,
}

const SIGKILL: i32 = 9;

/// Two people, a fake Spotify, and somebody who is told.
struct Scene {
    db: TestDb,
    spotify: FakeSpotify,
    machines: FakeDiscord,
    program: Program,
    ada: Listener,
    bob: Listener,
}

impl Scene {
    async fn set(db: &TestDb) -> Self {
        let db = db.another().await;
        let spotify = FakeSpotify::start(Options::default()).await.unwrap();
        let machines = FakeDiscord::start("token").await.unwrap();
        let program = Program::ingest()
            .env("DATABASE_URL", db.url())
            .env("TOKEN_KEYS", TOKEN_KEYS)
            .env("WEBHOOK_URL", machines.url())
            .envs(spotify.env());
        let (ada, bob) = (spotify.add_listener("ada"), spotify.add_listener("bob"));
        for (name, listener) in [("ada", &ada), ("bob", &bob)] {
            let token = program.file("token", &listener.refresh_token);
            let add = ["accounts", "add", name, "--refresh-token-file", &token];
            assert_eq!(program.run(&add).await.code, 0);
        }
        Self { db, spotify, machines, program, ada, bob }
    }

    /// Runs a command that is killed at `point`.
    async fn kill(&mut self, point: &str, command: &[&str]) {
        self.program.set_env("REFRAIN_CRASH_AT", point);
        let said = self.program.run(command).await;
        assert_eq!(said.code, -SIGKILL, "{point}: {said:?}");
        self.program.unset_env("REFRAIN_CRASH_AT");
    }

    /// Runs a command that ends well.
    async fn run(&self, command: &[&str]) -> Said {
        let said = self.program.run(command).await;
        assert_eq!(said.code, 0, "{command:?}: {said:?}");
        said
    }
}

async fn nothing_is_lost_doubled_or_told_twice_wherever_the_program_is_killed(db: TestDb) {
    for point in [&OF_A_RUN[..], &OF_A_DRAIN].concat() {
        let Scene { db, spotify, machines, mut program, ada, bob } = Scene::set(&db).await;
        spotify.revoke(&bob);
        spotify.listen(&ada, 30, spotify.now_ms() - 60_000);

        // What goes through the spool does so because the archive is away.
        let drains = point.starts_with("drain");
        if drains || point == "spooled" {
            program.file("in-the-way", "");
            program.set_env("ARCHIVE_URL", "file:in-the-way");
        }
        if drains {
            assert_eq!(program.run(&["run"]).await.code, 2, "{point}");
            program.unset_env("ARCHIVE_URL");
        }
        program.set_env("REFRAIN_CRASH_AT", point);
        let said = program.run(&["run", "--all"]).await;
        assert_eq!(said.code, -SIGKILL, "{point}: {}", said.stderr);

        program.unset_env("REFRAIN_CRASH_AT");
        program.unset_env("ARCHIVE_URL");
        spotify.listen(&ada, 5, spotify.now_ms());
        // Whether the killed run had come to bob, whose grant is gone, or this one does.
        let said = program.run(&["run", "--all"]).await;
        assert!([0, 2].contains(&said.code), "{point}: {}", said.stderr);
        let said = program.run(&["run", "--all"]).await;
        assert_eq!(said.code, 0, "{point}: {}", said.stderr);
        let told: Vec<Value> = machines.messages();
        let events = told.iter().flat_map(|message| message["events"].as_array().unwrap());
        let of_bob: Vec<&Value> = events.filter(|event| event["accountId"] == 2).collect();
        assert_eq!(of_bob.len(), 1, "{point}: {told:?}");
        assert_eq!(of_bob[0]["event"], "failing", "{point}");

        let totals = spotify.ledger(&ada).totals_ever();
        assert_eq!(totals.plays, 35);
        let (plays, listened) = ("SELECT count(*) FROM play", "SELECT CAST(sum(listened_ms) AS bigint) FROM play");
        assert_eq!(db.number(plays).await, 35, "{point}");
        assert_eq!(db.number(listened).await, totals.listen_time_ms, "{point}");
        assert_eq!(::ingest::rollup::verify(&db.db()).await.unwrap(), [], "{point}");
        let said = program.run(&["spool", "list"]).await;
        assert!(said.stdout.contains("0 answer(s) wait"), "{point}: {said:?}");
        let said = program.run(&["verify"]).await;
        assert_eq!(said.code, 0, "{point}: {said:?}");
    }
}

async fn an_enrichment_that_is_killed_goes_on_where_it_was(db: TestDb) {
    let details = ["artist_image", "enrichment"];
    for point in OF_AN_ENRICHMENT {
        let mut scene = Scene::set(&db).await;
        scene.spotify.listen(&scene.ada, 30, scene.spotify.now_ms() - 60_000);
        // Without the little that a run fills in itself.
        scene.program.set_env("ENRICH_BUDGET", "0");
        scene.run(&["run", "--all"]).await;
        scene.kill(point, &["backfill"]).await;
        // The turn of who was killed is over after some minutes.
        let said = scene.program.run(&["backfill"]).await;
        assert!(said.stdout.contains("run it again in some minutes"), "{point}: {said:?}");
        scene.db.execute("UPDATE spotify_app SET enriching_until = 0").await;
        scene.run(&["backfill"]).await;
        let calls = scene.spotify.referee().web_api_calls();
        scene.run(&["backfill"]).await;
        assert_eq!(scene.spotify.referee().web_api_calls(), calls, "{point}: nothing is lacking any more");
        for table in details {
            assert!(scene.db.count(table).await > 0, "{point}: {table}");
        }
        assert_eq!(scene.db.count("play").await, 30, "{point}");
        assert_eq!(::ingest::rollup::verify(&scene.db.db()).await.unwrap(), [], "{point}");
    }
}

async fn an_import_that_is_killed_goes_on_where_it_was(db: TestDb) {
    // More than the first chunk.
    let chunk = 25_000;
    let all = chunk + 1_000;
    let begin_ms = tests::ingest::START_MS - 200 * 86_400_000;
    let rows: Vec<Value> = (0..all as i64).map(|nth| row("t1", "a1", begin_ms + nth * 120_000, 100_000)).collect();
    let export = Export::default();
    let path = export.write("endsong_0.json", &file(&rows));
    let import = ["import", path.to_str().unwrap(), "--user", "ada"];
    for point in OF_AN_IMPORT {
        let mut scene = Scene::set(&db).await;
        scene.kill(point, &import).await;
        let kept = if point == "chunk-loaded" { chunk } else { 0 };
        assert_eq!(scene.db.count("play").await, kept, "{point}");
        let said = scene.run(&import).await;
        assert!(said.stdout.contains(&format!("{}   plays added", all - kept)), "{point}: {said:?}");
        assert_eq!(scene.db.count("play").await, all, "{point}");
        assert_eq!(::ingest::rollup::verify(&scene.db.db()).await.unwrap(), [], "{point}");
    }
}

async fn an_erasure_that_is_killed_is_carried_out_to_its_end(db: TestDb) {
    for point in OF_AN_ERASURE {
        let mut scene = Scene::set(&db).await;
        for listener in [&scene.ada, &scene.bob] {
            scene.spotify.listen(listener, 10, scene.spotify.now_ms() - 60_000);
        }
        scene.run(&["run", "--all"]).await;
        scene.kill(point, &["accounts", "disconnect", "ada", "--erase"]).await;
        // A pass that is about anything carries it out.
        scene.run(&["run", "--all"]).await;
        assert_eq!(scene.db.number("SELECT count(*) FROM play WHERE user_id = 1").await, 0, "{point}");
        assert_eq!(scene.db.number("SELECT count(*) FROM play WHERE user_id = 2").await, 10, "{point}");
        assert_eq!(scene.db.number("SELECT count(*) FROM erasure WHERE done_at IS NULL").await, 0, "{point}");
        let archived = scene.program.folder().join("archive/plays/v1");
        let people: Vec<_> = archived.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(people, ["user=2"], "{point}");
        assert_eq!(::ingest::rollup::verify(&scene.db.db()).await.unwrap(), [], "{point}");
        scene.run(&["verify"]).await;
    }
}

async fn an_alert_is_told_once_but_where_nobody_can_know_whether_it_was(db: TestDb) {
    for point in OF_AN_ALERT {
        let mut scene = Scene::set(&db).await;
        scene.spotify.revoke(&scene.bob);
        scene.kill(point, &["run", "--all"]).await;
        // The claim of who was killed is a minute old.
        scene.db.execute("UPDATE alert_delivery SET claimed_until = claimed_until - 61000").await;
        for _ in 0..2 {
            scene.run(&["run", "--all"]).await;
        }
        let told = scene.machines.messages();
        let events: Vec<&Value> = told.iter().flat_map(|message| message["events"].as_array().unwrap()).collect();
        let same = |event: &&Value| (&event["subject"], &event["number"]) == (&"account/2".into(), &1.into());
        assert!(events.iter().all(same), "{point}: {events:?}");
        // Killed between the answer and the note, it is told again, by the same number.
        assert_eq!(events.len(), if point == "alert-sent" { 2 } else { 1 }, "{point}");
    }
}
