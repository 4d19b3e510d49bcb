//! Takes one person's plays out of every rollup, before the plays themselves go.
//!
//! Raw SQL for the same reason as in `rebuild`, whose definitions it uses over that person's plays alone. What a row loses
//! all of its plays by is deleted, because a total of nothing has no row.

use entity::ids::UserId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::periods;
use super::rebuild::{self, ROLLUPS, Rollup};

/// Takes the plays of `user` out of every rollup. The caller deletes them in the same transaction.
pub(crate) async fn forget(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        rebuild::lock(db).await?; // On SQLite a transaction that writes has the database to itself.
    }
    for rollup in &ROLLUPS {
        for statement in rollup.without(user) {
            db.execute_unprepared(&statement).await?;
        }
    }
    periods::forget(db, user).await
}

impl Rollup {
    /// The statements that take the plays of `user` out of this table.
    fn without(&self, user: UserId) -> [String; 2] {
        let Self { table, columns, definition } = self;
        let definition = definition.replace("FROM play", "FROM theirs");
        let (key, measures) = columns.split_once(", plays").expect("every rollup counts plays");
        let of_them =
            format!("WITH theirs AS (SELECT * FROM play WHERE user_id = {user}), less ({columns}) AS ({definition})");
        let same_key: Vec<String> = key.split(", ").map(|column| format!("less.{column} = {table}.{column}")).collect();
        let subtracted: Vec<String> = format!("plays{measures}")
            .split(", ")
            .map(|measure| format!("{measure} = {table}.{measure} - less.{measure}"))
            .collect();
        [
            format!("{of_them} DELETE FROM {table} WHERE ({key}, plays) IN (SELECT {key}, plays FROM less)"),
            format!(
                "{of_them} UPDATE {table} SET {} FROM less WHERE {}",
                subtracted.join(", "),
                same_key.join(" AND ")
            ),
        ]
    }
}
