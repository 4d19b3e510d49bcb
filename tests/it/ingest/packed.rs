//! Packed totals are what the plays say or are not taken for true, whatever is loaded, learned or erased between.

use ::ingest::rollup::{self, Difference};
use entity::archive::Kind;
use entity::db::Db;
use entity::ids::UserId;
use entity::spotify_account::disconnect;
use entity::time::Instant;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::database::TestDb;
use tests::ingest::Station;
use tests::ingest::documents::{Item, Track, page};
use tests::on_both;
use tokio_util::sync::CancellationToken;

on_both! {
    what_is_packed_stays_true_through_any_sequence_of_loads,
    a_period_is_packed_again_after_anything_that_is_counted_of_it_has_changed,
    only_periods_that_are_over_and_full_are_packed,
    a_packed_total_that_is_off_is_told_and_mended,
    an_erasure_takes_what_is_packed_along,
    a_run_packs_and_does_it_once,
}

const DAY_MS: i64 = 86_400_000;

/// Packs everything that ended before `now`, however few plays it holds; of how many periods.
async fn pack(db: &Db, now: Instant) -> u64 {
    rollup::pack(db, 1, now, &CancellationToken::new()).await.unwrap()
}

/// Long after everything that was loaded.
fn later(station: &Station) -> Instant {
    Instant::from_ms(station.now_ms() + 100 * DAY_MS)
}

/// A station and two listeners.
async fn pair(db: TestDb) -> (Station, [UserId; 2]) {
    let station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    let users = [station.user(&ada).await, station.user(&bob).await];
    (station, users)
}

async fn load(station: &Station, user: UserId, items: &[Item]) {
    station.load(Kind::Plays(user), page(items)).await.unwrap();
}

async fn learn_genres(station: &Station, artist: &str, genres: &[&str]) {
    let document = serde_json::json!({ "artists": [{ "id": artist, "name": artist, "genres": genres }] });
    station.load(Kind::Artists, document.to_string().into_bytes()).await.unwrap();
}

/// Packed totals that stand for true.
const TRUE_ONES: &str = "SELECT COUNT(*) FROM packed_total p JOIN period_total t
    ON t.audience = p.audience AND t.period = p.period AND t.number = p.number";

async fn what_is_packed_stays_true_through_any_sequence_of_loads(db: TestDb) {
    let (station, users) = pair(db).await;
    let mut dice = ChaCha8Rng::seed_from_u64(20_261_125);
    let genres = ["dream pop", "été", "zeuhl"];
    for round in 0..30 {
        let items: Vec<Item> = (0..dice.random_range(1..15))
            .map(|_| {
                let artists = ["a1", "a2", "a3"];
                let track = Track::new(&format!("t{}", dice.random_range(0..12)));
                let track = track.by(&artists[dice.random_range(0..3)..]).on(["al1", "al2"][dice.random_range(0..2)]);
                track.at(station.now_ms() - dice.random_range(0..60) * 43_215_678)
            })
            .collect();
        load(&station, users[dice.random_range(0..2)], &items).await;
        if dice.random_bool(0.3) {
            learn_genres(&station, "a2", &genres[..dice.random_range(0..3)]).await;
        }
        if dice.random_bool(0.6) {
            pack(&station.pipeline.db, later(&station)).await;
            assert_eq!(pack(&station.pipeline.db, later(&station)).await, 0, "nothing is packed twice");
        }
        assert_eq!(rollup::verify(&station.pipeline.db).await.unwrap(), [], "in round {round}");
    }
    assert!(station.db.number(TRUE_ONES).await > 50);
}

async fn a_period_is_packed_again_after_anything_that_is_counted_of_it_has_changed(db: TestDb) {
    let (station, users) = pair(db).await;
    let (now, db) = (station.now_ms(), &station.pipeline.db);
    let track = |id: &str| Track::new(id).by(&["a1"]).on("al1");
    load(&station, users[0], &[track("t1").at(now), track("t2").at(now - 90 * DAY_MS)]).await;
    load(&station, users[1], &[track("t2").at(now - DAY_MS)]).await;
    assert_eq!(
        pack(db, later(&station)).await,
        3 + 2 + 1,
        "three days of everyone's, and of each listener what there is"
    );

    load(&station, users[1], &[track("t2").at(now - DAY_MS)]).await;
    assert_eq!(pack(db, later(&station)).await, 0, "nothing new");
    load(&station, users[1], &[track("t3").at(now - 5)]).await;
    assert_eq!(pack(db, later(&station)).await, 1 + 1, "a play: its day, and its listener's weeks");
    load(&station, users[1], &[Track::new("t1").by(&["a2"]).at(now - 5)]).await;
    assert_eq!(
        pack(db, later(&station)).await,
        1 + 2,
        "and other credits of a track that another listener heard that day"
    );
    learn_genres(&station, "a2", &["zeuhl"]).await;
    assert_eq!(pack(db, later(&station)).await, 1 + 2, "a genre: every period in which its artist was heard");
    learn_genres(&station, "a2", &["zeuhl"]).await;
    learn_genres(&station, "a9", &["zeuhl"]).await;
    assert_eq!(pack(db, later(&station)).await, 0, "what was known, and an artist whom nobody heard");
    rollup::rebuild(db, later(&station)).await.unwrap();
    assert_eq!(station.db.number(TRUE_ONES).await, 0, "totals that are made anew are packed anew");
    assert_eq!(pack(db, later(&station)).await, 3 + 2 + 1);
    assert_eq!(rollup::verify(db).await.unwrap(), []);
}

