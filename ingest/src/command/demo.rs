//! `demo`: fills an empty database with a generated history, through the same archive, transform and load as a real one.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use entity::archive::Kind;
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::revision;
use entity::time::Instant;
use entity::user;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait};
use tracing::info;

use super::open_untouched;
use crate::config::Settings;
use crate::demo;
use crate::journal::Journal;
use crate::load::Loaded;
use crate::pipeline::{Pipeline, RawPage, Trace};

/// What to generate.
#[derive(Args)]
pub struct Options {
    /// How many listeners
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub listeners: u32,
    /// How many plays, all listeners together
    #[arg(long, default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub plays: u32,
    /// The same seed generates the same history
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// How often the log says how far it is.
const DOCUMENTS_A_LOG_LINE: usize = 100;

pub(super) async fn execute(
    settings: &Settings,
    options: Options,
    dry_run: bool,
    clock: SharedClock,
) -> anyhow::Result<ExitCode> {
    if dry_run {
        refuse_people(open_untouched(settings).await?.read()).await?;
        println!("{} plays of {} listeners would be generated, archived and loaded", options.plays, options.listeners);
        return Ok(ExitCode::SUCCESS);
    }
    let pipeline = super::pipeline(settings, clock).await?;
    let (listeners, loaded) = fill(&pipeline, &options).await?;
    println!(
        "{} plays of {listeners} listeners are in. Next: `cargo run --release` (or `refrain-api`) serves them; its log says where to click",
        loaded.plays_loaded
    );
    Ok(ExitCode::SUCCESS)
}

/// Fills the empty database; how many listeners there are, and what was loaded.
pub async fn fill(pipeline: &Pipeline, options: &Options) -> anyhow::Result<(usize, Loaded)> {
    let now = pipeline.clock.now();
    let wanted = demo::Options {
        listeners: options.listeners,
        plays: options.plays,
        ..demo::Options::new(options.seed, now.ms())
    };
    let users = add_listeners(&pipeline.db, &wanted).await?;
    let journal = Journal::begin(&pipeline.db, &pipeline.clock, "demo").await?;
    let mut total = Loaded::default();
    for (count, document) in (1..).zip(demo::history(&wanted)) {
        match load(pipeline, &users, document).await {
            Ok(loaded) => total = total.and(loaded),
            Err(error) => {
                journal.end(Outcome::Failed, users.len(), total).await?;
                return Err(error.context("the demo stopped half-way: start again with an empty database"));
            }
        }
        if count % DOCUMENTS_A_LOG_LINE == 0 {
            info!(plays_loaded = total.plays_loaded, "{} of {} plays", total.plays_loaded, wanted.plays);
        }
    }
    journal.end(Outcome::Succeeded, users.len(), total).await?;
    Ok((users.len(), total))
}

/// Adds the listeners to a database that has none, in one transaction: of two demos that begin at once, one is refused.
async fn add_listeners(db: &Db, options: &demo::Options) -> anyhow::Result<Vec<UserId>> {
    let transaction = db.begin().await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // On SQLite a transaction that writes has the database to itself.
        transaction.execute_unprepared("LOCK TABLE \"user\" IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    refuse_people(&transaction).await?;
    let joined_at = Instant::from_ms(options.until_ms);
    let mut users = Vec::new();
    for listener in demo::listeners(options) {
        let person = user::ActiveModel {
            username: Set(listener.username),
            display_name: Set(listener.display_name),
            time_zone: Set(listener.time_zone.to_owned()),
            listed: Set(listener.listed),
            joined_at: Set(joined_at),
            ..Default::default()
        };
        users.push(person.insert(&transaction).await?.id);
    }
    revision::raise(&transaction, &[revision::PEOPLE], joined_at).await?;
    transaction.commit().await?;
    Ok(users)
}

/// A demo among real people would be taken for one of them.
async fn refuse_people(db: &impl ConnectionTrait) -> anyhow::Result<()> {
    let people = user::Entity::find().count(db).await?;
    if people > 0 {
        bail!(
            "the database is not empty: {people} listener(s) are in it. The demo fills an empty one: name another with DATABASE_URL, or move this one away"
        );
    }
    Ok(())
}

async fn load(pipeline: &Pipeline, users: &[UserId], document: demo::Document) -> anyhow::Result<Loaded> {
    let kind = match document.kind {
        demo::Kind::RecentlyPlayed { listener } => {
            Kind::Plays(*users.get(listener).context("a document of a listener who is not there")?)
        }
        demo::Kind::Artists => Kind::Artists,
        demo::Kind::AudioFeatures => Kind::AudioFeatures,
    };
    let page = RawPage { kind, fetched_at: Instant::from_ms(document.fetched_at_ms), bytes: document.bytes };
    let mut trace = Trace::new(None, pipeline.clock.clone());
    pipeline.load(&page, &mut trace).await.map_err(|failure| anyhow::anyhow!(chain(&failure)))
}
