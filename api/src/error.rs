//! What goes wrong, told twice: a code and a calm sentence for the client, the whole chain of sources for the operator.
//!
//! A resolver returns one of the constructors here. Nothing is logged at that moment: [`settle()`] runs once over the
//! finished response, where the path and the request are known, logs each distinct cause at `error`, and gives every
//! error in the response a code. An error that reaches it without a code (a `?` on a foreign error type, a bare string)
//! is treated as [`Code::Internal`] and its text is withheld: texts are for clients only where somebody wrote them so.
//!
//! Not here: status codes of whole responses (`http::answer`), and user errors inside mutation payloads (schema types).

mod settle;

use std::{borrow::Borrow, error::Error as StdError, fmt, sync::Arc};

use async_graphql::{Error, ErrorExtensionValues};
use axum::http::StatusCode;
use sea_orm::{DbErr, RuntimeErr, SqlxError};

pub use settle::settle;

/// Every code a client can meet in `extensions.code`. The set is part of the contract: add freely, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is not a GraphQL request: malformed JSON, parameters of the wrong type, no such operation, a batch.
    BadRequest,
    /// A value in the variables or arguments is not acceptable; the message says what was expected.
    BadUserInput,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document is GraphQL, but not of this schema.
    GraphqlValidationFailed,
    /// The document was named by a hash that is not known here: send its text along, once.
    PersistedQueryNotFound,
    /// The document was named by a protocol other than version 1 of automatic persisted queries.
    PersistedQueryNotSupported,
    /// The document exceeds a limit: tokens, nesting, fields, aliases, root fields, directives, complexity.
    QueryTooComplex,
    /// The request needs a valid sign-in.
    Unauthenticated,
    /// Who asks is known, or may stay unknown, but is not allowed to ask this (or a browser asks for another site).
    Forbidden,
    /// Nothing is served at this address.
    NotFound,
    /// The address does not take this method, or the operation may not travel by it; see the `Allow` header.
    MethodNotAllowed,
    /// None of the media types in `Accept` can be produced.
    NotAcceptable,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The body is not `application/json` in UTF-8.
    UnsupportedMediaType,
    /// The answer, or the request's own body, took longer than the limit.
    Timeout,
    /// The database cannot be reached, or the server has as much to do as it takes on. Trying again later is right.
    ServiceUnavailable,
    /// A defect or an unforeseen state on the server. The operator's log has the cause under the request's id.
    Internal,
}

impl Code {
    /// The code as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::Timeout => "TIMEOUT",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status of a response that consists of nothing but this error.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::BadUserInput
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::PersistedQueryNotFound
            | Self::PersistedQueryNotSupported
            | Self::QueryTooComplex => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code an error carries, if it is one of ours.
    pub(crate) fn of(extensions: Option<&ErrorExtensionValues>) -> Option<Self> {
        let async_graphql::Value::String(text) = extensions?.get("code")? else { return None };
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    const ALL: [Self; 17] = [
        Self::BadRequest,
        Self::BadUserInput,
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::PersistedQueryNotFound,
        Self::PersistedQueryNotSupported,
        Self::QueryTooComplex,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::Timeout,
        Self::ServiceUnavailable,
        Self::Internal,
    ];
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An argument or variable that cannot be used. The text is for the client: say what was expected.
pub fn bad_user_input(text: impl Into<String>) -> Error {
    coded(Code::BadUserInput, text)
}

/// The request needs a valid sign-in. The text is for the client.
pub fn unauthenticated(text: impl Into<String>) -> Error {
    coded(Code::Unauthenticated, text)
}

/// The one who asks may not. The text is for the client. Where even existence is private, answer null instead.
pub fn forbidden(text: impl Into<String>) -> Error {
    coded(Code::Forbidden, text)
}

/// Something this server depends on cannot be reached. The source is for the operator only.
pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    caused(Code::ServiceUnavailable, UNAVAILABLE, source.into())
}

/// A defect or an unforeseen state. The source is for the operator only.
pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    caused(Code::Internal, INTERNAL, source.into())
}

/// A failed statement: [`unavailable`] where no connection was to be had or it broke, [`internal`] otherwise.
/// Takes `DbErr` and `Arc<DbErr>` alike, since loaders and caches share one failure among many fields.
pub fn database<E>(error: E) -> Error
where
    E: Borrow<DbErr> + StdError + Send + Sync + 'static,
{
    if unreachable(error.borrow()) { unavailable(error) } else { internal(error) }
}

fn unreachable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(
                **error,
                SqlxError::Io(_)
                    | SqlxError::Tls(_)
                    | SqlxError::PoolTimedOut
                    | SqlxError::PoolClosed
                    | SqlxError::WorkerCrashed
            ) || error
                .as_database_error()
                .and_then(sea_orm::sqlx::error::DatabaseError::code)
                .is_some_and(|code| is_farewell(&code))
        }
        _ => false,
    }
}

/// Whether a Postgres says by this code that it, and not the statement, is the reason: it is shut down, starts up, takes no
/// more connections, or has lost this one. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn is_farewell(code: &str) -> bool {
    code.len() == 5 && (code.starts_with("08") || code.starts_with("57P") || code == "53300")
}

pub(crate) const UNAVAILABLE: &str =
    "The server cannot reach something it needs to answer this. Please try again in a moment.";
pub(crate) const INTERNAL: &str =
    "Something went wrong on the server. If it keeps happening, tell its operator the requestId given here.";

/// An error with a text for clients and no cause to log.
fn coded(code: Code, text: impl Into<String>) -> Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    Error { message: text.into(), source: None, extensions: Some(extensions) }
}

/// An error whose cause waits for [`settle()`] to log it.
fn caused(code: Code, text: &str, cause: Box<dyn StdError + Send + Sync>) -> Error {
    Error { source: Some(Arc::new(Cause(cause))), ..coded(code, text) }
}

/// What an error carries for the operator, hidden from clients.
struct Cause(Box<dyn StdError + Send + Sync>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_again_by_its_text() {
        for code in Code::ALL {
            let error = coded(code, "text");
            assert_eq!(Code::of(error.extensions.as_ref()), Some(code));
        }
    }

    #[test]
    fn a_lost_connection_is_unavailable_and_a_bad_statement_is_internal() {
        let lost = DbErr::Query(RuntimeErr::SqlxError(Arc::new(SqlxError::PoolTimedOut)));
        let wrong = DbErr::Query(RuntimeErr::SqlxError(Arc::new(SqlxError::RowNotFound)));
        assert_eq!(Code::of(database(lost).extensions.as_ref()), Some(Code::ServiceUnavailable));
        assert_eq!(Code::of(database(Arc::new(wrong)).extensions.as_ref()), Some(Code::Internal));
    }

    #[test]
    fn a_database_that_says_farewell_is_unavailable() {
        for code in ["57P01", "57P02", "57P03", "08006", "53300"] {
            assert!(is_farewell(code), "{code}");
        }
        // No such table, a syntax error, a cancelled statement; and SQLite's codes, which are numbers.
        for code in ["42P01", "42601", "57014", "1", "08", "1299"] {
            assert!(!is_farewell(code), "{code}");
        }
    }

    #[test]
    fn a_client_never_reads_the_cause() {
        let error = internal(DbErr::Custom("password=hunter2".into()));
        assert_eq!(error.message, INTERNAL);
        assert!(!serde_json::to_string(&error).unwrap().contains("hunter2"));
    }
}
