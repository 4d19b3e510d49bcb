//! Asking both sides, by turns, and comparing what they answer.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, ensure};
use api::app::{App, Keeping, Services, app};
use api::graphql::{RequestContext, Shared};
use api::http::Limits;
use api::loaders::Memory;
use async_graphql::Request;
use entity::clock::{FixedClock, SharedClock};
use entity::db::Db;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};
use serde_json::Value;

use crate::database::CONNECTIONS_MAX;
use crate::question::Question;
use crate::subject::{Subject, Things, When};
use crate::world::NOW;

/// The product's turns for each of the predecessor's.
const TURNS: usize = 3;

/// The same database, seen by both.
pub(crate) struct Sides {
    app: App,
    shared: Shared,
    naive: DatabaseConnection,
    /// Things to ask about.
    pub(crate) things: Things,
}

/// How long each turn took, in milliseconds, in order.
pub(crate) struct Times(Vec<f64>);

/// What one question took.
pub(crate) struct Measured {
    pub(crate) naive: Times,
    /// Whether the predecessor was stopped: then its time is a lower bound.
    pub(crate) stopped: bool,
    pub(crate) refrain: Times,
}

/// How patient to be.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// The most rounds of one question.
    pub(crate) rounds_max: usize,
    /// After this long, two rounds are enough.
    pub(crate) enough: Duration,
    /// The predecessor is stopped after this long.
    pub(crate) naive_max: Duration,
    /// Whether the predecessor is left out.
    pub(crate) alone: bool,
}

