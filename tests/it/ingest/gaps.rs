//! Plays that Spotify forgot before anyone looked: noticed, told, and marked as filled when some turn up.

use entity::gap;
use entity::time::Instant;
use sea_orm::{EntityTrait, QueryOrder};
use tests::database::TestDb;
use tests::fake_spotify::Listener;
use tests::ingest::Station;
use tests::ingest::documents::{Track, page};
use tests::on_both;

on_both! {
    the_first_page_is_no_gap_however_full,
    a_full_page_that_joins_nothing_is_a_gap_and_is_told_once,
    a_page_that_joins_what_is_known_is_no_gap,
    a_page_that_is_not_full_is_no_gap,
    a_late_play_inside_fills_the_gap,
    everyone_has_gaps_of_their_own,
}

async fn gaps(station: &Station) -> Vec<gap::Model> {
    let all = gap::Entity::find().order_by_asc(gap::Column::After);
    all.all(station.pipeline.db.read()).await.unwrap()
}

/// A station at which somebody heard 10 tracks, and after a run 60 more, of which Spotify remembers 50.
async fn with_a_gap(db: TestDb) -> (Station, Listener) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 10);
    station.run().await;
    station.hear(&ada, 60);
    station.run().await;
    (station, ada)
}

async fn the_first_page_is_no_gap_however_full(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 60);
    station.run().await;
    assert_eq!((station.plays(&ada).await.len(), gaps(&station).await), (50, vec![]));
    assert_eq!(station.last_run().await.gaps, 0);
}

async fn a_full_page_that_joins_nothing_is_a_gap_and_is_told_once(db: TestDb) {
    let (station, ada) = with_a_gap(db).await;
    let plays = station.plays(&ada).await;
    assert_eq!(plays.len(), 60);
    let gaps_found = gaps(&station).await;
    let [gap] = gaps_found.as_slice() else { panic!("{gaps_found:?}") };
    assert_eq!((gap.after.ms(), gap.before.ms()), (plays[9].at_ms, plays[10].at_ms));
    assert_eq!((gap.user_id, gap.filled_at), (station.user(&ada).await, None));
    assert_eq!((gap.detected_at.ms(), station.last_run().await.gaps), (station.now_ms(), 1));

    station.pass_ms(60_000);
    station.run().await;
    assert_eq!((station.last_run().await.gaps, gaps(&station).await), (0, gaps_found));
}

async fn a_page_that_joins_what_is_known_is_no_gap(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    for heard in [10, 49] {
        station.hear(&ada, heard);
        station.run().await;
    }
    assert_eq!((station.plays(&ada).await.len(), gaps(&station).await), (59, vec![]));
}

async fn a_page_that_is_not_full_is_no_gap(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 3);
    station.run().await;
    // Another account of Spotify's, so that nothing of the first one is on the page.
    let second = station.spotify.add_listener("second");
    station.hear(&second, 49);
    station.add("ada", &second.refresh_token).await;
    station.run().await;
    assert_eq!((station.plays(&ada).await.len(), gaps(&station).await), (52, vec![]));
}

async fn a_late_play_inside_fills_the_gap(db: TestDb) {
    let (station, ada) = with_a_gap(db).await;
    let before = gaps(&station).await.remove(0);
    // Just before the gap, just after it, then inside; a page shows the newest fifty, so it comes as a document.
    let kind = entity::archive::Kind::Plays(station.user(&ada).await);
    let late = |at_ms: i64| page(&[Track::new("late").at(at_ms)]);
    for outside_ms in [before.after.ms() - 1, before.before.ms() + 1] {
        station.load(kind, late(outside_ms)).await.unwrap();
        assert_eq!(gaps(&station).await, std::slice::from_ref(&before));
    }
    station.pass_ms(60_000);
    station.load(kind, late(before.after.ms() + 1)).await.unwrap();
    let filled = gaps(&station).await.remove(0);
    assert_eq!(filled.filled_at.map(Instant::ms), Some(station.now_ms()));
    assert_eq!(gap::Model { filled_at: None, ..filled }, before);
}

async fn everyone_has_gaps_of_their_own(db: TestDb) {
    let (station, _) = with_a_gap(db).await;
    let bob = station.listener("bob").await;
    station.hear(&bob, 60);
    station.run().await;
    assert_eq!((station.plays(&bob).await.len(), gaps(&station).await.len()), (50, 1));
    assert_eq!(gaps(&station).await[0].filled_at, None, "bob's plays fill nobody else's gap");
}
