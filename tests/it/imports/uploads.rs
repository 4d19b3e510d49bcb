//! An export that is uploaded: the API takes it, the ingest reads it, and GraphQL tells how far it is.

use std::sync::Arc;
use std::time::Duration;

use ::api::http::Uploads;
use ::ingest::import::uploaded::{self, Attempt, Rules};
use ::ingest::import::{self, Options};
use ::ingest::jobs::imports;
use entity::archive::{Prefix, UploadKey};
use entity::ids::{ImportId, UserId};
use entity::spotify_account::disconnect;
use reqwest::{Response, StatusCode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::api::Api;
use tests::database::TestDb;
use tests::export::{Export, PERSONAL, file, row, zip};
use tests::ingest::{Station, TOKEN_KEYS, TestArchive, import_rules};
use tests::on_both;
use tests::program::Program;
use tokio_util::sync::CancellationToken;

use super::{T0, person, plays};

on_both! {
    an_upload_becomes_plays_and_is_told_how_far_it_is,
    two_processes_never_do_one_import_at_the_same_time,
    an_import_that_outlived_five_attempts_is_given_up,
    what_may_pass_is_tried_again_and_holds_up_nobody,
    a_watch_does_uploads_as_they_come,
    an_import_that_is_told_to_stop_is_left_to_another,
    what_was_uploaded_before_an_erasure_is_not_imported,
    what_does_not_pass_in_three_days_is_given_up,
    an_attempt_that_counts_as_dead_deletes_nothing_and_what_is_left_lying_is_swept_up,
    an_import_under_way_does_not_outlive_an_erasure,
    whoever_connects_again_keeps_only_what_was_uploaded_since,
    a_signal_ends_imports_that_wait,
    what_cannot_be_read_is_told_and_deleted,
    an_upload_goes_through_the_programs,
}

/// Where uploads are taken, on a port of its own.
async fn uploads(station: &Station, bytes_max: u64) -> String {
    let uploads = Uploads {
        db: station.db.db(),
        clock: station.pipeline.clock.clone(),
        archive: station.archive.open(),
        bytes_max,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/import", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, uploads.routes()).into_future());
    url
}

async fn post(url: &str, media: &str, bytes: Vec<u8>) -> Response {
    let client = reqwest::Client::new();
    client.post(url).header("x-viewer", "ada").header("content-type", media).body(bytes).send().await.unwrap()
}

async fn upload(url: &str, bytes: Vec<u8>) -> String {
    let response = post(url, "application/zip", bytes).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(answer["state"], "PENDING");
    answer["id"].as_str().unwrap().to_owned()
}

fn export() -> Vec<u8> {
    let rows = [row("t1", "a1", T0, 60_000), row("t2", "a1", T0 + 300_000, 90_000), json!({ "ts": 7 })];
    zip(&[("x/Streaming_History_Audio_0.json", file(&rows)), ("x/Userdata.json", b"{}".to_vec())])
}

async fn work(station: &Station, keep: bool) -> usize {
    station.imports(&Rules { keep, ..import_rules() }).await
}

/// Attempts the first import.
async fn attempt(station: &Station, stop: &CancellationToken) -> Attempt {
    uploaded::attempt(&station.pipeline, &import_rules(), ImportId(1), stop).await.unwrap()
}

const TOLD: &str = "query ($id: ID!) { import(id: $id) { id state rowsRead progress endedAt error report {
    rows playsAdded unreadable unreadableRows { file row reason } files { name rows problem } filesIgnored
    setAside { reason rows } firstDay lastDay } } }";

