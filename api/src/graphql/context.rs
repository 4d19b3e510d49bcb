//! What a request carries on its way: the database, its own loaders, and one instant that is "now" for all of it.

use async_graphql::Context;
use entity::db::Db;
use entity::time::Instant;

use crate::loaders::Loaders;

/// Made for each request, dropped with it.
pub struct RequestContext {
    /// The database.
    pub db: Db,
    /// The present, the same for every field of the request.
    pub now: Instant,
    /// Batched reads of the catalogue.
    pub loaders: Loaders,
}

impl RequestContext {
    /// The context of a request that arrived at `now`.
    pub fn new(db: Db, now: Instant) -> Self {
        let loaders = Loaders::new(&db);
        Self { db, now, loaders }
    }
}

/// The request's context.
pub(super) fn of<'a>(ctx: &Context<'a>) -> &'a RequestContext {
    ctx.data_unchecked::<RequestContext>()
}
