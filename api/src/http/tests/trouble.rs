//! Failures of the server: what a client reads, and what the log gets.

use std::{cell::RefCell, io::Write, sync::Once};

use tracing::level_filters::LevelFilter;

use super::face::Face;
use crate::error::INTERNAL;

#[tokio::test]
async fn a_panic_is_a_500_with_a_code_and_the_server_goes_on() {
    let face = Face::new();
    let answer = face.ask("{ panics }").await;
    answer.assert_refused(500, "INTERNAL");
    assert_eq!(answer.message(), INTERNAL);
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], answer.header("x-request-id"));
    assert_eq!(face.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn a_failed_field_tells_the_client_where_to_look_and_nothing_more() {
    let answer = Face::new().ask("{ fails }").await;
    let error = &answer.json()["errors"][0];
    assert_eq!(error["message"], INTERNAL);
    assert_eq!(error["path"], serde_json::json!(["fails"]));
    assert_eq!(error["extensions"]["requestId"], answer.header("x-request-id"));
    assert!(!answer.text().contains("disk"));
}

#[test]
fn the_log_gets_each_cause_once_with_path_and_request() {
    let log = logged_by(async {
        Face::new().ask("{ fails again: fails }").await;
    });
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("the disk is on fire") && lines[0].contains("graphql.path=\"fails\""), "{log}");
    assert!(lines[0].contains("request.id="), "{log}");
}

#[test]
fn the_log_gets_a_panics_message_and_one_line_per_answer() {
    let log = logged_by(async {
        let face = Face::new();
        face.ask("{ panics }").await;
        face.ask("query Greeting { hello }").await;
    });
    assert!(log.contains("an execution panicked: an invariant does not hold"), "{log}");
    assert_eq!(log.matches("answered query Greeting in ").count(), 1, "{log}");
}

/// What an asynchronous block logs, as text.
fn logged_by(block: impl Future<Output = ()>) -> String {
    listen();
    LINES.with_borrow_mut(Vec::clear);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(block);
    String::from_utf8(LINES.take()).unwrap()
}

thread_local! {
    /// What this thread has logged, and with it the test that runs on it.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Subscribes once, for the whole process: whether a place in the source is of interest to anyone is remembered for
/// all threads, so a subscriber of one thread can miss what another thread has reached first.
fn listen() {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::INFO).with_ansi(false).with_writer(|| Lines).init();
    });
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
