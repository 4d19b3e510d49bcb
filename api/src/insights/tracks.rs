//! The plays of a scope folded by track, for a statement to go on from: by the database, or here from what is packed.

use std::fmt::Write;

use entity::db::Db;
use sea_orm::{DbBackend, DbErr, FromQueryResult};

use super::packs::{Packs, Sums};
use super::scope::Scope;
use super::sql::Binds;
use super::top::Chart;

/// Folded plays, and where a statement that begins with them is to run.
pub(super) struct Tracks {
    /// `SELECT` of `track_id, plays, listened_ms`.
    pub(super) rows: String,
    packs: Option<Packs>,
}

impl Tracks {
    /// The plays of `scope` by track; the statement's other values come behind in `binds`.
    pub(super) async fn of(db: &Db, scope: &Scope, binds: &mut Binds) -> Result<Self, DbErr> {
        let packs = Packs::of(db, scope, &[Chart::Tracks]).await?;
        let rows = match &packs {
            Some(packs) => given(db.backend(), &packs.fold(Chart::Tracks).await?.sums, binds),
            None => scope.tracks(db, binds).await?,
        };
        Ok(Self { rows, packs })
    }

    /// All rows that `text`, which began with [`Self::rows`], answers.
    pub(super) async fn all<R: FromQueryResult>(&self, db: &Db, text: &str, binds: Binds) -> Result<Vec<R>, DbErr> {
        match &self.packs {
            Some(packs) => packs.all(text, binds).await,
            None => binds.all(db.read(), text).await,
        }
    }
}

/// `SELECT` of rows that are bound as texts: `track_id, plays, listened_ms`. Postgres knows how many they are, because it can
/// evaluate this while it plans.
fn given(backend: DbBackend, sums: &Sums<i32>, binds: &mut Binds) -> String {
    if backend == DbBackend::Postgres {
        let mut column = |value: fn((&i32, i64, i64)) -> i64, of: &str| {
            let mut text = String::with_capacity(sums.len() * 8);
            for (track, sum) in sums {
                let comma = if text.is_empty() { "" } else { "," };
                write!(text, "{comma}{}", value((track, sum.plays, sum.listened_ms))).expect("a text takes more text");
            }
            format!("CAST(string_to_array(CAST({} AS text), ',') AS {of}[])", binds.bind(text))
        };
        let columns = [
            column(|(track, _, _)| i64::from(*track), "integer"),
            column(|(_, plays, _)| plays, "bigint"),
            column(|(_, _, listened_ms)| listened_ms, "bigint"),
        ];
        format!(
            "SELECT track_id, plays, listened_ms FROM unnest({}) AS given(track_id, plays, listened_ms)",
            columns.join(", ")
        )
    } else {
        let rows: Vec<(i32, i64, i64)> = sums.iter().map(|(track, sum)| (*track, sum.plays, sum.listened_ms)).collect();
        let rows = serde_json::to_string(&rows).expect("numbers can be written");
        format!(
            "SELECT value ->> 0 AS track_id, value ->> 1 AS plays, value ->> 2 AS listened_ms FROM json_each({})",
            binds.bind(rows)
        )
    }
}
