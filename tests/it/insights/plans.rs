//! How the database finds what it counts: the plays of a listener, by the listener; those of everyone, by their time; and
//! everyone's of all time, in totals that are kept.

use std::time::Duration;

use entity::time::Instant;
use tests::api::{Api, NOW, at};
use tests::database::TestDb;
use tests::on_both;
use tests::reference::{Insight, Lengths, PLAY, insights};

on_both! {
    a_listeners_plays_are_found_without_looking_at_all,
    everyones_plays_of_a_month_are_found_by_their_time,
    everyones_charts_and_totals_of_all_time_count_no_play,
}

/// One listener has a fifth of the plays, sixty have the rest.
const LISTENERS: [&str; 2] = ["listener-1", "listener-7"];

const FILTERS: [&str; 4] = [
    "filter: { weekdays: [6, 7] }",
    "filter: { genres: [\"genre 3\"], excludeArtistIds: [] }",
    "filter: { excludeGenres: [\"genre 3\"], explicit: false }",
    "filter: { trackIds: [\"VHJhY2s6MQ\", \"VHJhY2s6Mg\"] }",
];

const RANGES: [&str; 3] = ["{ preset: ALL_TIME }", "{ preset: LAST_365_DAYS }", "{ preset: LAST_30_DAYS }"];

async fn a_listeners_plays_are_found_without_looking_at_all(db: TestDb) {
    let api = filled(&db).await;
    for (listener, range) in LISTENERS.into_iter().flat_map(|listener| RANGES.map(|range| (listener, range))) {
        let user = |asked: String| format!("user(username: \"{listener}\") {{ {asked} }}");
        let mut queries = vec![
            user(format!("plays(range: {range}) {{ nodes {PLAY} }} sync {{ lastPlayedAt }}")),
            user(format!(
                "affinity(with: \"listener-9\", range: {range}) {{
                    score sharedArtists {{ name }} sharedTracks {{ name }} }}"
            )),
        ];
        for thing in ["track", "artist"] {
            queries.push(format!(
                "{thing}(spotifyId: \"{thing}-5\") {{ insights(range: {range}, username: \"{listener}\") {{
                    totals {{ plays }} firstPlay {{ playedAt }} topTracks {{ totalCount }} }} }}"
            ));
        }
        queries.extend(fields(|_| true).iter().map(|fields| user(format!("insights(range: {range}) {{ {fields} }}"))));
        for filter in FILTERS.iter().filter(|_| range == RANGES[1]) {
            let few = few();
            queries.extend(few.iter().map(|few| user(format!("insights(range: {range}, {filter}) {{ {few} }}"))));
        }
        for query in queries {
            for plan in api.plans(&format!("{{ {query} }}"), &db).await {
                let scans = scans_of_plays(&plan);
                // The first play of all, and the newest of who has a fifth of them, are where an index in order of time begins.
                let page = listener == LISTENERS[0] && plan.contains("ORDER BY played_at DESC, track_id DESC LIMIT");
                let first =
                    page || plan.contains("LIMIT 1\n") || db.is_sqlite() && plan.contains("play_played_at_index");
                let narrow = |scan: &String| {
                    let by = ["user_id =", "user_id=?", "track_id =", "track_id=?"];
                    !scan.contains("Seq Scan")
                        && !scan.starts_with("SCAN")
                        && (first && scan.contains("played_at") || by.iter().any(|by| scan.contains(by)))
                };
                assert!(scans.iter().all(narrow), "{query}\n\n{scans:#?}\n\n{plan}");
            }
        }
    }
}

async fn everyones_plays_of_a_month_are_found_by_their_time(db: TestDb) {
    let api = filled(&db).await;
    let mut found = 0;
    for fields in fields(|_| true) {
        for plan in api.plans(&format!("{{ insights(range: {}) {{ {fields} }} }}", RANGES[2]), &db).await {
            let scans = scans_of_plays(&plan);
            let narrow = |scan: &String| {
                let by = [
                    "play_played_at_index",
                    "user_id =",
                    "user_id=?",
                    "track_id =",
                    "track_id=?",
                    "play_exported_index",
                ];
                !scan.contains("Seq Scan") && by.iter().any(|by| scan.contains(by))
            };
            assert!(scans.iter().all(narrow), "{scans:#?}\n\n{plan}");
            found += scans.len();
        }
    }
    assert!(found > 10, "{found} times only");
}

async fn everyones_charts_and_totals_of_all_time_count_no_play(db: TestDb) {
    let api = filled(&db).await;
    let kept = |insight: &Insight| {
        let name = insight.alias.as_str();
        (name.contains("By") && !name.starts_with("series"))
            || ["totals", "weekHours", "releaseYears", "audioProfile"].contains(&name)
    };
    let filters = ["", "filter: { excludeGenres: [\"genre 3\"], explicit: false }"];
    for filter in filters {
        // Who listened, and how many, is known of everything, and not of what passes a filter.
        let fields = match filter {
            "" => fields(kept),
            _ => fields(|insight| {
                kept(insight) && !["Listeners", "totals", "weekHours"].iter().any(|not| insight.alias.starts_with(not))
            }),
        };
        for fields in fields {
            for plan in api.plans(&format!("{{ insights(range: {} {filter}) {{ {fields} }} }}", RANGES[0]), &db).await {
                // Looks at the newest play alone, to tell whether all of them are in the range.
                let newest = |scan: &String| {
                    scan.contains("play_played_at_index") && !scan.contains("track_id") && plan.lines().count() < 12
                };
                assert!(scans_of_plays(&plan).iter().all(newest), "{fields}\n\n{plan}");
            }
        }
    }
}

