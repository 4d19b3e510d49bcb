//! What can be changed: each family of mutations in a file of its own, put together here.
//!
//! A mutation answers with a payload. What the asker can mend stands in its `userErrors`, with the argument it is about;
//! what is our own failure is an error like any other. Mutations travel by POST only.

mod cache;
mod ingest;
mod settings;
mod spotify;

use async_graphql::{MergedObject, SimpleObject};

/// What can be changed. Mutations are sent by POST.
#[derive(MergedObject, Default)]
pub struct Mutation(settings::Settings, spotify::Spotify, ingest::Ingest, cache::Cache);

/// What the asker can mend.
#[derive(SimpleObject, Debug, PartialEq, Eq)]
pub(super) struct UserError {
    /// The way to the argument that is wrong, such as `["input", "timeZone"]`; null if it is about none.
    field: Option<Vec<&'static str>>,
    /// What is wrong and what was expected.
    message: String,
    /// `INVALID`: a value that cannot be taken. `NOT_FOUND`: nobody has that name. `NOT_LINKED`: there is no Spotify link
    /// that could be used. `UNAUTHENTICATED`: nobody is signed in.
    code: &'static str,
}

impl UserError {
    /// A value that cannot be taken.
    fn invalid(field: &[&'static str], message: impl Into<String>) -> Self {
        Self { field: Some(field.to_vec()), message: message.into(), code: "INVALID" }
    }

    /// Nobody has the username that was given as `field`.
    fn nobody(field: &[&'static str], username: &str) -> Self {
        let message = format!("Nobody here is called \"{}\".", username.escape_debug());
        Self { field: Some(field.to_vec()), message, code: "NOT_FOUND" }
    }

    /// There is no Spotify link that could be used.
    fn not_linked(message: impl Into<String>) -> Self {
        Self { field: None, message: message.into(), code: "NOT_LINKED" }
    }

    /// Nobody is signed in.
    fn nobody_signed_in() -> Self {
        let message =
            "Nobody is signed in. While access control is off, the header X-Viewer names somebody by username.";
        Self { field: None, message: message.to_owned(), code: "UNAUTHENTICATED" }
    }
}
