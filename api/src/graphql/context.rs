//! What a request carries on its way: the database, who asks, and one moment: an instant that is "now" for all of its fields,
//! with loaders that remember what they read in it.

use std::sync::{Arc, PoisonError, RwLock};

use async_graphql::{Context, Result};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::time::Instant;
use entity::user;

use crate::error;
use crate::insights;
use crate::loaders::Loaders;
use crate::revision::Revisions;

/// What all requests share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// What the time is.
    pub clock: SharedClock,
    /// Tells when data changed.
    pub revisions: Revisions,
}

/// Made for each request, dropped with it. A query lives for one moment; a subscription renews it with each event.
pub struct RequestContext {
    shared: Shared,
    viewer: Option<String>,
    moment: RwLock<Arc<Moment>>,
}

struct Moment {
    now: Instant,
    loaders: Arc<Loaders>,
}

impl RequestContext {
    /// The context of a request that arrives now. `viewer` is the username of the listener who asks, where that is known.
    pub fn new(shared: Shared, viewer: Option<String>) -> Self {
        let moment = RwLock::new(Arc::new(Moment::of(&shared)));
        Self { shared, viewer, moment }
    }

    pub(super) fn db(&self) -> &Db {
        &self.shared.db
    }

    pub(super) fn revisions(&self) -> &Revisions {
        &self.shared.revisions
    }

    /// The present, the same for every field of the request or event.
    pub(super) fn now(&self) -> Instant {
        self.moment().now
    }

    /// Batched reads of the catalogue.
    pub(super) fn loaders(&self) -> Arc<Loaders> {
        Arc::clone(&self.moment().loaders)
    }

    /// Begins a new moment: nothing that was read before is remembered.
    pub(super) fn renew(&self) {
        let moment = Arc::new(Moment::of(&self.shared));
        *self.moment.write().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    fn moment(&self) -> Arc<Moment> {
        Arc::clone(&self.moment.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Moment {
    fn of(shared: &Shared) -> Self {
        Self { now: shared.clock.now(), loaders: Arc::new(Loaders::new(&shared.db)) }
    }
}

/// The request's context.
pub(super) fn of<'a>(ctx: &Context<'a>) -> &'a RequestContext {
    ctx.data_unchecked::<Arc<RequestContext>>()
}

/// The listener who asks: while access control is off, whoever the request names, else the one whose account was made first.
pub(super) async fn viewer(ctx: &Context<'_>) -> Result<Option<user::Model>> {
    let request = of(ctx);
    let found = match &request.viewer {
        Some(username) => insights::listener_by_username(request.db(), username).await,
        None => insights::first_listener(request.db()).await,
    };
    found.map_err(error::database)
}
