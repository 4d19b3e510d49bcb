//! The last look at a response: every error gets a code, no foreign text leaves, each cause is logged once.

use entity::chain::chain;
use std::fmt::Write as _;

use async_graphql::{PathSegment, Response, ServerError};

use super::{Cause, Code, INTERNAL};

/// Gives every error of a finished response its `extensions.code`, withholds texts that were not written for clients,
/// and logs each distinct cause once at `error`. Errors with something in the log carry `extensions.requestId`.
///
/// A code is decided by where the error came from. With a code already: kept. From the library before execution (no
/// path, no source): parse, validation, limit or input, told apart by the library's own wording, which is pinned with
/// its version. From the library while reading an argument: input. Everything else was not meant for clients.
pub fn settle(response: &mut Response, request_id: &str) {
    let mut logged: Vec<String> = Vec::new();
    for error in &mut response.errors {
        let code = Code::of(extensions(error)).or_else(|| of_the_library(error));
        let path = path(error);
        match code {
            Some(code) => {
                if let Some(cause) = error.source.as_ref().and_then(|source| source.downcast_ref::<Cause>()) {
                    log_once(&mut logged, code, chain(&*cause.0), &path, request_id);
                    set(error, "requestId", request_id);
                }
                set(error, "code", code.as_str());
            }
            None => {
                // The library keeps a foreign error's value but not its type, so its text is all there is to log.
                log_once(&mut logged, Code::Internal, std::mem::take(&mut error.message), &path, request_id);
                INTERNAL.clone_into(&mut error.message);
                error.extensions = None;
                set(error, "requestId", request_id);
                set(error, "code", Code::Internal.as_str());
            }
        }
        // Whatever it was, nobody downstream needs it, and it may hold what clients must not see.
        error.source = None;
    }
}

/// Fifty fields that failed for one reason are one line in the log.
fn log_once(logged: &mut Vec<String>, code: Code, chain: String, path: &str, request_id: &str) {
    if logged.contains(&chain) {
        return;
    }
    tracing::error!(
        request.id = request_id,
        error.code = code.as_str(),
        graphql.path = path,
        error.chain = chain,
        "a field could not be answered: {chain}"
    );
    logged.push(chain);
}

/// The code of an error that the library itself wrote, or nothing.
fn of_the_library(error: &ServerError) -> Option<Code> {
    if error.source.is_some() {
        return None;
    }
    let text = error.message.as_str();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if starts(&["Failed to parse \"", "Expected input type \"", "Invalid value for argument "]) {
        return Some(Code::BadUserInput);
    }
    if !error.path.is_empty() {
        return None;
    }
    if starts(&[
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth of the query",
        "The number of directives on the field",
    ]) {
        return Some(Code::QueryTooComplex);
    }
    Some(Code::GraphqlValidationFailed)
}

fn path(error: &ServerError) -> String {
    error.path.iter().fold(String::new(), |mut text, segment| {
        let dot = if text.is_empty() { "" } else { "." };
        match segment {
            PathSegment::Field(name) => write!(text, "{dot}{name}"),
            PathSegment::Index(index) => write!(text, "{dot}{index}"),
        }
        .expect("writing to a string cannot fail");
        text
    })
}

fn extensions(error: &ServerError) -> Option<&async_graphql::ErrorExtensionValues> {
    error.extensions.as_ref()
}

fn set(error: &mut ServerError, name: &str, value: &str) {
    error.extensions.get_or_insert_default().set(name, value);
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Result, Schema, Value};

    use super::*;
    use crate::error;

    struct Query;

    #[Object]
    impl Query {
        async fn ours(&self) -> Option<Result<i32>> {
            Some(Err(error::bad_user_input("Give a number from 1 to 12.")))
        }
        async fn theirs(&self) -> Option<Result<i32>> {
            Some("secret".parse::<i32>().map_err(Into::into))
        }
        async fn text(&self) -> Option<Result<i32>> {
            Some(Err("a secret sentence".into()))
        }
        async fn text_without_source(&self) -> Option<Result<i32>> {
            Some(Err(async_graphql::Error::new("a secret sentence")))
        }
        async fn month(&self, #[graphql(validator(minimum = 1, maximum = 12))] number: i32) -> i32 {
            number
        }
    }

    async fn ask(query: &str) -> Response {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).limit_complexity(20).finish();
        let mut response = schema.execute(query).await;
        settle(&mut response, "r1");
        response
    }

    async fn code(query: &str) -> String {
        let response = ask(query).await;
        assert_eq!(response.errors.len(), 1, "{query}");
        let Some(Value::String(code)) = response.errors[0].extensions.as_ref().and_then(|e| e.get("code")) else {
            panic!("no code: {:?}", response.errors)
        };
        code.clone()
    }

    #[tokio::test]
    async fn texts_written_for_clients_stay_and_all_others_are_withheld() {
        assert_eq!(ask("{ ours }").await.errors[0].message, "Give a number from 1 to 12.");
        for query in ["{ theirs }", "{ text }", "{ textWithoutSource }"] {
            let response = ask(query).await;
            assert_eq!(response.errors[0].message, INTERNAL, "{query}");
            assert_eq!(code(query).await, "INTERNAL");
        }
    }

    #[tokio::test]
    async fn the_librarys_own_errors_get_the_code_of_their_kind() {
        assert_eq!(code("{ nothingLikeIt }").await, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(code("query ($n: Int) { ours }").await, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(code("{ month(number: $n) }").await, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(code("{ month(number: \"x\") }").await, "BAD_USER_INPUT");
        assert_eq!(code("{ month(number: 13) }").await, "BAD_USER_INPUT");
        let many: String = (0..21).map(|n| format!("f{n}: ours ")).collect();
        assert_eq!(code(&format!("{{ {many} }}")).await, "QUERY_TOO_COMPLEX");
    }
}
