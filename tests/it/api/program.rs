//! `refrain-api` as a process: what it prints, what it refuses, and how it stops.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use migration::{Migrator, MigratorTrait};
use serde_json::Value;
use tests::api::history;
use tests::database::TestDb;
use tests::ports::ReservedPort;
use tests::program::{Program, Said};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

const PASSWORD: &str = "hunter2";

const SERVE: [&str; 1] = ["serve"];

/// The program, told to listen on any free port.
fn program() -> Program {
    Program::api().env("LISTEN_ADDR", "127.0.0.1:0")
}

/// The address in the line that says where to click.
fn address(line: &str) -> String {
    let (_, address) = line.split_once("open ").unwrap();
    address.trim_end_matches("/graphiql").to_owned()
}

#[tokio::test]
async fn the_schema_is_printed_as_it_is_published() {
    let said = program().run(&["schema"]).await;
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let published = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql")).unwrap();
    assert_eq!(said.stdout, published);
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_where_that_is_wanted_and_the_log_tells_of_each_question() {
    let db = TestDb::sqlite().await;
    history().listener("ada").track("a").played_times(1, "2026-11-20T10:00:00Z").load(&db.db()).await;
    let program = program().env("DATABASE_URL", db.url()).env("RUST_LOG", "info,api::cache=debug");
    let mut running = program.env("METRICS_ADDR", "127.0.0.1:0").start(&SERVE);
    let line = running.says("metrics: ").await;
    let metrics = line.split("metrics: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let origin = address(&running.says("ready: open ").await);
    let client = reqwest::Client::new();
    for field in ["plays", "tracks"] {
        let query = format!("{{\"query\":\"{{ insights {{ totals {{ {field} }} }} }}\"}}");
        let asked = client.post(format!("{origin}/graphql")).header("content-type", "application/json").body(query);
        assert_eq!(asked.send().await.unwrap().status(), StatusCode::OK);
    }
    for outcome in ["cache fill: totals", "cache miss: totals", "cache hit: totals"] {
        let line = running.says(outcome).await;
        assert!(line.contains("DEBUG") && line.contains("duration_us=") && line.contains("cache.key="), "{line}");
    }
    assert_eq!(client.get(format!("{origin}/metrics")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let told = client.get(&metrics).send().await.unwrap().text().await.unwrap();
    assert!(told.contains("refrain_cache_questions_total{field=\"totals\",outcome=\"hit\"} 1"), "{told}");
    assert_eq!(running.terminate().await.code, 0);
}

#[tokio::test]
async fn without_access_control_only_this_machine_is_listened_to() {
    for listen_addr in ["0.0.0.0:5001", "[::]:5001", "192.0.2.1:80"] {
        let program = Program::api().env("AUTH", "none").env("LISTEN_ADDR", listen_addr);
        let said = program.run(&SERVE).await;
        check_refusal(&said, &["AUTH=none", "everyone", listen_addr, "127.0.0.1:5001"]);
        assert!(!program.folder().join("refrain.db").exists(), "it opened the database nevertheless");
    }
}

#[tokio::test]
async fn a_setting_that_cannot_be_read_is_named() {
    for (name, value, words) in [
        ("LISTEN_ADDR", "localhost", ["'localhost'", "--listen-addr"]),
        ("LISTEN_ADDR", "127.0.0.1:99999", ["'127.0.0.1:99999'", "--listen-addr"]),
        ("AUTH", "nobody", ["'nobody'", "--auth"]),
        ("LOG_FORMAT", "xml", ["'xml'", "--log-format"]),
        ("DATABASE_URL", "mysql://root:hunter2@127.0.0.1/refrain", ["DATABASE_URL", "postgres://USER@HOST/NAME"]),
        ("DATABASE_URL", "sqlite:///nowhere/refrain.db?mode=rwc", ["sqlite:///nowhere/refrain.db", "DATABASE_URL"]),
        ("DATABASE_URL_FILE", "/nowhere/url", ["DATABASE_URL_FILE", "/nowhere/url"]),
    ] {
        check_refusal(&program().env(name, value).run(&SERVE).await, &words);
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = Program::api().env("LISTEN_ADDR", &address);
    let said = program.run(&SERVE).await;
    check_refusal(&said, &[&address, "in use by another program", "LISTEN_ADDR"]);
    assert!(!program.folder().join("refrain.db").exists(), "it made a database that it does not serve");
}

#[tokio::test]
async fn a_database_that_was_not_migrated_is_refused_with_the_command_that_does_it() {
    let db = TestDb::postgres().await;
    Migrator::down(db.db().write(), Some(1)).await.unwrap();
    let mut url = Url::parse(db.url()).unwrap();
    if url.password().is_none() {
        url.set_password(Some(PASSWORD)).unwrap();
    }
    let program = program().env("DATABASE_URL", url.as_str());
    check_refusal(&program.run(&SERVE).await, &["lacks 1 migration(s)", "`migration up`", url.path()]);
    Migrator::down(db.db().write(), None).await.unwrap();
    let all = format!("lacks {} migration(s)", Migrator::migrations().len());
    check_refusal(&program.run(&SERVE).await, &[&all, "`migration up`"]);
    db.execute("DROP TABLE seaql_migrations").await;
    check_refusal(&program.run(&SERVE).await, &[&all, "`migration up`"]);
    assert_eq!(db.tables().await, Vec::<String>::new(), "it migrated by itself");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let port = ReservedPort::reserve().unwrap();
    let url = format!("postgres://refrain:{PASSWORD}@{}/plays", port.address());
    let shown = format!("postgres://refrain:***@{}/plays", port.address());
    let said = program().env("DATABASE_URL", url).run(&SERVE).await;
    check_refusal(&said, &[&shown, "cannot be reached", "DATABASE_URL"]);
}

/// One line that begins with `error: `, exit code 1, no secret, no panic, and no Rust in what people read.
fn check_refusal(said: &Said, words: &[&str]) {
    let line = said.one_error();
    for word in words {
        assert!(line.contains(word), "\"{word}\" is not in: {line}");
    }
    for word in [PASSWORD, "panicked", "backtrace", "Some(", "Err(", "::Error"] {
        assert!(!line.contains(word), "\"{word}\" is in: {line}");
    }
}

#[tokio::test]
async fn an_empty_database_is_served_with_the_three_ways_to_get_plays_in_and_where_to_click() {
    let program = program();
    let mut running = program.start(&SERVE);
    let address = address(&running.says("ready: open http://").await);
    for way in ["the database is empty", "-- demo", "accounts connect NAME", "privacy export"] {
        assert!(running.log().contains(way), "\"{way}\" is not in:\n{}", running.log());
    }
    assert!(program.folder().join("refrain.db").exists());
    let page = reqwest::get(format!("{address}/graphiql")).await.unwrap().text().await.unwrap();
    assert!(page.contains("cargo run --release -p ingest -- demo"));
    let stopped = running.terminate().await;
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
}

#[tokio::test]
async fn a_filled_database_is_served_with_questions_about_its_first_listener() {
    let db = TestDb::postgres().await;
    history().listener("zoe").track("a").played_at("2026-11-01T10:00:00Z").listener("ada").load(&db.db()).await;
    let program = program().env("DATABASE_URL", db.url());
    let mut running = program.start(&SERVE);
    let address = address(&running.says("ready: open http://").await);
    assert!(!running.log().contains("empty"), "{}", running.log());
    let page = reqwest::get(format!("{address}/graphiql")).await.unwrap().text().await.unwrap();
    assert!(page.contains(r#"\"username\": \"ada\""#), "the first by key");
    let query = r#"{"query": "{ insights(range: { preset: ALL_TIME }) { totals { plays } } }"}"#;
    let request = reqwest::Client::new().post(format!("{address}/graphql")).body(query);
    let answer = request.header("content-type", "application/json").send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, r#"{"data":{"insights":{"totals":{"plays":1}}}}"#);
    let stopped = running.terminate().await;
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("answered query"), "{}", stopped.stderr);
}

#[tokio::test]
async fn health_asks_the_server_that_the_settings_name() {
    let port = ReservedPort::reserve().unwrap();
    let program = Program::api().env("LISTEN_ADDR", port.address().to_string());
    let nobody = format!("nobody listens on {}", port.address());
    assert!(program.run(&["health"]).await.one_error().contains(&nobody));
    let mut running = program.start(&SERVE);
    running.says("ready: open http://").await;
    let healthy = program.run(&["health"]).await;
    assert_eq!((healthy.code, healthy.stderr.as_str()), (0, ""));
    assert_eq!(running.terminate().await.code, 0);
    assert!(program.run(&["health"]).await.one_error().contains(&nobody));

    // Somebody listens there who is not ready, and somebody who is not this server at all.
    let unready = Router::new().route("/health/ready", get(async || (StatusCode::SERVICE_UNAVAILABLE, "Not yet.")));
    for (stranger, words) in [(unready, "Not yet."), (Router::new(), "404")] {
        let served = tokio::spawn(axum::serve(port.listen().unwrap(), stranger).into_future());
        let said = program.run(&["health"]).await;
        assert!(said.one_error().contains("the server is not ready"), "{said:?}");
        assert!(said.one_error().contains(words), "{said:?}");
        served.abort();
        _ = served.await;
    }
}

#[tokio::test]
async fn told_to_stop_it_finishes_the_answer_in_hand_and_takes_no_more() {
    let program = program();
    let mut running = program.start(&SERVE);
    let address = address(&running.says("ready: open http://").await);
    let host = address.strip_prefix("http://").unwrap();
    let idle = TcpStream::connect(host).await.unwrap();
    let mut asking = TcpStream::connect(host).await.unwrap();
    let body = r#"{"query": "{ insights { totals { plays } } }"}"#;
    let head = format!("POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    let (first, rest) = body.split_at(10);
    let begun = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{first}", body.len());
    asking.write_all(begun.as_bytes()).await.unwrap();

    let stopping = tokio::spawn(running.terminate());
    while TcpStream::connect(host).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    asking.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["data"]["insights"]["totals"]["plays"], 0);

    let stopped = stopping.await.unwrap();
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
    assert!(stopped.stderr.trim_end().ends_with("stopped"), "{}", stopped.stderr);
    drop(idle);
}
