//! What the ingest did: runs, their steps, the records set aside, the responses that waited for the archive.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, integer, integer_null, pk_auto, text, text_null};

use crate::{foreign_key, name};

const OUTCOMES: [&str; 6] = ["running", "succeeded", "partly", "failed", "crashed", "skipped"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = Table::create()
            .table("ingest_run")
            .col(pk_auto("id"))
            .col(text("command"))
            .col(big_integer("started_at"))
            .col(big_integer_null("ended_at"))
            .col(text("outcome"))
            .col(integer("accounts"))
            .col(integer("plays_loaded"))
            .col(integer("plays_known"))
            .col(integer("rejected"))
            .col(integer("gaps"))
            .check(("ingest_run_outcome_range", Expr::col("outcome").is_in(OUTCOMES)))
            .to_owned();
        manager.create_table(run).await?;

        let step = Table::create()
            .table("ingest_step")
            .col(pk_auto("id"))
            .col(integer("run_id"))
            .col(integer_null("user_id"))
            .col(text("name"))
            .col(big_integer("started_at"))
            .col(big_integer("duration_ms"))
            .col(text("outcome"))
            .col(integer("attempts"))
            .col(text_null("message"))
            .foreign_key(&mut foreign_key("ingest_step", "run_id", "ingest_run", ForeignKeyAction::Cascade))
            .foreign_key(&mut foreign_key("ingest_step", "user_id", "user", ForeignKeyAction::Cascade))
            .check(("ingest_step_outcome_range", Expr::col("outcome").is_in(OUTCOMES)))
            .to_owned();
        manager.create_table(step).await?;
        let by_run = Index::create().name("ingest_step_run_id_index").table("ingest_step").col("run_id").to_owned();
        manager.create_index(by_run).await?;

        let reject = Table::create()
            .table("reject")
            .col(integer("archive_object_id"))
            .col(integer("position"))
            .col(integer_null("user_id"))
            .col(text("reason"))
            .col(blob("bytes"))
            .col(big_integer("rejected_at"))
            .primary_key(Index::create().col("archive_object_id").col("position"))
            .foreign_key(&mut foreign_key("reject", "archive_object_id", "archive_object", ForeignKeyAction::Cascade))
            .foreign_key(&mut foreign_key("reject", "user_id", "user", ForeignKeyAction::Cascade))
            .to_owned();
        manager.create_table(reject).await?;

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

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["spool_item", "reject", "ingest_step", "ingest_run"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}