async fn an_upload_becomes_plays_and_is_told_how_far_it_is(db: TestDb) {
    for archive in [TestArchive::directory(), TestArchive::s3().await] {
        let station = Station::with(db.another().await, tests::fake_spotify::AppMode::Extended, archive).await;
        person(&station.db, "ada").await;
        let api = Api::start(&station.db.db()).await;
        let url = uploads(&station, 1 << 20).await;
        let id = upload(&url, export()).await;
        let told = api.ask_with(TOLD, json!({ "id": id })).await;
        assert_eq!(told["import"]["state"], "PENDING");
        assert_eq!(plays(&station.db).await, Vec::<String>::new(), "the API writes no play");
        assert_eq!(station.archive.keys().await.len(), 1);
        let counted = "{ user(username: \"ada\") { insights { totals { plays } } } }";
        assert_eq!(api.ask(counted).await["user"]["insights"]["totals"]["plays"], 0);

        assert_eq!(work(&station, false).await, 1);
        assert_eq!(
            api.ask(counted).await["user"]["insights"]["totals"]["plays"],
            2,
            "what was kept is not given again"
        );
        let told = api.ask_with(TOLD, json!({ "id": id })).await;
        let import = &told["import"];
        assert_eq!(
            (&import["state"], &import["progress"], &import["rowsRead"]),
            (&json!("PARTLY"), &json!(1.0), &json!(3))
        );
        assert_eq!(import["report"]["playsAdded"], 2);
        assert_eq!(import["report"]["unreadableRows"][0]["reason"], "ts is a number: expected a text");
        assert_eq!(plays(&station.db).await, ["0 t1 60 export", "300 t2 90 export"]);
        assert_eq!(station.archive.keys().await, Vec::<String>::new(), "the raw file is gone");
        assert_eq!(api.ask("{ user(username: \"ada\") { imports { id } } }").await["user"]["imports"][0]["id"], id);
        assert!(!told.to_string().contains(PERSONAL[0]));

        // Kept if the operator wants that, and then below what erasing a person deletes.
        upload(&url, export()).await;
        assert_eq!(work(&station, true).await, 1);
        assert_eq!(station.archive.keys().await.len(), 1);
        for prefix in Prefix::personal(UserId(1)) {
            station.archive.open().delete(&prefix).await.unwrap();
        }
        assert_eq!(station.archive.keys().await, Vec::<String>::new());
    }
}

async fn two_processes_never_do_one_import_at_the_same_time(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let url = uploads(&station, 1 << 20).await;
    for _ in 0..3 {
        upload(&url, export()).await;
    }
    let both = futures::join!(work(&station, false), work(&station, false));
    assert_eq!(both.0 + both.1, 3);
    assert_eq!(station.db.number("SELECT CAST(sum(attempts) AS bigint) FROM import").await, 3);

    assert_eq!(plays(&station.db).await.len(), 2);
}

async fn an_import_that_outlived_five_attempts_is_given_up(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let api = Api::start(&station.db.db()).await;
    let url = uploads(&station, 1 << 20).await;
    for (attempts, state, left) in [(4, "PARTLY", 2), (5, "FAILED", 2)] {
        let id = upload(&url, export()).await;
        let left_behind = format!("UPDATE import SET state = 'running', attempts = {attempts} WHERE state = 'pending'");
        station.db.execute(&left_behind).await;
        assert_eq!(work(&station, false).await, 1);
        let told = api.ask_with(TOLD, json!({ "id": id })).await;
        assert_eq!(told["import"]["state"], state);
        assert_eq!(plays(&station.db).await.len(), left);
    }
    let told = api.ask("{ user(username: \"ada\") { imports { error } } }").await;
    let error = "5 attempts to read it were cut short: ask whoever runs this service";
    assert_eq!(told["user"]["imports"], json!([{ "error": error }, { "error": null }]));
}

async fn what_may_pass_is_tried_again_and_holds_up_nobody(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let url = uploads(&station, 1 << 20).await;
    upload(&url, export()).await;
    station.db.execute("ALTER TABLE play RENAME TO away").await;
    assert_eq!(work(&station, false).await, 0);
    station.db.execute("ALTER TABLE away RENAME TO play").await;
    assert_eq!(
        station.db.number("SELECT count(*) FROM import WHERE state = 'pending' AND attempts = 0").await,
        1,
        "it does not count"
    );
    assert_eq!(station.archive.keys().await.len(), 1);
    // On Postgres the queue has put it off.
    if !station.db.is_sqlite() {
        assert_eq!(work(&station, false).await, 0);
        station.db.execute("UPDATE graphile_worker._private_jobs SET run_at = now()").await;
    }
    assert_eq!(work(&station, false).await, 1);
    assert_eq!(plays(&station.db).await.len(), 2);
}

