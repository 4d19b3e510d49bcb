//! How fast insights are, beside the way their predecessor counted: `cargo bench -p tests`.
//!
//! Every insight is asked in process, as the server executes it, of a generated database that is kept in a folder, and so is the
//! statement that the predecessor would run on text keys; both by turns, so that what else the machine does slows both. Nothing
//! is cached by the application; what the database keeps in memory is warm for both.
//!
//! It measures no concurrency, no network and no cold disk.

mod database;
mod dice;
mod measure;
mod naive;
mod question;
mod report;
mod server;
mod subject;
mod table;
mod words;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use serde_json::json;

use database::{Backend, Place};
use measure::{Patience, Sides};
use question::{AskedIn, AskedOf, QUESTIONS, Question};
use report::Line;
use subject::{Subject, When};
use world::Size;

/// Says on standard error what is going on; standard output is the report's.
#[macro_export]
macro_rules! progress {
    ($($text:tt)*) => { eprintln!($($text)*) };
}

/// Times every insight on a generated database, beside its predecessor's statement.
#[derive(Parser)]
#[command(name = "insights")]
struct Options {
    /// How many plays.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=100_000_000))]
    plays: u32,
    /// Which kind of database.
    #[arg(long, value_enum, default_value_t = Backend::Postgres)]
    backend: Backend,
    /// Only insights whose name holds one of these texts.
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    only: Vec<String>,
    /// Only of subjects whose name holds one of these texts (median, 99th, heaviest, everyone).
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    of: Vec<String>,
    /// The most rounds of one question.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Seconds after which two rounds of a question are enough; a turn that takes longer by itself is taken once.
    #[arg(long, default_value_t = 6)]
    enough: u64,
    /// Seconds after which the predecessor is stopped; then its ratio is a lower bound.
    #[arg(long, default_value_t = 120)]
    stop: u64,
    /// Leaves the predecessor out: quick, for working on one side.
    #[arg(long)]
    alone: bool,
    /// Gives the predecessor an index in which a listener's range is found.
    #[arg(long)]
    listener_index: bool,
    /// Makes the database anew. That also happens when the tables have changed.
    #[arg(long)]
    fresh: bool,
    /// What the database follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where databases are kept; `target/bench` if absent.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = options.folder.clone().unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench"));
    let patience = Patience {
        rounds_max: options.rounds,
        enough: Duration::from_secs(options.enough),
        naive_max: Duration::from_secs(options.stop),
        alone: options.alone,
    };
    let size = Size::of(options.plays);
    let place = Place::open(options.backend, &folder)?;
    let url = place.generated(size, options.seed, options.fresh).await?;
    let (sides, db) = Sides::open(&url, patience).await?;
    naive::index_listeners(db.write(), options.listener_index).await?;
    let subjects = Subject::find(&db).await?;
    let mut lines = Vec::new();
    for (subject, question, when) in asked(&options, &subjects) {
        let measured = sides.measure(question, subject, when, patience).await?;
        let (naive, refrain) = (measured.naive.median_ms(), measured.refrain.median_ms());
        let (naive, refrain) = (report::duration(naive), report::duration(refrain));
        progress!("{} of {}, {}: {refrain}, the predecessor {naive}", question.name, subject.name, when.name());
        lines.push(Line { question, subject, when, measured });
    }
    if options.json {
        let lines: Vec<_> = lines.iter().map(Line::json).collect();
        println!("{}", json!({ "plays": options.plays, "backend": backend(options.backend), "lines": lines }));
    } else {
        println!("{}", preamble(&options, size));
        println!("{}", report::tables(&lines, &subjects));
        println!("{}", report::targets(&lines));
    }
    Ok(())
}

fn asked<'a>(
    options: &'a Options,
    subjects: &'a [Subject],
) -> impl Iterator<Item = (&'a Subject, &'static Question, When)> {
    let named =
        |texts: &[String], name: &str| texts.is_empty() || texts.iter().any(|text| name.contains(text.as_str()));
    let wanted = subjects.iter().filter(move |subject| named(&options.of, subject.name));
    let pairs = wanted.flat_map(|subject| QUESTIONS.iter().map(move |question| (subject, question)));
    let pairs = pairs.filter(move |(subject, question)| {
        let fits = match question.asked_of {
            AskedOf::Both => true,
            AskedOf::Listeners => subject.listener.is_some(),
            AskedOf::Everyone => subject.listener.is_none(),
        };
        fits && named(&options.only, question.name)
    });
    pairs.flat_map(|(subject, question)| {
        let whens = When::EACH.into_iter().filter(move |when| match question.asked_in {
            AskedIn::AnyRange => true,
            AskedIn::Bounded => *when != When::AllTime,
            AskedIn::NoRange => *when == When::AllTime,
        });
        whens.map(move |when| (subject, question, when))
    })
}

fn backend(backend: Backend) -> String {
    match backend {
        Backend::Postgres => {
            let settings: Vec<String> =
                server::SETTINGS.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            format!("Postgres ({})", settings.join(", "))
        }
        Backend::Sqlite => "SQLite (as the product opens it)".to_owned(),
    }
}

fn preamble(options: &Options, size: Size) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{} plays by {} listeners of {} tracks in five years, on {}, {cores} cores.\n\
         A cell is the time a whole answer takes, names included, and how many times longer the predecessor's statement \
         takes: medians of turns that alternate, at least 2 of the predecessor (1 where it takes longer than {} s) and 3 of \
         Refrain for each. No answer is cached; the database's own cache is warm.{}",
        size.plays,
        size.listeners,
        size.tracks,
        backend(options.backend),
        options.enough,
        if options.listener_index { " The predecessor, too, has an index by listener and time." } else { "" },
    )
}
