//! Whatever changes what is answered, by whatever command or mutation, the next question is answered anew: a server that has
//! kept everything says the same as one that was just started.

use std::sync::Arc;
use std::time::Duration;

use ::ingest::batch::{Album, Artist, Batch, Features};
use ::ingest::command;
use ::ingest::command::accounts::{self, Add};
use ::ingest::command::demo::{self, Options};
use ::ingest::enrich::KINDS;
use ::ingest::import;
use ::ingest::load::Origin;
use ::ingest::replay::{Scope, Source, replay};
use ::ingest::rollup;
use entity::archive::{ArchiveKey, Kind};
use entity::ids::{TrackId, UserId};
use entity::ingest_run::Outcome;
use entity::secret::KeyRing;
use entity::spotify_account::disconnect;
use entity::track_features;
use serde_json::{Value, json};
use tests::api::{Api, NOW, at, history};
use tests::database::TestDb;
use tests::export::{Export, file, row};
use tests::fake_spotify::AppMode;
use tests::ingest::{Station, TOKEN_KEYS, TestArchive, import_rules};
use tests::on_both;

on_both! {
    whatever_changes_is_answered_anew,
    a_demo_is_seen_by_a_server_that_was_there_before,
    what_the_ingest_does_is_seen_by_a_server_that_was_there_before,
}

