//! What is learned of a track later makes the same of its plays as if it had been known at once.

use entity::archive::Kind;
use entity::ids::UserId;
use serde_json::{Value, json};
use tests::database::TestDb;
use tests::export::{Export, file, row, short_row, with};
use tests::ingest::Station;
use tests::ingest::documents::{Track, page};
use tests::on_both;

use super::{T0, facts, import, person, plays, texts};

on_both! {
    a_code_that_is_learned_later_makes_one_play_of_two,
    a_name_that_is_learned_later_makes_one_play_of_two,
    a_name_that_was_wrong_makes_two_plays_of_one,
    of_several_names_of_an_id_the_same_one_stands_whichever_came_first,
    what_is_known_by_name_goes_to_the_first_id_of_that_name,
    what_was_found_by_name_is_found_again_whatever_it_is_called,
    an_end_at_a_whole_minute_is_no_less_exact_than_others,
    streams_of_one_minute_are_told_apart_by_their_length,
}

fn at(seconds: i64) -> i64 {
    T0 + seconds * 1_000
}

/// Imports rows as one file.
async fn take(station: &Station, user: UserId, name: &str, rows: &[Value]) {
    let export = Export::default();
    import(station, user, &[export.write(name, &file(rows))]).await;
}

async fn revision(db: &TestDb, audience: UserId) -> i64 {
    db.number(&format!("SELECT number FROM revision WHERE audience = {}", audience.0)).await
}

async fn a_code_that_is_learned_later_makes_one_play_of_two(db: TestDb) {
    let station = Station::new(db).await;
    let (ada, bob) = (person(&station.db, "ada").await, person(&station.db, "bob").await);
    let told = page(&[Track::new("album").by(&["a1"]).recorded_as("CODE").at(at(203)), Track::new("t9").at(at(900))]);
    station.load(Kind::Plays(ada), told).await.unwrap();
    take(&station, ada, "endsong_0.json", &[row("single", "a1", at(200), 120_000)]).await;
    take(&station, bob, "endsong_0.json", &[row("single", "a1", at(200), 120_000)]).await;
    assert_eq!(plays(&station.db).await.len(), 4);
    let before = (revision(&station.db, ada).await, revision(&station.db, bob).await);

    // Somebody else's page tells what the single is.
    let told = page(&[Track::new("single").by(&["a1"]).recorded_as("CODE").at(at(5_000))]);
    station.load(Kind::Plays(bob), told).await.unwrap();
    let of_ada = ["200 single 120 export", "900 t9 180 api"];
    assert_eq!(plays(&station.db).await, [&of_ada[..], &["200 single 120 export", "5000 single 180 api"]].concat());
    assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
    assert!(revision(&station.db, ada).await > before.0, "what was cached for ada is out of date");
    assert_eq!(revision(&station.db, bob).await, before.1 + 1);
}

async fn a_name_that_is_learned_later_makes_one_play_of_two(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    // A compilation: the export names the album's artist, who is not the track's.
    let compiled = json!({ "master_metadata_track_name": "Track t1", "master_metadata_album_artist_name": "Various" });
    take(&station, ada, "endsong_0.json", &[with(row("t2", "a1", at(200), 120_000), compiled)]).await;
    station.load(Kind::Plays(ada), page(&[Track::new("t1").by(&["a1"]).at(at(203))])).await.unwrap();
    assert_eq!(plays(&station.db).await, ["200 t2 120 export", "203 t1 180 api"]);

    let named = json!({ "master_metadata_track_name": "Track t1" });
    take(&station, ada, "endsong_1.json", &[with(row("t2", "a1", at(9_000), 120_000), named)]).await;
    assert_eq!(plays(&station.db).await, ["200 t2 120 export", "9000 t2 120 export"]);
}

async fn a_name_that_was_wrong_makes_two_plays_of_one(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    let named = json!({ "master_metadata_track_name": "Track t1" });
    take(&station, ada, "endsong_0.json", &[with(row("t2", "a1", at(200), 120_000), named)]).await;
    station.load(Kind::Plays(ada), page(&[Track::new("t1").by(&["a1"]).at(at(203))])).await.unwrap();
    assert_eq!(plays(&station.db).await, ["200 t2 120 export"]);

    station.load(Kind::Plays(ada), page(&[Track::new("t2").by(&["a1"]).at(at(5_000))])).await.unwrap();
    assert_eq!(plays(&station.db).await, ["200 t2 120 export", "203 t1 180 api", "5000 t2 180 api"]);
    assert_eq!(::ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
}

async fn of_several_names_of_an_id_the_same_one_stands_whichever_came_first(db: TestDb) {
    let rows = |name: Value, artist: Value, album: Value, second| {
        let fields = json!({
            "master_metadata_track_name": name,
            "master_metadata_album_artist_name": artist,
            "master_metadata_album_album_name": album,
        });
        vec![with(row("t1", "a1", at(second), 60_000), fields)]
    };
    let files = [
        rows(json!("Song (Remaster)"), json!("Zoé"), json!("Best Of"), 0),
        rows(json!(null), json!(null), json!(null), 100),
        rows(json!("Song"), json!("ZOE"), json!("First"), 200),
        rows(json!("song"), json!("Various"), json!("first"), 300),
    ];
    let everything = [
        "SELECT name || spotify_id FROM artist ORDER BY spotify_id",
        "SELECT l.name || l.spotify_id || a.name FROM album l JOIN album_artist c ON c.album_id = l.id
         JOIN artist a ON a.id = c.artist_id ORDER BY l.spotify_id",
    ];
    let mut first = None;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let station = Station::new(db.another().await).await;
        let ada = person(&station.db, "ada").await;
        for nth in order {
            take(&station, ada, &format!("endsong_{nth}.json"), &files[nth]).await;
        }
        let mut here = facts(&station.db).await;
        for sql in everything {
            here.push(texts(&station.db, sql).await);
        }
        assert_eq!(here, *first.get_or_insert_with(|| here.clone()), "{order:?}");
    }
    let first = first.unwrap();
    assert!(first[3].len() == 1 && first[3][0].starts_with("t1 Song name:"), "{first:#?}");
    assert!(first[3][0].ends_with(" Various"), "{first:#?}");
}

