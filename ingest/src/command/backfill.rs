//! `backfill`: asks Spotify for what the catalogue lacks, most played first. Safe to interrupt and to run again: it goes on
//! where it was, and makes no call when nothing is lacking.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use entity::clock::SharedClock;
use entity::enrichment::Kind;
use entity::ingest_run::Outcome;

use super::{exit_code, table};
use crate::config::Settings;
use crate::enrich::{self, Enriched, KINDS, Order, Stop};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::spotify::App;

/// What to fill in.
#[derive(Args)]
pub struct Options {
    /// What to ask for
    #[arg(value_enum, default_value_t)]
    what: What,
    /// The most calls; Spotify is reported to shut an app out for a day after some 500 to 1,500 single ones
    #[arg(long, default_value_t = 400, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,
    /// Find out anew what the app may ask: after it was moved to Extended Mode, or given audio features
    #[arg(long)]
    reprobe: bool,
    /// Tell what is lacking, call and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum What {
    /// Lengths, albums and credits of imported tracks, and ids of those known by name only
    Tracks,
    /// Pictures, genres, popularity and followers
    Artists,
    /// Release dates and pictures
    Albums,
    /// Audio features
    Features,
    /// Everything
    #[default]
    All,
}

impl What {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Tracks => &KINDS[..2],
            Self::Artists => &KINDS[2..3],
            Self::Albums => &KINDS[3..4],
            Self::Features => &KINDS[4..],
            Self::All => &KINDS,
        }
    }
}

pub(super) async fn execute(settings: &Settings, options: &Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let app = settings.spotify()?;
    let pipeline = match options.dry_run {
        true => super::pipeline_untouched(settings, clock).await?,
        false => super::pipeline(settings, clock).await?,
    };
    let app = app.remembering(&pipeline.db, &pipeline.clock);
    let kinds = options.what.kinds();
    if options.dry_run {
        return survey(&pipeline, &app, kinds).await;
    }
    let lacking: u64 = enrich::survey(&pipeline, &app, kinds).await?.iter().map(|(_, lacking, _)| lacking).sum();
    let order = Order { command: "backfill", kinds, calls_max: options.budget, reprobe: options.reprobe };
    let (progress, stop) = (Progress::new("filling in", lacking), super::stop::on_signal());
    let enriched = enrich::enrich(&pipeline, &app, &order, &progress, &stop).await?;
    drop(progress);
    tell(&enriched);
    Ok(match enriched.outcome() {
        Outcome::Skipped => ExitCode::FAILURE,
        outcome => exit_code(outcome),
    })
}

async fn survey(pipeline: &Pipeline, app: &App, kinds: &[Kind]) -> anyhow::Result<ExitCode> {
    let mut rows = table(&["WHAT", "LACKING", "CALLS"]);
    for (kind, lacking, calls) in enrich::survey(pipeline, app, kinds).await? {
        let calls = match (kind, lacking, calls) {
            (Kind::Features, 1.., 0) => "closed to this app; --reprobe asks again".to_owned(),
            _ => calls.to_string(),
        };
        rows.add_row([noun(kind).to_owned(), lacking.to_string(), calls]);
    }
    println!("{rows}");
    Ok(ExitCode::SUCCESS)
}

fn tell(enriched: &Enriched) {
    for (kind, found) in &enriched.found {
        println!("{found} {} were filled in", noun(*kind));
    }
    if enriched.absent > 0 {
        println!("{} are not at Spotify (any more) and will not be asked for again", enriched.absent);
    }
    match &enriched.stopped {
        None if enriched.calls == 0 => println!("nothing is lacking that can be asked for"),
        None => println!("nothing more is lacking; {} calls were made", enriched.calls),
        Some(Stop::Budget) => {
            println!("the budget of {} calls is spent: run it again to go on, best tomorrow", enriched.calls);
        }
        Some(Stop::Told) => println!("it was told to stop, and goes on when it is run again"),
        Some(Stop::Busy) => println!(
            "nothing was done: another process is filling in, or was killed while it did; run it again in some minutes"
        ),
        Some(Stop::Trouble(what)) => println!("it stopped early, and goes on when it is run again: {what}"),
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Track => "tracks",
        Kind::Name => "tracks known by name only",
        Kind::Artist => "artists",
        Kind::Album => "albums",
        Kind::Features => "audio features",
    }
}
