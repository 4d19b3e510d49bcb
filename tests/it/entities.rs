//! The entities and the migrations say the same, and the database refuses what neither allows.

use std::collections::BTreeSet;
use std::path::Path;

use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ConnectionTrait, EntityName, Schema};
use tests::database::{Shape, TestDb};
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
    artist_popularity, artist_followers, track_features, user, spotify_account, archive_object, play, skip, gap, revision,
    track_total, album_total, artist_total, listener_total, quarter_hour_total, ingest_run, ingest_step, reject, spool_item,
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

/// A statement that is refused, and its nearest neighbour that is taken.
const EDGES: &[(&str, &str)] = &[
    ("UPDATE album SET release_year = 0", "UPDATE album SET release_year = 1"),
    ("UPDATE album SET release_year = 10000", "UPDATE album SET release_year = 9999"),
    ("UPDATE track SET duration_ms = -1", "UPDATE track SET duration_ms = 0"),
    ("INSERT INTO track_artist VALUES (1, -1, 1)", "INSERT INTO track_artist VALUES (1, 0, 1)"),
    ("INSERT INTO album_artist VALUES (1, -1, 1)", "INSERT INTO album_artist VALUES (1, 0, 1)"),
    ("INSERT INTO album_image VALUES (1, -1, 'u', 1, 1)", "INSERT INTO album_image VALUES (1, 0, 'u', 1, 1)"),
    ("INSERT INTO album_image VALUES (1, 2, 'u', 0, 1)", "INSERT INTO album_image VALUES (1, 2, 'u', NULL, 1)"),
    ("INSERT INTO artist_image VALUES (1, 0, 'u', 1, 0)", "INSERT INTO artist_image VALUES (1, 0, 'u', 1, NULL)"),
    ("INSERT INTO track_popularity VALUES (1, 0, 101)", "INSERT INTO track_popularity VALUES (1, 0, 100)"),
    ("INSERT INTO artist_popularity VALUES (1, 0, -1)", "INSERT INTO artist_popularity VALUES (1, 0, 0)"),
    ("INSERT INTO artist_followers VALUES (1, 0, -1)", "INSERT INTO artist_followers VALUES (1, 0, 0)"),
    (
        "INSERT INTO spotify_account VALUES (1, NULL, NULL, 0, 'asleep', NULL)",
        "INSERT INTO spotify_account VALUES (1, NULL, NULL, 0, 'needs_reconnect', NULL)",
    ),
    (
        "INSERT INTO play VALUES (1, 0, 1, -1, true, 'api', NULL, NULL)",
        "INSERT INTO play VALUES (1, 0, 1, 0, true, 'api', NULL, NULL)",
    ),
    (
        "INSERT INTO play VALUES (1, 1, 1, 0, true, 'radio', NULL, NULL)",
        "INSERT INTO play VALUES (1, 1, 1, 0, true, 'export', NULL, NULL)",
    ),
    ("INSERT INTO skip VALUES (1, 0, 1, -1)", "INSERT INTO skip VALUES (1, 0, 1, 0)"),
    ("INSERT INTO gap VALUES (1, 5, 5, 0, NULL)", "INSERT INTO gap VALUES (1, 5, 6, 0, NULL)"),
    ("INSERT INTO revision VALUES (1, 0, 0)", "INSERT INTO revision VALUES (1, 1, 0)"),
    ("INSERT INTO track_total VALUES (1, 0, 0)", "INSERT INTO track_total VALUES (1, 1, 0)"),
    ("INSERT INTO album_total VALUES (1, 0, 0)", "INSERT INTO album_total VALUES (1, 1, 0)"),
    ("INSERT INTO artist_total VALUES (1, 0, 0, 'all')", "INSERT INTO artist_total VALUES (1, 1, 0, 'all')"),
    ("INSERT INTO artist_total VALUES (1, 1, 0, 'some')", "INSERT INTO artist_total VALUES (1, 1, 0, 'primary')"),
    ("INSERT INTO listener_total VALUES (1, 0, 0, 0)", "INSERT INTO listener_total VALUES (1, 1, 0, 0)"),
    ("INSERT INTO quarter_hour_total VALUES (1, 0, 0, 0)", "INSERT INTO quarter_hour_total VALUES (1, 1, 0, 0)"),
    ("UPDATE ingest_run SET outcome = 'well'", "UPDATE ingest_run SET outcome = 'succeeded'"),
    (
        "INSERT INTO ingest_step VALUES (1, 1, NULL, 'load', 0, 0, 'well', 1, NULL)",
        "INSERT INTO ingest_step VALUES (1, 1, NULL, 'load', 0, 0, 'partly', 1, NULL)",
    ),
];

