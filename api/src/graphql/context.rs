//! What a request carries on its way: the database, who asks, and one moment: an instant that is "now" for all of its fields,
//! the revisions that all of them read at, and loaders that remember what they read in it.
//!
//! It also collects what the answer rests on ([`RequestContext::rests`]), for whoever keeps whole answers. Every way to data
//! notes what it reads: kept fields their revisions, everything else that nothing vouches for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_graphql::{Context, Result};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::time::{Instant, TimeRange, day_ends};
use jiff::tz::TimeZone;

use super::time::TimeRangeInput;
use super::user::User;
use crate::cache::{Cache, Rests};
use crate::loaders::{Loaders, Memory, Reading};
use crate::redis::Redis;
use crate::revision::{Pinned, Revisions};

/// What all requests share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// What the time is.
    pub clock: SharedClock,
    /// At which revision the data is, and news of changes.
    pub revisions: Revisions,
    /// The answers that are kept.
    pub cache: Cache,
    /// The rows that are kept.
    pub memory: Memory,
    /// What instances share, if they do.
    pub redis: Option<Redis>,
}

/// Made for each request, dropped with it. A query lives for one moment; a subscription renews it with each event.
pub struct RequestContext {
    shared: Shared,
    viewer: Option<String>,
    fresh: bool,
    moment: RwLock<Arc<Moment>>,
    rests: Arc<Mutex<Rests>>,
}

struct Moment {
    now: Instant,
    revisions: Arc<Pinned>,
    loaders: Arc<Loaders>,
}

impl RequestContext {
    /// The context of a request that arrives now. `viewer` is the username of the listener who asks, where that is known; a
    /// `fresh` request is answered from the database, and what is kept is replaced.
    pub fn new(shared: Shared, viewer: Option<String>, fresh: bool) -> Self {
        let rests = Arc::new(Mutex::new(Rests::on_nothing()));
        let moment = RwLock::new(Arc::new(Moment::of(&shared, fresh, &rests)));
        Self { shared, viewer, fresh, moment, rests }
    }

    /// What the answer rests on, as far as the request has been executed.
    pub fn rests(&self) -> Rests {
        self.collected().clone()
    }

    /// Whether what is kept must not be used.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The database, for a field whose answer is not kept. Notes that nothing tells when the whole answer is no longer right.
    pub(super) fn db(&self) -> &Db {
        self.collected().unkept = true;
        &self.shared.db
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn revisions(&self) -> &Revisions {
        &self.shared.revisions
    }

    /// The revisions at which this request reads.
    pub fn pinned(&self) -> Arc<Pinned> {
        Arc::clone(&self.moment().revisions)
    }

    /// The present, the same for every field of the request or event. An answer that depends on it says until when it stands
    /// (see [`Self::today_ends`]).
    pub(super) fn now(&self) -> Instant {
        self.moment().now
    }

    /// The instants that `range` means in `zone`. Notes when a preset comes to mean others.
    pub(super) fn resolve(&self, range: TimeRangeInput, zone: &TimeZone) -> async_graphql::Result<TimeRange> {
        if matches!(range, TimeRangeInput::Preset(_)) {
            self.today_ends(zone);
        }
        range.resolve(zone, self.now())
    }

    /// Notes that the answer is right until the local day ends.
    pub(super) fn today_ends(&self, zone: &TimeZone) {
        if let Some(until) = day_ends(zone, self.now()) {
            self.collected().add_until(until);
        }
    }

    /// Batched reads of the catalogue, which note what they read.
    pub(super) fn loaders(&self) -> Arc<Loaders> {
        Arc::clone(&self.moment().loaders)
    }

    /// Begins a new moment after this request has changed what `audiences` number: what was read or known before is forgotten,
    /// so that whoever asks next, here at least, sees the change.
    pub(super) fn changed(&self, audiences: &[i32]) {
        self.shared.revisions.forget(audiences);
        self.renew();
    }

    /// Begins a new moment: nothing that was read before is remembered.
    pub(super) fn renew(&self) {
        let moment = Arc::new(Moment::of(&self.shared, self.fresh, &self.rests));
        *self.moment.write().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// What the answer rests on so far, to add to.
    pub(super) fn collected(&self) -> MutexGuard<'_, Rests> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Arc<Moment> {
        Arc::clone(&self.moment.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Moment {
    fn of(shared: &Shared, fresh: bool, rests: &Arc<Mutex<Rests>>) -> Self {
        let revisions = Arc::new(shared.revisions.pinned(fresh));
        let reading =
            Reading { pinned: Arc::clone(&revisions), rests: Arc::clone(rests), memory: shared.memory.clone(), fresh };
        Self { now: shared.clock.now(), revisions, loaders: Arc::new(Loaders::new(&shared.db, &reading)) }
    }
}

/// The request's context.
pub(super) fn of<'a>(ctx: &Context<'a>) -> &'a RequestContext {
    ctx.data_unchecked::<Arc<RequestContext>>()
}

/// The listener who asks: while access control is off, whoever the request names, else the one whose account was made first.
/// Notes that the answer is for that one only.
pub(super) async fn viewer(ctx: &Context<'_>) -> Result<Option<User>> {
    let request = of(ctx);
    request.collected().private = true;
    match &request.viewer {
        Some(username) => User::called(ctx, username).await,
        None => User::first(ctx).await,
    }
}
