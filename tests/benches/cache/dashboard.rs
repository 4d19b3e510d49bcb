//! A dashboard, warm and cold, and beside the same bytes from memory.

use std::time::Instant;

use api::app::Keeping;

use crate::client::{Connection, rate};
use crate::world::{Served, World};
use crate::{Line, Options, progress};

/// The viewer, totals, three lists of 50 with artists and images, a series, the hours of the week.
pub(crate) const QUERY: &str = "{ viewer { displayName insights(range: { preset: LAST_365_DAYS }) {
    totals { plays listenTime tracks artists albums }
    topTracks(first: 50) { edges { rank plays node { name artists { name } album { images { url } } } } }
    topArtists(first: 50) { edges { rank plays node { name images { url } } } }
    topAlbums(first: 50) { edges { rank plays node { name artists { name } images { url } } } }
    series(granularity: WEEK) { from plays } weekHours { weekday hour plays } } } }";

/// How many short turns take the place of one.
const SHORT_TURNS: usize = 4;

/// What a dashboard costs.
pub(crate) async fn measure(world: &World, options: &Options) -> anyhow::Result<Vec<Line>> {
    progress!("the dashboard, warm and cold");
    let whole = Served::start(world.app(&Keeping::default()).router).await?;
    let mut kept = Connection::open(whole.port, QUERY).await?;
    kept.ask().await?;
    let app = world.app(&Keeping { whole_answers: false, ..Keeping::default() });
    let (cache, memory, served) = (app.cache.clone(), app.memory.clone(), Served::start(app.router).await?);
    let mut connection = Connection::open(served.port, QUERY).await?;
    let body = connection.ask().await?.to_vec();
    anyhow::ensure!(!body.windows(8).any(|eight| eight == b"\"errors\""), "{}", String::from_utf8_lossy(&body));
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..10 * options.turns {
        cache.clear(None);
        memory.clear();
        for (times, connection) in [(&mut cold, &mut connection), (&mut warm, &mut kept)] {
            let begun = Instant::now();
            connection.ask().await?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let (cold, warm) = (median(cold), median(warm));

    progress!("the dashboard beside {} bytes from memory", body.len());
    let bytes = Served::bytes(body.clone()).await?;
    // Ratios of what was measured one right after the other, in short turns: the machine is shared, and its speed changes.
    let (mut of_bytes, mut of_fields, mut of_whole) = (Vec::new(), Vec::new(), Vec::new());
    let (mut shares, mut shares_of_whole) = (Vec::new(), Vec::new());
    for _ in 0..SHORT_TURNS * options.turns {
        let seconds = options.seconds / SHORT_TURNS as f64;
        let at_once = rate(bytes.port, QUERY, options.connections, seconds).await?;
        let with_whole = rate(whole.port, QUERY, options.connections, seconds).await?;
        let with_fields = rate(served.port, QUERY, options.connections, seconds).await?;
        shares.push(with_fields / at_once);
        shares_of_whole.push(with_whole / at_once);
        of_bytes.push(at_once);
        of_fields.push(with_fields);
        of_whole.push(with_whole);
    }
    let (of_bytes, of_fields, of_whole) = (median(of_bytes), median(of_fields), median(of_whole));
    let (times, share, share_of_whole) = (cold / warm, median(shares), median(shares_of_whole));
    Ok(vec![
        Line {
            what: format!("dashboard of {} bytes, cold / warm", body.len()),
            measured: format!("{cold:.1} ms / {warm:.2} ms = {times:.0}×"),
            target: Some(("≥ 50×", times >= 50.0)),
        },
        Line {
            what: "warm dashboard, whole answers kept, against the same bytes from memory".to_owned(),
            measured: format!("{of_whole:.0}/s against {of_bytes:.0}/s = {:.1} %", share_of_whole * 100.0),
            target: Some(("≥ 70 %", share_of_whole >= 0.7)),
        },
        Line {
            what: "warm dashboard, fields and rows alone, against the same bytes from memory".to_owned(),
            measured: format!("{of_fields:.0}/s against {of_bytes:.0}/s = {:.1} %", share * 100.0),
            target: Some(("≥ 8 %", share >= 0.08)),
        },
    ])
}

/// The middle one.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
