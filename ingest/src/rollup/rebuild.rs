//! The defining sentence of every rollup as SQL: to make a table anew, to tell whether it is true, and (in `forget`) to take
//! one person's plays out of it.
//!
//! Raw SQL, because each is one `INSERT … SELECT` over all plays that must run inside the database; the text is the same on
//! Postgres and SQLite.

use entity::db::Db;
use entity::revision;
use entity::time::Instant;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, IsolationLevel, Statement, TransactionTrait};

pub(super) struct Rollup {
    pub(super) table: &'static str,
    /// The key, then the measures, of which `plays` is the first.
    pub(super) columns: &'static str,
    pub(super) definition: &'static str,
}

pub(super) const ROLLUPS: [Rollup; 5] = [
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

/// Makes every rollup anew, in one transaction; readers see the old ones until it commits, loads wait.
pub async fn rebuild(db: &Db, now: Instant) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Loads write `play` first: with it locked, none is half-way through while the totals are made.
        transaction.execute_unprepared("LOCK TABLE play IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    for Rollup { table, columns, definition } in ROLLUPS {
        transaction.execute_unprepared(&format!("DELETE FROM {table}")).await?;
        transaction.execute_unprepared(&format!("INSERT INTO {table} ({columns}) {definition}")).await?;
    }
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
        let count = async |minuend: &str, subtrahend: &str| -> Result<i64, DbErr> {
            let sql =
                format!("SELECT COUNT(*) FROM (SELECT * FROM ({minuend}) a EXCEPT SELECT * FROM ({subtrahend}) b) d");
            let row = snapshot.query_one_raw(Statement::from_string(snapshot.get_database_backend(), sql)).await?;
            row.expect("a count is one row").try_get_by_index(0)
        };
        let held = format!("SELECT {columns} FROM {table}");
        let missing = count(definition, &held).await?;
        let false_rows = count(&held, definition).await?;
        if missing + false_rows > 0 {
            differences.push(Difference { table, missing, false_rows });
        }
    }
    snapshot.commit().await?;
    Ok(differences)
}
