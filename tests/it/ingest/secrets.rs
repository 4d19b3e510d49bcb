//! The canary: no credential in anything that a program says, stores, archives or tells others, however much it is asked to
//! say and whatever goes wrong.
//!
//! Through the real program: rspotify logs by way of the `log` crate, which only a program's own start connects. Every
//! credential that a setting can hold is one that occurs nowhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tests::database::TestDb;
use tests::export::{file, row};
use tests::fake_discord::FakeDiscord;
use tests::fake_spotify::{AppMode, Endpoint, FakeSpotify, Listener, Options, Quirk, RetryAfter, Rotation, Rule};
use tests::ingest::TestArchive;
use tests::on_both;
use tests::program::{Program, Said};

on_both! {
    no_secret_is_said_at_any_level,
    no_secret_is_said_when_things_go_wrong,
    no_secret_is_in_an_error_of_its_own_setting,
}

/// 2026-11-01T10:00:00Z.
const T0: i64 = 1_793_527_200_000;

/// What may be asked of the log, everything first.
const LEVELS: [&str; 3] = ["trace", "info,rspotify=trace,rspotify_http=trace,rspotify::http=trace", "debug"];

/// The program with every credential set, and all whom it talks to.
struct Scene {
    db: TestDb,
    url: String,
    spotify: FakeSpotify,
    archive: TestArchive,
    people: FakeDiscord,
    machines: FakeDiscord,
    ada: Listener,
    secrets: Vec<String>,
}