async fn only_periods_that_are_over_and_full_are_packed(db: TestDb) {
    let (station, users) = pair(db).await;
    let noon = station.now_ms() / DAY_MS * DAY_MS + DAY_MS / 2;
    let plays = |at: i64, many: i64| -> Vec<Item> { (0..many).map(|nth| Track::new("t1").at(at + nth)).collect() };
    load(&station, users[0], &plays(noon, 3)).await;
    load(&station, users[0], &plays(noon - DAY_MS, 2)).await;
    let db = &station.pipeline.db;
    let pack = async |plays_min, now| {
        rollup::pack(db, plays_min, Instant::from_ms(now), &CancellationToken::new()).await.unwrap()
    };
    let midnight = noon + DAY_MS / 2;
    assert_eq!(pack(3, midnight - 1).await, 0, "the day is not over, and the one before not full");
    assert_eq!(pack(3, midnight).await, 1, "of everyone's; the listener's weeks go on");
    assert_eq!(pack(2, midnight).await, 1);
    let stopped = CancellationToken::new();
    stopped.cancel();
    assert_eq!(rollup::pack(db, 1, later(&station), &stopped).await.unwrap(), 0);
    assert!(pack(1, later(&station).ms()).await > 0);
}

async fn a_packed_total_that_is_off_is_told_and_mended(db: TestDb) {
    let (station, users) = pair(db).await;
    let track = Track::new("t1").by(&["a1"]).on("al1");
    load(&station, users[0], &[track.at(station.now_ms())]).await;
    let db = &station.pipeline.db;
    pack(db, later(&station)).await;
    // What is packed of the tracks stands where that of the albums belongs.
    station
        .db
        .execute(
            "UPDATE packed_total SET bytes = (SELECT g.bytes FROM packed_total g WHERE g.dimension = 'genre' AND g.audience = 0)
             WHERE dimension = 'album' AND audience = 0",
        )
        .await;
    let off = Difference { table: "packed_total", missing: 0, false_rows: 1 };
    assert_eq!(rollup::verify(db).await.unwrap(), [off]);
    station.db.execute("UPDATE period_total SET plays = plays + 1 WHERE audience = 0").await;
    assert_eq!(rollup::verify(db).await.unwrap()[0], Difference { table: "period_total", missing: 1, false_rows: 1 });
    rollup::rebuild(db, later(&station)).await.unwrap();
    pack(db, later(&station)).await;
    assert_eq!(rollup::verify(db).await.unwrap(), []);
}

async fn an_erasure_takes_what_is_packed_along(db: TestDb) {
    let (station, users) = pair(db).await;
    let now = station.now_ms();
    for user in users {
        load(&station, user, &[Track::new("t1").by(&["a1"]).at(now), Track::new("t2").at(now - 40 * DAY_MS)]).await;
    }
    let db = &station.pipeline.db;
    pack(db, later(&station)).await;
    let of_one = format!("SELECT COUNT(*) FROM packed_total WHERE audience = {}", users[0]);
    assert!(station.db.number(&of_one).await > 0);
    station.pass_ms(1_000);
    assert!(disconnect(db, users[0], true, station.pipeline.clock.now()).await.unwrap());
    station.whole_run().await;
    assert_eq!(station.db.number(&of_one).await, 0);
    assert_eq!(station.db.number(&format!("SELECT COUNT(*) FROM period_total WHERE audience = {}", users[0])).await, 0);
    assert_eq!(rollup::verify(db).await.unwrap(), []);
    assert_eq!(pack(db, later(&station)).await, 2, "everyone's days hold others");
}

async fn a_run_packs_and_does_it_once(db: TestDb) {
    let (station, users) = pair(db).await;
    let day = station.now_ms() / DAY_MS * DAY_MS - 40 * DAY_MS;
    let plays: Vec<Item> = (0..rollup::PLAYS_MIN).map(|nth| Track::new("t1").at(day + nth * 30_000)).collect();
    for plays in plays.chunks(50) {
        load(&station, users[0], plays).await;
    }
    let conclude = async || station.shift().conclude(&CancellationToken::new()).await.unwrap();
    conclude().await;
    assert_eq!(station.db.number(TRUE_ONES).await, 6 + 5, "a day of everyone's and four weeks of the listener's");
    let tuples = station.db.rows(["packed_total"]).await;
    conclude().await;
    assert_eq!(station.db.rows(["packed_total"]).await, tuples);
}
