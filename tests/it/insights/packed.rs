//! Long ranges are answered from what is packed of them: the same as without, by other statements.

use std::fmt::Write;

use ::ingest::rollup;
use entity::time::Instant;
use tests::api::Api;
use tests::database::TestDb;
use tests::on_both;
use tokio_util::sync::CancellationToken;

on_both! {
    a_long_range_is_answered_from_what_is_packed,
    what_changed_since_it_was_packed_is_counted_play_by_play,
    all_time_without_what_is_excluded_is_everything_less_that,
}

const DAY_MS: i64 = 86_400_000;
/// 2026-06-01T00:00:00Z.
const JUNE: i64 = 1_780_272_000_000;

const QUESTION: &str = r#"query($range: TimeRangeInput = { instants: { from: "2026-03-01T05:00:00Z", until: "2026-08-10T17:00:00Z" } }) {
    insights(range: $range) { ...all topListeners { edges { rank plays node { displayName } } } }
    weekends: insights(range: $range, filter: { weekdays: [6, 7] }) { ...all }
    without: insights(range: $range, filter: { excludeGenres: ["genre 1"] }) { ...all }
    of: insights(range: $range, filter: { genres: ["genre 1", "genre 2"] }) { ...all }
    user(username: "u1") { insights(range: $range) { ...all } } }
fragment all on Insights {
    totals { plays listenTimeMs measuredShare tracks artists albums listeners }
    topTracks(first: 3) { totalCount edges { rank share plays listenTimeMs previousRank node { name } } pageInfo { endCursor } }
    topArtists(first: 4, credit: ALL, by: LISTEN_TIME) { totalCount edges { rank share plays listenTimeMs node { name } } }
    topAlbums(first: 2) { totalCount edges { rank share plays node { name } } }
    topGenres(first: 5) { totalCount edges { rank share plays genre } }
    releaseYears { year plays listenTimeMs } audioProfile { coverage features { tempoBpm } } }"#;

/// Two listeners, thirty tracks of six artists, a play every two hours from March to August.
async fn filled(db: &TestDb) {
    let mut sql = String::new();
    for user in 1..=2 {
        writeln!(
            sql,
            "INSERT INTO \"user\" (id, username, display_name, time_zone, listed, joined_at)
             VALUES ({user}, 'u{user}', 'U {user}', 'UTC', TRUE, 0);"
        )
        .unwrap();
    }
    for artist in 1..=6 {
        writeln!(
            sql,
            "INSERT INTO artist (id, spotify_id, name, search_name) VALUES ({artist}, 'a{artist}', 'A{artist}', 'a');
             INSERT INTO artist_genre VALUES ({artist}, 'genre {}');
             INSERT INTO album (id, spotify_id, name, search_name, release_year) VALUES ({artist}, 'l{artist}', 'L{artist}', 'l', {});",
            artist % 3,
            1990 + artist % 4
        )
        .unwrap();
    }
    for track in 1..=30 {
        let (first, second) = (track % 6 + 1, (track + 1) % 6 + 1);
        writeln!(
            sql,
            "INSERT INTO track (id, spotify_id, name, search_name, duration_ms, album_id)
             VALUES ({track}, 't{track}', 'T{track}', 't', 1, {first});
             INSERT INTO track_artist (track_id, position, artist_id) VALUES ({track}, 0, {first}), ({track}, 1, {second});"
        )
        .unwrap();
        if track % 4 > 0 {
            writeln!(
                sql,
                "INSERT INTO track_features (track_id, acousticness, danceability, energy, instrumentalness, liveness, loudness_db,
                    speechiness, tempo_bpm, valence) VALUES ({track}, 0, 0, 0, 0, 0, 0, 0, {}, 0);",
                64 + track
            )
            .unwrap();
        }
    }
    let plays: Vec<String> = (0..2_000_i64)
        .map(|nth| {
            let (user, track) = (nth % 2 + 1, nth * nth % 30 + 1);
            let at = JUNE - 90 * DAY_MS + nth * 7_200_000;
            format!("({user}, {at}, {track}, {}, {}, 'api')", 30_000 + nth % 7 * 1_000, nth % 3 == 0)
        })
        .collect();
    write!(
        sql,
        "INSERT INTO play (user_id, played_at, track_id, listened_ms, measured, source) VALUES {}",
        plays.join(", ")
    )
    .unwrap();
    db.execute(&sql).await;
    rollup::rebuild(&db.db(), Instant::from_ms(JUNE)).await.unwrap();
}

