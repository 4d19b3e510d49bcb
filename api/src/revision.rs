//! Tells when data has changed: a task that follows everyone's revision, while anybody listens.
//!
//! It looks at one row twice a second. What changed, and for whom, is for those who listen to find out.

use std::sync::Arc;
use std::time::Duration;

use entity::db::Db;
use entity::revision::{EVERYONE, Entity};
use sea_orm::EntityTrait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Everyone's revision, as it rises. Clones share one follower, which ends with the last of them or with [`Self::stop`].
#[derive(Clone)]
pub struct Revisions {
    number: Arc<watch::Sender<i64>>,
    stopped: CancellationToken,
}

impl Revisions {
    /// Starts to follow the revision in `db`; must be called within a runtime.
    pub fn follow(db: &Db) -> Self {
        let revisions = Self { number: Arc::new(watch::Sender::new(0)), stopped: CancellationToken::new() };
        let number = Arc::downgrade(&revisions.number);
        let (db, stopped) = (db.clone(), revisions.stopped.clone());
        tokio::spawn(async move {
            let mut look = tokio::time::interval(LOOK_EVERY);
            loop {
                tokio::select! {
                    _ = look.tick() => {}
                    () = stopped.cancelled() => return,
                }
                let Some(number) = number.upgrade() else { return };
                if number.receiver_count() > 0 {
                    tell(&db, &number).await;
                }
            }
        });
        revisions
    }

    /// A receiver that is told of every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.number.subscribe()
    }

    /// Completes when [`Self::stop`] was called.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        self.stopped.clone().cancelled_owned()
    }

    /// Ends following, and everything that waits for changes.
    pub fn stop(&self) {
        self.stopped.cancel();
    }
}

async fn tell(db: &Db, told: &watch::Sender<i64>) {
    match Entity::find_by_id(EVERYONE).one(db.read()).await {
        Ok(row) => {
            let number = row.map_or(0, |row| row.number);
            told.send_if_modified(|told| std::mem::replace(told, number) != number);
        }
        Err(error) => warn!("changes cannot be followed at the moment: {error}"),
    }
}