async fn what_is_known_by_name_goes_to_the_first_id_of_that_name(db: TestDb) {
    let named = || json!({ "master_metadata_track_name": "Track t" });
    let short = [short_row("t", "a1", at(600), 60_000), short_row("t", "a1", at(900), 20_000)];
    let later = [with(row("tb", "a1", at(1_200), 60_000), named())];
    let earlier = [with(row("ta", "a1", at(1_800), 60_000), named())];
    let mut first = None;
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let station = Station::new(db.another().await).await;
        let ada = person(&station.db, "ada").await;
        for nth in order {
            let name = ["StreamingHistory_music_0.json", "endsong_0.json", "endsong_1.json"][nth];
            take(&station, ada, name, [&short[..], &later, &earlier][nth]).await;
        }
        assert_eq!(
            plays(&station.db).await,
            ["600 ta 60 export", "1200 tb 60 export", "1800 ta 60 export"],
            "{order:?}"
        );
        let facts = facts(&station.db).await;
        assert_eq!(facts, *first.get_or_insert_with(|| facts.clone()), "{order:?}");
    }

    // And so it does if a page brings the first id.
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    take(&station, ada, "endsong_0.json", &[with(row("tb", "a1", at(1_200), 60_000), json!({}))]).await;
    take(&station, ada, "StreamingHistory_music_0.json", &[short_row("tb", "a1", at(600), 60_000)]).await;
    let fold = "UPDATE track SET name = 'Track Ta', search_name = 'track ta' WHERE spotify_id = 'tb'";
    station.db.execute(fold).await;
    station.load(Kind::Plays(ada), page(&[Track::new("ta").by(&["a1"]).at(at(3_000))])).await.unwrap();
    assert_eq!(plays(&station.db).await, ["600 ta 60 export", "1200 tb 60 export", "3000 ta 180 api"]);
}

async fn what_was_found_by_name_is_found_again_whatever_it_is_called(db: TestDb) {
    let short = [short_row("t1", "a1", at(600), 60_000), short_row("t1", "a1", at(900), 20_000)];
    let named = json!({ "master_metadata_track_name": "Track t1" });
    // Known by an export's names first, or by nothing but the short data's.
    for exported in [true, false] {
        let station = Station::new(db.another().await).await;
        let ada = person(&station.db, "ada").await;
        let extended = [with(row("x", "a1", at(5_000), 60_000), named.clone())];
        if exported {
            take(&station, ada, "endsong_0.json", &extended).await;
        }
        take(&station, ada, "StreamingHistory_music_0.json", &short).await;
        if !exported {
            take(&station, ada, "endsong_0.json", &extended).await;
        }
        assert_eq!(plays(&station.db).await, ["600 x 60 export", "5000 x 60 export"]);
        // Spotify calls it otherwise.
        station.load(Kind::Plays(ada), page(&[Track::new("x").by(&["a2"]).at(at(9_000))])).await.unwrap();
        let before = facts(&station.db).await;
        take(&station, ada, "StreamingHistory_music_0.json", &short).await;
        assert_eq!(facts(&station.db).await, before, "imported again, it adds nothing");
        assert_eq!(before[1].len(), 1, "{before:#?}");
    }
}

async fn an_end_at_a_whole_minute_is_no_less_exact_than_others(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    // A track of half a minute, again and again.
    let rows: Vec<Value> = (0..6).map(|nth| row("t1", "a1", at(nth * 30), 30_000)).collect();
    take(&station, ada, "endsong_0.json", &rows).await;
    assert_eq!(plays(&station.db).await.len(), 6);
    // The short account data tells of them again, by the minute.
    let short: Vec<Value> = (0..6).map(|nth| short_row("t1", "a1", at(nth * 30), 30_000)).collect();
    take(&station, ada, "StreamingHistory_music_0.json", &short).await;
    assert_eq!(plays(&station.db).await.len(), 6);
}

async fn streams_of_one_minute_are_told_apart_by_their_length(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    let rows = [short_row("t1", "a1", at(0), 30_000), short_row("t1", "a1", at(0), 31_000)];
    take(&station, ada, "StreamingHistory_music_0.json", &rows).await;
    take(&station, ada, "StreamingHistory_music_0.json", &rows).await;
    assert_eq!(plays(&station.db).await.len(), 2);
}
