//! A replay of a generated archive of pages of real size into an empty database.

use std::sync::Arc;
use std::time::Instant as Stopwatch;

use anyhow::ensure;
use entity::archive::{ArchiveKey, Kind};
use entity::clock::FixedClock;
use entity::ids::UserId;
use entity::time::Instant;
use ingest::demo;
use ingest::pipeline::Pipeline;
use ingest::replay::{Scope, Source, replay};
use ingest::spool::Spool;
use tests::database::TestDb;
use tests::ingest::{START_MS, TestArchive};

use super::{Options, name};

/// An archive as some listeners' years leave it.
pub(super) async fn archive(options: &Options) -> anyhow::Result<TestArchive> {
    let place = TestArchive::directory();
    let archive = place.open();
    let history =
        demo::Options { listeners: options.listeners, plays: options.plays, ..demo::Options::new(1, START_MS) };
    let mut pages = 0;
    for document in demo::history(&history) {
        let kind = match document.kind {
            demo::Kind::RecentlyPlayed { listener } => Kind::Plays(UserId(i32::try_from(listener)? + 1)),
            demo::Kind::Artists => Kind::Artists,
            demo::Kind::AudioFeatures => Kind::AudioFeatures,
        };
        let key = ArchiveKey::new(kind, Instant::from_ms(document.fetched_at_ms), &document.bytes);
        archive.put(&key, &document.bytes).await?;
        pages += 1;
    }
    println!("archive: {pages} objects of {} plays", options.plays);
    Ok(place)
}

pub(super) async fn measure(db: TestDb, archive: &TestArchive) -> anyhow::Result<()> {
    let clock = Arc::new(FixedClock::new(Instant::from_ms(START_MS)));
    let spool = Spool::new(std::env::temp_dir().join("refrain-bench-spool"));
    let pipeline = Pipeline::new(db.db(), archive.open(), spool, clock);
    let began = Stopwatch::now();
    let replayed = replay(&pipeline, Scope { user: None, since: None, source: Source::Archive }).await?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(ingest::rollup::verify(&db.db()).await?.is_empty(), "a total is off");
    let plays = replayed.loaded.plays_loaded;
    println!(
        "replay into {}: {plays} plays of {} objects in {seconds:.1} s, {:.0} plays a second, rollups included and verified",
        name(&db),
        replayed.pages,
        plays as f64 / seconds
    );
    Ok(())
}
