//! What goes with fetching, before and after: telling people what fails and works again, and filling in the catalogue.

use std::time::Duration;

use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Shift;
use crate::alert::{self, Subject};
use crate::enrich::{self, Enriched, KINDS, Order, Stop, WITH_RUNS};
use crate::journal::Journal;
use crate::progress::Progress;
use crate::{erase, expiry, rollup};

/// How long a channel may still take a message after a stop: one that was taken and not noted is told twice.
const CHANNELS_GRACE: Duration = Duration::from_secs(4);

impl Shift {
    /// What the last run left unsaid goes first: this one may mend it. A `stop` leaves the rest of what is to be erased to the
    /// next run.
    pub async fn begin(&self, stop: &CancellationToken) -> Result<(), DbErr> {
        Journal::bury(&self.pipeline.db, self.pipeline.clock.now()).await?;
        // Before anyone is polled: nothing new is fetched for who wants to be gone.
        erase::all(&self.pipeline, stop).await?;
        expiry::foresee(&self.pipeline.db, self.pipeline.clock.now()).await?;
        alert::overlooked(&self.pipeline.db, self.pipeline.clock.now()).await?;
        entity::import::queue_forgotten(self.pipeline.db.write()).await?;
        self.tell(stop).await;
        Ok(())
    }

    /// A run has ended: whoever waits to hear of it is told, and a little of what the catalogue lacks is asked for.
    /// A `stop` leaves the rest of the catalogue to the next run, and what a channel is slow to take, too.
    pub async fn conclude(&self, stop: &CancellationToken) -> Result<(), DbErr> {
        alert::well(&self.pipeline.db, &[Subject::Runs], self.pipeline.clock.now()).await?;
        self.tell(stop).await;
        self.fill_in(stop).await;
        // Behind the catalogue: what is learned of a track changes what is packed of its plays.
        rollup::keep_packed(&self.pipeline.db, &self.pipeline.clock, stop).await;
        self.forget(stop).await;
        Ok(())
    }

    async fn tell(&self, stop: &CancellationToken) {
        let Some(alerts) = &self.alerts else { return };
        tokio::select! {
            () = alerts.tell(&self.pipeline.db, &self.pipeline.clock) => {}
            () = async { stop.cancelled().await; tokio::time::sleep(CHANNELS_GRACE).await } => {}
        }
    }

    /// Forgets some of the runs that are older than the history is kept. It fails nothing: the next run forgets them.
    async fn forget(&self, stop: &CancellationToken) {
        let before = self.pipeline.clock.now() + -i64::from(self.run_history_days) * 86_400_000;
        let forget = Journal::forget(&self.pipeline.db, before);
        if let Some(Err(error)) = stop.run_until_cancelled(forget).await {
            warn!("old runs could not be forgotten: {error}");
        }
    }

    /// Asks for a little of what the catalogue lacks. The plays are in: whatever goes wrong here is told, and fails nothing.
    async fn fill_in(&self, stop: &CancellationToken) {
        if self.enrich_budget == 0 {
            return;
        }
        let order = Order { command: WITH_RUNS, kinds: &KINDS, calls_max: self.enrich_budget, reprobe: false };
        match enrich::enrich(&self.pipeline, &self.app, &order, &Progress::hidden(), stop).await {
            Ok(Enriched { calls: 0, stopped: None | Some(Stop::Busy | Stop::Told), .. }) => {}
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
}
