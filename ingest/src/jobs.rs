//! Jobs: one is one account at one tick. The same job runs in two engines behind one small trait.
//!
//! - [`Inline`]: this process works through what is due, a few accounts at a time. For a timer that calls `run`, and for
//!   `watch` on SQLite. A [`Lock`] keeps two of them from fetching the same accounts at once.
//! - [`Fleet`]: any number of processes on any number of hosts share a queue on Postgres (graphile_worker).
//!
//! What is due stands in the database, so a tick that nobody was there to see is made up for by the next one. A new kind of
//! job is a function of [`Shift`] and, for the fleet, a task that calls it (`fleet/tasks.rs`).

mod chores;
mod due;
mod fleet;
mod imports;
mod inline;
mod lock;
mod pace;

use std::sync::Arc;
use std::time::Duration;

use entity::chain::chain;
use entity::ids::UserId;
use entity::secret::KeyRing;
use entity::spotify_account::{self, State};
use sea_orm::{DbErr, EntityTrait};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use crate::alert::{self, Alerts, Remedy, Subject, Trouble};
use crate::crash;
use crate::import::uploaded::Rules;
use crate::journal::Journal;
use crate::load::Loaded;
use crate::pipeline::{Failure, Pipeline, Trace};
use crate::spotify::App;

pub use due::Which;
pub use fleet::{Fleet, FleetSettings};
pub use imports::imports;
pub use inline::{Inline, Tally, pass};
pub use lock::Lock;
pub use pace::Pace;

/// All that a job needs.
#[derive(Clone)]
pub struct Shift {
    /// The steps.
    pub pipeline: Pipeline,
    /// Whom to ask.
    pub app: App,
    /// What opens refresh tokens.
    pub keys: Arc<KeyRing>,
    /// How often accounts are polled.
    pub pace: Pace,
    /// Whom to tell what fails and works again.
    pub alerts: Option<Alerts>,
    /// How many calls go into filling in the catalogue after a run.
    pub enrich_budget: u32,
    /// For how many days the run history is kept.
    pub run_history_days: u32,
    /// What holds for uploaded imports.
    pub imports: Rules,
}

/// Goes on with jobs until it is told to stop.
pub trait Engine {
    /// Works until `stop`, then finishes what is under way or hands it back within [`GRACE`] and a little.
    fn work(&self, shift: Shift, stop: CancellationToken) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// How long what is under way may go on after a stop; whoever stops us waits ten seconds.
pub const GRACE: Duration = Duration::from_secs(7);

/// How many accounts a process works on at a time.
pub const ACCOUNTS_AT_A_TIME: usize = 8;

impl Shift {
    /// The job itself: fetches one account's newest plays and records how that went. `None` if the account is not to be
    /// fetched any more: a late job changes nothing about somebody who has left.
    pub async fn poll(&self, user: UserId, journal: &Journal) -> Result<Option<Loaded>, Failure> {
        let account = spotify_account::Entity::find_by_id(user).one(self.pipeline.db.write()).await?;
        let Some(account) = account.filter(|account| matches!(account.state, State::Pending | State::Active)) else {
            return Ok(None);
        };
        self.poll_account(&account, journal).instrument(info_span!("account", user.id = user.0)).await.map(Some)
    }

    async fn poll_account(&self, account: &spotify_account::Model, journal: &Journal) -> Result<Loaded, Failure> {
        let mut trace = Trace::new(Some(account.user_id), self.pipeline.clock.clone());
        let result = self.pipeline.poll(&self.app, &self.keys, account, self.pace, &mut trace).await;
        match &result {
            Ok(loaded) => say(loaded),
            Err(failure) => error!("{}", chain(failure)),
        }
        if let Err(error) = self.note(account.user_id, trace.last(), &result).await {
            error!("how this account ended could not be kept, so nobody is told: {error}");
        }
        if let Err(error) = journal.steps(trace.into_steps()).await {
            error!("the steps of this account could not be recorded: {error}");
        }
        crash::point("journaled");
        result
    }
}

impl Shift {
    /// Keeps how an account ended, for whoever is to be told. One that was loaded although the archive is away shows that
    /// everything else works.
    async fn note(&self, user: UserId, step: &str, result: &Result<Loaded, Failure>) -> Result<(), DbErr> {
        let (db, now) = (&self.pipeline.db, self.pipeline.clock.now());
        if !result.as_ref().is_ok_and(|loaded| loaded.spooled > 0) {
            return alert::note(db, user, step, result, now).await;
        }
        alert::well(db, &[Subject::Account(user), Subject::Spotify, Subject::Database], now).await?;
        let trouble = Trouble {
            subject: Subject::Archive,
            step: "archive".to_owned(),
            cause: "the archive does not take raw answers: they wait in the spool (SPOOL_DIR), and plays load"
                .to_owned(),
            remedy: Remedy::MendArchive,
        };
        alert::failing(db, &trouble, now).await
    }
}

/// One line per account, and more only where somebody should look.
fn say(loaded: &Loaded) {
    let Loaded { plays_loaded, plays_known, rejected, gaps, spooled } = *loaded;
    match plays_loaded {
        0 => info!(plays_known, "nothing new: all {plays_known} plays were known"),
        _ => info!(plays_loaded, plays_known, rejected, "loaded {plays_loaded} plays, {plays_known} were known"),
    }
    if gaps > 0 {
        warn!("plays were probably missed: a full page joined nothing known; poll more often");
    }
    if rejected > 0 {
        warn!(rejected, "{rejected} records were set aside, see table reject");
    }
    if spooled > 0 {
        warn!("the archive did not take the raw answer: it waits in the spool for the next run");
    }
}
