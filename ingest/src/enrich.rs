//! Fills in what the plays did not bring: a reconciler that looks at what is lacking, asks for the most played first, and can
//! be stopped and started at any time.
//!
//! The database is its queue (`lacking.rs`), so nothing is ever asked for twice: what Spotify does not have is noted as
//! well as what it has. Raw answers go the way of every document, through archive, transform and load. It asks in batches
//! where the app may, one by one where it may not, and finds out which by asking once (`ability.rs`). It spends a budget of
//! calls, gives way to polls, and stops where Spotify asks to stay away.
//!
//! It does not refresh what is there, and asks for nothing that nobody played.

mod ability;
mod albums;
mod answer;
mod artists;
mod features;
mod lacking;
mod names;
mod tracks;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use entity::chain::chain;
use entity::enrichment::{Answer, Kind};
use entity::ingest_run::Outcome;
use rand::RngExt;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::journal::{Journal, Step};
use crate::load::Loaded;
use crate::pipeline::{Failure, Pipeline, RawPage, Trace};
use crate::progress::Progress;
use crate::spotify::catalogue::ids_max;
use crate::spotify::{self, App, Catalogue};

use ability::Abilities;
use answer::Question;
use lacking::{Asked, Lacking};

/// All there is to ask for; tracks first, because they bring artists and albums.
pub const KINDS: [Kind; 5] = [Kind::Track, Kind::Name, Kind::Artist, Kind::Album, Kind::Features];

/// The command of the enrichment that goes with runs. It is carried out once an hour at most, however often accounts are
/// polled and by however many processes, because Spotify counts an app's calls over a day as well.
pub const WITH_RUNS: &str = "enrich";

/// A timer that runs every hour is not always on time.
const HOUR_MS: i64 = 3_600_000 - 300_000;

/// How long an answer that could not be read is left alone.
const UNREADABLE_FOR_MS: i64 = 7 * 86_400_000;
/// How many calls may fail one after the other.
const FAILURES_MAX: u32 = 4;
/// The wait after the first of them; it doubles.
const FAILURE_WAIT: Duration = Duration::from_millis(200);
/// Calls for what is known by name only: for its id, and for what is under that.
const CALLS_OF_A_NAME: u32 = 2;
/// How many lacking things are read at a time.
const READ_AHEAD: usize = 200;

/// What to ask for and how much it may cost.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The command, as the run history names it; [`WITH_RUNS`] is a special one.
    pub command: &'a str,
    /// What to ask for.
    pub kinds: &'a [Kind],
    /// The most calls.
    pub calls_max: u32,
    /// Whether to forget what the app may ask, and find out anew.
    pub reprobe: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enriched {
    /// Calls that were made.
    pub calls: u32,
    /// Things that Spotify had something about, by kind.
    pub found: BTreeMap<Kind, u64>,
    /// Things that Spotify has nothing about.
    pub absent: u64,
    /// Why it ended before everything was asked for.
    pub stopped: Option<Stop>,
}

/// Why an enrichment ended early. What is left is asked for next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The budget is spent.
    Budget,
    /// Another process enriches.
    Busy,
    /// Somebody wanted it to stop.
    Told,
    /// Something is in the way; what, and what to do.
    Trouble(String),
}

impl Enriched {
    /// How it ended, as a run.
    pub fn outcome(&self) -> Outcome {
        match (&self.stopped, self.found.is_empty() && self.absent == 0) {
            (None | Some(Stop::Budget | Stop::Told), _) => Outcome::Succeeded,
            (Some(Stop::Busy), _) => Outcome::Skipped,
            (Some(Stop::Trouble(_)), false) => Outcome::Partly,
            (Some(Stop::Trouble(_)), true) => Outcome::Failed,
        }
    }
}

/// How much is lacking, and how many calls it would take as far as is known; nothing is asked or written.
pub async fn survey(pipeline: &Pipeline, app: &App, kinds: &[Kind]) -> Result<Vec<(Kind, u64, u64)>, DbErr> {
    let known = Abilities::remembered(&pipeline.db, app.client_id()).await?;
    let mut survey = Vec::new();
    for kind in kinds {
        let batches = known.get(kind).copied();
        let lacking = lacking::source(*kind).count(&pipeline.db, asked(pipeline, batches)).await?;
        let calls = match (kind, batches) {
            (Kind::Features, Some(false)) => 0,
            (Kind::Name, _) => lacking * u64::from(CALLS_OF_A_NAME),
            (_, Some(false)) => lacking,
            _ => lacking.div_ceil(ids_max(*kind) as u64),
        };
        survey.push((*kind, lacking, calls));
    }
    Ok(survey)
}

