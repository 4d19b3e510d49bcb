//! Many rows in one statement.
//!
//! Raw SQL, because an import writes a million rows: on Postgres each column is one bound text, `{1,2,3}`, that the server
//! reads as an array, on SQLite the rows are as many `VALUES` as it takes places. Only numbers are written this way.

use std::fmt::Write;

use entity::ids::UserId;
use entity::play::{self, Source};
use entity::{echo, skip};
use sea_orm::sea_query::{IntoIden, OnConflict};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, Iterable, Statement, Value,
};

/// Places in one statement. SQLite takes 32,766, but a prepared statement of so many is megabytes, and the driver keeps a
/// hundred; ones of this size are prepared once and used again.
pub(crate) const BINDS_MAX: usize = 1_500;

/// Inserts rows in as many statements as it takes. A row that is there already is what `on_conflict` says, and an error
/// where it says nothing.
pub(super) async fn insert_rows<A>(
    db: &impl ConnectionTrait,
    rows: Vec<A>,
    on_conflict: Option<OnConflict>,
) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
{
    let rows_max = BINDS_MAX / <A::Entity as EntityTrait>::Column::iter().count();
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let some: Vec<A> = rows.by_ref().take(rows_max).collect();
        let insert = A::Entity::insert_many(some);
        match &on_conflict {
            Some(on_conflict) => insert.on_conflict(on_conflict.clone()).exec_without_returning(db).await?,
            None => insert.exec_without_returning(db).await?,
        };
    }
    Ok(())
}

/// Leaves a row that has the same in `columns` as it is.
pub(super) fn once<C: IntoIden>(columns: impl IntoIterator<Item = C>) -> Option<OnConflict> {
    Some(OnConflict::columns(columns).do_nothing().to_owned())
}

/// Inserts plays that are not there.
pub(super) async fn insert_plays(db: &impl ConnectionTrait, user: UserId, plays: &[play::Model]) -> Result<(), DbErr> {
    let is_bare = |play: &&play::Model| {
        play.source == Source::Export && play.measured && play.context_uri.is_none() && play.archive_object_id.is_none()
    };
    let (bare, full): (Vec<&play::Model>, Vec<&play::Model>) = plays.iter().partition(is_bare);
    let columns = [
        ("played_at", bare.iter().map(|play| play.played_at.ms()).collect::<Vec<i64>>()),
        ("track_id", bare.iter().map(|play| play.track_id.0.into()).collect()),
        ("listened_ms", bare.iter().map(|play| play.listened_ms.into()).collect()),
    ];
    let rest = [("user_id", user.0.to_string()), ("measured", "TRUE".to_owned()), ("source", "'export'".to_owned())];
    insert_numbers(db, "play", &rest, &columns, "").await?;
    let rows = full.into_iter().map(|play| play.clone().into_active_model().reset_all());
    insert_rows(db, rows.collect(), None).await
}

/// Inserts skips that are not there.
pub(super) async fn insert_skips(db: &impl ConnectionTrait, user: UserId, skips: &[skip::Model]) -> Result<(), DbErr> {
    let columns = [
        ("skipped_at", skips.iter().map(|skip| skip.skipped_at.ms()).collect::<Vec<i64>>()),
        ("track_id", skips.iter().map(|skip| skip.track_id.0.into()).collect()),
        ("listened_ms", skips.iter().map(|skip| skip.listened_ms.into()).collect()),
    ];
    insert_numbers(db, "skip", &[("user_id", user.0.to_string())], &columns, "").await
}

/// Inserts echoes that are not there.
pub(super) async fn insert_echoes(db: &impl ConnectionTrait, echoes: &[echo::Model]) -> Result<(), DbErr> {
    let rows = echoes.iter().map(|echo| echo.clone().into_active_model().reset_all());
    insert_rows(db, rows.collect(), None).await
}

/// Inserts rows whose `columns` are numbers and whose other columns are the same in all rows; `on_conflict` follows them.
pub(crate) async fn insert_numbers<const N: usize>(
    db: &impl ConnectionTrait,
    table: &str,
    same: &[(&str, String)],
    columns: &[(&str, Vec<i64>); N],
    on_conflict: &str,
) -> Result<(), DbErr> {
    let rows = columns[0].1.len();
    if rows == 0 {
        return Ok(());
    }
    let names: Vec<&str> = same.iter().map(|(name, _)| *name).chain(columns.iter().map(|(name, _)| *name)).collect();
    let same: Vec<&str> = same.iter().map(|(_, value)| value.as_str()).collect();
    let into = format!("INSERT INTO {table} ({})", names.join(", "));
    let statements = match db.get_database_backend() {
        DbBackend::Postgres => vec![from_arrays(&into, &same, columns)],
        _ => (0..rows)
            .step_by(BINDS_MAX / N)
            .map(|from| from_values(&into, &same, columns, from..rows.min(from + BINDS_MAX / N)))
            .collect(),
    };
    for (sql, values) in statements {
        let sql = format!("{sql} {on_conflict}");
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

fn from_arrays<const N: usize>(into: &str, same: &[&str], columns: &[(&str, Vec<i64>); N]) -> (String, Vec<Value>) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> = (1..=N).map(|place| format!("CAST(CAST(${place} AS text) AS bigint[])")).collect();
    let wanted: Vec<&str> = same.iter().copied().chain(names.iter().copied()).collect();
    let sql = format!(
        "{into} SELECT {} FROM unnest({}) AS row_of({})",
        wanted.join(", "),
        arrays.join(", "),
        names.join(", ")
    );
    let array = |numbers: &Vec<i64>| {
        let mut text = String::with_capacity(numbers.len() * 12);
        for number in numbers {
            text.push(if text.is_empty() { '{' } else { ',' });
            write!(text, "{number}").expect("a text takes more text");
        }
        text.push('}');
        Value::from(text)
    };
    (sql, columns.iter().map(|(_, numbers)| array(numbers)).collect())
}

fn from_values<const N: usize>(
    into: &str,
    same: &[&str],
    columns: &[(&str, Vec<i64>); N],
    rows: std::ops::Range<usize>,
) -> (String, Vec<Value>) {
    let places = ["?"; N];
    let row: Vec<&str> = same.iter().copied().chain(places).collect();
    let row = format!("({})", row.join(", "));
    let all = vec![row.as_str(); rows.len()].join(", ");
    let values = rows.flat_map(|row| columns.iter().map(move |(_, numbers)| Value::from(numbers[row]))).collect();
    (format!("{into} VALUES {all}"), values)
}
