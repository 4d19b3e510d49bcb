//! A million different questions, each asked once, and what they leave in memory.

use std::time::Instant as Moment;

use api::cache::{Cache, Key};
use api::insights::{ChartPage, ChartRow};
use api::metrics::Metrics;
use api::revision::Revision;
use entity::time::Instant;

use crate::{Line, progress};

/// Answers of a chart of fifty rows, with keys as long as real ones.
pub(crate) async fn measure(keys: u64, budget: u64) -> anyhow::Result<Vec<Line>> {
    progress!("{keys} different questions with a budget of {} MiB", budget >> 20);
    let cache = Cache::new(budget, &Metrics::default());
    let before = resident_bytes()?;
    let begun = Moment::now();
    let mut most = 0;
    for number in 0..keys {
        let question = format!("{{\"from\":{number},\"until\":1795392000000,\"arguments\":[\"Plays\",50,null]}}");
        let revision = Revision { number: 12, changed_at: Instant::from_ms(1_795_338_000_000) };
        let key = Key::new("topTracks", vec![(7, revision), (-3, Revision::NONE)], question);
        let row = |key| ChartRow { key, plays: 9, listened_ms: 1_800_000, rank: 3 };
        // Of all lengths up to fifty rows, so that the allocator's blocks fit badly.
        let rows = (0..i32::try_from(number % 51)?).map(row).collect();
        cache.ask(key, async { Ok(ChartPage { rows, has_next: true, total_count: 900, whole: 5_000 }) }).await?;
        if number % 10_000 == 0 {
            most = most.max(resident_bytes()?);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let grown = most.max(resident_bytes()?).saturating_sub(before);
    let report = cache.report();
    let weight: u64 = report.fields.values().map(|field| field.bytes).sum();
    let entries: u64 = report.fields.values().map(|field| field.entries).sum();
    let share = grown as f64 / budget as f64;
    Ok(vec![Line {
        what: format!("memory of {keys} different questions, of a budget of {} MiB", budget >> 20),
        measured: format!(
            "{:.1} MiB = {:.0} % ({entries} kept, weighed {:.1} MiB; {:.0} ns a question)",
            grown as f64 / f64::from(1 << 20),
            share * 100.0,
            weight as f64 / f64::from(1 << 20),
            seconds / keys as f64 * 1e9,
        ),
        target: Some(("≤ 110 %", share <= 1.1)),
    }])
}

/// What the process holds in memory.
fn resident_bytes() -> anyhow::Result<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096)
}