/// Asks for what is lacking until nothing is, the budget is spent, something is in the way or `stop` says so.
pub async fn enrich(
    pipeline: &Pipeline,
    app: &App,
    order: &Order<'_>,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<Enriched, DbErr> {
    if order.command == WITH_RUNS && was_lately(pipeline).await? {
        return Ok(Enriched::default());
    }
    let abilities = Abilities::of(&pipeline.db, app.client_id(), order.reprobe).await?;
    if !abilities.take_turn(pipeline.clock.now()).await? {
        return Ok(Enriched { stopped: Some(Stop::Busy), ..Enriched::default() });
    }
    let mut work = Work {
        pipeline,
        catalogue: app.catalogue(),
        abilities,
        calls_max: order.calls_max,
        queues: BTreeMap::new(),
        search_refused: false,
        failures: 0,
        journal: None,
        command: order.command,
        steps: BTreeMap::new(),
        progress,
        enriched: Enriched::default(),
    };
    // A call that is cut short is made again by the next enrichment.
    let result = tokio::select! {
        result = Box::pin(work.all(order.kinds)) => Some(result),
        () = stop.cancelled() => None,
    };
    work.abilities.end_turn().await?;
    match result {
        Some(Ok(())) => {}
        Some(Err(trouble)) => work.enriched.stopped = Some(Stop::Trouble(chain(&trouble))),
        None => work.enriched.stopped = Some(Stop::Told),
    }
    work.end().await
}

/// Whether an enrichment went with a run within the hour. One that found nothing lacking left no row, and cost no call.
async fn was_lately(pipeline: &Pipeline) -> Result<bool, DbErr> {
    use entity::ingest_run::{Column, Entity};
    let lately = Entity::find()
        .filter(Column::Command.eq(WITH_RUNS))
        .filter(Column::StartedAt.gt(pipeline.clock.now() + -HOUR_MS));
    Ok(lately.count(pipeline.db.read()).await? > 0)
}

/// What earlier answers count for, given what the app may ask.
fn asked(pipeline: &Pipeline, batches: Option<bool>) -> Asked {
    Asked { unreadable_since: pipeline.clock.now() + -UNREADABLE_FOR_MS, partial_counts: batches == Some(false) }
}

/// An enrichment under way.
struct Work<'a> {
    pipeline: &'a Pipeline,
    catalogue: Catalogue,
    abilities: Abilities,
    calls_max: u32,
    /// What is lacking, most played first, as far as it was read.
    queues: BTreeMap<Kind, VecDeque<Lacking>>,
    /// Whether Spotify refuses to search, which it is asked once in each enrichment.
    search_refused: bool,
    /// Calls that failed since the last that did not.
    failures: u32,
    /// Begun with the first call: a run that found nothing to do is no history.
    journal: Option<Journal>,
    command: &'a str,
    steps: BTreeMap<Kind, Step>,
    progress: &'a Progress,
    enriched: Enriched,
}

