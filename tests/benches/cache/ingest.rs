//! Listeners who do not listen, while others are loaded.

use std::time::{Duration, Instant};

use api::app::Keeping;
use entity::archive::{ArchiveKey, Kind};
use entity::ids::UserId;
use entity::play::Source;
use entity::{track, user};
use ingest::batch::{Batch, Play, Track};
use ingest::load::Origin;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::client::Connection;
use crate::dashboard::QUERY;
use crate::world::{Served, World};
use crate::{Line, progress};

const PLAYS_PER_SECOND: u32 = 1_000;
const PLAYS_PER_PAGE: u32 = 50;

/// How often a listener who does not listen is answered from memory while `PLAYS_PER_SECOND` plays of another are loaded.
pub(crate) async fn measure(world: &World, seconds: f64) -> anyhow::Result<Vec<Line>> {
    progress!("{PLAYS_PER_SECOND} plays a second for {seconds} s");
    let app = world.app(&Keeping { whole_answers: false, ..Keeping::default() });
    let (cache, served) = (app.cache.clone(), Served::start(app.router).await?);
    // The viewer is the listener whose account was made first; the last one listens.
    let last = user::Entity::find().order_by_desc(user::Column::Id).one(world.db.read()).await?;
    let listener = last.expect("a generated world has listeners").id;
    let tracks: Vec<String> = track::Entity::find()
        .select_only()
        .column(track::Column::SpotifyId)
        .limit(500)
        .into_tuple()
        .all(world.db.read())
        .await?;
    let mut connection = Connection::open(served.port, QUERY).await?;
    connection.ask().await?;
    let before = counted(&cache.report());
    let wanted = Duration::from_secs_f64(seconds);
    let begun = Instant::now();
    let load = async {
        let mut pages = 0_u32;
        while begun.elapsed() < wanted {
            load_page(world, listener, pages, &tracks).await?;
            pages += 1;
            let due = Duration::from_secs_f64(f64::from(pages * PLAYS_PER_PAGE) / f64::from(PLAYS_PER_SECOND));
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
        anyhow::Ok(pages * PLAYS_PER_PAGE)
    };
    let ask = async {
        let mut answers = 0_u64;
        while begun.elapsed() < wanted {
            connection.ask().await?;
            answers += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::Ok(answers)
    };
    let (plays, answers) = tokio::try_join!(load, ask)?;
    let loaded_per_second = f64::from(plays) / begun.elapsed().as_secs_f64();
    let after = counted(&cache.report());
    let (hits, all) = (after.0 - before.0, after.1 - before.1);
    let share = hits as f64 / all as f64;
    Ok(vec![Line {
        what: format!(
            "answers from memory for an untouched listener ({answers} dashboards) while {loaded_per_second:.0} plays/s are loaded"
        ),
        measured: format!("{:.2} %", share * 100.0),
        target: Some(("> 99 %", share > 0.99)),
    }])
}

/// Questions answered from memory, and all.
fn counted(report: &api::cache::Report) -> (u64, u64) {
    let hits = report.fields.values().map(|field| field.hits + field.waits).sum();
    let misses: u64 = report.fields.values().map(|field| field.misses).sum();
    (hits, hits + misses)
}

async fn load_page(world: &World, listener: UserId, page: u32, tracks: &[String]) -> anyhow::Result<()> {
    let now = world.clock.now();
    let play = |number: u32| {
        let number = page * PLAYS_PER_PAGE + number;
        Play {
            played_at: now + (i64::from(number) - 90 * 86_400_000) * 10,
            track: tracks[number as usize % tracks.len()].clone(),
            measured_ms: None,
            source: Source::Api,
            context_uri: None,
        }
    };
    let plays: Vec<Play> = (0..PLAYS_PER_PAGE).map(play).collect();
    let named = plays.iter().map(|play| Track { spotify_id: play.track.clone(), ..Track::default() }).collect();
    let batch = Batch { tracks: named, plays, ..Batch::default() };
    let key = ArchiveKey::new(Kind::Plays(listener), now, format!("page {page}").as_bytes());
    tests::ingest::load(&world.db, &Origin { key, user: Some(listener), fetched_at: now }, &batch, now).await?;
    Ok(())
}
