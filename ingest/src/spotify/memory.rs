//! How long Spotify asks to be left alone, in the database: so that a restart, or a process on another host, obeys what
//! this one was told.
//!
//! A database that does not answer is no reason not to fetch: plays then go to the archive or the spool, and what this
//! process knows by itself still holds.

use entity::db::Db;
use entity::spotify_app::{self, Column, Entity};
use entity::time::Instant;
use sea_orm::{EntityTrait, QuerySelect};
use tracing::warn;

/// The app's row.
pub(super) struct Memory {
    db: Db,
    client_id: String,
}

impl Memory {
    pub(super) fn new(db: Db, client_id: &str) -> Self {
        Self { db, client_id: client_id.to_owned() }
    }

    /// Until when nobody may call, as far as any process was told.
    pub(super) async fn blocked_until(&self) -> Option<Instant> {
        let row = Entity::find_by_id(self.client_id.as_str()).select_only().column(Column::BlockedUntil);
        match row.into_tuple::<Option<Instant>>().one(self.db.read()).await {
            Ok(row) => row.flatten(),
            Err(error) => {
                warn!(
                    "whether Spotify asks to stay away cannot be read, so only what this process knows holds: {error}"
                );
                None
            }
        }
    }

    /// Notes it for all; a shorter time never replaces a longer one.
    pub(super) async fn block_until(&self, until: Instant) {
        if let Err(error) = spotify_app::block(self.db.write(), &self.client_id, until).await {
            warn!(
                "that Spotify asks to stay away until {until} cannot be stored, other processes do not know: {error}"
            );
        }
    }
}
