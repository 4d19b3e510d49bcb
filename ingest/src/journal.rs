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
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait};

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
    /// `refresh`, `fetch`, `archive`, `transform` or `load`.
    pub name: &'static str,
    /// When it began.
    pub started_at: Instant,
    /// Milliseconds.
    pub duration_ms: i64,
    /// What went wrong and what to do; `None` if nothing did.
    pub message: Option<String>,
}

impl Journal {
    /// Records that `command` begins.
    pub async fn begin(db: &Db, clock: &SharedClock, command: &str) -> Result<Self, DbErr> {
        let run = ingest_run::ActiveModel {
            command: Set(command.to_owned()),
            started_at: Set(clock.now()),
            ended_at: Set(None),
            outcome: Set(Outcome::Running),
            accounts: Set(0),
            plays_loaded: Set(0),
            plays_known: Set(0),
            rejected: Set(0),
            gaps: Set(0),
            ..Default::default()
        };
        let run = run.insert(db.write()).await?.id;
        Ok(Self { db: db.clone(), clock: clock.clone(), run })
    }

    /// The run's number.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Records how steps ended.
    pub async fn steps(&self, steps: Vec<Step>) -> Result<(), DbErr> {
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
