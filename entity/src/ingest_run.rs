//! One run of an ingest command: what it did and how it ended.
//!
//! Unique by id. Written by `ingest` when a run begins and again when it ends.

use sea_orm::entity::prelude::*;

use crate::ids::RunId;
use crate::time::Instant;

/// A row of `ingest_run`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_run")]
pub struct Model {
    /// The key; larger is later.
    #[sea_orm(primary_key)]
    pub id: RunId,
    /// The command, such as `run` or `demo`.
    pub command: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; null while it runs.
    pub ended_at: Option<Instant>,
    /// How it ended.
    pub outcome: Outcome,
    /// Accounts it worked on.
    pub accounts: i32,
    /// Plays that were new.
    pub plays_loaded: i32,
    /// Plays that were known already.
    pub plays_known: i32,
    /// Records set aside.
    pub rejected: i32,
    /// Gaps it noticed.
    pub gaps: i32,
    /// While it runs, a promise to say something more by then; one that broke it has crashed. Null from before there
    /// were promises.
    pub alive_until: Option<Instant>,
}

/// How a run or a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Outcome {
    /// Not ended yet.
    #[sea_orm(string_value = "running")]
    Running,
    /// All of it done.
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    /// Some accounts done, some not.
    #[sea_orm(string_value = "partly")]
    Partly,
    /// Nothing done.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// The process ended before the run did.
    #[sea_orm(string_value = "crashed")]
    Crashed,
    /// There was no reason to do it.
    #[sea_orm(string_value = "skipped")]
    Skipped,
}

impl ActiveModelBehavior for ActiveModel {}
