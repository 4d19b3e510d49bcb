//! Tracks that share a name, and which of them stands for it.

use std::collections::{BTreeMap, BTreeSet};

use entity::ids::TrackId;
use sea_orm::{ConnectionTrait, DbErr};

use super::standing;

/// Tracks of one title and first artist.
pub(in crate::load) struct Namesakes {
    /// The name: [`entity::name_only::track`].
    pub(in crate::load) key: String,
    /// The one that stands for the name.
    pub(in crate::load) first: TrackId,
    /// All others, in the same order.
    pub(in crate::load) others: Vec<TrackId>,
}

/// Those of the tracks that `came`, which are given with their folded titles, that are not alone under their names.
pub(in crate::load) async fn namesakes(
    db: &impl ConnectionTrait,
    came: &BTreeMap<TrackId, String>,
) -> Result<Vec<Namesakes>, DbErr> {
    let folded: BTreeSet<&str> = came.values().map(String::as_str).collect();
    let here = standing::by_name(db, &folded.into_iter().collect::<Vec<_>>()).await?;
    let namesakes =
        here.into_iter().filter(|(_, rows)| rows.len() > 1 && rows.iter().any(|row| came.contains_key(&row.id)));
    let namesakes = namesakes.map(|(key, rows)| {
        let mut ids = rows.iter().map(|row| row.id);
        Namesakes { key, first: ids.next().expect("there are two"), others: ids.collect() }
    });
    Ok(namesakes.collect())
}
