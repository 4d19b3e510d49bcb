//! Filling tables fast: `COPY` on Postgres, long `INSERT`s in one transaction on SQLite.
//!
//! Neither checks foreign keys: the generator is trusted, and ten million checks take longer than everything else.

use std::fmt::Write;

use anyhow::Context;
use sea_orm::sqlx::Executor;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::Postgres;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

const BYTES_AT_ONCE: usize = 1 << 20;

/// One value of a row.
pub(crate) enum Cell<'a> {
    Int(i64),
    Real(f64),
    Flag(bool),
    Text(&'a str),
    Null,
}

impl Cell<'_> {
    /// `Null` for nothing.
    pub(crate) fn of(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

/// Fills `table` with `rows` (a function that gives each row to the function it is given).
pub(crate) async fn fill<'a, const N: usize>(
    db: &DatabaseConnection,
    table: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [Cell<'a>; N]>,
) -> anyhow::Result<()> {
    let columns = columns.join(", ");
    let filled = match db.get_database_backend() {
        DbBackend::Postgres => copy(db, table, &columns, rows).await,
        _ => insert(db, table, &columns, rows).await,
    };
    filled.with_context(|| format!("cannot fill {table}"))
}

async fn copy<'a, const N: usize>(
    db: &DatabaseConnection,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = [Cell<'a>; N]>,
) -> anyhow::Result<()> {
    let mut connection: PoolConnection<Postgres> = db.get_postgres_connection_pool().acquire().await?;
    // No foreign key is checked in this session.
    connection.execute("SET session_replication_role = replica").await?;
    let mut copy = connection.copy_in_raw(&format!("COPY {table} ({columns}) FROM STDIN")).await?;
    let mut text = String::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push('\t');
            }
            match cell {
                Cell::Int(value) => write!(text, "{value}"),
                Cell::Real(value) => write!(text, "{value}"),
                Cell::Flag(value) => text.write_str(if *value { "t" } else { "f" }),
                Cell::Text(value) => text.write_str(value), // names hold no tab, no backslash and no line
                Cell::Null => text.write_str("\\N"),
            }?;
        }
        text.push('\n');
        if text.len() > BYTES_AT_ONCE {
            copy.send(text.as_bytes()).await?;
            text.clear();
        }
    }
    copy.send(text.as_bytes()).await?;
    copy.finish().await?;
    connection.execute("SET session_replication_role = DEFAULT").await?;
    Ok(())
}

async fn insert<'a, const N: usize>(
    db: &DatabaseConnection,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = [Cell<'a>; N]>,
) -> anyhow::Result<()> {
    // The pool that writes is one connection, so these belong together.
    db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    db.execute_unprepared("BEGIN IMMEDIATE").await?;
    let begin = format!("INSERT INTO {table} ({columns}) VALUES ");
    let mut text = begin.clone();
    for row in rows {
        text.push_str(if text.len() == begin.len() { "(" } else { ",(" });
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            match cell {
                Cell::Int(value) => write!(text, "{value}"),
                Cell::Real(value) => write!(text, "{value:?}"),
                Cell::Flag(value) => text.write_str(if *value { "1" } else { "0" }),
                Cell::Text(value) => write!(text, "'{value}'"), // names hold no quote
                Cell::Null => text.write_str("NULL"),
            }?;
        }
        text.push(')');
        if text.len() > BYTES_AT_ONCE / 8 {
            db.execute_unprepared(&text).await?;
            text.truncate(begin.len());
        }
    }
    if text.len() > begin.len() {
        db.execute_unprepared(&text).await?;
    }
    db.execute_unprepared("COMMIT").await?;
    db.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    Ok(())
}
