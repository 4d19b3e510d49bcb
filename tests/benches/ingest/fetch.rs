//! One run over many accounts, as the program does it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use ingest::jobs::{Which, pass};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Quirk, Rule};
use tests::ingest::Station;
use tokio_util::sync::CancellationToken;

use super::{Options, name};

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
    let resident = peak_kib()?;
    let began = Instant::now();
    let tally = pass(&station.shift(), "run", Which::Everyone, &CancellationToken::new()).await?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(tally.failed == 0 && tally.accounts == options.accounts, "{tally:?}");
    println!(
        "run on {name}: {} accounts in {seconds:.1} s, {:.0} accounts a minute, {} plays; memory grew by {} MiB, the fake's included",
        tally.accounts,
        60.0 * tally.accounts as f64 / seconds,
        tally.loaded.plays_loaded,
        (peak_kib()?.saturating_sub(resident)) / 1024
    );
    Ok(())
}

/// The most memory this process ever had.
fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("Linux says how much")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
