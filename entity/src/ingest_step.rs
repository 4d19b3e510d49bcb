//! One step of a run for one account: what happened, how long it took, what went wrong.
//!
//! Unique by id. Written by `ingest` when the step ends.

use sea_orm::entity::prelude::*;

use crate::ids::{RunId, UserId};
use crate::ingest_run::Outcome;
use crate::time::Instant;

/// A row of `ingest_step`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_step")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The run.
    pub run_id: RunId,
    /// The account; null for steps of the run as a whole.
    pub user_id: Option<UserId>,
    /// `refresh`, `fetch`, `archive`, `spool`, `transform` or `load`.
    pub name: String,
    /// When it began.
    pub started_at: Instant,
    /// Milliseconds.
    pub duration_ms: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// How often it was tried.
    pub attempts: i32,
    /// For operators: what went wrong and what to do; null when nothing did.
    pub message: Option<String>,
    /// The run.
    #[sea_orm(belongs_to, from = "run_id", to = "id", on_delete = "Cascade")]
    pub run: BelongsTo<super::ingest_run::Entity>,
    /// The account.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
