//! From a folded title to the tracks that have it: exports name tracks, and every page that brings one looks for namesakes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Postgres keeps no key of more than a third of a page in a tree; a title may be longer.
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => "CREATE INDEX track_search_name_index ON track USING hash (search_name)",
            _ => "CREATE INDEX track_search_name_index ON track (search_name)",
        };
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "DROP INDEX IF EXISTS track_search_name_index";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}
