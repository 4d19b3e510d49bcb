//! How much was played in a period, and the totals of a period packed into one value for each thing they are told by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, text};
use sea_orm_migration::sea_orm::DbBackend;

use crate::name;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A day of everyone's, four weeks of a listener's.
const COUNTED: &str = "INSERT INTO period_total (audience, period, plays)
    SELECT 0, CAST((played_at - (played_at % 86400000 + 86400000) % 86400000) / 86400000 AS INTEGER), COUNT(*)
    FROM play GROUP BY 2
    UNION ALL
    SELECT user_id, CAST((played_at - (played_at % 2419200000 + 2419200000) % 2419200000) / 2419200000 AS INTEGER), COUNT(*)
    FROM play GROUP BY 1, 2";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let period = Table::create()
            .table("period_total")
            .col(integer("audience"))
            .col(integer("period"))
            .col(big_integer("plays"))
            .col(big_integer("number").default(1))
            .primary_key(Index::create().col("audience").col("period"))
            .to_owned();
        manager.create_table(period).await?;
        let packed = Table::create()
            .table("packed_total")
            .col(integer("audience"))
            .col(text("dimension"))
            .col(integer("period"))
            .col(big_integer("number"))
            .col(blob("bytes"))
            .primary_key(Index::create().col("audience").col("dimension").col("period"))
            .check((
                "packed_total_dimension_range",
                Expr::col("dimension").is_in([
                    "track",
                    "primary_artist",
                    "credited_artist",
                    "album",
                    "genre",
                    "listener",
                ]),
            ))
            .to_owned();
        manager.create_table(packed).await?;
        let db = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            // It is packed already: Postgres would only spend time on it.
            db.execute_unprepared("ALTER TABLE packed_total ALTER COLUMN bytes SET STORAGE EXTERNAL").await?;
        }
        db.execute_unprepared(
            "CREATE INDEX packed_total_period_index ON packed_total (audience, period)", // whether a period is packed
        )
        .await?;
        db.execute_unprepared(COUNTED).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["packed_total", "period_total"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}
