//! How far an import is: a bar on a terminal, log lines elsewhere.

use std::fmt::Write;
use std::path::PathBuf;

use tests::database::TestDb;
use tests::export::{Export, row};
use tests::program::Program;

use super::T0;

/// More than two chunks of streams, with three podcasts to each.
fn long(export: &Export) -> PathBuf {
    let podcast = r#"{"ts":"2026-01-01T00:00:00Z","ms_played":9,"spotify_episode_uri":"spotify:episode:e"}"#;
    let stream = row("t1", "a1", T0, 31_000).to_string();
    let begin = entity::time::Instant::from_ms(T0 - 400 * 86_400_000);
    let mut text = String::from("[");
    for nth in 0..52_000 {
        let ts = begin + nth * 60_000;
        let stream = stream.replace("2026-11-22T06:00:00Z", &ts.to_string());
        write!(text, "{stream},{podcast},{podcast},{podcast},").unwrap();
    }
    text.pop();
    text.push(']');
    export.write("endsong_0.json", text.as_bytes())
}

#[tokio::test]
async fn a_terminal_shows_a_bar_with_rate_and_time_left_and_a_log_its_lines() {
    let export = Export::default();
    let path = long(&export);
    let arguments = ["import", path.to_str().unwrap(), "--user", "ada", "--create-user"];

    let db = TestDb::sqlite().await;
    let terminal = Program::ingest().env("DATABASE_URL", db.url()).env("TERM", "xterm").in_terminal();
    let said = terminal.run(&arguments).await;
    assert_eq!(said.code, 0, "{}", said.stdout);
    let is_a_bar =
        |line: &str| ["99997 rows, ", " rows/s ", " 48 %, ", "s left"].iter().all(|part| line.contains(part));
    assert!(said.stdout.split(['\r', '\n']).any(is_a_bar), "{}", said.stdout);
    assert!(said.stdout.contains("52000   plays added"), "{}", said.stdout);

    let db = TestDb::sqlite().await;
    let said = Program::ingest().env("DATABASE_URL", db.url()).run(&arguments).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("96 % imported, 199997 rows"), "{}", said.stderr);
    assert!(said.stderr.contains("imported 52000 plays from 208000 rows"), "{}", said.stderr);
    assert!(!said.stderr.contains("rows/s"), "no bar: {}", said.stderr);
}
