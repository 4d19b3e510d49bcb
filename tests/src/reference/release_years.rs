//! Plays by the year in which the album appeared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::scope::Scope;

/// What is asked.
pub(super) const FIELD: &str = "releaseYears { year plays listenTimeMs }";

/// The years, oldest first.
pub(super) fn release_years(scope: &Scope) -> Value {
    let mut years: BTreeMap<i32, (usize, i64)> = BTreeMap::new();
    for play in &scope.plays {
        let Some(date) = play.album.and_then(|album| album.release_date.as_ref()) else { continue };
        let year = date[..4].parse().expect("a release date begins with its year");
        let count = years.entry(year).or_default();
        count.0 += 1;
        count.1 += play.listened_ms;
    }
    let year = |(year, (plays, listened_ms))| json!({ "year": year, "plays": plays, "listenTimeMs": listened_ms });
    years.into_iter().map(year).collect()
}
