//! What is known of the app at Spotify, what was asked for, and until when a run is known to be alive.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean_null, integer, text};

const KINDS: [&str; 4] = ["track", "artist", "album", "features"];
const ANSWERS: [&str; 4] = ["whole", "partial", "absent", "unreadable"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let app = Table::create()
            .table("spotify_app")
            .col(text("client_id").primary_key())
            .col(big_integer_null("blocked_until"))
            .col(boolean_null("track_batches"))
            .col(boolean_null("artist_batches"))
            .col(boolean_null("album_batches"))
            .col(boolean_null("audio_features"))
            .col(big_integer_null("enriching_until"))
            .to_owned();
        manager.create_table(app).await?;
        let enrichment = Table::create()
            .table("enrichment")
            .col(text("kind"))
            .col(integer("subject_id"))
            .col(big_integer("asked_at"))
            .col(text("answer"))
            .primary_key(Index::create().col("kind").col("subject_id"))
            .check(("enrichment_kind_range", Expr::col("kind").is_in(KINDS)))
            .check(("enrichment_answer_range", Expr::col("answer").is_in(ANSWERS)))
            .to_owned();
        manager.create_table(enrichment).await?;
        let alive = Table::alter().table("ingest_run").add_column(big_integer_null("alive_until")).to_owned();
        manager.alter_table(alive).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("ingest_run").drop_column("alive_until").to_owned()).await?;
        for table in ["enrichment", "spotify_app"] {
            manager.drop_table(Table::drop().table(crate::name(table)).to_owned()).await?;
        }
        Ok(())
    }
}
