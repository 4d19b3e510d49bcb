//! The database: a row is written and read in a transaction that is rolled back.

use anyhow::{Context, ensure};
use entity::spent_state::{ActiveModel, Entity};
use entity::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::Said;
use crate::command::open;
use crate::config::Settings;

/// No hash is called this.
const PROBE: &str = "a trial that is rolled back";

pub(super) async fn check(settings: &Settings) -> anyhow::Result<Said> {
    let db = open(settings).await?;
    let transaction = db.begin().await.context("no transaction could begin")?;
    let row = ActiveModel { hash: Set(PROBE.to_owned()), expires_at: Set(Instant::from_ms(0)) };
    Entity::insert(row).exec_without_returning(&transaction).await.context("no row could be written")?;
    let written = Entity::find_by_id(PROBE).one(&transaction).await.context("no row could be read")?;
    ensure!(written.is_some(), "a row that was written is not there");
    transaction.rollback().await.context("nothing could be rolled back")?;
    let left = Entity::find_by_id(PROBE).one(db.read()).await.context("no row could be read")?;
    ensure!(left.is_none(), "a row that was rolled back is still there");
    let address = entity::db::address(&settings.database_url()?)?;
    Ok(Said::Works(format!("a row was written to {address}, read and rolled back")))
}