impl Scene {
    async fn new(db: TestDb) -> Self {
        let client_secret = "canary-client-secret-0123456789".to_owned();
        let options = Options { client_secret, mode: AppMode::Extended, ..Options::default() };
        let spotify = FakeSpotify::start(options).await.unwrap();
        let archive = TestArchive::s3().await;
        let people = FakeDiscord::start("canary-discord-token").await.unwrap();
        let machines = FakeDiscord::start("canary-webhook-token").await.unwrap();
        let ada = spotify.add_listener("ada");
        spotify.listen(&ada, 5, spotify.now_ms());
        spotify.set_rotation(Rotation::OldStops);
        // The cluster trusts everybody, so it takes any password.
        let url = db.url().replacen("@", ":canary-database-password@", 1);
        let pair = STANDARD.encode(format!("{}:{}", spotify.client_id(), spotify.client_secret()));
        let aws = archive.env().into_iter().find(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY").unwrap().1;
        let mut secrets = vec![spotify.client_secret().to_owned(), pair, aws, ada.refresh_token.clone()];
        secrets.extend(["canary-discord-token", "canary-webhook-token", "canary-database-password"].map(String::from));
        secrets.extend([STANDARD.encode([0xCA; 32]), format!("{}@example.org", ada.user_id)]);
        let mut scene = Self { db, url, spotify, archive, people, machines, ada, secrets };
        let said = scene.add().await;
        assert_eq!(said.code, 0, "{said:?}");
        scene
    }

    fn program(&self, level: &str) -> Program {
        let keys = format!("canary:{}", STANDARD.encode([0xCA; 32]));
        let program = Program::ingest().envs(self.spotify.env()).envs(self.archive.env()).env("RUST_LOG", level);
        program
            .env("DATABASE_URL", &self.url)
            .env("TOKEN_KEYS", keys)
            .env("DISCORD_WEBHOOK_URL", self.people.url())
            .env("WEBHOOK_URL", self.machines.url())
            .env("ENRICH_BUDGET", "10")
    }

    /// `accounts add` with the newest refresh token.
    async fn add(&mut self) -> Said {
        let program = self.program("trace");
        let token = self.spotify.refresh_token(&self.ada);
        let file = program.file("token", &token);
        self.secrets.push(token);
        self.checked(program.run(&["accounts", "add", "ada", "--refresh-token-file", &file]).await)
    }

    /// Runs a command; nothing that it says is a secret.
    async fn run(&mut self, program: &Program, arguments: &[&str]) -> Said {
        let said = program.run(arguments).await;
        self.secrets.push(self.spotify.refresh_token(&self.ada));
        self.checked(said)
    }

    fn checked(&self, said: Said) -> Said {
        for text in [&said.stdout, &said.stderr] {
            self.assert_keeps(text, "what it said");
        }
        said
    }

    /// Nothing that is stored, archived or told others is a secret.
    async fn assert_nothing_left(&self) {
        let stored = self.db.bytes().await;
        let stored = String::from_utf8_lossy(&stored);
        assert!(stored.contains(&self.ada.account_id), "the search finds what is there");
        self.assert_keeps(&stored, "the database");
        for key in self.archive.keys().await {
            self.assert_keeps(&String::from_utf8(self.archive.read(&key).await).unwrap(), &key);
        }
        for message in [self.people.messages(), self.machines.messages()].concat() {
            self.assert_keeps(&message.to_string(), "an alert");
        }
    }

    fn assert_keeps(&self, text: &str, place: &str) {
        for secret in &self.secrets {
            if let Some(at) = text.find(secret.as_str()) {
                let before: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
                panic!("a secret is in {place}, after: {before}");
            }
        }
        assert_eq!(bearer_tokens(text), 0, "an access token is in {place}");
    }
}

async fn no_secret_is_said_at_any_level(db: TestDb) {
    let mut scene = Scene::new(db).await;
    for level in LEVELS {
        for format in ["text", "json"] {
            let program = scene.program(level).env("LOG_FORMAT", format);
            let export =
                program.file("endsong_0.json", &String::from_utf8(file(&[row("t1", "a1", T0, 60_000)])).unwrap());
            for command in [
                &["run", "--all"][..],
                &["backfill", "--reprobe"],
                &["accounts", "list"],
                &["accounts", "rotate-keys"],
                &["import", &export, "--user", "ada"],
                &["replay", "--from-archive"],
                &["verify"],
                &["spool", "list"],
                &["runs"],
            ] {
                let said = scene.run(&program, command).await;
                assert_eq!(said.code, 0, "{command:?}: {said:?}");
                if command == ["run", "--all"] {
                    assert_eq!(said.stderr.contains("TRACE"), level == "trace", "the log does say everything else");
                    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
                    assert!(format == "text" || said.stderr.lines().all(is_json), "one object a line");
                }
            }
        }
    }
    // The fake of Discord does not say what its webhook is, so one of these trials fails.
    let program = scene.program("trace");
    let checked = scene.run(&program, &["check", "--json"]).await;
    assert!(checked.stdout.contains("\"check\":\"pipeline\""), "{checked:?}");
    assert!(scene.db.count("track_features").await > 0, "the catalogue was filled in");
    scene.assert_nothing_left().await;
}

async fn no_secret_is_said_when_things_go_wrong(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let program = scene.program("trace");
    for quirk in [
        Quirk::ServerError(500),
        Quirk::Html(502),
        Quirk::CutOff,
        Quirk::TruncatedJson,
        Quirk::not_allow_listed(),
        Quirk::Forbidden(None),
    ] {
        scene.spotify.add_rule(Rule::next(1, quirk.clone()).by(&scene.ada));
        assert_eq!(scene.run(&program, &["run", "--all"]).await.code, 1, "{quirk:?}");
        scene.spotify.clear_rules();
    }
    scene.spotify.add_rule(Rule::next(1, Quirk::Html(200)).at(Endpoint::Token));
    scene.run(&program, &["run", "--all"]).await;
    scene.people.set_down(true);
    scene.archive.take_down().await;
    assert_eq!(scene.run(&program, &["run", "--all"]).await.code, 2);
    scene.archive.bring_up();
    scene.people.set_down(false);
    scene.spotify.revoke(&scene.ada);
    assert_eq!(scene.run(&program, &["run", "--all"]).await.code, 1);
    scene.spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(7_200))));
    scene.run(&program, &["backfill", "--reprobe"]).await;
    scene.run(&program, &["runs", "1"]).await;
    assert!(!scene.people.messages().is_empty() && !scene.machines.messages().is_empty(), "somebody was told");
    scene.assert_nothing_left().await;
}

async fn no_secret_is_in_an_error_of_its_own_setting(db: TestDb) {
    let mut scene = Scene::new(db).await;
    scene.secrets.push("canary-mistake".to_owned());
    for (name, value) in [
        ("SPOTIFY_CLIENT_SECRET", "canary-mistake"),
        ("TOKEN_KEYS", "canary:canary-mistake"),
        ("DISCORD_WEBHOOK_URL", "canary-mistake"),
        ("DISCORD_WEBHOOK_URL", "http://127.0.0.1:9/api/webhooks/1/canary-mistake"),
        ("WEBHOOK_URL", "ftp://canary-mistake"),
        ("AWS_SECRET_ACCESS_KEY", "canary-mistake"),
        ("DATABASE_URL", "postgres://ada:canary-mistake@127.0.0.1:9/x"),
    ] {
        // Something is to be told, so that the channels are used.
        scene.spotify.add_rule(Rule::next(1, Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
        let program = scene.program("trace").env(name, value);
        let said = scene.run(&program, &["run", "--all"]).await;
        assert_eq!(said.code, 1, "{name}: {said:?}");
        scene.spotify.clear_rules();
    }
    scene.assert_nothing_left().await;
}

/// How many words look like the fake's access tokens: `BQ` and 176 letters and digits.
fn bearer_tokens(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.starts_with("BQ") && word.len() == 178).count()
}
