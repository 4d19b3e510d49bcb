//! One run over many accounts: the command itself, in a process that does nothing else, so that its memory is the run's.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use entity::clock::SystemClock;
use ingest::command;
use ingest::config::Cli;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Quirk, Rule};
use tests::ingest::{Station, TOKEN_KEYS};

use super::{Options, name};

/// What the process of a run says of itself.
#[derive(serde::Serialize, serde::Deserialize)]
struct Measured {
    seconds: f64,
    peak_kib: u64,
}

/// Every account is new, has a page of 50 plays and takes three calls: a token, who it is, and the page.
pub(super) async fn measure(db: TestDb, options: &Options) -> anyhow::Result<()> {
    let name = name(&db);
    let station = Station::new(db).await;
    for n in 0..options.accounts {
        let listener = station.listener(&format!("listener{n}")).await;
        station.spotify.listen(&listener, 50, station.now_ms());
    }
    let slow = || Rule::always(Quirk::Slow(Duration::from_millis(options.latency_ms)));
    for endpoint in [Endpoint::Token, Endpoint::Me, Endpoint::RecentlyPlayed] {
        station.spotify.add_rule(slow().at(endpoint));
    }
    let folder = tempfile::tempdir()?;
    let output = tokio::process::Command::new(std::env::current_exe()?)
        .arg("--child")
        .env("DATABASE_URL", station.db.url())
        .env("TOKEN_KEYS", TOKEN_KEYS)
        .envs(station.spotify.env())
        .envs(station.archive.env())
        .current_dir(&folder)
        .output()
        .await?;
    if !output.status.success() {
        bail!("the run failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let Measured { seconds, peak_kib } = serde_json::from_slice(&output.stdout).context("what the process said")?;
    let plays = station.db.count("play").await;
    ensure!(plays == 50 * options.accounts, "{plays} plays");
    println!(
        "run on {name}: {} accounts in {seconds:.1} s, {:.0} accounts a minute, {plays} plays; peak memory {} MiB",
        options.accounts,
        60.0 * options.accounts as f64 / seconds,
        peak_kib / 1024
    );
    Ok(())
}

/// `refrain-ingest run --all`, with the settings of the environment.
pub(super) async fn run() -> anyhow::Result<()> {
    let cli = Cli::parse_from(["refrain-ingest", "run", "--all"]);
    let began = Instant::now();
    let code = command::execute(cli, Arc::new(SystemClock)).await?;
    let measured = Measured { seconds: began.elapsed().as_secs_f64(), peak_kib: peak_kib()? };
    ensure!(format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS), "the run ended with {code:?}");
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// The most memory this process ever had.
fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("Linux says how much")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