/// Packs all that was over in `now`, however little it is.
async fn pack(db: &TestDb, now: i64) {
    rollup::pack(&db.db(), 1, Instant::from_ms(now), &CancellationToken::new()).await.unwrap();
}

async fn api(db: &TestDb) -> Api {
    let api = Api::start(&db.db()).await;
    api.set_now("2026-11-25T12:00:00Z");
    api
}

fn packed_read(statements: &[String]) -> usize {
    statements.iter().filter(|statement| statement.contains("SELECT period, bytes FROM packed_total")).count()
}

async fn a_long_range_is_answered_from_what_is_packed(db: TestDb) {
    filled(&db).await;
    let counted = api(&db).await.ask(QUESTION).await;
    assert_eq!(packed_read(&api(&db).await.statements(QUESTION).await), 0);
    assert_eq!(counted["insights"]["totals"]["tracks"], 12, "{counted:#}");

    pack(&db, JUNE + 400 * DAY_MS).await;
    assert_eq!(api(&db).await.ask(QUESTION).await, counted);
    let statements = api(&db).await.statements(QUESTION).await;
    // Everyone's: five for the totals, four lists, years, a profile, listeners. The same for weekends but listeners; with and
    // without genres, neither genres nor listeners; and one listener's. The ranks of the range before come on top.
    let others = 4 + 2;
    let of_everyone = (5 + others + 1) + (5 + others) + 2 * (4 + others - 1);
    assert!(packed_read(&statements) >= of_everyone + (4 + others), "{statements:#?}");
    let of_year = api(&db).await.ask("{ insights(range: { year: 2026 }) { topGenres { totalCount } } }").await;
    assert_eq!(of_year["insights"]["topGenres"]["totalCount"], 2);
}

async fn what_changed_since_it_was_packed_is_counted_play_by_play(db: TestDb) {
    filled(&db).await;
    pack(&db, JUNE + 400 * DAY_MS).await;
    // A day in the middle whose plays changed: two of the periods are not true any more.
    let day = JUNE / DAY_MS;
    db.execute(&format!(
        "INSERT INTO play (user_id, played_at, track_id, listened_ms, measured, source)
            VALUES (1, {JUNE}, 30, 40000, FALSE, 'api');
         UPDATE period_total SET plays = plays + 1, number = number + 1
            WHERE audience = 0 AND period = {day} OR audience = 1 AND period = {}",
        day / 28
    ))
    .await;
    let mended = api(&db).await.ask(QUESTION).await;
    let read = packed_read(&api(&db).await.statements(QUESTION).await);
    assert!(read > 10, "{read}");
    db.execute("DELETE FROM packed_total").await;
    assert_eq!(mended, api(&db).await.ask(QUESTION).await);
    assert_eq!(mended["insights"]["totals"]["tracks"], 13, "{mended:#}");
}

async fn all_time_without_what_is_excluded_is_everything_less_that(db: TestDb) {
    filled(&db).await;
    let api = api(&db).await;
    let artist = api.ask("{ artist(spotifyId: \"a3\") { id } }").await["artist"]["id"].as_str().unwrap().to_owned();
    let filters = [
        r#"excludeGenres: ["genre 1"]"#.to_owned(),
        r#"excludeGenres: ["genre 0", "genre 1", "genre 2"]"#.to_owned(),
        r#"excludeGenres: ["none of them"]"#.to_owned(),
        format!(r#"excludeArtistIds: ["{artist}"]"#),
        format!(r#"excludeArtistIds: ["{artist}"], excludeGenres: ["genre 2"]"#),
    ];
    let mut rests = Vec::new();
    for filter in filters {
        let ask = async |range: &str| {
            let totals = "totals { plays listenTimeMs measuredShare tracks artists creditedArtists: artists(credit: ALL) albums listeners }";
            api.ask(&format!("{{ insights(range: {range}, filter: {{ {filter} }}) {{ {totals} }} }}")).await["insights"]
                .take()
        };
        let rest = ask("{ preset: ALL_TIME }").await;
        // The same plays, counted one by one, because the range begins somewhere.
        let counted = ask("{ instants: { from: \"1990-01-01T00:00:00Z\", until: \"2026-11-24T00:00:00Z\" } }").await;
        assert_eq!(rest, counted, "without {filter}");
        rests.push(rest["totals"]["plays"].as_i64().unwrap());
    }
    assert_eq!((rests[1], rests[2]), (0, 2_000), "{rests:?}");
    assert!(rests[4] < rests[3] && rests[3] < 2_000, "{rests:?}");
}
