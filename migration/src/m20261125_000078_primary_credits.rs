//! From an artist to the tracks it is credited on first, in an index alone: what of its genres was played is looked up so.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = match manager.get_database_backend() {
            DbBackend::Postgres => {
                "CREATE INDEX track_artist_primary_index ON track_artist (artist_id) INCLUDE (track_id) WHERE position = 0"
            }
            _ => "CREATE INDEX track_artist_primary_index ON track_artist (artist_id, track_id) WHERE position = 0",
        };
        manager.get_connection().execute_unprepared(index).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX track_artist_primary_index").await.map(|_| ())
    }
}
