//! The run history: one row per run, one per step of each account, so that an operator can see at three in the morning what
//! the ingest did and where it stopped.
//!
//! It records; it decides nothing. A step's message is for operators and never holds a token or a payload.

use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::{RunId, UserId};
use entity::ingest_run::{self, Outcome};
use entity::ingest_step;
use entity::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use tracing::warn;

use crate::alert::{self, Remedy, Subject, Trouble};
use crate::load::Loaded;

/// A run that has begun.
pub struct Journal {
    db: Db,
    clock: SharedClock,
    run: RunId,
}

/// A step, as it ended.
pub struct Step {
    /// The account; `None` for a step of the run as a whole.
    pub user: Option<UserId>,
    /// `refresh`, `fetch`, `archive`, `spool`, `transform` or `load`.
    pub name: &'static str,
    /// When it began.
    pub started_at: Instant,
    /// Milliseconds.
    pub duration_ms: i64,
    /// What went wrong and what to do; `None` if nothing did.
    pub message: Option<String>,
}

/// How long a run may be silent before it counts as crashed: twice the longest step, and some.
pub const SILENCE_MAX_MS: i64 = 600_000;

/// A run of a large deployment has thousands of steps, which go with it.
const FORGOTTEN_AT_A_TIME: u64 = 50;

impl Journal {
    /// Records that `command` begins, and which earlier runs never ended.
    pub async fn begin(db: &Db, clock: &SharedClock, command: &str) -> Result<Self, DbErr> {
        Self::bury(db, clock.now()).await?;
        let run = Self::begin_in(db.write(), clock.now(), command).await?;
        Ok(Self::resume(db, clock, run))
    }

    /// The same inside a transaction, for a run whose jobs are queued in it; its number.
    pub async fn begin_in(db: &impl ConnectionTrait, now: Instant, command: &str) -> Result<RunId, DbErr> {
        let run = ingest_run::ActiveModel {
            command: Set(command.to_owned()),
            started_at: Set(now),
            ended_at: Set(None),
            outcome: Set(Outcome::Running),
            accounts: Set(0),
            plays_loaded: Set(0),
            plays_known: Set(0),
            rejected: Set(0),
            gaps: Set(0),
            alive_until: Set(Some(now + SILENCE_MAX_MS)),
            ..Default::default()
        };
        Ok(run.insert(db).await?.id)
    }

    /// A run that has begun elsewhere.
    pub fn resume(db: &Db, clock: &SharedClock, run: RunId) -> Self {
        Self { db: db.clone(), clock: clock.clone(), run }
    }

    /// Records of how many accounts a run that is shared by many workers consists.
    pub async fn expect(db: &impl ConnectionTrait, run: RunId, accounts: i64) -> Result<(), DbErr> {
        let accounts = Set(i32::try_from(accounts).unwrap_or(i32::MAX));
        let row = ingest_run::ActiveModel { id: Set(run), accounts, ..Default::default() };
        ingest_run::Entity::update(row).exec(db).await.map(|_| ())
    }

    /// Takes back a run that has nothing to do, in the transaction that has begun it.
    pub async fn take_back(db: &impl ConnectionTrait, run: RunId) -> Result<(), DbErr> {
        ingest_run::Entity::delete_by_id(run).exec(db).await.map(|_| ())
    }

    /// Takes an account out of a shared run that will not be fetched. Whoever does the last account ends the run.
    pub async fn account_gone(&self) -> Result<(), DbErr> {
        use ingest_run::{Column, Entity};
        Entity::update_many()
            .col_expr(Column::Accounts, Expr::col(Column::Accounts).sub(1))
            .filter(Column::Id.eq(self.run))
            .exec(self.db.write())
            .await?;
        self.account_done(Loaded::default()).await
    }

    /// Adds what one account of a shared run did. Whoever does the last account ends the run.
    pub async fn account_done(&self, loaded: Loaded) -> Result<(), DbErr> {
        use ingest_run::{Column, Entity};
        let add = |column: Column, n: usize| Expr::col(column).add(i32::try_from(n).unwrap_or(i32::MAX));
        Entity::update_many()
            .col_expr(Column::PlaysLoaded, add(Column::PlaysLoaded, loaded.plays_loaded))
            .col_expr(Column::PlaysKnown, add(Column::PlaysKnown, loaded.plays_known))
            .col_expr(Column::Rejected, add(Column::Rejected, loaded.rejected))
            .col_expr(Column::Gaps, add(Column::Gaps, loaded.gaps))
            .filter(Column::Id.eq(self.run))
            .exec(self.db.write())
            .await?;
        let Some(run) = Entity::find_by_id(self.run).one(self.db.write()).await? else { return Ok(()) };
        let accounts = u64::try_from(run.accounts).unwrap_or(0);
        let steps = ingest_step::Entity::find()
            .select_only()
            .column(ingest_step::Column::UserId)
            .filter(ingest_step::Column::RunId.eq(self.run))
            .distinct();
        let done = steps.clone().count(self.db.write()).await?;
        if done < accounts {
            return Ok(());
        }
        let loaded = ingest_step::Column::Name.eq("load").and(ingest_step::Column::Outcome.eq(Outcome::Succeeded));
        let succeeded = steps.filter(loaded).count(self.db.write()).await?;
        let outcome = match succeeded {
            0 if accounts > 0 => Outcome::Failed,
            all if all >= accounts => Outcome::Succeeded,
            _ => Outcome::Partly,
        };
        Entity::update_many()
            .col_expr(Column::Outcome, Expr::value(outcome))
            .col_expr(Column::EndedAt, Expr::value(self.clock.now()))
            .filter(Column::Id.eq(self.run))
            .filter(Column::Outcome.eq(Outcome::Running))
            .exec(self.db.write())
            .await?;
        Ok(())
    }

