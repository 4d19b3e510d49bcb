//! One play from two sources is one play.

use entity::archive::Kind;
use sea_orm::EntityTrait;
use tests::database::TestDb;
use tests::export::{Export, file, row};
use tests::ingest::Station;
use tests::ingest::documents::{Track, page};
use tests::on_both;

use super::{T0, facts, import, person, plays, texts};

on_both! {
    the_measured_row_stands_for_the_assumed_one,
    a_page_that_comes_after_the_import_is_known,
    pages_and_exports_are_matched_within_one_window,
    repeats_that_happened_survive,
    a_gap_is_filled_by_what_falls_into_it,
}

fn at(seconds: i64) -> i64 {
    T0 + seconds * 1_000
}

async fn the_measured_row_stands_for_the_assumed_one(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    let told = page(&[
        Track::new("t1").by(&["a1", "a2"]).on("al1").at(at(200) + 321),
        Track::new("relinked").by(&["a1"]).recorded_as("USABC1").at(at(500)),
        Track::new("t3").by(&["a1"]).at(at(800)),
    ]);
    station.load(Kind::Plays(ada), told).await.unwrap();
    let same_recording = page(&[Track::new("t2").by(&["a1"]).recorded_as("USABC1").at(at(5_000))]);
    station.load(Kind::Plays(ada), same_recording).await.unwrap();
    let export = Export::default();
    let rows = [row("t1", "a1", at(198), 120_000), row("t2", "a1", at(560), 90_000), row("t3", "a1", at(900), 170_000)];
    let path = export.write("endsong_0.json", &file(&rows));
    let report = import(&station, ada, &[path]).await;
    assert_eq!((report.plays_merged, report.plays_added), (2, 1));
    assert_eq!(
        plays(&station.db).await,
        ["198 t1 120 export", "560 t2 90 export", "800 t3 180 api", "900 t3 170 export", "5000 t2 180 api"]
    );
    // What the API knew better is kept: all credits, and the bytes that it told it with.
    let credits = "SELECT a.spotify_id FROM track_artist c JOIN track t ON t.id = c.track_id
                   JOIN artist a ON a.id = c.artist_id WHERE t.spotify_id = 't1' ORDER BY c.position";
    assert_eq!(texts(&station.db, credits).await, ["a1", "a2"]);
    let echoes = entity::echo::Entity::find().all(station.db.db().read()).await.unwrap();
    assert_eq!(echoes.len(), 2);
    assert!(echoes.iter().all(|echo| echo.archive_object_id.is_some()));
}

async fn a_page_that_comes_after_the_import_is_known(db: TestDb) {
    let other = Station::new(db.another().await).await;
    let station = Station::new(db).await;
    let export = Export::default();
    let path = export.write("endsong_0.json", &file(&[row("t1", "a1", at(200), 120_000)]));
    let told = || page(&[Track::new("t1").by(&["a1"]).at(at(203)), Track::new("t2").by(&["a1"]).at(at(500))]);

    let ada = person(&station.db, "ada").await;
    import(&station, ada, std::slice::from_ref(&path)).await;
    for expected in [(1, 1), (0, 2)] {
        let loaded = station.load(Kind::Plays(ada), told()).await.unwrap();
        assert_eq!((loaded.plays_loaded, loaded.plays_known), expected);
        assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
    }
    assert_eq!(plays(&station.db).await, ["200 t1 120 export", "500 t2 180 api"]);

    let ada = person(&other.db, "ada").await;
    other.load(Kind::Plays(ada), told()).await.unwrap();
    import(&other, ada, &[path]).await;
    assert_eq!(facts(&other.db).await, facts(&station.db).await);
}

async fn pages_and_exports_are_matched_within_one_window(db: TestDb) {
    let mut other = Station::new(db.another().await).await;
    let mut station = Station::new(db).await;
    let export = Export::default();
    let path = export.write("endsong_0.json", &file(&[row("t1", "a1", at(200), 120_000)]));
    let told = || page(&[Track::new("t1").by(&["a1"]).at(at(230))]);
    for station in [&mut station, &mut other] {
        station.pipeline.match_window_s = 20;
    }
    let ada = person(&station.db, "ada").await;
    import(&station, ada, std::slice::from_ref(&path)).await;
    station.load(Kind::Plays(ada), told()).await.unwrap();
    assert_eq!(plays(&station.db).await, ["200 t1 120 export", "230 t1 180 api"]);

    let ada = person(&other.db, "ada").await;
    other.load(Kind::Plays(ada), told()).await.unwrap();
    import(&other, ada, &[path]).await;
    assert_eq!(facts(&other.db).await, facts(&station.db).await);
}

async fn repeats_that_happened_survive(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    // Four times in a row; the last page of the API was too short for the first of them.
    let ends = [60, 120, 180, 240].map(at);
    let told: Vec<_> = ends[1..].iter().map(|end| Track::new("t1").by(&["a1"]).at(*end + 400)).collect();
    station.load(Kind::Plays(ada), page(&told)).await.unwrap();
    let export = Export::default();
    let rows = ends.map(|end| row("t1", "a1", end, 60_000));
    let path = export.write("endsong_0.json", &file(&rows));
    let report = import(&station, ada, &[path]).await;
    assert_eq!((report.plays_merged, report.plays_added), (3, 1));
    assert_eq!(plays(&station.db).await.len(), 4);
}

async fn a_gap_is_filled_by_what_falls_into_it(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 10);
    station.run().await;
    station.hear(&ada, 60);
    station.run().await;
    let gap = || async { entity::gap::Entity::find().one(station.db.db().read()).await.unwrap().unwrap() };
    let before = gap().await;
    assert_eq!(before.filled_at, None);
    let export = Export::default();
    let inside = before.after.ms() / 1_000 * 1_000 + 60_000;
    let path = export.write("endsong_0.json", &file(&[row("lost", "a1", inside, 50_000)]));
    let report = import(&station, station.user(&ada).await, &[path]).await;
    assert_eq!((report.gaps_filled, report.plays_added), (1, 1));
    assert!(gap().await.filled_at.is_some());
}