async fn an_import_that_is_told_to_stop_is_left_to_another(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    upload(&uploads(&station, 1 << 20).await, export()).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(attempt(&station, &stop).await, Attempt::Stopped);
    assert_eq!(station.db.number("SELECT count(*) FROM import WHERE state = 'pending' AND attempts = 0").await, 1);
    assert_eq!(work(&station, false).await, 1);
    assert_eq!(attempt(&station, &CancellationToken::new()).await, Attempt::Needless);
    assert_eq!(plays(&station.db).await.len(), 2);
}

async fn what_does_not_pass_in_three_days_is_given_up(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    upload(&uploads(&station, 1 << 20).await, export()).await;
    station.db.execute("ALTER TABLE play RENAME TO away").await;
    for _ in 0..8 {
        assert_eq!(attempt(&station, &CancellationToken::new()).await, Attempt::Again);
    }
    station.pass_ms(3 * 86_400_000);
    assert_eq!(attempt(&station, &CancellationToken::new()).await, Attempt::Ended);
    assert_eq!(station.db.number("SELECT count(*) FROM import WHERE state = 'failed'").await, 1);
    assert_eq!(station.archive.keys().await, Vec::<String>::new());
}

async fn an_attempt_that_counts_as_dead_deletes_nothing_and_what_is_left_lying_is_swept_up(db: TestDb) {
    let station = Station::new(db).await;
    let user = person(&station.db, "ada").await;
    upload(&uploads(&station, 1 << 20).await, export()).await;
    let (pipeline, rules) = (station.pipeline.clone(), import_rules());
    // Held up until another attempt has begun.
    let transaction = pipeline.db.begin().await.unwrap();
    transaction.execute_unprepared("UPDATE \"user\" SET listed = listed").await.unwrap();
    let late = tokio::spawn(async move {
        uploaded::attempt(&pipeline, &rules, ImportId(1), &CancellationToken::new()).await.unwrap()
    });
    let begun = async {
        while station.db.number("SELECT count(*) FROM import WHERE attempts = 1").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if station.db.is_sqlite() {
        transaction.rollback().await.unwrap();
        assert_eq!(late.await.unwrap(), Attempt::Ended, "nothing holds it up there");
    } else {
        tokio::time::timeout(Duration::from_secs(30), begun).await.unwrap();
        station.db.execute("UPDATE import SET attempts = 2").await;
        transaction.rollback().await.unwrap();
        assert_eq!(late.await.unwrap(), Attempt::Needless);
        assert_eq!(station.archive.keys().await.len(), 1, "its successor needs the file");
        assert_eq!(work(&station, false).await, 1);
    }
    assert_eq!((plays(&station.db).await.len(), station.archive.keys().await.len()), (2, 0));

    // A process that was killed between the end of an import and the end of its file has left that lying.
    let path = station.spool_folder().with_file_name("left");
    std::fs::write(&path, export()).unwrap();
    let key = UploadKey::new(user, station.pipeline.clock.now());
    station.archive.open().put_upload(&key, &path).await.unwrap();
    upload(&uploads(&station, 1 << 20).await, export()).await;
    for (days, left) in [(0, 2), (2, 1)] {
        station.pass_ms(days * 86_400_000);
        assert_eq!(uploaded::sweep(&station.pipeline, &import_rules()).await.unwrap(), 2 - left);
        assert_eq!(station.archive.keys().await.len(), left);
    }
    let kept = Rules { keep: true, ..import_rules() };
    assert_eq!(uploaded::sweep(&station.pipeline, &kept).await.unwrap(), 0);
    assert_eq!(work(&station, false).await, 1, "what waits was left alone");
}

async fn an_import_under_way_does_not_outlive_an_erasure(db: TestDb) {
    let station = Station::new(db).await;
    let user = station.user(&station.listener("ada").await).await;
    let began_at = station.pipeline.clock.now();
    station.pass_ms(1_000);
    assert!(disconnect(&station.db.db(), user, true, station.pipeline.clock.now()).await.unwrap());
    station.pass_ms(1_000);
    ::ingest::erase::one(&station.pipeline, user).await.unwrap();
    station.pass_ms(1_000);
    // Its files were here before, and its first rows come only now.
    let export = Export::default();
    let path = export.zip("my_spotify_data.zip", &[("endsong_0.json", file(&[row("t1", "a1", T0, 60_000)]))]);
    let options = Options { received_at: Some(began_at), ..Options::new(user) };
    let db = station.db.db();
    assert!(import::import(&db, &station.pipeline.clock, vec![path], &options, Arc::default()).await.is_err());
    assert_eq!(plays(&station.db).await.len(), 0);
}

async fn whoever_connects_again_keeps_only_what_was_uploaded_since(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let user = station.user(&ada).await;
    let url = uploads(&station, 1 << 20).await;
    upload(&url, export()).await;
    station.pass_ms(1_000);
    disconnect(&station.db.db(), user, true, station.pipeline.clock.now()).await.unwrap();
    station.add("ada", &station.spotify.refresh_token(&ada)).await;
    station.pass_ms(1_000);
    upload(&url, export()).await;
    assert_eq!(station.archive.keys().await.len(), 2);
    ::ingest::erase::one(&station.pipeline, user).await.unwrap();
    assert_eq!(station.archive.keys().await.len(), 1);
    assert_eq!(work(&station, false).await, 1);
    assert_eq!((plays(&station.db).await.len(), station.archive.keys().await.len()), (2, 0));
}

async fn a_signal_ends_imports_that_wait(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let url = uploads(&station, 1 << 20).await;
    for _ in 0..2 {
        upload(&url, export()).await;
    }
    let stop = CancellationToken::new();
    stop.cancel();
    let rules = import_rules();
    let ended = imports(&station.pipeline, &rules, station.db.url(), &stop);
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends");
    assert_eq!(ended.unwrap(), 0);
    assert_eq!(station.db.number("SELECT count(*) FROM import WHERE state = 'pending' AND attempts = 0").await, 2);
}

async fn what_was_uploaded_before_an_erasure_is_not_imported(db: TestDb) {
    let station = Station::new(db).await;
    let user = station.user(&station.listener("ada").await).await;
    let api = Api::start(&station.db.db()).await;
    let id = upload(&uploads(&station, 1 << 20).await, export()).await;
    station.pass_ms(1_000);
    assert!(disconnect(&station.db.db(), user, true, station.pipeline.clock.now()).await.unwrap());
    assert_eq!(work(&station, true).await, 1);
    let told = api.ask_with(TOLD, json!({ "id": id })).await;
    assert_eq!(told["import"]["error"], "this person's data was erased after the upload");
    assert_eq!((plays(&station.db).await.len(), station.archive.keys().await.len()), (0, 0), "kept is nothing of it");
}

#[tokio::test]
async fn an_import_that_a_killed_worker_held_or_no_job_is_there_for_is_done() {
    let station = Station::new(TestDb::postgres().await).await;
    person(&station.db, "ada").await;
    let url = uploads(&station, 1 << 20).await;
    upload(&url, export()).await;
    let job = "attempts = 1, locked_by = 'killed', locked_at = now() - interval '1 hour'";
    station.db.execute("UPDATE import SET state = 'running', attempts = 1").await;
    station.db.execute(&format!("UPDATE graphile_worker._private_jobs SET {job}")).await;
    let queue = "locked_by = 'killed', locked_at = now() - interval '1 hour'";
    station.db.execute(&format!("UPDATE graphile_worker._private_job_queues SET {queue}")).await;
    assert_eq!(work(&station, false).await, 0, "it counts as failed, and so has to wait a little");
    let pardoned = "SELECT count(*) FROM graphile_worker.jobs WHERE locked_at IS NULL AND run_at > now()";
    assert_eq!(station.db.number(pardoned).await, 1);
    station.db.execute("UPDATE graphile_worker._private_jobs SET run_at = now()").await;
    assert_eq!(work(&station, false).await, 1);

    upload(&url, export()).await;
    station.db.execute("DELETE FROM graphile_worker._private_jobs").await;
    assert_eq!(work(&station, false).await, 1);
    assert_eq!(station.db.number("SELECT count(*) FROM import WHERE state = 'partly'").await, 2);
}

async fn a_watch_does_uploads_as_they_come(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let url = uploads(&station, 1 << 20).await;
    let mut program = Program::ingest().env("DATABASE_URL", station.db.url()).envs(station.archive.env());
    for (name, value) in [("SPOTIFY_CLIENT_ID", "app"), ("SPOTIFY_CLIENT_SECRET", "s"), ("TOKEN_KEYS", TOKEN_KEYS)] {
        program.set_env(name, value);
    }
    let mut watching = program.start(&["watch"]);
    watching.says("watching").await;
    upload(&url, export()).await;
    watching.says("import 1: 2 plays from 3 rows").await;
    let said = watching.terminate().await;
    assert!(said.stderr.contains("stopped"), "{said:?}");
    assert_eq!(plays(&station.db).await.len(), 2);
}

async fn what_cannot_be_read_is_told_and_deleted(db: TestDb) {
    let station = Station::new(db).await;
    person(&station.db, "ada").await;
    let api = Api::start(&station.db.db()).await;
    let url = uploads(&station, 4_000).await;
    for (media, bytes, status, code) in [
        ("text/plain", export(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/zip", vec![0; 5_000], StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
        ("application/zip", vec![], StatusCode::BAD_REQUEST, "BAD_REQUEST"),
    ] {
        let response = post(&url, media, bytes).await;
        assert_eq!(response.status(), status);
        assert!(response.text().await.unwrap().contains(code));
    }
    assert_eq!((station.db.count("import").await, station.archive.keys().await.len()), (0, 0));
    let id = upload(&url, zip(&[("cat.jpg", b"meow".to_vec())])).await;
    assert_eq!(work(&station, true).await, 1);
    let told = api.ask_with(TOLD, json!({ "id": id })).await;
    assert_eq!(told["import"]["state"], "FAILED");
    let error = told["import"]["error"].as_str().unwrap();
    assert!(error.starts_with("the upload holds no listening history: expected"), "{error}");
    assert_eq!(told["import"]["report"], Value::Null);
    assert_eq!(api.ask_with(TOLD, json!({ "id": "nothing" })).await["import"], Value::Null);
}

async fn an_upload_goes_through_the_programs(db: TestDb) {
    person(&db, "ada").await;
    let archive = TestArchive::directory();
    let settings = |program: Program| program.env("DATABASE_URL", db.url()).envs(archive.env());
    let api = settings(Program::api()).env("LISTEN_ADDR", "127.0.0.1:0");
    let mut running = api.start(&["serve"]);
    let line = running.says("ready: open ").await;
    let origin = line.split("open ").nth(1).unwrap().trim_end_matches("/graphiql").to_owned();
    upload(&format!("{origin}/import"), export()).await;
    let said = settings(Program::ingest()).run(&["import", "--waiting", "--dry-run"]).await;
    assert!(said.stdout.contains("1 import(s) wait") && plays(&db).await.is_empty(), "{said:?}");
    let said = settings(Program::ingest()).run(&["import", "--waiting"]).await;
    assert!(said.stdout.contains("1 import(s) that waited are done"), "{said:?}");
    for secret in PERSONAL {
        assert!(!format!("{said:?}").contains(secret));
    }
    assert_eq!(plays(&db).await.len(), 2);
}
