//! Plays by the year in which the album appeared.

use entity::db::Db;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::played::Played;
use super::scope::Scope;
use super::sql::Binds;
use super::top::Chart;

/// The plays of one year's albums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct ReleaseYear {
    /// When the albums appeared.
    pub year: i32,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

/// The years of `scope`, oldest first; plays whose album or its date is unknown count nowhere.
pub async fn release_years(db: &Db, scope: &Scope) -> Result<Vec<ReleaseYear>, DbErr> {
    let mut binds = Binds::default();
    let albums = Played::by(Chart::Albums, db, scope, &mut binds).await?;
    let text = format!(
        "WITH {}
         SELECT a.release_year AS year, CAST(SUM(chart.plays) AS BIGINT) AS plays,
                CAST(SUM(chart.listened_ms) AS BIGINT) AS listened_ms
         FROM chart JOIN album a ON a.id = chart.key
         WHERE a.release_year IS NOT NULL GROUP BY a.release_year ORDER BY a.release_year",
        albums.tables
    );
    albums.all(db, &text, binds).await
}
