//! Totals that are kept beside the plays, where they are at least ten times smaller than what they sum up.
//!
//! The charts of all time are read from an index in the order they are shown.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text};

use crate::{foreign_key, name};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for owner in ["track", "album"] {
            let table = format!("{owner}_total");
            manager
                .create_table(totals(&table, owner).primary_key(Index::create().col(name(&id_of(owner)))).to_owned())
                .await?;
            for measures in [["plays", "listened_ms"], ["listened_ms", "plays"]] {
                manager.create_index(chart(&table, &[], measures, owner)).await?;
            }
        }
        let artist = totals("artist_total", "artist")
            .col(text("credit"))
            .primary_key(Index::create().col("credit").col("artist_id"))
            .check(("artist_total_credit_range", Expr::col("credit").is_in(["primary", "all"])))
            .to_owned();
        manager.create_table(artist).await?;
        for measures in [["plays", "listened_ms"], ["listened_ms", "plays"]] {
            manager.create_index(chart("artist_total", &["credit"], measures, "artist")).await?;
        }
        let listener = totals("listener_total", "user")
            .col(big_integer("measured_ms"))
            .primary_key(Index::create().col("user_id"))
            .to_owned();
        manager.create_table(listener).await?;
        let quarter_hour = Table::create()
            .table("quarter_hour_total")
            .col(integer("quarter_hour").primary_key())
            .col(big_integer("plays"))
            .col(big_integer("listened_ms"))
            .col(big_integer("measured_ms"))
            .check(("quarter_hour_total_plays_range", Expr::col("plays").gte(1)))
            .to_owned();
        manager.create_table(quarter_hour).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["quarter_hour_total", "listener_total", "artist_total", "album_total", "track_total"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn totals(table: &str, owner: &str) -> TableCreateStatement {
    Table::create()
        .table(name(table))
        .col(integer(name(&id_of(owner))))
        .col(big_integer("plays"))
        .col(big_integer("listened_ms"))
        .foreign_key(&mut foreign_key(table, &id_of(owner), owner, ForeignKeyAction::Cascade))
        .check((name(&format!("{table}_plays_range")), Expr::col("plays").gte(1)))
        .to_owned()
}

/// The order of a chart: the measure, the other measure, the id.
fn chart(table: &str, prefix: &[&str], measures: [&str; 2], owner: &str) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_by_{}_index", measures[0])).table(name(table)).to_owned();
    for column in prefix {
        index.col(name(column));
    }
    for measure in measures {
        index.col((name(measure), IndexOrder::Desc));
    }
    index.col(name(&id_of(owner))).to_owned()
}

fn id_of(owner: &str) -> String {
    format!("{owner}_id")
}