impl Times {
    /// Half took longer.
    pub(crate) fn median_ms(&self) -> f64 {
        let mut times = self.0.clone();
        times.sort_by(f64::total_cmp);
        (times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2.0
    }

    /// What it takes when nothing else happens on the machine.
    pub(crate) fn fastest_ms(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Sides {
    /// Opens the database at `url` as the API does, and once more with plain defaults for the predecessor.
    pub(crate) async fn open(url: &str, patience: Patience) -> anyhow::Result<(Self, Db)> {
        let db = Db::open(url, CONNECTIONS_MAX).await?;
        let clock: SharedClock = Arc::new(FixedClock::new(NOW));
        // What is measured here is counting, so nothing is kept.
        let keeping = Keeping { cache_bytes: 0, ..Keeping::default() };
        let app = app(&db, Arc::clone(&clock), &Limits::default(), &keeping, "nobody", Services::default());
        let (revisions, cache) = (app.revisions.clone(), app.cache.clone());
        let shared = Shared { db: db.clone(), clock, revisions, cache, memory: Memory::new(0), redis: None };
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let naive = Database::connect(options).await?;
        if naive.get_database_backend() == DbBackend::Postgres {
            let limit = format!("SET statement_timeout = {}", patience.naive_max.as_millis());
            naive.execute_unprepared(&limit).await?;
        }
        let things = Things::find(&db).await?;
        Ok((Self { app, shared, naive, things }, db))
    }

    /// Times `question`; `None` for a predecessor that answers differently.
    pub(crate) async fn measure(
        &self,
        question: &Question,
        subject: &Subject,
        when: When,
        patience: Patience,
    ) -> anyhow::Result<Measured> {
        let document = self.document(question, subject, when);
        let statement = subject.fill(question.naive, when, &self.things);
        // Unmeasured: both sides' first turn warms the database's cache, and says what is answered.
        let answer = self.ask(&document).await?.0;
        let begun = Stopwatch::now();
        let (rows, mut took) = if patience.alone { (None, f64::NAN) } else { self.ask_naive(&statement).await? };
        let stopped = rows.is_none() && !patience.alone;
        if let (Some(rows), Some(path)) = (&rows, question.compared) {
            let path =
                if question.asks.starts_with('{') { path.to_owned() } else { format!("{}{path}", root(subject)) };
            compare(&answer, &path, rows)?;
        }
        let mut measured = Measured { naive: Times(Vec::new()), stopped, refrain: Times(Vec::new()) };
        // A turn that took longer than all turns together are meant to is not taken again, only its place in the first round.
        let is_slow = begun.elapsed() > patience.enough;
        loop {
            if !(stopped || patience.alone || is_slow && measured.naive.0.is_empty()) {
                took = self.ask_naive(&statement).await?.1;
            }
            measured.naive.0.push(took);
            for _ in 0..TURNS {
                measured.refrain.0.push(self.ask(&document).await?.1);
            }
            let rounds = measured.naive.0.len();
            let is_enough = stopped || is_slow || rounds >= 2 && begun.elapsed() > patience.enough;
            if is_enough || rounds >= patience.rounds_max {
                return Ok(measured);
            }
        }
    }

    fn document(&self, question: &Question, subject: &Subject, when: When) -> String {
        let document = match (question.asks.starts_with('{'), &subject.listener) {
            (true, _) => question.asks.to_owned(),
            (false, None) => format!("{{ insights(range: $range) {{ {} }} }}", question.asks),
            (false, Some(_)) => {
                format!("{{ user(username: \"$user\") {{ insights(range: $range) {{ {} }} }} }}", question.asks)
            }
        };
        subject.fill(&document, when, &self.things)
    }

    /// One request, as the server executes it: parsed, validated, resolved, names loaded.
    async fn ask(&self, document: &str) -> anyhow::Result<(Value, f64)> {
        let request = Request::new(document).data(Arc::new(RequestContext::new(self.shared.clone(), None, false)));
        let begun = Stopwatch::now();
        let response = self.app.schema.execute(request).await;
        let took = ms(begun);
        ensure!(response.errors.is_empty(), "{document}: {:?}", response.errors);
        Ok((response.data.into_json()?, took))
    }

    /// The rows, or nothing if it was stopped.
    async fn ask_naive(&self, sql: &str) -> anyhow::Result<(Option<Vec<QueryResult>>, f64)> {
        let statement = Statement::from_string(self.naive.get_database_backend(), sql);
        let begun = Stopwatch::now();
        let rows = match self.naive.query_all_raw(statement).await {
            Ok(rows) => Some(rows),
            Err(error) if error.to_string().contains("statement timeout") => None,
            Err(error) => return Err(error).with_context(|| sql.to_owned()),
        };
        Ok((rows, ms(begun)))
    }
}

fn root(subject: &Subject) -> &'static str {
    if subject.listener.is_some() { "user/insights/" } else { "insights/" }
}

fn ms(begun: Stopwatch) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Both sides count the same: the sums of what stands at `path` and of the rows' column `counted`.
fn compare(answer: &Value, path: &str, rows: &[QueryResult]) -> anyhow::Result<()> {
    let answered = sum(answer, path).with_context(|| format!("{path} is not in the answer {answer}"))?;
    let mut counted = 0.0;
    for row in rows {
        counted += match row.try_get::<Option<i64>>("", "counted") {
            Ok(count) => count.unwrap_or(0) as f64,
            Err(_) => row.try_get::<Option<f64>>("", "counted")?.unwrap_or(0.0),
        };
    }
    let same = (answered - counted).abs() <= 1e-6 * answered.abs().max(1.0);
    ensure!(same, "{path}: Refrain answers {answered}, its predecessor {counted}");
    Ok(())
}

/// The sum of the numbers at `path`; nothing is 0.
fn sum(value: &Value, path: &str) -> Option<f64> {
    if value.is_null() {
        return Some(0.0);
    }
    let Some((first, rest)) = path.split_once('/').or((!path.is_empty()).then_some((path, ""))) else {
        return value.as_f64().or_else(|| value.as_str()?.parse().ok());
    };
    match first {
        "*" => value.as_array()?.iter().map(|item| sum(item, rest)).sum(),
        field => sum(value.get(field)?, rest),
    }
}
