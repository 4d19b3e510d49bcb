//! The guarded executor, as a websocket service uses it.

use async_graphql::{Executor, Request, Response};
use futures::StreamExt;
use serde_json::{Value, json};

use super::face::{Ended, Small, schema};
use crate::http::{Guarded, Limits};

fn guarded() -> Guarded<Small> {
    let limits = Limits::default();
    Guarded::new(schema(&limits, Ended::default()), limits, |request| request)
}

fn code(response: &Response) -> Value {
    serde_json::to_value(response).unwrap()["errors"][0]["extensions"]["code"].clone()
}

#[tokio::test]
async fn a_subscriptions_errors_have_codes_and_hide_their_causes() {
    let responses: Vec<Response> =
        guarded().execute_stream(Request::new("subscription { ticks }"), None).collect().await;
    assert_eq!(serde_json::to_value(&responses[0]).unwrap()["data"], json!({ "ticks": 1 }));
    assert_eq!(code(&responses[1]), "INTERNAL");
    assert!(!format!("{responses:?}").contains("clock stopped"));
}

#[tokio::test]
async fn what_post_refuses_the_websocket_refuses() {
    let bomb = "{".repeat(10_000);
    let responses: Vec<Response> = guarded().execute_stream(Request::new(bomb.as_str()), None).collect().await;
    assert_eq!(responses.len(), 1);
    assert_eq!(code(&responses[0]), "QUERY_TOO_COMPLEX");
    assert_eq!(code(&guarded().execute(Request::new("{")).await), "GRAPHQL_PARSE_FAILED");
    assert_eq!(guarded().execute(Request::new("{ hello }")).await.data, async_graphql::value!({ "hello": "hello" }));
}
