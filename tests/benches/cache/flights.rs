//! A thousand who ask at once what nobody has asked before.

use api::app::Keeping;
use futures::future::try_join_all;

use crate::client::Connection;
use crate::dashboard::QUERY;
use crate::world::{Served, World};
use crate::{Line, progress};

const CROWD: usize = 1_000;

/// How often each field asked the database for them.
pub(crate) async fn measure(world: &World) -> anyhow::Result<Vec<Line>> {
    progress!("{CROWD} cold requests at once");
    let app = world.app(&Keeping::default());
    let (cache, served) = (app.cache.clone(), Served::start(app.router).await?);
    let mut crowd = try_join_all((0..CROWD).map(|_| Connection::open(served.port, QUERY))).await?;
    try_join_all(crowd.iter_mut().map(|connection| async { connection.ask().await.map(|_| ()) })).await?;
    let report = cache.report();
    let most = report.fields.values().map(|field| field.misses).max().unwrap_or_default();
    let waits: u64 = report.fields.values().map(|field| field.waits).sum();
    Ok(vec![Line {
        what: format!("{CROWD} simultaneous cold requests: questions to the database per field"),
        measured: format!("{most} ({waits} waited)"),
        target: Some(("1", most == 1)),
    }])
}
