//! The product and the reference, asked the same about the same.
//!
//! A case is one generated history with several questions, each for everything that the schema can tell. A case is made
//! from its seed alone. A seed that fails prints itself, with the question and both answers, and is tried again with
//! `REFRAIN_SEED=… cargo test -p tests --test it insights::agrees`. `REFRAIN_CASES=…` tries more or fewer.

use std::sync::LazyLock;

use serde_json::Value;
use tests::api::Api;
use tests::database::TestDb;
use tests::on_both;
use tests::reference::History;
use tests::reference::time::text;

use super::answer::{difference, take_cursors, with_errors};
use super::dice::Dice;
use super::histories;
use super::questions::{Paging, Question};
use super::stock;

on_both! {
    every_insight_agrees_with_the_reference,
}

/// Histories in a run, unless `REFRAIN_CASES` says otherwise.
const CASES: u64 = 60;
const QUESTIONS_PER_CASE: usize = 4;

/// The same for both databases; others with every run.
static SEEDS: LazyLock<Vec<u64>> = LazyLock::new(|| match number("REFRAIN_SEED") {
    Some(seed) => vec![seed],
    None => (0..number("REFRAIN_CASES").unwrap_or(CASES)).map(|_| rand::random()).collect(),
});

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}

async fn every_insight_agrees_with_the_reference(db: TestDb) {
    for seed in SEEDS.iter().copied() {
        let _told_if_it_fails = Seed(seed);
        case(&db, seed).await;
    }
}

/// Tells how to try a case again, if it ends in a panic.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nTo try this again: REFRAIN_SEED={} cargo test -p tests --test it insights::agrees\n", self.0);
        }
    }
}

async fn case(db: &TestDb, seed: u64) {
    let mut dice = Dice::new(seed);
    let (mut history, era) = histories::history(&mut dice);
    stock::load(db, &mut history, &mut dice).await;
    // A new application for each history: nothing that one remembers can come into another's answers.
    let api = Api::start(&db.db()).await;
    stock::read_ids(&api, &mut history).await;
    for _ in 0..QUESTIONS_PER_CASE {
        let question = Question::new(&mut dice, &history, &era);
        api.set_now(&text(question.now));
        ask_everything(&api, &history, &question).await;
        for paging in question.pagings(&history) {
            turn_all_pages(&api, &question, &paging).await;
        }
    }
}

async fn ask_everything(api: &Api, history: &History, question: &Question) {
    let asking = question.asking(history);
    let mut answered = with_errors(api.answer(&asking.query).await);
    take_cursors(&mut answered);
    if let Some(difference) = difference(&answered, &asking.expected) {
        panic!("asked at {}: {}\n\ndiffers at {difference}\n", text(question.now), asking.query);
    }
}

async fn turn_all_pages(api: &Api, question: &Question, paging: &Paging) {
    let mut rows = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query = (paging.query)(after.as_deref());
        let mut answered = with_errors(api.answer(&query).await);
        let connection = answered.pointer_mut(paging.pointer).unwrap();
        let end = connection["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        take_cursors(connection);
        let page = connection["edges"].as_array().unwrap();
        rows.extend(page.iter().cloned());
        let told = [&connection["pageInfo"]["hasPreviousPage"], &connection["pageInfo"]["hasNextPage"]];
        let expected = [after.is_some(), rows.len() < paging.expected.len()];
        assert_eq!(told, expected.map(Value::from).each_ref(), "{query}\n{connection:#}");
        assert!(page.len() == paging.page || !expected[1], "a page too short: {query}\n{connection:#}");
        if !expected[1] {
            break;
        }
        after = end;
    }
    let (rows, expected) = (Value::from(rows), Value::from(paging.expected.clone()));
    if let Some(difference) = difference(&rows, &expected) {
        let query = (paging.query)(None);
        panic!("asked in pages at {}: {query}\n\ndiffers at {difference}\n", text(question.now));
    }
}