/// Vacuums until an index alone tells of every play. A transaction of another test, in whatever database, may keep Postgres
/// from knowing at first that everybody sees them.
async fn settle(db: &TestDb) {
    let seen = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_class WHERE relname = 'play' AND relallvisible = relpages";
    while {
        db.execute("VACUUM").await;
        db.number(seen).await == 0
    } {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    db.execute("ANALYZE").await;
}

/// Every insight that the reference knows, as a client asks for it, a few in a query; but for those that would have too many
/// buckets.
fn fields(wanted: impl Fn(&Insight) -> bool) -> Vec<String> {
    let lengths = Lengths { chart: 10, list: 5, gap_minutes: vec![30] };
    let has_buckets = |insight: &Insight| !["seriesByHour", "seriesByDay"].contains(&insight.alias.as_str());
    let all = insights(&lengths).into_iter().filter(has_buckets).filter(wanted);
    let fields: Vec<String> = all.map(|insight| format!("{}: {} ", insight.alias, insight.field)).collect();
    fields.chunks(5).map(<[String]>::concat).collect()
}

/// Those in which a filter is put into every kind of statement.
fn few() -> Vec<String> {
    let few =
        ["totals", "skips", "firstPlay", "TracksByPlays", "ListenersByPlays", "weekHours", "sessions30", "discoveries"];
    fields(|insight| few.contains(&insight.alias.as_str()))
}

/// The lines of a plan that say how plays are read, with the conditions by which they are found.
fn scans_of_plays(plan: &str) -> Vec<String> {
    let lines: Vec<&str> = plan.lines().map(|line| line.trim().trim_start_matches("->").trim()).collect();
    let reads = |line: &str| {
        let on_postgres = line.contains("Scan") && line.contains(" on play ");
        on_postgres || line.starts_with("SCAN play") || line.starts_with("SEARCH play")
    };
    let with_condition = |(place, line): (usize, &&str)| {
        let next =
            lines.get(place + 1).filter(|next| next.starts_with("Index Cond") || next.starts_with("Recheck Cond"));
        next.map_or_else(|| (*line).to_owned(), |next| format!("{line} {next}"))
    };
    lines.iter().enumerate().filter(|(_, line)| reads(line)).map(with_condition).collect()
}

/// Enough plays that looking at all of them is not the cheapest way to find a few, and an API that tells how they are found.
async fn filled(db: &TestDb) -> Api {
    const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ";
    let last = at(NOW).ms();
    for (table, many, row) in [
        (
            "\"user\" (id, username, display_name, time_zone, listed, joined_at)",
            61,
            "i, 'listener-' || i, 'L', 'Europe/Berlin', i > 0, 0".to_owned(),
        ),
        ("artist (id, spotify_id, name, search_name)", 400, "i, 'artist-' || i, 'artist', 'artist'".to_owned()),
        ("artist_genre (artist_id, genre)", 400, "i, 'genre ' || (i % 10)".to_owned()),
        (
            "album (id, spotify_id, name, search_name, release_year)",
            500,
            "i, 'album-' || i, 'album', 'album', 1960 + i % 60".to_owned(),
        ),
        (
            "track (id, spotify_id, name, search_name, duration_ms, album_id, explicit)",
            3_000,
            "i, 'track-' || i, 'track', 'track', 200000, i % 500 + 1, i % 7 = 0".to_owned(),
        ),
        ("track_artist (track_id, position, artist_id)", 3_000, "i, 0, i % 400 + 1".to_owned()),
        (
            "play (user_id, played_at, track_id, listened_ms, measured, source)",
            24_000,
            format!(
                "CASE WHEN i % 5 = 0 THEN 1 ELSE i % 60 + 2 END, {last} - CAST(i AS BIGINT) * 6000000,
                  i * 7919 % 3000 + 1, 180000, i % 4 = 0, CASE WHEN i % 4 = 0 THEN 'export' ELSE 'api' END"
            ),
        ),
        (
            "skip (user_id, skipped_at, track_id, listened_ms)",
            2_000,
            format!("i % 60 + 1, {last} - CAST(i AS BIGINT) * 60000000, i * 31 % 3000 + 1, 3000"),
        ),
    ] {
        db.execute(&format!("INSERT INTO {table} {NUMBERS}{many}) SELECT {row} FROM n")).await;
    }
    ingest::rollup::rebuild(&db.db(), Instant::from_ms(last)).await.unwrap();
    if !db.is_sqlite() {
        // What its autovacuum has done by the time somebody asks; nobody does the like for SQLite.
        settle(db).await;
    }
    Api::start(&db.explaining().await).await
}
