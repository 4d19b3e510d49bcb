//! What is forgotten.

use async_graphql::{Context, Object, Result, SimpleObject};
use entity::revision::{self, CLEARED};

use super::UserError;
use crate::error;
use crate::graphql::context;
use crate::graphql::scalars::Long;
use crate::graphql::user::User;

#[derive(Default)]
pub(super) struct Cache;

/// How clearing the cache ended.
#[derive(SimpleObject)]
pub(super) struct ClearCachePayload {
    /// How many answers this instance had kept. What other instances had is not used any more either, and makes room.
    entries_removed: Long,
    /// What was wrong; nothing was cleared then.
    user_errors: Vec<UserError>,
}

#[Object]
impl Cache {
    /// Operators only: empties the cache, on every instance, or the part of it that is about one listener. Never needed for an
    /// answer to be right; it is for measuring, and for whoever has written to the database by hand. While access control is
    /// off, everyone is an operator.
    async fn clear_cache(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what is about this listener; everything if absent.")] username: Option<String>,
    ) -> Result<ClearCachePayload> {
        let request = context::of(ctx);
        let audience = match &username {
            None => CLEARED,
            Some(username) => match User::called(ctx, username).await? {
                Some(user) => user.0.id.0,
                None => {
                    let nobody = UserError::nobody(&["username"], username);
                    return Ok(ClearCachePayload { entries_removed: Long(0), user_errors: vec![nobody] });
                }
            },
        };
        let clear = || request.shared().cache.clear((audience != CLEARED).then_some(audience));
        // Counted before the news of it comes round and finds nothing left.
        let mut removed = clear();
        // Every key holds the number that rises here, so nothing from before is found again, whatever becomes of the news.
        let raised = revision::raise(request.db().write(), &[audience], request.now()).await;
        raised.map_err(error::database)?;
        removed += clear();
        request.shared().memory.clear();
        request.changed(&[audience]);
        if let Some(redis) = &request.shared().redis {
            redis.tell_cleared(audience).await;
        }
        Ok(ClearCachePayload {
            entries_removed: Long(i64::try_from(removed).unwrap_or(i64::MAX)),
            user_errors: Vec::new(),
        })
    }
}
