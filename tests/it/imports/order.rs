//! However the records of one life of listening are spread over files, pages, imports and runs, and in whatever order they
//! come: the database is the same.

use entity::archive::Kind;
use entity::ids::UserId;
use ingest::import::Limits;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tests::database::TestDb;
use tests::export::{Export, file, row, short_row, with};
use tests::ingest::Station;
use tests::ingest::documents::{Item, Track, page};
use tests::on_both;

use super::{T0, facts, import_in_chunks, person};

on_both! { any_order_of_any_parts_makes_the_same_database }

/// Everything that anything tells of one listener.
struct Life {
    rows: Vec<Value>,
    short_rows: Vec<Value>,
    pages: Vec<Vec<Item>>,
}

/// A few tracks, so that the same one is often near itself: repeats, skips, rows told twice, plays told by both, by one, or
/// with ends so far apart that each could be the other's. Two of them share a name, one shares a code with another, and one
/// is named differently from row to row.
fn life(dice: &mut ChaCha8Rng) -> Life {
    let (mut rows, mut short_rows, mut told) = (vec![], vec![], vec![]);
    let mut now = T0;
    for _ in 0..140 {
        let number = dice.random_range(0..7);
        let (track, artist) = (format!("t{number}"), ["a1", "a2"][usize::from(number == 0)]);
        let named = match number {
            5 => json!({ "master_metadata_track_name": "Track t2" }),
            6 => match dice.random_range(0..5) {
                0 => json!({ "master_metadata_track_name": "Track t6 (Remaster)" }),
                1 => json!({ "master_metadata_track_name": null, "master_metadata_album_album_name": "TRACK" }),
                2 => {
                    json!({ "master_metadata_album_artist_name": "ARTIST A1", "master_metadata_album_album_name": "B" })
                }
                3 => json!({ "master_metadata_album_artist_name": "Various Artists" }),
                _ => json!({}),
            },
            _ => json!({}),
        };
        let full = [40_000, 61_000, 200_000][number % 3];
        let listened = if dice.random_bool(0.2) { dice.random_range(1..29_000) } else { full };
        now = (now + listened + 1_000) / 1_000 * 1_000;
        if dice.random_bool(0.1) {
            now += dice.random_range(0..3) * 3_600_000;
        }
        let (exported, by_api) = (dice.random_bool(0.8), dice.random_bool(0.6) && listened >= 30_000);
        if exported {
            let skipped = if listened < 30_000 { json!({ "reason_end": "fwdbtn" }) } else { json!({}) };
            let told_at = |end| with(with(row(&track, artist, end, listened), skipped.clone()), named.clone());
            rows.push(told_at(now));
            for _ in 0..2 {
                if dice.random_bool(0.15) {
                    rows.push(told_at(now + dice.random_range(0..100) * 1_000));
                }
            }
            if dice.random_bool(0.3) && number != 6 {
                let track = if number == 5 { "t2" } else { &track };
                short_rows.push(short_row(track, artist, now, listened));
            }
        }
        if by_api && number < 5 {
            let off =
                if dice.random_bool(0.2) { dice.random_range(-100_000..100_000) } else { dice.random_range(-900..900) };
            let mut said = Track::new(&track).by(&[artist]);
            said.duration_ms = Some(full);
            // Two recordings of one code, told under two names.
            said.isrc = (number == 3 || number == 4).then(|| "CODE".to_owned());
            told.push(said.at(now + off));
        }
    }
    // Pages overlap, as hourly ones do.
    let pages = (0..told.len()).step_by(10).map(|from| told[from..told.len().min(from + 20)].to_vec()).collect();
    Life { rows, short_rows, pages }
}

/// Loads all of it in some order, spread over some files and imports.
async fn live(station: &Station, user: UserId, life: &Life, dice: &mut ChaCha8Rng) {
    enum Act {
        Import(Vec<(String, Vec<u8>)>),
        Page(Vec<u8>),
    }
    let mut acts: Vec<Act> = life.pages.iter().map(|items| Act::Page(page(items))).collect();
    for (kind, rows) in [("endsong", &life.rows), ("StreamingHistory", &life.short_rows)] {
        let mut rows = rows.clone();
        if dice.random_bool(0.5) {
            rows.shuffle(dice);
        }
        let mut from = 0;
        while from < rows.len() {
            let until = rows.len().min(from + dice.random_range(1..=rows.len()));
            // Files overlap.
            let part = file(&rows[from.saturating_sub(dice.random_range(0..5))..until]);
            let name = format!("{kind}_{from}.json");
            let mut files = vec![(name.clone(), part.clone())];
            if dice.random_bool(0.3) && until > from + 2 {
                // Interrupted in the middle, and begun again at some time.
                acts.push(Act::Import(vec![(name, part[..dice.random_range(part.len() / 2..part.len())].to_vec())]));
            }
            if dice.random_bool(0.2) {
                files.push((format!("{kind}_again.json"), part));
            }
            acts.push(Act::Import(files));
            from = until;
        }
    }
    acts.shuffle(dice);
    for (nth, act) in acts.into_iter().enumerate() {
        match act {
            Act::Page(bytes) => {
                station.load(Kind::Plays(user), bytes).await.unwrap();
            }
            Act::Import(files) => {
                let export = Export::default();
                let paths: Vec<_> = files.iter().map(|(name, bytes)| export.write(name, bytes)).collect();
                // Some in chunks of a few rows, so that what belongs together is torn apart.
                let streams_a_chunk = if nth % 2 == 0 { 7 } else { Limits::default().streams_a_chunk };
                import_in_chunks(station, user, &paths, streams_a_chunk).await;
            }
        }
    }
}

async fn any_order_of_any_parts_makes_the_same_database(db: TestDb) {
    let station = Station::new(db).await;
    for seed in 0..4 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let life = life(&mut dice);
        let mut first = None;
        for _ in 0..3 {
            let station = Station::new(station.db.another().await).await;
            let ada = person(&station.db, "ada").await;
            live(&station, ada, &life, &mut dice).await;
            let facts = facts(&station.db).await;
            assert!(facts[0].len() > 60 && !facts[1].is_empty() && facts[2].len() > 20, "{facts:#?}");
            match &first {
                None => first = Some(facts),
                Some(first) => assert_eq!(&facts, first, "seed {seed}"),
            }
        }
    }
}