/// Every kept field, of everyone and of the viewer, and who is here.
const EVERYTHING: &str = "
    fragment all on Insights {
        totals { plays listenTimeMs measuredShare tracks artists all: artists(credit: ALL) albums listeners }
        series { from plays } weekHours { plays } releaseYears { year plays } skips { streams skips }
        topTracks { edges { plays rank previousRank share node { name } } } topArtists { edges { plays node { name } } }
        credited: topArtists(credit: ALL) { edges { plays node { name } } } topAlbums { edges { plays node { name } } }
        topGenres { edges { plays genre } } topListeners { edges { plays node { username displayName listed } } }
        audioProfile { coverage features { valence } } firstPlay { playedAt } lastPlay { playedAt }
        streaks { current { days } longest { days } } sessions { count } discoveries { tracks artists albums }
    }
    query {
        insights { ...all } ever: insights(range: { preset: ALL_TIME }) { ...all }
        viewer {
            username displayName timeZone listed insights { ...all }
            plays { nodes { playedAt listenTimeMs track { name } } } gaps { after }
            sync { state lastSucceededAt lastPlayedAt authorizationExpiresAt erasureRequestedAt }
            affinity(with: \"bob\") { score sharedArtists { name } sharedTracks { name } }
        }
        user(username: \"bob\") { displayName insights { ...all } }
    }";

/// What the server that was there before says, which must be what a new one says.
async fn ask(before: &Api, db: &TestDb, step: &str) -> Value {
    let answer = before.ask(EVERYTHING).await;
    let of_new = Api::start(&db.db()).await.ask(EVERYTHING).await;
    assert_eq!(answer, of_new, "after {step}");
    assert_eq!(before.ask(EVERYTHING).await, answer, "after {step}, asked again");
    answer
}

async fn whatever_changes_is_answered_anew(db: TestDb) {
    let api = Api::start(&db.db()).await;
    let mut last = ask(&api, &db, "nothing").await;
    let steps = [
        "add ada",
        "add bob",
        "plays of ada",
        "plays of bob",
        "a later play",
        "another album's name",
        "another credit",
        "genres",
        "features",
        "clearing",
        "a rebuild",
        "settings",
    ];
    for step in steps {
        take(&api, &db, step).await;
        let now = ask(&api, &db, step).await;
        assert!(now != last, "{step} changed nothing that is asked for");
        last = now;
    }
}

async fn take(api: &Api, db: &TestDb, step: &str) {
    let add = async |name: &str| {
        let add = Add {
            name: name.to_owned(),
            refresh_token_file: None,
            display_name: None,
            time_zone: "Europe/Berlin".to_owned(),
            listed: true,
            dry_run: false,
        };
        accounts::add(&db.db(), &add, None, at(NOW)).await.unwrap();
    };
    let song = || history().listener("ada").track("a").by(["x"]).album("b");
    match step {
        "add ada" => add("ada").await,
        "add bob" => add("bob").await,
        "plays of ada" => {
            song().played_times(3, "2026-11-20T10:00:00Z").load(&db.db()).await;
        }
        "plays of bob" => {
            song().listener("bob").played_times(2, "2026-10-10T10:00:00Z").load(&db.db()).await;
        }
        "a later play" => {
            song().measured_at("2026-11-22T09:00:00Z", 60_000).load(&db.db()).await;
        }
        "another album's name" => {
            let album = Album {
                spotify_id: "b".to_owned(),
                name: Some("Another".to_owned()),
                release_date: Some("1981".to_owned()),
                ..Album::default()
            };
            say(db, Batch { albums: vec![album], ..Batch::default() }).await;
        }
        "another credit" => {
            history().track("a").by(["y", "x"]).load(&db.db()).await;
        }
        "genres" => {
            let genres = Some(vec!["dream pop".to_owned()]);
            let artist = Artist { spotify_id: "y".to_owned(), genres, ..Artist::default() };
            say(db, Batch { artists: vec![artist], ..Batch::default() }).await;
        }
        "features" => {
            let values = track_features::Model {
                track_id: TrackId(0),
                acousticness: 0.1,
                danceability: 0.2,
                energy: 0.3,
                instrumentalness: 0.4,
                liveness: 0.5,
                loudness_db: -6.0,
                speechiness: 0.6,
                tempo_bpm: 120.0,
                valence: 0.7,
            };
            let features = Features { track: "a".to_owned(), values };
            say(db, Batch { features: vec![features], ..Batch::default() }).await;
        }
        "a rebuild" => {
            rollup::rebuild(&db.db(), at(NOW)).await.unwrap();
        }
        "settings" => {
            let mutation =
                "mutation { updateViewer(input: { displayName: \"Ada L.\", listed: false, timeZone: \"Asia/Tokyo\" })
                { userErrors { message } } }";
            assert_eq!(api.ask(mutation).await["updateViewer"]["userErrors"], json!([]));
        }
        "clearing" => {
            // By hand, and so without telling anybody.
            db.execute("UPDATE track_total SET plays = 99").await;
            assert_eq!(api.ask(EVERYTHING).await["ever"]["topTracks"]["edges"][0]["plays"], 6);
            api.ask("mutation { clearCache { entriesRemoved } }").await;
        }
        _ => unreachable!("{step}"),
    }
}

async fn mutate(api: &Api, mutation: &str) {
    let answer = api.ask(&format!("mutation {{ done: {mutation} }}")).await;
    assert_eq!(answer["done"]["userErrors"], json!([]), "{mutation}");
}

/// What a document of the catalogue says.
async fn say(db: &TestDb, batch: Batch) {
    let key = ArchiveKey::new(Kind::Artists, at(NOW), format!("{batch:?}").as_bytes());
    tests::ingest::load(&db.db(), &Origin { key, user: None, fetched_at: at(NOW) }, &batch, at(NOW)).await.unwrap();
}

async fn a_demo_is_seen_by_a_server_that_was_there_before(db: TestDb) {
    let station = Station::new(db).await;
    let api = Api::start(&station.db.db()).await;
    let nothing = ask(&api, &station.db, "nothing").await;
    demo::fill(&station.pipeline, &Options { listeners: 2, plays: 200, seed: 1 }).await.unwrap();
    assert_ne!(ask(&api, &station.db, "a demo").await, nothing);
}

async fn what_the_ingest_does_is_seen_by_a_server_that_was_there_before(db: TestDb) {
    let station = Station::with(db, AppMode::Extended, TestArchive::directory()).await;
    let api = Api::start(&station.db.db()).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 12);
    let nothing = ask(&api, &station.db, "nothing").await;

    assert_eq!(station.run().await, Outcome::Succeeded);
    let fetched = ask(&api, &station.db, "a run").await;
    assert_ne!(fetched, nothing);

    station.hear(&ada, 2);
    station.db.execute("ALTER TABLE play RENAME TO away").await;
    assert_eq!(station.run().await, Outcome::Failed);
    station.db.execute("ALTER TABLE away RENAME TO play").await;
    let missed = ask(&api, &station.db, "a run without the plays' table").await;
    assert_eq!(station.drain().await.loaded.plays_loaded, 2);
    let fetched = ask(&api, &station.db, "draining the spool").await;
    assert_ne!(fetched, missed);

    mutate(&api, "requestIngest(username: \"ada\") { userErrors { message } }").await;
    ask(&api, &station.db, "asking for a fetch").await;
    let newer = KeyRing::parse(&format!("newer:{},{TOKEN_KEYS}", "CQkJ".repeat(10) + "CQk=")).unwrap();
    assert_eq!(accounts::rotate(&station.db.db(), &newer).await.unwrap().sealed, 1);
    ask(&api, &station.db, "rotating keys").await;

    station.backfill(&KINDS, 100).await;
    let enriched = ask(&api, &station.db, "enrichment").await;
    assert_ne!(enriched, fetched);

    let (export, user) = (Export::default(), station.user(&ada).await);
    let path = export.write("endsong_0.json", &file(&[row("t1", "a1", at("2026-11-01T10:00:00Z").ms(), 60_000)]));
    let (db, progress) = (station.db.db(), Arc::new(import::Progress::default()));
    import::import(&db, &station.pipeline.clock, vec![path], &import::Options::new(user), progress).await.unwrap();
    let imported = ask(&api, &station.db, "an import").await;
    assert_ne!(imported, enriched);

    // By hand, and so without telling anybody.
    station.db.execute("DELETE FROM play WHERE source = 'api'").await;
    let everything = Scope { user: None, since: None, source: Source::Archive };
    assert_eq!(replay(&station.pipeline, everything).await.unwrap().loaded.plays_loaded, 14);
    rollup::rebuild(&db, at(NOW)).await.unwrap();
    let replayed = ask(&api, &station.db, "a replay").await;
    assert_eq!(replayed["viewer"]["plays"], imported["viewer"]["plays"]);
    assert_eq!(replayed["ever"]["totals"], imported["ever"]["totals"]);

    mutate(&api, "disconnectSpotify { userErrors { message } }").await;
    let disconnected = ask(&api, &station.db, "disconnecting").await;
    assert_ne!(disconnected["viewer"]["sync"], replayed["viewer"]["sync"]);

    station.pass_ms(1_000);
    disconnect(&station.pipeline.db, user, true, station.pipeline.clock.now()).await.unwrap();
    ask(&api, &station.db, "asking for an erasure").await;
    station.whole_run().await;
    let forgotten = async {
        while api.ask("{ cache { entries } }").await["cache"]["entries"] != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), forgotten).await.expect("nothing is kept of who is gone");
    let erased = ask(&api, &station.db, "an erasure").await;
    assert_eq!(erased["viewer"]["plays"]["nodes"], json!([]));

    // Another person, made by the command that imports, and gone again with everything.
    let path = export.write("endsong_1.json", &file(&[row("t9", "a1", at("2026-11-02T10:00:00Z").ms(), 60_000)]));
    let options = command::import::Options {
        files: vec![path],
        user: Some("cleo".to_owned()),
        waiting: false,
        create_user: true,
        time_zone: "UTC".to_owned(),
        dry_run: false,
        json: true,
    };
    command::import::run(&db, None, &station.pipeline.clock, &options, &import_rules()).await.unwrap();
    let joined = ask(&api, &station.db, "an import that makes an account").await;
    assert_ne!(joined, erased);
    let cleo = UserId(i32::try_from(station.db.number("SELECT CAST(MAX(id) AS bigint) FROM \"user\"").await).unwrap());
    accounts::remove(&station.pipeline, cleo).await.unwrap();
    assert_eq!(ask(&api, &station.db, "removing an account").await, erased);
}
