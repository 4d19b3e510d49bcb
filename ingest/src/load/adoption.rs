//! Rows that were known by name only take Spotify's id when Spotify tells of something by that name. The row stays, and with
//! it all plays, credits and totals that point to it.
//!
//! Of several that share a name the first to come is taken; should it be the wrong one, the enrichment corrects the credits of
//! every track it asks Spotify about.

use std::collections::{BTreeMap, HashMap};

use entity::ids::TrackId;
use entity::name_only;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::names::{aliases, by_spotify_id};
use crate::batch::Batch;

/// Lets what `batch` tells of take the place of what is known by name; whether anything did.
pub(super) async fn of_batch(db: &impl ConnectionTrait, batch: &Batch) -> Result<bool, DbErr> {
    let artists: HashMap<&str, &str> =
        batch.artists.iter().filter_map(|artist| Some((&*artist.spotify_id, artist.name.as_deref()?))).collect();
    let first_artist = |ids: &Option<Vec<String>>| artists.get(ids.as_ref()?.first()?.as_str()).copied();
    let said = artists.iter().map(|(id, name)| (name_only::artist(name), (*id).to_owned()));
    let mut adopted = !take_place(db, "artist", said).await?.is_empty();
    let said = batch.albums.iter().filter_map(|album| {
        let id = name_only::album(album.name.as_deref()?, first_artist(&album.artists)?);
        Some((id, album.spotify_id.clone()))
    });
    adopted |= !take_place(db, "album", said).await?.is_empty();
    let said = batch.tracks.iter().filter_map(|track| {
        let id = name_only::track(track.name.as_deref()?, first_artist(&track.artists)?);
        Some((id, track.spotify_id.clone()))
    });
    adopted |= !take_place(db, "track", said).await?.is_empty();
    Ok(adopted)
}

/// Gives the rows of `table` that have an id of ours the one of Spotify's that `said` pairs with it, unless a row has that
/// already; which rows did, by Spotify's id.
pub(super) async fn take_place(
    db: &impl ConnectionTrait,
    table: &str,
    said: impl Iterator<Item = (String, String)>,
) -> Result<HashMap<String, i32>, DbErr> {
    let mut theirs: BTreeMap<String, String> = BTreeMap::new();
    for (ours, id) in said {
        let first = theirs.entry(ours).or_insert_with(|| id.clone());
        if id < *first {
            *first = id;
        }
    }
    let ours: Vec<&str> = theirs.keys().map(String::as_str).collect();
    let rows = by_spotify_id(db, table, &ours).await?;
    let wanted: Vec<&str> = rows.keys().map(|ours| theirs[ours].as_str()).collect();
    let here = by_spotify_id(db, table, &wanted).await?;
    let (mut adopted, mut gone) = (HashMap::new(), Vec::new());
    for (ours, row) in rows {
        let id = &theirs[&ours];
        if here.contains_key(id) {
            continue;
        }
        let sql = format!("UPDATE {table} SET spotify_id = $1 WHERE id = $2 AND spotify_id = $3");
        let values = [id.as_str().into(), row.into(), ours.as_str().into()];
        let done = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        if done.rows_affected() > 0 {
            gone.push((ours, row));
            adopted.insert(id.clone(), row);
        }
    }
    if table == "track" {
        // Whoever tells of it by name again means this track, whatever Spotify calls it.
        aliases::note(db, gone.into_iter().map(|(ours, row)| (ours, TrackId(row)))).await?;
    }
    Ok(adopted)
}