    /// Marks the runs that broke their promise to say something as crashed, as of their last sign of life, and keeps that
    /// somebody is told.
    pub async fn bury(db: &Db, now: Instant) -> Result<(), DbErr> {
        use ingest_run::{Column, Entity};
        let silent = Condition::any()
            .add(Column::AliveUntil.lt(now))
            .add(Column::AliveUntil.is_null().and(Column::StartedAt.lt(now + -SILENCE_MAX_MS)));
        let last_sign =
            Func::coalesce([Expr::col(Column::AliveUntil).sub(SILENCE_MAX_MS), Expr::col(Column::StartedAt)]);
        let crashed = Entity::update_many()
            .col_expr(Column::Outcome, Expr::value(Outcome::Crashed))
            .col_expr(Column::EndedAt, last_sign.into())
            .filter(Column::Outcome.eq(Outcome::Running))
            .filter(silent)
            .exec_with_returning(db.write())
            .await?;
        for run in crashed {
            let cause =
                format!("run {} ({}) never ended: its process was killed, or lost the database", run.id, run.command);
            warn!(run.id = run.id.0, "{cause}");
            let trouble = Trouble { subject: Subject::Runs, step: "run".to_owned(), cause, remedy: Remedy::ReadLog };
            alert::failing(db, &trouble, now).await?;
        }
        Ok(())
    }

    /// Forgets runs that ended before that, with their steps: some at a time, the next run forgets more.
    pub async fn forget(db: &Db, before: Instant) -> Result<(), DbErr> {
        use ingest_run::{Column, Entity};
        let old: Vec<RunId> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::EndedAt.lt(before))
            .order_by_asc(Column::Id)
            .limit(FORGOTTEN_AT_A_TIME)
            .into_tuple()
            .all(db.write())
            .await?;
        if !old.is_empty() {
            Entity::delete_many().filter(Column::Id.is_in(old)).exec(db.write()).await?;
        }
        Ok(())
    }

    /// The run's number.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Says that the run goes on; to be said more often than every [`SILENCE_MAX_MS`].
    pub async fn alive(&self) -> Result<(), DbErr> {
        let row = ingest_run::ActiveModel {
            id: Set(self.run),
            alive_until: Set(Some(self.clock.now() + SILENCE_MAX_MS)),
            ..Default::default()
        };
        ingest_run::Entity::update(row).exec(self.db.write()).await?;
        Ok(())
    }

    /// Records how steps ended.
    pub async fn steps(&self, steps: Vec<Step>) -> Result<(), DbErr> {
        self.alive().await?;
        let rows = steps.into_iter().map(|step| ingest_step::ActiveModel {
            run_id: Set(self.run),
            user_id: Set(step.user),
            name: Set(step.name.to_owned()),
            started_at: Set(step.started_at),
            duration_ms: Set(step.duration_ms),
            outcome: Set(if step.message.is_none() { Outcome::Succeeded } else { Outcome::Failed }),
            attempts: Set(1),
            message: Set(step.message),
            ..Default::default()
        });
        ingest_step::Entity::insert_many(rows).exec_without_returning(self.db.write()).await?;
        Ok(())
    }

    /// Records how the run ended.
    pub async fn end(self, outcome: Outcome, accounts: usize, loaded: Loaded) -> Result<(), DbErr> {
        let count = |n: usize| Set(i32::try_from(n).unwrap_or(i32::MAX));
        let row = ingest_run::ActiveModel {
            id: Set(self.run),
            ended_at: Set(Some(self.clock.now())),
            outcome: Set(outcome),
            accounts: count(accounts),
            plays_loaded: count(loaded.plays_loaded),
            plays_known: count(loaded.plays_known),
            rejected: count(loaded.rejected),
            gaps: count(loaded.gaps),
            ..Default::default()
        };
        ingest_run::Entity::update(row).exec(self.db.write()).await?;
        Ok(())
    }
}
