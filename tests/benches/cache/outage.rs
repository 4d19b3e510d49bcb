//! What a Redis costs that is dead: it takes connections, or took them, and answers nobody.

use std::time::Instant;

use api::app::{Keeping, Services};
use api::metrics::Metrics;
use api::redis::Redis;
use tests::redis::Redis as Server;

use crate::client::Connection;
use crate::dashboard::QUERY;
use crate::world::{Served, World};
use crate::{Line, progress};

const ASKED: usize = 600;

/// The slowest hundredth of cold dashboards, without Redis and with one that dies when they begin.
pub(crate) async fn measure(world: &World) -> anyhow::Result<Vec<Line>> {
    progress!("{ASKED} cold dashboards without Redis, and with one that is paused");
    let keeping = Keeping { whole_answers: false, ..Keeping::default() };
    let server = Server::start().await;
    let metrics = Metrics::default();
    let redis = Redis::open(&server.url(), &world.db, &metrics).await?;
    while !redis.is_connected() {
        tokio::task::yield_now().await;
    }
    let without = world.app(&keeping);
    let with = world.app_with(&keeping, Services { metrics, redis: Some(redis), ..Services::default() });
    server.pause().await;
    let mut percentiles = Vec::new();
    let mut sides = Vec::new();
    for app in [without, with] {
        let (cache, memory, served) = (app.cache.clone(), app.memory.clone(), Served::start(app.router).await?);
        let connection = Connection::open(served.port, QUERY).await?;
        sides.push((cache, memory, served, connection, Vec::with_capacity(ASKED)));
    }
    for _ in 0..ASKED {
        for (cache, memory, _, connection, times) in &mut sides {
            cache.clear(None);
            memory.clear();
            let begun = Instant::now();
            connection.ask().await?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    for (.., times) in &mut sides {
        times.sort_by(f64::total_cmp);
        percentiles.push(times[ASKED * 99 / 100]);
    }
    server.resume().await;
    let share = percentiles[1] / percentiles[0];
    Ok(vec![Line {
        what: format!("99th percentile of {ASKED} cold dashboards, Redis paused / no Redis"),
        measured: format!("{:.1} ms / {:.1} ms = {share:.2}×", percentiles[1], percentiles[0]),
        target: Some(("≤ 1.5×", share <= 1.5)),
    }])
}
