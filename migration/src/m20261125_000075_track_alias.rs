//! Which track a name stands for that was told without an id.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text};

use crate::{foreign_key, name};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alias = Table::create()
            .table("track_alias")
            .col(text("name_id").primary_key())
            .col(integer("track_id"))
            .foreign_key(&mut foreign_key("track_alias", "track_id", "track", ForeignKeyAction::NoAction))
            .to_owned();
        manager.create_table(alias).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(name("track_alias")).to_owned()).await
    }
}
