//! What the ingest did: its runs, newest first.

use entity::db::Db;
use entity::ids::RunId;
use entity::ingest_run::{self, Column, Entity, Outcome};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPage {
    /// Newest first.
    pub runs: Vec<ingest_run::Model>,
    /// Whether there are older ones.
    pub has_next: bool,
}

/// The runs that ended in `outcome`, or all of them; those before `after` if that is given.
pub async fn ingest_runs(
    db: &Db,
    outcome: Option<Outcome>,
    first: usize,
    after: Option<RunId>,
) -> Result<RunPage, DbErr> {
    let mut runs = Entity::find();
    if let Some(outcome) = outcome {
        runs = runs.filter(Column::Outcome.eq(outcome));
    }
    if let Some(after) = after {
        runs = runs.filter(Column::Id.lt(after));
    }
    let mut runs = runs.order_by_desc(Column::Id).limit(first as u64 + 1).all(db.read()).await?;
    let has_next = runs.len() > first;
    runs.truncate(first);
    Ok(RunPage { runs, has_next })
}
