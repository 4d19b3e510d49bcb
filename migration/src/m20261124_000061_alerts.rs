//! What is going wrong, and who was told of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, integer_null, text};

use crate::{foreign_key, name};

const STANDINGS: [&str; 2] = ["failing", "well"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alert = Table::create()
            .table("alert")
            .col(text("subject").primary_key())
            .col(integer_null("user_id"))
            .col(text("standing"))
            .col(text("step"))
            .col(text("cause"))
            .col(text("remedy"))
            .col(big_integer("since"))
            .col(big_integer("changed_at"))
            .col(integer("number"))
            .foreign_key(&mut foreign_key("alert", "user_id", "user", ForeignKeyAction::Cascade))
            .check(("alert_standing_range", Expr::col("standing").is_in(STANDINGS)))
            .to_owned();
        manager.create_table(alert).await?;
        let delivery = Table::create()
            .table("alert_delivery")
            .col(text("channel"))
            .col(text("subject"))
            .col(integer("number"))
            .col(text("standing"))
            .col(big_integer_null("told_at"))
            .col(big_integer_null("claimed_until"))
            .primary_key(Index::create().col("channel").col("subject"))
            .foreign_key(
                ForeignKey::create()
                    .name("alert_delivery_subject_fkey")
                    .from(name("alert_delivery"), name("subject"))
                    .to(name("alert"), name("subject"))
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .check(("alert_delivery_standing_range", Expr::col("standing").is_in(STANDINGS)))
            .to_owned();
        manager.create_table(delivery).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["alert_delivery", "alert"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}
