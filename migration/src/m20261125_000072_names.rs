//! Spotify can be asked for what is known by its name only, which is one more kind of question.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text};
use sea_orm_migration::sea_orm::DbBackend;

const BEFORE: [&str; 4] = ["track", "artist", "album", "features"];
const AFTER: [&str; 5] = ["track", "name", "artist", "album", "features"];
const ANSWERS: [&str; 4] = ["whole", "partial", "absent", "unreadable"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        allow(manager, &AFTER).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DELETE FROM enrichment WHERE kind = 'name'").await?;
        allow(manager, &BEFORE).await
    }
}

/// Lets `enrichment.kind` be one of `kinds`.
async fn allow(manager: &SchemaManager<'_>, kinds: &'static [&'static str]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let listed = kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
        let change = format!(
            "ALTER TABLE enrichment DROP CONSTRAINT enrichment_kind_range,
                                    ADD CONSTRAINT enrichment_kind_range CHECK (kind IN ({listed}))"
        );
        return db.execute_unprepared(&change).await.map(|_| ());
    }
    // SQLite changes no check: a table with the new one takes the rows and the name.
    let renewed = Table::create()
        .table("enrichment_renewed")
        .col(text("kind"))
        .col(integer("subject_id"))
        .col(big_integer("asked_at"))
        .col(text("answer"))
        .primary_key(Index::create().col("kind").col("subject_id"))
        .check(("enrichment_kind_range", Expr::col("kind").is_in(kinds.iter().copied())))
        .check(("enrichment_answer_range", Expr::col("answer").is_in(ANSWERS)))
        .to_owned();
    manager.create_table(renewed).await?;
    db.execute_unprepared(
        "INSERT INTO enrichment_renewed SELECT kind, subject_id, asked_at, answer FROM enrichment;
         DROP TABLE enrichment;
         ALTER TABLE enrichment_renewed RENAME TO enrichment;",
    )
    .await
    .map(|_| ())
}
