//! What the ingest did, for operators.

use async_graphql::{Context, Enum, ID, Object, Result};
use entity::ids::RunId;
use entity::ingest_run::{self, Outcome};
use entity::ingest_step;

use super::context;
use super::paging::{PageInfo, cursor, page_length, place};
use super::scalars::{DateTime, Long};
use super::user::User;
use crate::error;
use crate::insights;

const LIST: &str = "ingestRuns";

/// A page of runs, newest first.
pub(super) struct IngestRunConnection {
    page: insights::RunPage,
    has_previous: bool,
}

/// A run in the list of runs.
pub(super) struct IngestRunEdge(ingest_run::Model);

/// One run of an ingest command.
pub(super) struct IngestRun(ingest_run::Model);

/// One step of a run.
pub(super) struct IngestStep(ingest_step::Model);

/// How a run or a step ended.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunOutcome {
    /// Not ended yet.
    Running,
    /// All of it done.
    Succeeded,
    /// Some accounts done, some not.
    Partly,
    /// Nothing done.
    Failed,
    /// The process ended before the run did.
    Crashed,
    /// There was no reason to do it.
    Skipped,
}

impl From<Outcome> for RunOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Running => Self::Running,
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Partly => Self::Partly,
            Outcome::Failed => Self::Failed,
            Outcome::Crashed => Self::Crashed,
            Outcome::Skipped => Self::Skipped,
        }
    }
}

impl From<RunOutcome> for Outcome {
    fn from(outcome: RunOutcome) -> Self {
        match outcome {
            RunOutcome::Running => Self::Running,
            RunOutcome::Succeeded => Self::Succeeded,
            RunOutcome::Partly => Self::Partly,
            RunOutcome::Failed => Self::Failed,
            RunOutcome::Crashed => Self::Crashed,
            RunOutcome::Skipped => Self::Skipped,
        }
    }
}

impl IngestRunConnection {
    /// The page that was asked for.
    pub(super) async fn ask(
        ctx: &Context<'_>,
        outcome: Option<RunOutcome>,
        first: i32,
        after: Option<String>,
    ) -> Result<Self> {
        let first = page_length(first)?;
        let after = after.map(|after| place::<i32>(LIST, &after)).transpose()?.map(RunId);
        let page = insights::ingest_runs(context::of(ctx).db(), outcome.map(Outcome::from), first, after).await;
        Ok(Self { page: page.map_err(error::database)?, has_previous: after.is_some() })
    }
}

fn cursor_of(run: &ingest_run::Model) -> String {
    cursor(LIST, &run.id.0)
}

/// A page of runs, newest first.
#[Object]
impl IngestRunConnection {
    /// The runs with their cursors.
    async fn edges(&self) -> Vec<IngestRunEdge> {
        self.page.runs.iter().cloned().map(IngestRunEdge).collect()
    }

    /// The runs.
    async fn nodes(&self) -> Vec<IngestRun> {
        self.page.runs.iter().cloned().map(IngestRun).collect()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.page.runs.first().map(cursor_of),
            end_cursor: self.page.runs.last().map(cursor_of),
        }
    }
}

/// A run with its place in the list.
#[Object]
impl IngestRunEdge {
    /// This run's place, for `after`.
    async fn cursor(&self) -> String {
        cursor_of(&self.0)
    }

    /// The run.
    async fn node(&self) -> IngestRun {
        IngestRun(self.0.clone())
    }
}

/// One run of an ingest command: what it did and how it ended.
#[Object]
impl IngestRun {
    /// The run's number, as `refrain-ingest runs` shows it; larger is later.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The command, such as `run` or `demo`.
    async fn command(&self) -> &str {
        &self.0.command
    }

    /// When it began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// When it ended; null while it runs.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// How it ended.
    async fn outcome(&self) -> RunOutcome {
        self.0.outcome.into()
    }

    /// Accounts it worked on.
    async fn accounts(&self) -> i32 {
        self.0.accounts
    }

    /// Plays that were new.
    async fn plays_loaded(&self) -> i32 {
        self.0.plays_loaded
    }

    /// Plays that were known already.
    async fn plays_known(&self) -> i32 {
        self.0.plays_known
    }

    /// Records set aside because they could not be understood.
    async fn rejected(&self) -> i32 {
        self.0.rejected
    }

    /// Windows noticed in which plays were probably missed.
    async fn gaps(&self) -> i32 {
        self.0.gaps
    }

    /// What happened to each account, step by step, in order; of more than 1,000 steps the first ones, failures before all
    /// others.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<IngestStep>> {
        let steps = context::of(ctx).loaders().ingest_steps.get(self.0.id).await.map_err(error::database)?;
        Ok(steps.map_or_else(Vec::new, |steps| steps.iter().cloned().map(IngestStep).collect()))
    }
}

/// One step of a run for one account.
#[Object]
impl IngestStep {
    /// Whose account, by username; null for a step of the run as a whole.
    async fn username(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.0.user_id {
            None => Ok(None),
            Some(user) => Ok(Some(User::load(ctx, user).await?.0.username.clone())),
        }
    }

    /// Such as `refresh`, `fetch`, `archive`, `transform` or `load`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// How long it took, in milliseconds.
    async fn duration_ms(&self) -> Long {
        Long(self.0.duration_ms)
    }

    /// How it ended.
    async fn outcome(&self) -> RunOutcome {
        self.0.outcome.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// What went wrong and what to do; null if nothing did.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}
