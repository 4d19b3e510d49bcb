//! The limit: nothing but the plays, written as fast as the database takes them into a table like `play`.

use std::fmt::Write;
use std::time::Instant;

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, query, raw_sql};

/// Seconds that the plays take.
pub(crate) async fn load(url: &str, is_sqlite: bool, plays: &[(i64, i32, i32)]) -> anyhow::Result<f64> {
    if is_sqlite { into_sqlite(url, plays).await } else { into_postgres(url, plays).await }
}

/// One transaction, one prepared statement of many rows.
async fn into_sqlite(url: &str, plays: &[(i64, i32, i32)]) -> anyhow::Result<f64> {
    let options: SqliteConnectOptions = url.parse()?;
    let mut db: SqliteConnection =
        options.pragma("synchronous", "NORMAL").disable_statement_logging().connect().await?;
    let table = "CREATE TABLE bare (user_id integer NOT NULL, played_at bigint NOT NULL, track_id integer NOT NULL,
                    listened_ms integer NOT NULL, measured boolean NOT NULL, source text NOT NULL, context_uri text,
                    archive_object_id integer, PRIMARY KEY (user_id, played_at, track_id)) WITHOUT ROWID;
                 CREATE INDEX bare_played_at ON bare (played_at, user_id, track_id, listened_ms, measured);
                 CREATE INDEX bare_track_id ON bare (track_id, played_at, user_id, listened_ms, measured)";
    db.execute(raw_sql(table)).await?;
    let began = Instant::now();
    let mut transaction = db.begin().await?;
    for some in plays.chunks(500) {
        let rows = vec!["(1, ?, ?, ?, 1, 'export', NULL, NULL)"; some.len()].join(", ");
        let sql = format!("INSERT OR IGNORE INTO bare VALUES {rows}");
        let insert = some
            .iter()
            .fold(query(AssertSqlSafe(sql)), |insert, (end, track, ms)| insert.bind(*end).bind(*track).bind(*ms));
        insert.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(began.elapsed().as_secs_f64())
}

/// `COPY`, into a table with `play`'s indexes and checks.
async fn into_postgres(url: &str, plays: &[(i64, i32, i32)]) -> anyhow::Result<f64> {
    let mut db = PgConnection::connect(url).await?;
    db.execute(raw_sql("CREATE TABLE bare (LIKE play INCLUDING ALL)")).await?;
    let began = Instant::now();
    let mut copy =
        db.copy_in_raw("COPY bare (user_id, played_at, track_id, listened_ms, measured, source) FROM STDIN").await?;
    let mut plays: Vec<_> = plays.to_vec();
    plays.dedup_by_key(|(end, track, _)| (*end, *track));
    for some in plays.chunks(10_000) {
        let mut text = String::new();
        for (end, track, ms) in some {
            writeln!(text, "1\t{end}\t{track}\t{ms}\tt\texport")?;
        }
        copy.send(text.as_bytes()).await?;
    }
    copy.finish().await?;
    Ok(began.elapsed().as_secs_f64())
}
