//! How fast a privacy export is imported, and how much memory that takes: `cargo bench -p tests --bench import`.
//!
//! A generated export of a million rows, in a zip of files as Spotify cuts them, is imported into an empty database by a
//! process of its own, with everything that an import does: names, plays, skips, totals, revisions. In the same run the plays
//! alone are written as fast as the database takes them, with `COPY` on Postgres and in one transaction on SQLite, into a table
//! with the same indexes: nothing could be faster, so that is the limit to compare with.
//!
//! The Postgres cluster is the tests' own and is not durable, for both sides.

mod bare;
mod export;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use entity::clock::{SharedClock, SystemClock};
use entity::db::Db;
use entity::ids::UserId;
use ingest::import::{self, Progress, Report};
use sea_orm::ConnectionTrait;
use tests::database::TestDb;

/// Times an import of a generated export, beside the bare load of its plays.
#[derive(Parser)]
#[command(name = "import")]
struct Options {
    /// How many rows the export has.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    rows: u32,
    /// Only this kind of database.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Imports the same export a second time as well, where every row is known.
    #[arg(long)]
    again: bool,
    /// What the export follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints JSON instead of sentences.
    #[arg(long)]
    json: bool,
    /// For the process that imports: the database, and the file.
    #[arg(long, hide = true, num_args = 2, value_names = ["URL", "FILE"])]
    child: Option<Vec<String>>,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    Sqlite,
    Postgres,
}

/// What was measured of one import.
#[derive(serde::Serialize, serde::Deserialize)]
struct Measured {
    rows: u64,
    plays: u64,
    seconds: f64,
    rows_a_second: f64,
    peak_memory_mb: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some([url, file]) = options.child.as_deref() {
        println!("{}", serde_json::to_string(&import(url, file).await?)?);
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("my_spotify_data.zip");
    eprintln!("generating {} rows …", options.rows);
    let generated = export::write(&path, options.rows, options.seed)?;
    let packed = path.metadata()?.len();
    eprintln!("{} MB of JSON in a zip of {} MB", generated.bytes / 1_000_000, packed / 1_000_000);
    let mut lines = Vec::new();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if options.backend.is_some_and(|only| only != backend) {
            continue;
        }
        let db = match backend {
            Backend::Sqlite => TestDb::sqlite().await,
            Backend::Postgres => TestDb::postgres().await,
        };
        let name = if backend == Backend::Sqlite { "SQLite" } else { "Postgres" };
        eprintln!("{name}: importing …");
        let mut runs = vec![("import", in_a_process(db.url(), &path)?)];
        if options.again {
            runs.push(("import again", in_a_process(db.url(), &path)?));
        }
        eprintln!("{name}: the bare rows …");
        let bare = bare::load(db.url(), backend == Backend::Sqlite, &generated.plays).await?;
        let bare_a_second = generated.plays.len() as f64 / bare;
        for (what, measured) in &runs {
            lines.push(serde_json::json!({
                "database": name, "what": what, "measured": measured, "json_mb": generated.bytes / 1_000_000,
                "bare_rows_a_second": bare_a_second, "plays_written_of_bare": measured.plays as f64 / measured.seconds / bare_a_second,
            }));
            if !options.json {
                println!(
                    "{name}, {what}: {:.0} rows/s ({} rows, {} plays added, {:.1} s), peak {:.0} MB; the bare rows alone: {bare_a_second:.0} rows/s",
                    measured.rows_a_second, measured.rows, measured.plays, measured.seconds, measured.peak_memory_mb
                );
            }
        }
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    }
    Ok(())
}

/// Imports in a process that does nothing else, so that its memory is the import's.
fn in_a_process(url: &str, file: &Path) -> anyhow::Result<Measured> {
    let output = Command::new(std::env::current_exe()?).arg("--child").arg(url).arg(file).output()?;
    if !output.status.success() {
        bail!("the import failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("what the importing process said")
}

async fn import(url: &str, file: &str) -> anyhow::Result<Measured> {
    let db = Db::open(url, 4).await?;
    let user = UserId(1);
    let person = "INSERT INTO \"user\" (id, username, display_name, time_zone, listed, joined_at)
                  VALUES (1, 'ada', 'Ada', 'UTC', false, 0) ON CONFLICT DO NOTHING";
    db.write().execute_unprepared(person).await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let options = import::Options::new(user);
    let began = Instant::now();
    let report: Report =
        import::import(&db, &clock, vec![PathBuf::from(file)], &options, Arc::new(Progress::default())).await?;
    let seconds = began.elapsed().as_secs_f64();
    anyhow::ensure!(report.counted() == report.rows, "the counts do not add up");
    Ok(Measured {
        rows: report.rows,
        plays: report.plays_added,
        seconds,
        rows_a_second: report.rows as f64 / seconds,
        peak_memory_mb: peak_memory_mb()?,
    })
}

/// The most memory this process ever had, as Linux tells it.
fn peak_memory_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kb: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kb / 1_000.0)
}
