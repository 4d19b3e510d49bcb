//! Privacy exports: echoes, which remember what else told of a play, and uploads that wait for the ingest.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, integer_null, pk_auto, text, text_null};

use crate::foreign_key;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let echo = Table::create()
            .table("echo")
            .col(integer("user_id"))
            .col(big_integer("played_at"))
            .col(integer("track_id"))
            .col(text("source"))
            .col(integer("listened_ms"))
            .col(text_null("context_uri"))
            .col(integer_null("archive_object_id"))
            .primary_key(
                Index::create().col("user_id").col("played_at").col("track_id").col("source").col("listened_ms"),
            )
            .foreign_key(&mut foreign_key("echo", "user_id", "user", ForeignKeyAction::Cascade))
            .foreign_key(&mut foreign_key("echo", "track_id", "track", ForeignKeyAction::NoAction))
            .foreign_key(&mut foreign_key("echo", "archive_object_id", "archive_object", ForeignKeyAction::SetNull))
            .check(("echo_listened_ms_range", Expr::col("listened_ms").gte(0)))
            .check(("echo_source_range", Expr::col("source").is_in(["api", "export"])))
            .to_owned();
        manager.create_table(echo).await?;

        let import = Table::create()
            .table("import")
            .col(pk_auto("id"))
            .col(integer("user_id"))
            .col(text("object_key"))
            .col(big_integer("bytes"))
            .col(text("state"))
            .col(big_integer("uploaded_at"))
            .col(big_integer_null("claimed_at"))
            .col(big_integer_null("ended_at"))
            .col(integer("attempts"))
            .col(big_integer("rows_read"))
            .col(big_integer("bytes_read"))
            .col(big_integer_null("bytes_total"))
            .col(text_null("report"))
            .col(text_null("error"))
            .foreign_key(&mut foreign_key("import", "user_id", "user", ForeignKeyAction::Cascade))
            .check((
                "import_state_range",
                Expr::col("state").is_in(["pending", "running", "succeeded", "partly", "failed"]),
            ))
            .to_owned();
        manager.create_table(import).await?;
        let by_user = Index::create().name("import_user_id_index").table("import").col("user_id").to_owned();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["import", "echo"] {
            manager.drop_table(Table::drop().table(crate::name(table)).to_owned()).await?;
        }
        Ok(())
    }
}
