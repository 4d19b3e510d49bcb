//! What can be waited for.

use std::sync::Arc;

use async_graphql::{Context, Result, SimpleObject, Subscription};
use entity::ids::UserId;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::context::{self, RequestContext};
use super::scalars::DateTime;
use super::user::User;
use crate::error;
use crate::insights;

/// The root of all subscriptions.
pub struct Subscription;

/// New plays of a listener.
#[derive(SimpleObject)]
pub(super) struct PlaysLoaded {
    /// The listener.
    user: User,
    /// How many plays are new since the last event, or since the subscription began.
    plays: i32,
    /// When they were noticed.
    at: DateTime,
}

/// What can be waited for, over a websocket at `/graphql/ws` with the protocol graphql-transport-ws.
#[Subscription]
impl Subscription {
    /// Fires when new plays of this listener have been loaded. Ends at once for a listener who is not there.
    async fn plays_loaded<'a>(
        &self,
        ctx: &Context<'a>,
        #[graphql(desc = "The username, to the letter.")] username: String,
    ) -> Result<BoxStream<'a, Result<PlaysLoaded>>> {
        let request = context::of(ctx);
        let changes = request.revisions().subscribe();
        let user = insights::listener_by_username(request.db(), &username).await.map_err(error::database)?;
        let Some(user) = user else { return Ok(stream::empty().boxed()) };
        let counted = insights::plays_ever(request.db(), user.id).await.map_err(error::database)?;
        let waiting = Waiting { user: user.id, counted, changes };
        let events = stream::unfold(waiting, move |waiting| next(request, waiting));
        Ok(events.take_until(request.revisions().stopped()).boxed())
    }
}

/// Where a subscription stands.
struct Waiting {
    user: UserId,
    counted: i64,
    changes: watch::Receiver<i64>,
}

/// Waits until the listener has more plays than counted. Ends when the listener is gone or nobody follows changes any more.
async fn next(request: &RequestContext, mut waiting: Waiting) -> Option<(Result<PlaysLoaded>, Waiting)> {
    loop {
        waiting.changes.changed().await.ok()?;
        let plays = match insights::plays_ever(request.db(), waiting.user).await {
            Ok(plays) => plays,
            Err(error) => return Some((Err(error::database(error)), waiting)),
        };
        let new = plays - std::mem::replace(&mut waiting.counted, plays);
        if new <= 0 {
            continue;
        }
        request.renew();
        let user = match request.loaders().users.get(waiting.user).await {
            Ok(user) => User(Arc::clone(user.as_ref()?)),
            Err(error) => return Some((Err(error::database(error)), waiting)),
        };
        let event = PlaysLoaded { user, plays: i32::try_from(new).unwrap_or(i32::MAX), at: DateTime(request.now()) };
        return Some((Ok(event), waiting));
    }
}
