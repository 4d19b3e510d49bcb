//! All-time totals of a genre, which its chart is read from as those of tracks, artists and albums are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};
use sea_orm_migration::sea_orm::DbBackend;

use crate::name;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const FOLDED: &str = "INSERT INTO genre_total (genre, plays, listened_ms)
    SELECT g.genre, CAST(SUM(t.plays) AS BIGINT), CAST(SUM(t.listened_ms) AS BIGINT)
    FROM artist_total t JOIN artist_genre g ON g.artist_id = t.artist_id
    WHERE t.credit = 'primary' GROUP BY g.genre";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let total = Table::create()
            .table("genre_total")
            .col(text("genre").primary_key())
            .col(big_integer("plays"))
            .col(big_integer("listened_ms"))
            .check(("genre_total_plays_range", Expr::col("plays").gte(1)))
            .to_owned();
        manager.create_table(total).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // As in `artist_genre`: SQLite orders text so by itself.
            let by_code_point = r#"ALTER TABLE genre_total ALTER COLUMN genre TYPE text COLLATE "C""#;
            manager.get_connection().execute_unprepared(by_code_point).await?;
        }
        manager.get_connection().execute_unprepared(FOLDED).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(name("genre_total")).to_owned()).await
    }
}
