//! What a chart lists, all of it, for a statement to go on from: folded by the database, or here from what is packed.

use std::fmt::Write;

use entity::db::Db;
use sea_orm::{DbBackend, DbErr, FromQueryResult};

use super::packs::{Packs, Sums};
use super::scope::Scope;
use super::sql::Binds;
use super::top::{Chart, source};

/// Folded plays, and where a statement that begins with them is to run.
pub(super) struct Played {
    /// Common table expressions, of which one is `chart`: `key, plays, listened_ms`.
    pub(super) tables: String,
    packs: Option<Packs>,
}

impl Played {
    /// The plays of `scope` by what `chart` lists, which have numbers for keys. The statement's other values come behind in
    /// `binds`.
    pub(super) async fn by(chart: Chart, db: &Db, scope: &Scope, binds: &mut Binds) -> Result<Self, DbErr> {
        let packs = Packs::of(db, scope, &[chart]).await?;
        let tables = match &packs {
            Some(packs) => {
                let given = given(db.backend(), &packs.fold(chart).await?.sums, binds);
                format!("chart AS NOT MATERIALIZED ({given})")
            }
            None => source(db, scope, chart, binds).await?.tables,
        };
        Ok(Self { tables, packs })
    }

    /// All rows that `text`, which began with [`Self::tables`], answers.
    pub(super) async fn all<R: FromQueryResult>(&self, db: &Db, text: &str, binds: Binds) -> Result<Vec<R>, DbErr> {
        match &self.packs {
            Some(packs) => packs.all(text, binds).await,
            None => binds.all(db.read(), text).await,
        }
    }
}

/// `SELECT` of rows that are bound as texts: `key, plays, listened_ms`. Postgres knows how many they are, because it can
/// evaluate this while it plans.
fn given(backend: DbBackend, sums: &Sums<i32>, binds: &mut Binds) -> String {
    if backend == DbBackend::Postgres {
        let mut column = |value: fn((&i32, i64, i64)) -> i64, of: &str| {
            let mut text = String::with_capacity(sums.len() * 8);
            for (key, sum) in sums {
                let comma = if text.is_empty() { "" } else { "," };
                write!(text, "{comma}{}", value((key, sum.plays, sum.listened_ms))).expect("a text takes more text");
            }
            format!("CAST(string_to_array(CAST({} AS text), ',') AS {of}[])", binds.bind(text))
        };
        let columns = [
            column(|(key, _, _)| i64::from(*key), "integer"),
            column(|(_, plays, _)| plays, "bigint"),
            column(|(_, _, listened_ms)| listened_ms, "bigint"),
        ];
        format!("SELECT key, plays, listened_ms FROM unnest({}) AS given(key, plays, listened_ms)", columns.join(", "))
    } else {
        let rows: Vec<(i32, i64, i64)> = sums.iter().map(|(key, sum)| (*key, sum.plays, sum.listened_ms)).collect();
        let rows = serde_json::to_string(&rows).expect("numbers can be written");
        format!(
            "SELECT value ->> 0 AS key, value ->> 1 AS plays, value ->> 2 AS listened_ms FROM json_each({})",
            binds.bind(rows)
        )
    }
}
