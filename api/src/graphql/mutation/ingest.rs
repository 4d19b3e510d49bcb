//! What the ingest is asked to do.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::UserError;
use crate::error;
use crate::graphql::context;
use crate::{accounts, insights};

#[derive(Default)]
pub(super) struct Ingest;

/// How a request to fetch ended.
#[derive(SimpleObject)]
pub(super) struct RequestIngestPayload {
    /// Whether the account will be fetched with the ingest's next pass.
    queued: bool,
    /// What was wrong.
    user_errors: Vec<UserError>,
}

#[Object]
impl Ingest {
    /// Operators only: fetches this account out of turn, with the ingest's next pass. While access control is off,
    /// everyone is an operator.
    async fn request_ingest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose account, by username.")] username: String,
    ) -> Result<RequestIngestPayload> {
        let request = context::of(ctx);
        let refused = |error| RequestIngestPayload { queued: false, user_errors: vec![error] };
        let found = insights::listener_by_username(request.db(), &username).await.map_err(error::database)?;
        let Some(user) = found else { return Ok(refused(UserError::nobody(&["username"], &username))) };
        let queued = accounts::request_ingest(request.db(), user.id, request.now()).await.map_err(error::database)?;
        if !queued {
            let message = format!("{username} has no Spotify link in force: this person must connect first.");
            return Ok(refused(UserError::not_linked(message)));
        }
        Ok(RequestIngestPayload { queued, user_errors: Vec::new() })
    }
}
