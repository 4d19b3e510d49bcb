//! The entities and the migrations say the same, and the database refuses what neither allows.

use std::collections::BTreeSet;
use std::path::Path;

use entity::db::Db;
use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ConnectionTrait, EntityName, Schema};
use tests::database::{Column, Shape, TestDb};
use tests::on_both;

on_both! {
    the_migrated_tables_are_those_of_the_entities,
    migrations_go_down_to_nothing_and_up_again,
    values_out_of_range_are_refused,
    deleting_a_user_deletes_all_that_is_theirs_and_nothing_else,
}

/// A table's name, and how its entity would make it.
type Table = (&'static str, fn(&Schema) -> TableCreateStatement);

/// Every entity, behind those it refers to.
macro_rules! entities {
    ($($module:ident),+ $(,)?) => {
        const ENTITIES: &[Table] = &[
            $((stringify!($module), |schema| schema.create_table_from_entity(entity::$module::Entity))),+
        ];

        #[test]
        fn a_table_is_named_as_its_module() {
            $(assert_eq!(entity::$module::Entity.table_name(), stringify!($module));)+
        }
    };
}

entities! {
    artist, album, track, track_artist, album_artist, album_image, artist_image, artist_genre, track_popularity,
    artist_popularity, artist_followers, track_features, user, spotify_account, archive_object, play, skip, gap, revision, echo, import,
    track_total, album_total, artist_total, genre_total, listener_total, quarter_hour_total, period_total, packed_total, ingest_run, ingest_step, reject,
    spotify_app, enrichment, alert, alert_delivery,
    erasure, spent_state, track_alias,
}

#[test]
fn every_entity_of_the_crate_is_compared() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../entity/src");
    let mut modules = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() && std::fs::read_to_string(&path).unwrap().contains("DeriveEntityModel") {
            modules.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(modules, ENTITIES.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_embedded_database_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/refrain.db?mode=rwc", folder.path().display());
        let all: Vec<_> =
            (0..12).map(|_| url.clone()).map(|url| tokio::spawn(async move { Db::open(&url, 1).await })).collect();
        for opened in all {
            opened.await.unwrap().unwrap();
        }
    }
}

async fn the_migrated_tables_are_those_of_the_entities(migrated: TestDb) {
    let made = migrated.another().await;
    Migrator::down(made.db().write(), None).await.unwrap();
    let schema = Schema::new(made.db().backend());
    for (_, create) in ENTITIES {
        made.db().write().execute(&create(&schema)).await.unwrap();
    }
    let (migrated, made) = (migrated.shapes().await, made.shapes().await);
    assert_eq!(migrated.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (table, shape) in &migrated {
        assert_eq!(*shape, made[table], "{table}: left is what the migrations make, right is what the entity says");
    }
}

async fn migrations_go_down_to_nothing_and_up_again(db: TestDb) {
    let before = (db.shapes().await, db.definitions().await);
    Migrator::down(db.db().write(), None).await.unwrap();
    assert_eq!(db.tables().await, Vec::<String>::new());
    Migrator::up(db.db().write(), None).await.unwrap();
    assert_eq!((db.shapes().await, db.definitions().await), before);
}

/// A table, a column of it, values that are refused there, and their nearest neighbours, which are taken.
type Edges = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const EDGES: &[Edges] = &[
    ("album", "release_year", &["0", "10000"], &["1", "9999", "NULL"]),
    ("track", "duration_ms", &["-1"], &["0", "NULL"]),
    ("track_artist", "position", &["-1"], &["0"]),
    ("album_artist", "position", &["-1"], &["0"]),
    ("album_image", "position", &["-1"], &["0"]),
    ("album_image", "width", &["0"], &["1", "NULL"]),
    ("album_image", "height", &["0"], &["1", "NULL"]),
    ("artist_image", "position", &["-1"], &["0"]),
    ("artist_image", "width", &["0"], &["1", "NULL"]),
    ("artist_image", "height", &["0"], &["1", "NULL"]),
    ("track_popularity", "popularity", &["-1", "101"], &["0", "100"]),
    ("artist_popularity", "popularity", &["-1", "101"], &["0", "100"]),
    ("artist_followers", "followers", &["-1"], &["0"]),
    ("track_features", "acousticness", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "danceability", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "energy", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "instrumentalness", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "liveness", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "loudness_db", &["-100.1", "20.1"], &["-100", "20"]),
    ("track_features", "speechiness", &["-0.1", "1.1"], &["0", "1"]),
    ("track_features", "tempo_bpm", &["-0.1", "500.1"], &["0", "500"]),
    ("track_features", "valence", &["-0.1", "1.1"], &["0", "1"]),
    ("spotify_account", "state", &["'asleep'"], &["'pending'", "'active'", "'needs_reconnect'", "'disconnected'"]),
    ("play", "listened_ms", &["-1"], &["0"]),
    ("play", "source", &["'radio'"], &["'api'", "'export'"]),
    ("skip", "listened_ms", &["-1"], &["0"]),
    ("gap", "before", &["1"], &["2"]),
    ("echo", "listened_ms", &["-1"], &["0"]),
    ("echo", "source", &["'radio'"], &["'api'", "'export'"]),
    ("import", "state", &["'lost'"], &["'pending'", "'running'", "'succeeded'", "'partly'", "'failed'"]),
    ("revision", "number", &["0"], &["1"]),
    ("track_total", "plays", &["0"], &["1"]),
    ("album_total", "plays", &["0"], &["1"]),
    ("artist_total", "plays", &["0"], &["1"]),
    ("artist_total", "credit", &["'some'"], &["'primary'", "'all'"]),
    ("genre_total", "plays", &["0"], &["1"]),
    ("listener_total", "plays", &["0"], &["1"]),
    (
        "packed_total",
        "dimension",
        &["'mood'"],
        &["'track'", "'primary_artist'", "'credited_artist'", "'album'", "'genre'", "'listener'"],
    ),
    ("quarter_hour_total", "plays", &["0"], &["1"]),
    (
        "ingest_run",
        "outcome",
        &["'well'"],
        &["'running'", "'succeeded'", "'partly'", "'failed'", "'crashed'", "'skipped'"],
    ),
    ("enrichment", "kind", &["'genre'"], &["'track'", "'artist'", "'album'", "'features'"]),
    ("alert", "standing", &["'so-so'"], &["'failing'", "'well'"]),
    ("alert_delivery", "standing", &["'so-so'"], &["'failing'", "'well'"]),
    ("enrichment", "answer", &["'some'"], &["'whole'", "'partial'", "'absent'", "'unreadable'"]),
    (
        "ingest_step",
        "outcome",
        &["'well'"],
        &["'running'", "'succeeded'", "'partly'", "'failed'", "'crashed'", "'skipped'"],
    ),
];

/// Tables whose rows others refer to.
const REFERRED: [&str; 7] = ["artist", "album", "track", "user", "archive_object", "ingest_run", "alert"];

async fn values_out_of_range_are_refused(db: TestDb) {
    let shapes = db.shapes().await;
    for table in REFERRED {
        db.execute(&insert(table, &shapes[table], 1, &[])).await;
    }
    for (table, column, refused, taken) in EDGES {
        let is_there = REFERRED.contains(table);
        let write = |value: &str| match is_there {
            true => format!("UPDATE {table} SET {column} = {value}"),
            false => insert(table, &shapes[*table], 1, &[(column, value)]),
        };
        for value in *refused {
            match db.db().write().execute_unprepared(&write(value)).await {
                Ok(_) => panic!("{table} took {value} for {column}"),
                Err(error) => assert!(error.to_string().to_lowercase().contains("check constraint"), "{error}"),
            }
        }
        for value in *taken {
            db.execute(&write(value)).await;
            if !is_there {
                db.execute(&format!("DELETE FROM {table}")).await;
            }
        }
    }
}

async fn deleting_a_user_deletes_all_that_is_theirs_and_nothing_else(db: TestDb) {
    let shapes = db.shapes().await;
    let mut theirs: BTreeSet<&str> = BTreeSet::new();
    loop {
        let leads_to_user =
            |shape: &Shape| shape.foreign_keys.values().any(|key| key.table == "user" || theirs.contains(&*key.table));
        let more = shapes.iter().filter(|(_, shape)| leads_to_user(shape)).map(|(name, _)| &**name).collect();
        if std::mem::replace(&mut theirs, more) == theirs {
            break;
        }
    }
    assert!(theirs.contains(&"play") && theirs.contains(&"archive_object"));
    for user in [1, 2] {
        for (table, _) in ENTITIES {
            db.execute(&insert(table, &shapes[*table], user, &[])).await;
        }
    }
    db.execute("DELETE FROM \"user\" WHERE id = 1").await;
    for (table, _) in ENTITIES {
        let left = if *table == "user" || theirs.contains(table) { 1 } else { 2 };
        assert_eq!(db.count(table).await, left, "{table}");
    }
}

/// A row in which every number, and so every key, is `number`, but for what the checks forbid and what `set` says.
fn insert(table: &str, shape: &Shape, number: i32, set: &[(&str, &str)]) -> String {
    let value = |name: &str, column: &Column| match (name, column.kind.as_str()) {
        ("before", _) => (number + 1).to_string(),
        ("source", _) => "'api'".to_owned(),
        ("state", _) if shape.columns.contains_key("object_key") => "'pending'".to_owned(),
        ("state", _) => "'active'".to_owned(),
        ("outcome", _) => "'running'".to_owned(),
        ("credit", _) => "'all'".to_owned(),
        ("standing", _) => "'well'".to_owned(),
        ("kind" | "dimension", _) => "'track'".to_owned(),
        ("answer", _) => "'whole'".to_owned(),
        (
            "acousticness" | "danceability" | "energy" | "instrumentalness" | "liveness" | "speechiness" | "valence",
            _,
        ) => "0.5".to_owned(),
        (_, "boolean") => "true".to_owned(),
        (_, "text" | "bytes") => format!("'{number}'"),
        _ => number.to_string(),
    };
    let set_to = |name: &str| set.iter().find(|(column, _)| *column == name).map(|(_, value)| (*value).to_owned());
    let (names, values): (Vec<String>, Vec<String>) = shape
        .columns
        .iter()
        .map(|(name, column)| (format!("\"{name}\""), set_to(name).unwrap_or_else(|| value(name, column))))
        .unzip();
    format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), values.join(", "))
}