/// The documented ranges of audio features, both ends inclusive.
const FEATURES: &[(&str, f64, f64)] = &[
    ("acousticness", 0.0, 1.0),
    ("danceability", 0.0, 1.0),
    ("energy", 0.0, 1.0),
    ("instrumentalness", 0.0, 1.0),
    ("liveness", 0.0, 1.0),
    ("loudness_db", -100.0, 20.0),
    ("speechiness", 0.0, 1.0),
    ("tempo_bpm", 0.0, 500.0),
    ("valence", 0.0, 1.0),
];

async fn values_out_of_range_are_refused(db: TestDb) {
    add_catalogue(&db).await;
    add_user(&db, 1).await;
    db.execute("INSERT INTO ingest_run VALUES (1, 'run', 0, NULL, 'running', 0, 0, 0, 0, 0)").await;
    for (bad, good) in EDGES {
        refused(&db, bad).await;
        db.execute(good).await;
    }
    db.execute("INSERT INTO track_features VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0)").await;
    for (feature, from, to) in FEATURES {
        for (bad, good) in [(from - 0.1, from), (to + 0.1, to)] {
            refused(&db, &format!("UPDATE track_features SET {feature} = {bad}")).await;
            db.execute(&format!("UPDATE track_features SET {feature} = {good}")).await;
        }
    }
}

async fn refused(db: &TestDb, sql: &str) {
    match db.db().write().execute_unprepared(sql).await {
        Ok(_) => panic!("{sql}: it was taken"),
        Err(error) => assert!(error.to_string().to_lowercase().contains("check constraint"), "{sql}: {error}"),
    }
}

async fn deleting_a_user_deletes_all_that_is_theirs_and_nothing_else(db: TestDb) {
    add_catalogue(&db).await;
    for user in [1, 2] {
        add_user(&db, user).await;
        for row in [
            "spotify_account VALUES ({user}, 'spotify-{user}', NULL, 0, 'active', NULL)",
            "archive_object VALUES ({user}, 'key-{user}', {user}, 0)",
            "play VALUES ({user}, 0, 1, 0, true, 'api', NULL, {user})",
            "skip VALUES ({user}, 0, 1, 0)",
            "gap VALUES ({user}, 0, 1, 0, NULL)",
            "listener_total VALUES ({user}, 1, 0, 0)",
            "ingest_run VALUES ({user}, 'run', 0, NULL, 'running', 0, 0, 0, 0, 0)",
            "ingest_step VALUES ({user}, {user}, {user}, 'load', 0, 0, 'failed', 1, NULL)",
            "reject VALUES ({user}, 0, {user}, 'odd', 'x', 0)",
            "spool_item VALUES ('key-{user}', {user}, 0, NULL)",
        ] {
            db.execute(&format!("INSERT INTO {}", row.replace("{user}", &user.to_string()))).await;
        }
    }
    let mut theirs: Vec<String> =
        db.shapes().await.into_iter().filter(|(_, shape)| leads_to_user(shape)).map(|(t, _)| t).collect();
    theirs.push("user".to_owned());
    for table in &theirs {
        assert_eq!(db.count(table).await, 2, "the test leaves {table} out");
    }
    db.execute("DELETE FROM \"user\" WHERE id = 1").await;
    for table in &theirs {
        assert_eq!(db.count(table).await, 1, "{table}");
    }
    assert_eq!((db.count("track").await, db.count("ingest_run").await), (1, 2));
}

fn leads_to_user(shape: &Shape) -> bool {
    shape.foreign_keys.values().any(|key| key.table == "user")
}

async fn add_catalogue(db: &TestDb) {
    db.execute("INSERT INTO artist (id, spotify_id, name) VALUES (1, 'a', 'A')").await;
    db.execute("INSERT INTO album (id, spotify_id, name) VALUES (1, 'al', 'Al')").await;
    db.execute("INSERT INTO track (id, spotify_id, name) VALUES (1, 't', 'T')").await;
}

async fn add_user(db: &TestDb, id: i32) {
    db.execute(&format!("INSERT INTO \"user\" VALUES ({id}, 'user{id}', 'User', 'UTC', true, 0)")).await;
}
