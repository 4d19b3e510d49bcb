//! The demo: a generated history that went the way of every other document.

use ::ingest::command::demo::{Options, fill};
use ::ingest::rollup;
use entity::ingest_run::Outcome;
use entity::user;
use sea_orm::EntityTrait;
use tests::database::TestDb;
use tests::ingest::{START_MS, Station};
use tests::on_both;

on_both! {
    the_demo_fills_an_empty_database,
    the_same_seed_gives_the_same_history,
    the_demo_refuses_a_database_that_is_not_empty,
    two_demos_at_once_are_one,
}

/// A few do on purpose, so that a listener's gaps have something to show.
#[test]
fn few_pages_of_the_demo_look_like_lost_plays() {
    let wanted = ::ingest::demo::Options { plays: 6_000, ..::ingest::demo::Options::new(1, START_MS) };
    let pages: Vec<Vec<u8>> = ::ingest::demo::history(&wanted)
        .filter(|document| matches!(document.kind, ::ingest::demo::Kind::RecentlyPlayed { .. }))
        .map(|document| document.bytes)
        .collect();
    let full = pages.iter().filter(|page| ::ingest::transform::recently_played(page).unwrap().is_full_page).count();
    assert!(full * 20 <= pages.len(), "{full} of {} pages", pages.len());
}

fn options(listeners: u32, plays: u32, seed: u64) -> Options {
    Options { listeners, plays, seed }
}

async fn the_demo_fills_an_empty_database(db: TestDb) {
    let station = Station::new(db).await;
    let (listeners, loaded) = fill(&station.pipeline, &options(4, 600, 1)).await.unwrap();
    assert_eq!((listeners, loaded.plays_loaded, loaded.plays_known, loaded.rejected, loaded.gaps), (4, 600, 0, 0, 0));
    assert_eq!((station.db.count("user").await, station.db.count("play").await), (4, 600));
    assert_eq!(station.db.count("listener_total").await, 4);
    assert_eq!(rollup::verify(&station.db.db()).await.unwrap(), []);
    for table in ["artist_genre", "artist_image", "album_image", "artist_popularity", "artist_followers"] {
        assert!(station.db.count(table).await > 0, "{table}");
    }
    let (tracks, features) = (station.db.count("track").await, station.db.count("track_features").await);
    assert!(features * 10 > tracks * 8, "{features} of {tracks} tracks have features");
    assert_eq!(station.archive.keys().await.len(), station.db.count("archive_object").await);

    let run = station.last_run().await;
    assert_eq!(
        (run.command.as_str(), run.outcome, run.accounts, run.plays_loaded),
        ("demo", Outcome::Succeeded, 4, 600)
    );
    assert_eq!(station.db.count("spotify_account").await, 0, "there is nobody to fetch from");
}

async fn the_same_seed_gives_the_same_history(db: TestDb) {
    let mut histories = Vec::new();
    for seed in [5, 5, 6] {
        let station = Station::new(db.another().await).await;
        fill(&station.pipeline, &options(2, 120, seed)).await.unwrap();
        histories.push(station.db.rows(["user", "play", "track", "artist", "track_features", "artist_total"]).await);
    }
    assert_eq!(histories[0], histories[1]);
    assert_ne!(histories[0], histories[2]);
}

async fn the_demo_refuses_a_database_that_is_not_empty(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.run().await;
    let all = station.db.tables().await;
    let before = station.db.rows(all.iter().map(String::as_str)).await;
    let error = fill(&station.pipeline, &options(2, 100, 1)).await.unwrap_err();
    assert!(error.to_string().starts_with("the database is not empty: 1 listener(s) are in it"), "{error:#}");
    assert_eq!(station.db.rows(all.iter().map(String::as_str)).await, before, "not even a run was recorded");
}

async fn two_demos_at_once_are_one(db: TestDb) {
    let station = Station::new(db).await;
    let options = options(2, 100, 1);
    let (one, other) = futures::join!(fill(&station.pipeline, &options), fill(&station.pipeline, &options));
    let (done, refused): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 1));
    let refused = refused.into_iter().next().unwrap().unwrap_err();
    assert!(refused.to_string().starts_with("the database is not empty"), "{refused:#}");
    assert_eq!(
        (user::Entity::find().all(station.pipeline.db.read()).await.unwrap().len(), station.db.count("play").await),
        (2, 100)
    );
    assert_eq!(station.db.count("ingest_run").await, 1);
}
