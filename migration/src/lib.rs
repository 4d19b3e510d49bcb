//! The steps that build the tables.
//!
//! A step never imports an entity: it says what the tables were on the day it was written, and stays so. Servers do not
//! migrate a Postgres database; the `migration` command does.

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

mod m20261122_000001_catalogue;
mod m20261122_000002_listening;
mod m20261122_000003_rollups;
mod m20261122_000004_runs;
mod m20261124_000010_covering;
mod m20261124_000021_revision_news;
mod m20261124_000040_consent;
mod m20261124_000050_jobs;
mod m20261124_000060_enrichment;
mod m20261124_000061_alerts;
mod m20261124_000070_import;
mod m20261125_000071_import_jobs;
mod m20261125_000072_names;
mod m20261125_000073_echo_track;
mod m20261125_000074_titles;
mod m20261125_000075_track_alias;
mod m20261125_000076_genre_total;
mod m20261125_000077_packed_total;
mod m20261125_000078_primary_credits;

/// All steps, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_catalogue::Migration),
            Box::new(m20261122_000002_listening::Migration),
            Box::new(m20261122_000003_rollups::Migration),
            Box::new(m20261122_000004_runs::Migration),
            Box::new(m20261124_000010_covering::Migration),
            Box::new(m20261124_000021_revision_news::Migration),
            Box::new(m20261124_000040_consent::Migration),
            Box::new(m20261124_000050_jobs::Migration),
            Box::new(m20261124_000060_enrichment::Migration),
            Box::new(m20261124_000061_alerts::Migration),
            Box::new(m20261124_000070_import::Migration),
            Box::new(m20261125_000071_import_jobs::Migration),
            Box::new(m20261125_000072_names::Migration),
            Box::new(m20261125_000073_echo_track::Migration),
            Box::new(m20261125_000074_titles::Migration),
            Box::new(m20261125_000075_track_alias::Migration),
            Box::new(m20261125_000076_genre_total::Migration),
            Box::new(m20261125_000077_packed_total::Migration),
            Box::new(m20261125_000078_primary_credits::Migration),
        ]
    }
}

/// A foreign key from `table.column` to `target.id`, named `table_column_fkey`.
fn foreign_key(table: &str, column: &str, target: &str, on_delete: ForeignKeyAction) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fkey"))
        .from(name(table), name(column))
        .to(name(target), name("id"))
        .on_delete(on_delete)
        .to_owned()
}

/// A name known only at run time.
fn name(text: &str) -> Alias {
    Alias::new(text)
}
