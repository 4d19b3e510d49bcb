//! The defining sentence of every rollup as SQL: to make a table anew, to tell whether it is true, and (in `forget`) to take
//! one person's plays out of it.
//!
//! Raw SQL, because each is one `INSERT … SELECT` over all plays that must run inside the database; the text is the same on
//! Postgres and SQLite.

use entity::db::Db;
use entity::revision;
use entity::time::Instant;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, IsolationLevel, Statement, TransactionTrait};

use super::periods;

pub(super) struct Rollup {
    pub(super) table: &'static str,
    /// The key, then the measures, of which `plays` is the first.
    pub(super) columns: &'static str,
    pub(super) definition: &'static str,
}

pub(super) const ROLLUPS: [Rollup; 6] = [
    Rollup {
        table: "track_total",
        columns: "track_id, plays, listened_ms, measured_ms",
        definition: "SELECT track_id, COUNT(*), CAST(SUM(listened_ms) AS BIGINT),
                            CAST(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS BIGINT)
                     FROM play GROUP BY track_id",
    },
    Rollup {
        table: "album_total",
        columns: "album_id, plays, listened_ms",
        definition: "SELECT t.album_id, COUNT(*), CAST(SUM(p.listened_ms) AS BIGINT)
                     FROM play p JOIN track t ON t.id = p.track_id
                     WHERE t.album_id IS NOT NULL GROUP BY t.album_id",
    },
    Rollup {
        table: "artist_total",
        columns: "credit, artist_id, plays, listened_ms",
        definition: "SELECT 'primary', c.artist_id, COUNT(*), CAST(SUM(p.listened_ms) AS BIGINT)
                     FROM play p JOIN track_artist c ON c.track_id = p.track_id AND c.position = 0 GROUP BY c.artist_id
                     UNION ALL
                     SELECT 'all', c.artist_id, COUNT(*), CAST(SUM(p.listened_ms) AS BIGINT)
                     FROM play p JOIN track_artist c ON c.track_id = p.track_id
                     GROUP BY c.artist_id",
    },
    Rollup {
        table: "genre_total",
        columns: "genre, plays, listened_ms",
        definition: "SELECT g.genre, COUNT(*), CAST(SUM(p.listened_ms) AS BIGINT)
                     FROM play p JOIN track_artist c ON c.track_id = p.track_id AND c.position = 0
                     JOIN artist_genre g ON g.artist_id = c.artist_id GROUP BY g.genre",
    },
    Rollup {
        table: "listener_total",
        columns: "user_id, plays, listened_ms, measured_ms",
        definition: "SELECT user_id, COUNT(*), CAST(SUM(listened_ms) AS BIGINT),
                            CAST(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS BIGINT)
                     FROM play GROUP BY user_id",
    },
    Rollup {
        table: "quarter_hour_total",
        columns: "quarter_hour, plays, listened_ms, measured_ms",
        definition: "SELECT CAST((played_at - (played_at % 900000 + 900000) % 900000) / 900000 AS INTEGER),
                            COUNT(*), CAST(SUM(listened_ms) AS BIGINT),
                            CAST(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS BIGINT)
                     FROM play GROUP BY 1",
    },
];

/// How a rollup stands to the plays it sums up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// Rows that the plays say and the table does not hold, or holds otherwise.
    pub missing: i64,
    /// Rows that the table holds and the plays do not say.
    pub false_rows: i64,
}

/// Keeps loads from beginning to write, and waits for those under way: credits and genres are written before totals move, and
/// plays before they are added to them.
pub(super) async fn lock(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("LOCK TABLE track, track_artist, artist_genre, play IN SHARE ROW EXCLUSIVE MODE")
        .await
        .map(|_| ())
}

/// Makes every rollup anew, in one transaction; readers see the old ones until it commits, loads wait. What was packed is no
/// longer true then: [`pack`](super::pack()) packs it again.
pub async fn rebuild(db: &Db, now: Instant) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        lock(&transaction).await?;
    }
    for Rollup { table, columns, definition } in ROLLUPS {
        transaction.execute_unprepared(&format!("DELETE FROM {table}")).await?;
        transaction.execute_unprepared(&format!("INSERT INTO {table} ({columns}) {definition}")).await?;
    }
    periods::rebuild(&transaction).await?;
    revision::raise(&transaction, &[revision::EVERYONE], now).await?;
    transaction.commit().await
}

/// Compares every rollup with the plays, in one snapshot; the tables that differ.
pub async fn verify(db: &Db) -> Result<Vec<Difference>, DbErr> {
    // On SQLite every transaction is a snapshot.
    let isolation = (db.backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
    let snapshot = db.read().begin_with_config(isolation, None).await?;
    let mut differences = Vec::new();
    for Rollup { table, columns, definition } in ROLLUPS {
        let held = format!("SELECT {columns} FROM {table}");
        differences.extend(compare(&snapshot, table, definition, &held).await?);
    }
    let (table, columns) = ("period_total", "audience, period, plays");
    let held = format!("SELECT {columns} FROM {table} WHERE plays <> 0");
    differences.extend(compare(&snapshot, table, &periods::definition(), &held).await?);
    let false_rows = super::pack::wrong(&snapshot).await?;
    differences.extend((false_rows > 0).then_some(Difference { table: "packed_total", missing: 0, false_rows }));
    snapshot.commit().await?;
    Ok(differences)
}

/// How the rows `held` in a table stand to those of its definition.
async fn compare(
    db: &impl ConnectionTrait,
    table: &'static str,
    definition: &str,
    held: &str,
) -> Result<Option<Difference>, DbErr> {
    let count = async |minuend: &str, subtrahend: &str| -> Result<i64, DbErr> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT * FROM ({minuend}) a EXCEPT SELECT * FROM ({subtrahend}) b) d");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        row.expect("a count is one row").try_get_by_index(0)
    };
    let (missing, false_rows) = (count(definition, held).await?, count(held, definition).await?);
    Ok((missing + false_rows > 0).then_some(Difference { table, missing, false_rows }))
}