impl Work<'_> {
    /// In turn one call for each kind, so that none starves however much another lacks; until a whole round finds nothing.
    async fn all(&mut self, kinds: &[Kind]) -> Result<(), Failure> {
        loop {
            let mut is_done = true;
            for kind in kinds {
                if *kind == Kind::Features && self.abilities.batches(Kind::Features) == Some(false)
                    || *kind == Kind::Name && self.search_refused
                {
                    continue;
                }
                let batches = self.abilities.batches(*kind);
                let chosen = self.next(*kind, batches).await?;
                if chosen.is_empty() {
                    continue;
                }
                let calls = if *kind == Kind::Name { CALLS_OF_A_NAME } else { 1 };
                if self.enriched.calls + calls > self.calls_max {
                    self.enriched.stopped = Some(Stop::Budget);
                    return Ok(());
                }
                is_done = false;
                let began = self.pipeline.clock.now();
                let result = match kind {
                    Kind::Name => self.search(&chosen[0]).await,
                    kind => self.ask(*kind, batches, &chosen).await,
                };
                self.step(*kind, began, result.as_ref().err());
                result?;
            }
            if is_done {
                return Ok(());
            }
        }
    }

    /// What to ask for in the next call: as many as fit into one.
    async fn next(&mut self, kind: Kind, batches: Option<bool>) -> Result<Vec<Lacking>, DbErr> {
        let queue = self.queues.entry(kind).or_default();
        if queue.is_empty() {
            let source = lacking::source(kind);
            let most_played = source.most_played(&self.pipeline.db, asked(self.pipeline, batches), READ_AHEAD).await?;
            queue.extend(most_played);
        }
        let fits = if batches == Some(false) { 1 } else { ids_max(kind) };
        Ok(queue.drain(..fits.min(queue.len())).collect())
    }

    async fn ask(&mut self, kind: Kind, batches: Option<bool>, chosen: &[Lacking]) -> Result<(), Failure> {
        if batches == Some(false) {
            return self.ask_one(kind, &chosen[0]).await;
        }
        self.count().await?;
        let ids: Vec<&str> = chosen.iter().map(|lacking| lacking.spotify_id.as_str()).collect();
        match self.catalogue.several(kind, &ids).await {
            Ok(body) => {
                let kept = self.keep(&Question { kind, asked: chosen, several: true }, body).await;
                if kept.is_ok() {
                    self.abilities.learn(kind, true).await?;
                }
                self.settle(kind, chosen, kept).await
            }
            Err(spotify::Error::Refused { why, reason }) if why.may_be_endpoint() => {
                if kind == Kind::Features {
                    info!(
                        "Spotify gives this app no audio features; `refrain-ingest backfill features --reprobe` asks again"
                    );
                    self.abilities.learn(kind, false).await?;
                } else {
                    // Only if one by one is answered was it the batch that was refused.
                    self.ask_one(kind, &chosen[0]).await?;
                    info!(
                        "Spotify refuses batches ({reason}), so this app is in Development Mode; going on one by one"
                    );
                    self.abilities.learn(kind, false).await?;
                }
                // What was read ahead includes what is known in part, which in this mode is all there is.
                self.queues.remove(&kind);
                Ok(())
            }
            Err(error) => self.settle(kind, chosen, Err(error.into())).await,
        }
    }

    async fn ask_one(&mut self, kind: Kind, lacking: &Lacking) -> Result<(), Failure> {
        self.count().await?;
        let chosen = std::slice::from_ref(lacking);
        match self.catalogue.one(kind, &lacking.spotify_id).await {
            Ok(body) => {
                let kept = self.keep(&Question { kind, asked: chosen, several: false }, body).await;
                self.settle(kind, chosen, kept).await
            }
            Err(spotify::Error::NotFound) => {
                self.enriched.absent += 1;
                self.progress.advance(1);
                self.note(kind, chosen, Answer::Absent).await
            }
            Err(error) => self.settle(kind, chosen, Err(error.into())).await,
        }
    }

    /// Asks for the id of what is known by name only, and then for what is under that.
    async fn search(&mut self, lacking: &Lacking) -> Result<(), Failure> {
        let chosen = std::slice::from_ref(lacking);
        let Some(names) = names::of(self.pipeline, lacking).await? else { return Ok(()) };
        self.count().await?;
        let body = match self.catalogue.search(&names.track, &names.artist).await {
            Ok(body) => body.into_bytes(),
            Err(spotify::Error::Refused { why, reason }) if why.may_be_endpoint() => {
                info!("Spotify does not let this app search ({reason}), so names stay without an id");
                self.search_refused = true;
                return Ok(());
            }
            Err(error) => return self.settle(Kind::Name, chosen, Err(error.into())).await,
        };
        let page = RawPage { kind: answer::archived(Kind::Name), fetched_at: self.pipeline.clock.now(), bytes: body };
        self.pipeline.load(&page, &mut Trace::new(None, self.pipeline.clock.clone())).await?;
        match names::id(&page.bytes, &names) {
            Ok(Some(id)) => {
                let known = Lacking { id: lacking.id, spotify_id: id };
                self.ask(Kind::Track, self.abilities.batches(Kind::Track), &[known]).await?;
                if !answer::is_noted(self.pipeline, Kind::Track, lacking).await? {
                    return Ok(()); // It has to be asked for again, and then so has its id.
                }
                // Another row may have the id already: then this one keeps its name, as what no search finds.
                let answer = match names::of(self.pipeline, lacking).await? {
                    None => {
                        *self.enriched.found.entry(Kind::Name).or_default() += 1;
                        Answer::Whole
                    }
                    Some(_) => {
                        self.enriched.absent += 1;
                        Answer::Absent
                    }
                };
                self.note(Kind::Name, chosen, answer).await?;
            }
            Ok(None) => {
                self.enriched.absent += 1;
                self.note(Kind::Name, chosen, Answer::Absent).await?;
            }
            Err(_) => self.note(Kind::Name, chosen, Answer::Unreadable).await?,
        }
        self.progress.advance(1);
        Ok(())
    }

    async fn keep(&mut self, question: &Question<'_>, body: String) -> Result<(), Failure> {
        let found = answer::keep(self.pipeline, question, body.into_bytes()).await?;
        *self.enriched.found.entry(question.kind).or_default() += found as u64;
        self.enriched.absent += (question.asked.len() - found) as u64;
        self.progress.advance(question.asked.len() as u64);
        Ok(())
    }

    /// Decides whether to go on after a call: a few failures in a row are waited out, a single answer that makes no sense is
    /// left alone, everything else is for the operator.
    async fn settle(&mut self, kind: Kind, chosen: &[Lacking], result: Result<(), Failure>) -> Result<(), Failure> {
        let failure = match result {
            Ok(()) => {
                self.failures = 0;
                return Ok(());
            }
            Err(failure) => failure,
        };
        self.failures += 1;
        let passing = matches!(
            failure,
            Failure::Spotify(spotify::Error::Transient { .. } | spotify::Error::Unauthorized)
                | Failure::Transform { .. }
        );
        if !passing || self.failures >= FAILURES_MAX {
            return Err(failure);
        }
        warn!("{}", chain(&failure));
        if matches!(failure, Failure::Transform { .. }) && chosen.len() == 1 {
            return self.note(kind, chosen, Answer::Unreadable).await;
        }
        self.queues.entry(kind).or_default().extend(chosen.iter().cloned());
        let wait = FAILURE_WAIT * 2_u32.pow(self.failures - 1);
        let jitter = rand::rng().random_range(0.75..1.25); // Not held across the wait: it belongs to its thread.
        tokio::time::sleep(wait.mul_f64(jitter)).await;
        Ok(())
    }

    async fn note(&self, kind: Kind, chosen: &[Lacking], answer: Answer) -> Result<(), Failure> {
        let answers = chosen.iter().map(|lacking| (lacking, answer));
        Ok(answer::note(self.pipeline, kind, answers, self.pipeline.clock.now()).await?)
    }

    /// Counts a call that is about to be made, and says that the run goes on.
    async fn count(&mut self) -> Result<(), DbErr> {
        self.enriched.calls += 1;
        match &self.journal {
            Some(journal) => journal.alive().await?,
            None => {
                let Pipeline { db, clock, .. } = self.pipeline;
                self.journal = Some(Journal::begin(db, clock, self.command).await?);
            }
        }
        self.abilities.prolong_turn(self.pipeline.clock.now()).await
    }

    /// Adds a call to the one step that stands for all calls of its kind.
    fn step(&mut self, kind: Kind, began: entity::time::Instant, failure: Option<&Failure>) {
        let step = self.steps.entry(kind).or_insert(Step {
            user: None,
            name: step_name(kind),
            started_at: began,
            duration_ms: 0,
            message: None,
        });
        step.duration_ms += (self.pipeline.clock.now() - began).max(0);
        step.message = failure.map(|failure| chain(failure));
    }

    async fn end(self) -> Result<Enriched, DbErr> {
        if let Some(journal) = self.journal {
            journal.steps(self.steps.into_values().collect()).await?;
            journal.end(self.enriched.outcome(), 0, Loaded::default()).await?;
        }
        Ok(self.enriched)
    }
}

fn step_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Track => "tracks",
        Kind::Name => "names",
        Kind::Artist => "artists",
        Kind::Album => "albums",
        Kind::Features => "features",
    }
}
