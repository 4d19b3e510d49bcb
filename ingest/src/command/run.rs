//! `run`: one pass over all linked accounts. What a timer calls; safe to call twice.

use std::process::ExitCode;

use entity::chain::chain;
use entity::clock::SharedClock;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::secret::KeyRing;
use entity::spotify_account::{self, State};
use futures::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tracing::{Instrument, error, info, info_span, warn};

use super::{exit_code, open};
use crate::alert::{self, Subject};
use crate::config::Settings;
use crate::enrich::{self, Enriched, KINDS, Order, Stop};
use crate::journal::Journal;
use crate::load::Loaded;
use crate::pipeline::{Failure, Pipeline, Trace};
use crate::progress::Progress;
use crate::spotify::App;

/// How many accounts are worked on at a time.
const ACCOUNTS_AT_A_TIME: usize = 8;

pub(super) async fn execute(settings: &Settings, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let (archive, app, alerts) = (settings.archive()?, settings.spotify()?, settings.alerts()?);
    let keys = settings.keys()?;
    let pipeline = Pipeline { db: open(settings).await?, archive, clock };
    let app = app.remembering(&pipeline.db, &pipeline.clock);
    // What the last run left unsaid goes first: this one may mend it.
    Journal::bury(&pipeline.db, pipeline.clock.now()).await?;
    alerts.tell(&pipeline.db, &pipeline.clock).await;
    let outcome = run(&pipeline, &app, &keys).await?;
    alert::well(&pipeline.db, &[Subject::Runs], pipeline.clock.now()).await?;
    alerts.tell(&pipeline.db, &pipeline.clock).await;
    super::import::waiting(&pipeline, settings).await?;
    fill_in(&pipeline, &app, settings.enrich_budget()).await;
    Ok(exit_code(outcome))
}

/// Asks for a little of what the catalogue lacks. The plays are in: whatever goes wrong here is told, and fails nothing.
pub async fn fill_in(pipeline: &Pipeline, app: &App, calls_max: u32) {
    if calls_max == 0 {
        return;
    }
    let order = Order { command: "enrich", kinds: &KINDS, calls_max, reprobe: false };
    match enrich::enrich(pipeline, app, &order, &Progress::hidden()).await {
        Ok(Enriched { calls: 0, stopped: None | Some(Stop::Busy), .. }) => {}
        Ok(Enriched { stopped: Some(Stop::Trouble(what)), .. }) => {
            warn!("the catalogue could not be filled in further: {what}");
        }
        Ok(Enriched { calls, found, absent, .. }) => {
            let found: u64 = found.values().sum();
            info!(calls, found, absent, "filled in {found} things of the catalogue with {calls} calls");
        }
        Err(error) => warn!("the catalogue could not be filled in: {error}"),
    }
}

/// Polls every account that is pending or active; how it ended.
pub async fn run(pipeline: &Pipeline, app: &App, keys: &KeyRing) -> anyhow::Result<Outcome> {
    let accounts = spotify_account::Entity::find()
        .filter(spotify_account::Column::State.is_in([State::Pending, State::Active]))
        .order_by_asc(spotify_account::Column::UserId)
        .all(pipeline.db.write())
        .await?;
    let journal = Journal::begin(&pipeline.db, &pipeline.clock, "run").await?;
    if accounts.is_empty() {
        info!("no account is linked: add one with `refrain-ingest accounts add NAME --refresh-token-file FILE`");
    }
    let results: Vec<Result<Loaded, Failure>> = stream::iter(&accounts)
        .map(|account| {
            let span = info_span!("account", user.id = account.user_id.0);
            poll(pipeline, app, keys, account, &journal).instrument(span)
        })
        .buffer_unordered(ACCOUNTS_AT_A_TIME)
        .collect()
        .await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let loaded = results.iter().flatten().copied().fold(Loaded::default(), Loaded::and);
    let outcome = match (accounts.len(), failed) {
        (_, 0) => Outcome::Succeeded,
        (all, failed) if failed == all => Outcome::Failed,
        _ => Outcome::Partly,
    };
    info!(
        run.id = journal.run().0,
        accounts = accounts.len(),
        failed,
        plays_loaded = loaded.plays_loaded,
        plays_known = loaded.plays_known,
        rejected = loaded.rejected,
        gaps = loaded.gaps,
        "run {}: {} plays loaded, {} already known, {failed} of {} accounts failed",
        journal.run(),
        loaded.plays_loaded,
        loaded.plays_known,
        accounts.len(),
    );
    journal.end(outcome, accounts.len(), loaded).await?;
    Ok(outcome)
}

async fn poll(
    pipeline: &Pipeline,
    app: &App,
    keys: &KeyRing,
    account: &spotify_account::Model,
    journal: &Journal,
) -> Result<Loaded, Failure> {
    let user: UserId = account.user_id;
    let mut trace = Trace::new(Some(user), pipeline.clock.clone());
    let result = pipeline.poll(app, keys, account, &mut trace).await;
    match &result {
        Ok(loaded) if loaded.plays_loaded == 0 => {
            info!(plays_known = loaded.plays_known, "nothing new: all {} plays were known", loaded.plays_known);
        }
        Ok(loaded) => info!(
            plays_loaded = loaded.plays_loaded,
            plays_known = loaded.plays_known,
            rejected = loaded.rejected,
            "loaded {} plays, {} were known",
            loaded.plays_loaded,
            loaded.plays_known
        ),
        Err(failure) => error!("{}", chain(failure)),
    }
    if let Ok(loaded) = &result {
        if loaded.gaps > 0 {
            tracing::warn!("plays were probably missed: a full page joined nothing known; poll more often");
        }
        if loaded.rejected > 0 {
            tracing::warn!(rejected = loaded.rejected, "{} records were set aside, see table reject", loaded.rejected);
        }
    }
    if let Err(error) = alert::note(&pipeline.db, user, trace.last(), &result, pipeline.clock.now()).await {
        error!("how this account ended could not be kept, so nobody is told: {error}");
    }
    if let Err(error) = journal.steps(trace.into_steps()).await {
        error!("the steps of this account could not be recorded: {error}");
    }
    result
}
