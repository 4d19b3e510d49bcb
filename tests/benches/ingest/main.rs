//! `cargo bench -p tests --bench ingest`: how fast a run fetches accounts from a Spotify that takes its time, what memory that
//! takes, and how fast a replay makes a database anew. On both databases, each measure printed as it is had.

mod fetch;
mod restore;

use clap::Parser;
use tests::database::TestDb;

/// What to measure.
#[derive(Parser)]
struct Options {
    /// Accounts of one run
    #[arg(long, default_value_t = 1_000)]
    accounts: usize,
    /// How long the fake Spotify waits before each answer, in milliseconds
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// Plays in the archive that is replayed
    #[arg(long, default_value_t = 200_000)]
    plays: u32,
    /// Listeners whose plays these are
    #[arg(long, default_value_t = 20)]
    listeners: u32,
    /// Leave out the run
    #[arg(long)]
    no_run: bool,
    /// Leave out the replay
    #[arg(long)]
    no_replay: bool,
    /// For the process that runs: the settings are its environment
    #[arg(long, hide = true)]
    child: bool,
    /// `cargo bench` says this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let _ = options.bench;
    if options.child {
        return fetch::run().await;
    }
    if !options.no_run {
        for db in [TestDb::sqlite().await, TestDb::postgres().await] {
            fetch::measure(db, &options).await?;
        }
    }
    if !options.no_replay {
        let archive = restore::archive(&options).await?;
        for db in [TestDb::sqlite().await, TestDb::postgres().await] {
            restore::measure(db, &archive).await?;
        }
    }
    Ok(())
}

fn name(db: &TestDb) -> &'static str {
    if db.is_sqlite() { "SQLite" } else { "Postgres" }
}
