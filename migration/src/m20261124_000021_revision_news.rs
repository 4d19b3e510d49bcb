//! On Postgres, the table `revision` tells whoever listens of every number that rises, in the order of the commits.
//!
//! Raw SQL, because neither triggers nor notifications are in the schema builder's words. SQLite has no channel: there, the
//! row itself is read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The message is `audience number changed_at`.
const UP: &str = "
    CREATE FUNCTION revision_news() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('refrain_revision', NEW.audience || ' ' || NEW.number || ' ' || NEW.changed_at);
        RETURN NULL;
    END $$;
    CREATE TRIGGER revision_news AFTER INSERT OR UPDATE ON revision FOR EACH ROW EXECUTE FUNCTION revision_news();";

const DOWN: &str = "
    DROP TRIGGER revision_news ON revision;
    DROP FUNCTION revision_news();";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, DOWN).await
    }
}

async fn on_postgres(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Postgres => manager.get_connection().execute_unprepared(sql).await.map(|_| ()),
        _ => Ok(()),
    }
}
