//! Jobs: from when on each account is due, and, on Postgres, the queue that a fleet of workers shares.
//!
//! The queue's tables are graphile_worker's own, in a schema of their own. Its steps run here, from the texts it brings along,
//! because servers do not migrate: a worker finds everything in place and changes nothing. A newer graphile_worker with more
//! steps needs a new step here, which calls [`queue`] again.
//!
//! The table `spool_item` goes: what waits for the archive lies in files that say all there is to say, and they must be found
//! when the database is what is down.

use graphile_worker_migrations::sql::GRAPHILE_WORKER_MIGRATIONS;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer_null, text};
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use crate::foreign_key;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("spool_item").to_owned()).await?;
        let due_at = big_integer("due_at").default(0).to_owned();
        manager.alter_table(Table::alter().table("spotify_account").add_column(due_at).to_owned()).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            queue(manager.get_connection()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared("DROP SCHEMA graphile_worker CASCADE").await?;
        }
        manager.alter_table(Table::alter().table("spotify_account").drop_column("due_at").to_owned()).await?;
        let spool_item = Table::create()
            .table("spool_item")
            .col(text("key").primary_key())
            .col(integer_null("user_id"))
            .col(big_integer("spooled_at"))
            .col(big_integer_null("uploaded_at"))
            .foreign_key(&mut foreign_key("spool_item", "user_id", "user", ForeignKeyAction::Cascade))
            .to_owned();
        manager.create_table(spool_item).await
    }
}

/// Applies the steps of the queue that are missing, as its own runner would, but in the transaction of this step.
async fn queue(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    db.execute_unprepared(
        "CREATE SCHEMA IF NOT EXISTS graphile_worker;
         CREATE TABLE IF NOT EXISTS graphile_worker.migrations (
             id int PRIMARY KEY, ts timestamptz DEFAULT now() NOT NULL, breaking boolean NOT NULL DEFAULT false
         )",
    )
    .await?;
    let newest = "SELECT coalesce(max(id), 0) FROM graphile_worker.migrations";
    let newest = db.query_one_raw(Statement::from_string(DbBackend::Postgres, newest)).await?;
    let newest: i32 = newest.ok_or_else(|| DbErr::Custom("a maximum is one row".to_owned()))?.try_get_by_index(0)?;
    for step in GRAPHILE_WORKER_MIGRATIONS.iter().filter(|step| i64::from(step.migration_number()) > newest.into()) {
        let (number, breaking) = (step.migration_number(), step.is_breaking());
        db.execute_unprepared(&format!(
            "INSERT INTO graphile_worker.migrations (id, breaking) VALUES ({number}, {breaking})"
        ))
        .await?;
        for statement in step.stmts {
            db.execute_unprepared(&statement.replace(":GRAPHILE_WORKER_SCHEMA", "\"graphile_worker\"")).await?;
        }
    }
    Ok(())
}
