//! Every row is counted once, under what became of it.

use ::ingest::import::Reason;
use serde_json::json;
use tests::database::TestDb;
use tests::export::{Export, PERSONAL, file, row, short_row, with};
use tests::ingest::Station;
use tests::on_both;

use super::{T0, facts, import, person, plays, texts};

on_both! {
    every_row_of_a_whole_export_is_accounted_for,
    a_second_import_of_the_same_file_changes_nothing,
    what_is_known_by_name_takes_the_id_when_it_comes,
}

/// So many seconds after the beginning.
fn at(seconds: i64) -> i64 {
    T0 + seconds * 1_000
}

fn whole_export() -> Vec<(&'static str, Vec<u8>)> {
    let skipped = json!({ "reason_end": "fwdbtn", "skipped": true });
    let audio = file(&[
        row("t1", "a1", at(200), 200_000),
        row("t2", "a1", at(500), 180_000),
        with(row("t3", "a2", at(510), 9_000), skipped.clone()),
        with(row("t3", "a2", at(700), 190_000), json!({ "incognito_mode": true })),
        row("t4", "a2", at(710), 20_000),
        with(row("t4", "a2", at(900), 0), skipped),
        with(row("t5", "a3", at(1_000), 60_000), json!({ "spotify_track_uri": null })),
        with(
            row("t5", "a3", at(1_100), 60_000),
            json!({ "spotify_track_uri": null, "spotify_episode_uri": "spotify:episode:e" }),
        ),
        json!({ "ts": 7 }),
        // Uploaded two hours later, when the device was online again; each began when the one before was over.
        with(row("t6", "a3", at(9_000), 100_000), json!({ "offline": true, "offline_timestamp": at(2_000) / 1_000 })),
        with(row("t7", "a3", at(9_000), 150_000), json!({ "offline": true, "offline_timestamp": at(2_100) })),
    ]);
    // The file overlaps the other, and tells of a play twice.
    let older = file(&[
        row("t1", "a1", at(200), 200_000),
        row("t1", "a1", at(230), 200_000),
        row("t1", "a1", at(-200), 200_000),
    ]);
    vec![
        ("my_spotify_data/Streaming_History_Audio_2026_0.json", audio),
        ("my_spotify_data/endsong_1.json", older),
        ("my_spotify_data/Streaming_History_Video_2026.json", file(&[row("v1", "a1", at(3_000), 90_000)])),
        ("my_spotify_data/Userdata.json", b"{\"email\":\"ada@example.org\"}".to_vec()),
        ("my_spotify_data/ReadMeFirst.pdf", b"%PDF".to_vec()),
    ]
}

async fn every_row_of_a_whole_export_is_accounted_for(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    let export = Export::default();
    let zip = export.zip("my_spotify_data.zip", &whole_export());
    let report = import(&station, ada, &[zip]).await;
    assert_eq!(
        plays(&station.db).await,
        ["-200 t1 200 export", "230 t1 200 export", "500 t2 180 export", "2100 t6 100 export", "2250 t7 150 export"]
    );
    assert_eq!(texts(&station.db, "SELECT CAST(listened_ms AS text) FROM skip").await, ["9000"]);
    assert_eq!((report.rows, report.plays_added, report.skips_kept), (15, 5, 1));
    assert_eq!((report.already_known, report.repeated, report.unreadable), (1, 1, 1));
    let aside: Vec<(Reason, u64)> = report.set_aside.clone().into_iter().collect();
    let ones = [Reason::Private, Reason::Podcast, Reason::Video, Reason::NoTrack].map(|reason| (reason, 1));
    assert_eq!(aside, [[(Reason::TooShort, 2)].as_slice(), &ones].concat());
    let unreadable = &report.unreadable_rows[0];
    assert_eq!((unreadable.file.as_str(), unreadable.row), ("Streaming_History_Audio_2026_0.json", 9));
    assert_eq!(unreadable.reason, "ts is a number: expected a text");
    assert_eq!((report.files.len(), report.files_ignored), (3, 2));
    assert_eq!((report.first_day.as_deref(), report.last_day.as_deref()), (Some("2026-11-22"), Some("2026-11-22")));

    let stored = station.db.bytes().await;
    for secret in PERSONAL.iter().chain(&["ada@example.org"]) {
        assert!(!stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} is in the database");
    }
    // Names are there at once, by what the export says.
    let artists = texts(&station.db, "SELECT name FROM artist ORDER BY name").await;
    assert_eq!(artists, ["Artist a1", "Artist a2", "Artist a3"]);
    assert_eq!(texts(&station.db, "SELECT name FROM album ORDER BY name").await.len(), 3);
}

async fn a_second_import_of_the_same_file_changes_nothing(db: TestDb) {
    let station = Station::new(db).await;
    let ada = person(&station.db, "ada").await;
    let export = Export::default();
    let zip = export.zip("my_spotify_data.zip", &whole_export());
    let first = import(&station, ada, std::slice::from_ref(&zip)).await;
    let tables = ["play", "skip", "echo", "track", "artist", "album", "revision", "quarter_hour_total"];
    let before = station.db.rows(tables).await;
    let second = import(&station, ada, &[zip]).await;
    assert_eq!(station.db.rows(tables).await, before);
    assert_eq!((second.plays_added, second.skips_kept, second.repeated), (0, 0, 0));
    assert_eq!(second.already_known, first.plays_added + first.skips_kept + first.already_known + first.repeated);
}

async fn what_is_known_by_name_takes_the_id_when_it_comes(db: TestDb) {
    let other = Station::new(db.another().await).await;
    let station = Station::new(db).await;
    let export = Export::default();
    let (short_play, only_short) = (short_row("t1", "a1", at(217), 200_000), short_row("t2", "a1", at(700), 100_000));
    let short = export.write("StreamingHistory_music_0.json", &file(&[short_play, only_short]));
    let long = [row("t1", "a1", at(217), 200_000), row("t2", "a1", at(1_000), 120_000)];
    let long = export.write("Streaming_History_Audio_2026.json", &file(&long));

    let ada = person(&station.db, "ada").await;
    import(&station, ada, std::slice::from_ref(&short)).await;
    let ids = texts(&station.db, "SELECT spotify_id FROM track ORDER BY name").await;
    assert!(ids.len() == 2 && ids.iter().all(|id| entity::name_only::is_name_only(id)), "{ids:?}");
    assert_eq!(station.db.count("play").await, 2, "they count before anybody knows their ids");
    let report = import(&station, ada, std::slice::from_ref(&long)).await;
    assert_eq!((report.plays_added, report.repeated), (1, 1));
    assert_eq!(plays(&station.db).await, ["217 t1 200 export", "660 t2 100 export", "1000 t2 120 export"]);

    let ada = person(&other.db, "ada").await;
    import(&other, ada, &[long]).await;
    import(&other, ada, &[short]).await;
    assert_eq!(facts(&other.db).await, facts(&station.db).await);
}
