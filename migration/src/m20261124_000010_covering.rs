//! What large histories need to be counted fast: indexes that hold all that a count looks at, and the measured part of a
//! track's total, so that everyone's filtered totals of all time come from totals that are kept.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// From a track to its artists, and on Postgres, where a row is not kept beside its key, to its album; and the plays that
/// privacy exports tell of, which are often none at all.
const POSTGRES: [&str; 3] = [
    "CREATE INDEX track_artist_track_id_index ON track_artist (track_id, position) INCLUDE (artist_id)",
    "CREATE INDEX track_id_index ON track (id) INCLUDE (album_id)",
    "CREATE INDEX play_exported_index ON play (user_id, played_at) INCLUDE (track_id) WHERE source = 'export'",
];

const SQLITE: [&str; 2] = [
    "CREATE INDEX track_artist_track_id_index ON track_artist (track_id, position, artist_id)",
    "CREATE INDEX play_exported_index ON play (user_id, played_at, track_id) WHERE source = 'export'",
];

const MEASURED: &str = "UPDATE track_total SET measured_ms = COALESCE(
    (SELECT CAST(SUM(listened_ms) AS BIGINT) FROM play WHERE play.track_id = track_total.track_id AND measured), 0)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES.as_slice(),
            _ => SQLITE.as_slice(),
        };
        for statement in indexes {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        let measured_ms = big_integer("measured_ms").default(0).to_owned();
        manager.alter_table(Table::alter().table("track_total").add_column(measured_ms).to_owned()).await?;
        manager.get_connection().execute_unprepared(MEASURED).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared("ALTER TABLE track_total DROP COLUMN measured_ms").await?;
        for index in ["play_exported_index", "track_id_index", "track_artist_track_id_index"] {
            db.execute_unprepared(&format!("DROP INDEX IF EXISTS {index}")).await?;
        }
        Ok(())
    }
}
