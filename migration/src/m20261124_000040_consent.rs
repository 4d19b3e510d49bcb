//! What consent needs: the account's generation and what was asked of it, erasures, and the sign-ins that came back.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, integer_null, text};

use crate::{foreign_key, name};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One statement each: SQLite adds one column at a time.
        for column in [
            integer("generation").default(1).to_owned(),
            big_integer_null("requested_at"),
            big_integer_null("refreshing_until"),
            integer_null("warned_days"),
        ] {
            let add = Table::alter().table("spotify_account").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let erasure = Table::create()
            .table("erasure")
            .col(integer("user_id").primary_key())
            .col(big_integer("requested_at"))
            .col(big_integer_null("erased_until"))
            .col(big_integer_null("done_at"))
            .foreign_key(&mut foreign_key("erasure", "user_id", "user", ForeignKeyAction::Cascade))
            .to_owned();
        manager.create_table(erasure).await?;
        let spent_state = Table::create()
            .table("spent_state")
            .col(text("hash").primary_key())
            .col(big_integer("expires_at"))
            .to_owned();
        manager.create_table(spent_state).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["spent_state", "erasure"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        for column in ["warned_days", "refreshing_until", "requested_at", "generation"] {
            let drop = Table::alter().table("spotify_account").drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
