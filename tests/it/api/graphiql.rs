//! GraphiQL in a real browser: it opens, asks and answers without a word to any other machine.

use std::time::{Duration, Instant};

use api::http::graphiql;
use fantoccini::Locator;
use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::browser::Browser;
use tests::database::TestDb;
use url::Url;

async fn small(db: &TestDb) -> Api {
    let plays = history().listener("ada").track("a").by(["x"]).album("b").played_times(41, "2026-11-01T10:00:00Z");
    plays.track("c").by(["y"]).played_at("2026-11-02T10:00:00Z").load(&db.db()).await;
    Api::start(&db.db()).await
}

/// The text of GraphiQL's answer pane.
const ANSWER: &str = "return document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";

/// What is shown of the docs.
const DOCS: &str = "return document.querySelector('.graphiql-doc-explorer')?.innerText ?? ''";

#[tokio::test]
async fn a_visitor_presses_run_reads_the_answer_and_opens_the_docs() {
    let db = TestDb::sqlite().await;
    let api = small(&db).await;
    let browser = Browser::start().await.unwrap();
    browser.goto(&api.url("/")).await.unwrap();
    assert_eq!(browser.current_url().await.unwrap().path(), "/graphiql");

    browser.wait().for_element(Locator::Css(".graphiql-execute-button")).await.unwrap().click().await.unwrap();
    let answer = wait_for(&browser, ANSWER, "\"totals\"").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["data"]["insights"]["totals"]["plays"], 42, "{answer:#}");
    assert_eq!(answer["errors"], Value::Null);
    let shown = browser.find(Locator::Css(".result-window")).await.unwrap().text().await.unwrap();
    assert!(shown.contains("\"plays\": 42"), "{shown}");

    let tabs = browser.find_all(Locator::Css(".graphiql-tab-button")).await.unwrap();
    assert_eq!(tabs.len(), graphiql::tabs("ada").len());

    let docs = Locator::Css("button[aria-label='Show Documentation Explorer']");
    browser.find(docs).await.unwrap().click().await.unwrap();
    wait_for(&browser, DOCS, "Root Types").await;
    browser.find(Locator::LinkText("Query")).await.unwrap().click().await.unwrap();
    wait_for(&browser, DOCS, "Where every question begins.").await;

    let foreign = foreign(&browser, &api).await;
    assert_eq!(foreign, Vec::<String>::new(), "the page asked other machines");
}

#[tokio::test]
async fn every_tab_of_the_tour_runs_in_the_page() {
    let db = TestDb::sqlite().await;
    let api = small(&db).await;
    let browser = Browser::start().await.unwrap();
    browser.goto(&api.url("/graphiql")).await.unwrap();
    browser.wait().for_element(Locator::Css(".graphiql-execute-button")).await.unwrap();
    let tabs = browser.find_all(Locator::Css(".graphiql-tab-button")).await.unwrap();
    for tab in tabs {
        let name = tab.text().await.unwrap();
        tab.click().await.unwrap();
        // For a moment after a tab was opened, GraphiQL still sends the name of the operation in the one before.
        let given_up = Instant::now() + PATIENCE;
        let answer: Value = loop {
            browser.find(Locator::Css(".graphiql-execute-button")).await.unwrap().click().await.unwrap();
            let answer = wait_for(&browser, ANSWER, "}").await;
            if !answer.contains("has no operation named") || Instant::now() > given_up {
                break serde_json::from_str(&answer).unwrap();
            }
        };
        assert_eq!(answer["errors"], Value::Null, "tab {name}");
        assert!(answer["data"].as_object().unwrap().values().all(|field| !field.is_null()), "tab {name}: {answer:#}");
    }
}

/// How long a browser may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the text that `script` gives contains `words`.
async fn wait_for(browser: &Browser, script: &str, words: &str) -> String {
    let text = async || browser.execute(script, vec![]).await.unwrap().as_str().unwrap_or_default().to_owned();
    let given_up = Instant::now() + PATIENCE;
    loop {
        let text = text().await;
        if text.contains(words) {
            return text;
        }
        assert!(Instant::now() < given_up, "\"{words}\" did not appear in: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that the page has fetched from anywhere but `api`.
async fn foreign(browser: &Browser, api: &Api) -> Vec<String> {
    let script = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let fetched = browser.execute(script, vec![]).await.unwrap();
    let fetched: Vec<&str> = fetched.as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
    assert!(fetched.len() >= 7, "styles, scripts, the introspection and the query: {fetched:?}");
    let here = Url::parse(&api.url("/")).unwrap().origin();
    let is_foreign = |url: &&str| {
        let url = Url::parse(url).unwrap();
        !matches!(url.scheme(), "data" | "blob") && url.origin() != here
    };
    fetched.into_iter().filter(is_foreign).map(str::to_owned).collect()
}

/// The same queries without a browser, so that a wrong one is named by its errors.
#[tokio::test]
async fn every_tab_of_the_tour_fits_the_schema() {
    let db = TestDb::sqlite().await;
    let api = small(&db).await;
    for tab in graphiql::tabs("ada") {
        let answer = api.answer_with(&tab.query, tab.variables.clone().unwrap_or_else(|| json!({}))).await;
        assert_eq!(answer.errors, [], "{}", tab.query);
    }
}
