//! No token, key or password in anything that a program says or stores, however much it is asked to say.
//!
//! Through the real program: rspotify logs by way of the `log` crate, which only a program's own start connects.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tests::database::TestDb;
use tests::fake_spotify::{FakeSpotify, Options, Quirk, Rotation, Rule};
use tests::ingest::{TOKEN_KEYS, TestArchive};
use tests::on_both;
use tests::program::{Program, Said};

on_both! {
    no_secret_is_said_at_any_level,
    no_secret_is_said_when_things_go_wrong,
}

/// What may be asked of the log, everything first.
const LEVELS: [&str; 3] = ["trace", "info,rspotify=trace,rspotify_http=trace,rspotify::http=trace", "debug"];

async fn no_secret_is_said_at_any_level(db: TestDb) {
    let (spotify, archive) = (spotify().await, TestArchive::s3().await);
    let mut secrets = secrets(&spotify, &archive);
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 5, spotify.now_ms());
    spotify.set_rotation(Rotation::OldStops);
    secrets.push(ada.refresh_token.clone());
    let mut said = vec![add(&program(&db, &spotify, &archive, "trace"), &ada.refresh_token).await];
    for level in LEVELS {
        for format in ["text", "json"] {
            let program = program(&db, &spotify, &archive, level).env("LOG_FORMAT", format);
            said.push(program.run(&["run"]).await);
            secrets.push(spotify.refresh_token(&ada));
            said.push(program.run(&["accounts", "list"]).await);
            said.push(program.run(&["runs"]).await);
        }
    }
    assert!(said.iter().all(|said| said.code == 0), "{said:?}");
    assert!(said[1].stderr.contains("TRACE"), "the log does say everything else");
    for said in &said {
        assert_keeps(said, &secrets);
    }
    let stored = db.bytes().await;
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains(&ada.account_id), "the search finds what is there");
    for secret in secrets.iter().filter(|secret| !db.url().contains(secret.as_str())) {
        assert!(!stored.contains(secret.as_str()));
    }
    assert_eq!(bearer_tokens(&stored), 0);
    for key in archive.keys().await {
        let page = String::from_utf8(archive.read(&key).await).unwrap();
        assert!(secrets.iter().all(|secret| !page.contains(secret.as_str())) && bearer_tokens(&page) == 0);
    }
}

async fn no_secret_is_said_when_things_go_wrong(db: TestDb) {
    let (spotify, mut archive) = (spotify().await, TestArchive::s3().await);
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 5, spotify.now_ms());
    let mut secrets = secrets(&spotify, &archive);
    secrets.push(ada.refresh_token.clone());
    let program = program(&db, &spotify, &archive, "trace");
    let mut said = vec![add(&program, &ada.refresh_token).await];
    for quirk in
        [Quirk::ServerError(500), Quirk::Html(502), Quirk::CutOff, Quirk::TruncatedJson, Quirk::not_allow_listed()]
    {
        spotify.add_rule(Rule::next(1, quirk).by(&ada));
        said.push(program.run(&["run"]).await);
        spotify.clear_rules();
    }
    archive.take_down().await;
    said.push(program.run(&["run"]).await);
    spotify.revoke(&ada);
    said.push(program.run(&["run", "--all"]).await);
    said.push(program.run(&["runs", "1"]).await);
    assert_eq!(said.iter().map(|said| said.code).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 1, 2, 1, 0]);
    for said in &said {
        assert_keeps(said, &secrets);
    }
}

async fn spotify() -> FakeSpotify {
    let client_secret = "the-apps-own-secret-0123456789".to_owned();
    FakeSpotify::start(Options { client_secret, ..Options::default() }).await.unwrap()
}

/// What must not be seen before anyone is linked.
fn secrets(spotify: &FakeSpotify, archive: &TestArchive) -> Vec<String> {
    let pair = STANDARD.encode(format!("{}:{}", spotify.client_id(), spotify.client_secret()));
    let key = TOKEN_KEYS.split_once(':').unwrap().1.to_owned();
    let mut secrets = vec![spotify.client_secret().to_owned(), pair, key];
    secrets
        .extend(archive.env().into_iter().filter(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY").map(|(_, value)| value));
    assert_eq!(secrets.len(), 4);
    secrets
}

fn program(db: &TestDb, spotify: &FakeSpotify, archive: &TestArchive, level: &str) -> Program {
    let program = Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS);
    program.envs(spotify.env()).envs(archive.env()).env("RUST_LOG", level)
}

async fn add(program: &Program, token: &str) -> Said {
    let file = program.file("token", token);
    program.run(&["accounts", "add", "ada", "--refresh-token-file", &file]).await
}

fn assert_keeps(said: &Said, secrets: &[String]) {
    for text in [&said.stdout, &said.stderr] {
        for secret in secrets {
            if let Some(at) = text.find(secret.as_str()) {
                panic!("a secret was said: {}", text[..at].lines().last().unwrap_or_default());
            }
        }
        assert_eq!(bearer_tokens(text), 0, "an access token was said");
    }
}

/// How many words look like the fake's access tokens: `BQ` and 176 letters and digits.
fn bearer_tokens(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.starts_with("BQ") && word.len() == 178).count()
}
