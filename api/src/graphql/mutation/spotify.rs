//! The viewer's Spotify link. It is made at `/connect/spotify`, where a browser can be sent to Spotify, and ended here.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::UserError;
use crate::accounts;
use crate::error;
use crate::graphql::context;
use crate::graphql::user::User;

#[derive(Default)]
pub(super) struct Spotify;

/// How the end of a link ended.
#[derive(SimpleObject)]
pub(super) struct DisconnectSpotifyPayload {
    /// The viewer, who is not linked any more; null if nobody is signed in.
    user: Option<User>,
    /// What was wrong.
    user_errors: Vec<UserError>,
}

#[Object]
impl Spotify {
    /// Ends the viewer's Spotify link at once and forgets its token. With `erase`, the viewer's plays, skips, gaps and
    /// archived pages go, too: with the ingest's next pass, until when they are still shown, and nothing that was fetched
    /// before comes back after it.
    async fn disconnect_spotify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether everything that came by the link is to be erased, too.", default)] erase: bool,
    ) -> Result<DisconnectSpotifyPayload> {
        let request = context::of(ctx);
        let Some(viewer) = context::viewer(ctx).await? else {
            return Ok(DisconnectSpotifyPayload { user: None, user_errors: vec![UserError::nobody_signed_in()] });
        };
        let ended = accounts::disconnect(request.db(), viewer.0.id, erase, request.now()).await;
        let was_linked = ended.map_err(error::database)?;
        request.changed(&[viewer.0.id.0]);
        let user_errors = match was_linked || erase {
            true => Vec::new(),
            false => vec![UserError::not_linked("There is no Spotify link to end.")],
        };
        Ok(DisconnectSpotifyPayload { user: Some(viewer), user_errors })
    }
}
