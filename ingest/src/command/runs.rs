//! `runs`: what earlier runs did, and where they stopped.

use std::process::ExitCode;

use anyhow::bail;
use entity::db::Db;
use entity::ids::RunId;
use entity::ingest_run::{self, Outcome};
use entity::{ingest_step, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{open, table};
use crate::config::Settings;

pub(super) async fn execute(settings: &Settings, id: Option<i32>, first: u32) -> anyhow::Result<ExitCode> {
    let db = open(settings).await?;
    match id {
        None => list(&db, first).await?,
        Some(id) => show(&db, RunId(id)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(db: &Db, first: u32) -> anyhow::Result<()> {
    let runs =
        ingest_run::Entity::find().order_by_desc(ingest_run::Column::Id).limit(u64::from(first)).all(db.read()).await?;
    if runs.is_empty() {
        println!("nothing has run yet");
        return Ok(());
    }
    let mut rows =
        table(&["RUN", "COMMAND", "BEGAN", "TOOK", "OUTCOME", "ACCOUNTS", "LOADED", "KNOWN", "SET ASIDE", "GAPS"]);
    for run in runs {
        rows.add_row([
            run.id.to_string(),
            run.command.clone(),
            run.started_at.to_string(),
            took(&run),
            said(run.outcome).to_owned(),
            run.accounts.to_string(),
            run.plays_loaded.to_string(),
            run.plays_known.to_string(),
            run.rejected.to_string(),
            run.gaps.to_string(),
        ]);
    }
    println!("{rows}");
    Ok(())
}

async fn show(db: &Db, id: RunId) -> anyhow::Result<()> {
    let Some(run) = ingest_run::Entity::find_by_id(id).one(db.read()).await? else {
        bail!("there is no run {id}: `refrain-ingest runs` lists them");
    };
    println!("run {id} ({}) began {} and took {}: {}", run.command, run.started_at, took(&run), said(run.outcome));
    let steps = ingest_step::Entity::find()
        .find_also_related(user::Entity)
        .filter(ingest_step::Column::RunId.eq(id))
        .order_by_asc(ingest_step::Column::Id)
        .all(db.read())
        .await?;
    let mut rows = table(&["ACCOUNT", "STEP", "MS", "OUTCOME", "MESSAGE"]);
    for (step, person) in steps {
        rows.add_row([
            person.map_or_else(String::new, |person| person.username),
            step.name,
            step.duration_ms.to_string(),
            said(step.outcome).to_owned(),
            step.message.unwrap_or_default(),
        ]);
    }
    println!("{rows}");
    Ok(())
}

fn took(run: &ingest_run::Model) -> String {
    match run.ended_at {
        None => "-".to_owned(),
        Some(ended_at) => format!("{} ms", ended_at - run.started_at),
    }
}

fn said(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::Succeeded => "succeeded",
        Outcome::Partly => "partly",
        Outcome::Failed => "failed",
        Outcome::Crashed => "crashed",
        Outcome::Skipped => "skipped",
    }
}
