//! The catalogue's rows: made where they are missing, corrected where a document says otherwise, untouched where it says
//! nothing or nothing new. What is not said never erases what is known.

use std::collections::{BTreeMap, HashMap};

use entity::ids::{AlbumId, ArtistId, TrackId};
use entity::search::fold;
use entity::{album, artist, track};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::recognised::Recognised;
use super::{Origin, adoption, bulk, credits, details};
use crate::batch::{Album, Artist, Batch, Track};
use crate::transform::release_year;

/// The rows that a batch names, by Spotify's id.
pub(super) struct Catalogue {
    pub(super) tracks: HashMap<String, track::Model>,
    pub(super) artists: HashMap<String, ArtistId>,
    pub(super) albums: HashMap<String, AlbumId>,
    /// What of it is not as it was.
    pub(super) changes: Changes,
}

/// What a document changed in the catalogue.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Something that insights over known plays read: credits, genres, albums, release years, features.
    pub(super) insights: bool,
    /// Anything that is shown: those, and names, pictures, observations, and rows that are new.
    pub(super) shown: bool,
    /// Tracks that were here and are recognised by something else now: another name, first artist or ISRC.
    pub(super) recognised: Recognised,
    /// Tracks that are new, or under another title, with that, folded.
    pub(super) came: BTreeMap<TrackId, String>,
}

/// Brings the catalogue up to what `documents` say, the last of them above all.
pub(super) async fn upsert(db: &impl ConnectionTrait, documents: &[(&Origin, &Batch)]) -> Result<Catalogue, DbErr> {
    let batch = &documents.iter().fold(Batch::default(), |mut all, (_, batch)| {
        all.learn(batch);
        all
    });
    let adopted = adoption::of_batch(db, batch).await?;
    let mut changes = Changes { shown: adopted, ..Changes::default() };
    let artists = upsert_artists(db, &batch.artists, &mut changes).await?;
    let albums = upsert_albums(db, &batch.albums, &mut changes).await?;
    let tracks = upsert_tracks(db, batch, &mut changes).await?;
    let mut catalogue = Catalogue { tracks, artists, albums, changes: Changes::default() };
    credits::of_albums(db, &batch.albums, &catalogue, &mut changes).await?;
    credits::of_tracks(db, &batch.tracks, &catalogue, &mut changes).await?;
    details::upsert(db, batch, &catalogue, &mut changes).await?;
    changes.shown |= details::observe(db, documents, &catalogue).await?;
    catalogue.changes = changes;
    Ok(catalogue)
}

async fn upsert_artists(
    db: &impl ConnectionTrait,
    said: &[Artist],
    changes: &mut Changes,
) -> Result<HashMap<String, ArtistId>, DbErr> {
    let row = |artist: &Artist| artist::ActiveModel {
        spotify_id: Set(artist.spotify_id.clone()),
        name: Set(name(artist.name.as_ref(), &artist.spotify_id)),
        search_name: Set(fold(&name(artist.name.as_ref(), &artist.spotify_id))),
        ..Default::default()
    };
    let (rows, _): (HashMap<String, artist::Model>, _) =
        find_or_insert(db, artist::Column::SpotifyId, said, |a| &a.spotify_id, row, |row| &row.spotify_id, changes)
            .await?;
    for artist in in_order(said, |artist| &artist.spotify_id) {
        let known = &rows[&artist.spotify_id];
        if let Some(name) = &artist.name
            && *name != known.name
        {
            let mut renamed = known.clone().into_active_model();
            renamed.name = Set(name.clone());
            renamed.search_name = Set(fold(name));
            renamed.update(db).await?;
            changes.shown = true;
        }
    }
    Ok(rows.into_iter().map(|(id, row)| (id, row.id)).collect())
}

async fn upsert_albums(
    db: &impl ConnectionTrait,
    said: &[Album],
    changes: &mut Changes,
) -> Result<HashMap<String, AlbumId>, DbErr> {
    let year = |date: &Option<String>| date.as_deref().and_then(release_year);
    let row = |album: &Album| album::ActiveModel {
        spotify_id: Set(album.spotify_id.clone()),
        name: Set(name(album.name.as_ref(), &album.spotify_id)),
        search_name: Set(fold(&name(album.name.as_ref(), &album.spotify_id))),
        release_date: Set(album.release_date.clone()),
        release_year: Set(year(&album.release_date)),
        ..Default::default()
    };
    let (rows, _): (HashMap<String, album::Model>, _) =
        find_or_insert(db, album::Column::SpotifyId, said, |a| &a.spotify_id, row, |row| &row.spotify_id, changes)
            .await?;
    for album in in_order(said, |album| &album.spotify_id) {
        let known = &rows[&album.spotify_id];
        let mut changed = known.clone().into_active_model();
        if let Some(name) = &album.name {
            changed.name.set_if_not_equals(name.clone());
            changed.search_name.set_if_not_equals(fold(name));
        }
        if album.release_date.is_some() {
            changed.release_date.set_if_not_equals(album.release_date.clone());
            changed.release_year.set_if_not_equals(year(&album.release_date));
        }
        if !changed.is_changed() {
            continue;
        }
        changes.insights |= changed.release_year.is_set();
        changes.shown = true;
        changed.update(db).await?;
    }
    Ok(rows.into_iter().map(|(id, row)| (id, row.id)).collect())
}

/// Tracks, all but their album and credits, which move totals about and are `credits`' business.
async fn upsert_tracks(
    db: &impl ConnectionTrait,
    batch: &Batch,
    changes: &mut Changes,
) -> Result<HashMap<String, track::Model>, DbErr> {
    let row = |track: &Track| track::ActiveModel {
        spotify_id: Set(track.spotify_id.clone()),
        name: Set(name(track.name.as_ref(), &track.spotify_id)),
        search_name: Set(fold(&name(track.name.as_ref(), &track.spotify_id))),
        duration_ms: Set(track.duration_ms),
        explicit: Set(track.explicit),
        isrc: Set(track.isrc.clone()),
        preview_url: Set(track.preview_url.clone()),
        ..Default::default()
    };
    let (mut rows, new): (HashMap<String, track::Model>, _) = find_or_insert(
        db,
        track::Column::SpotifyId,
        &batch.tracks,
        |t| &t.spotify_id,
        row,
        |row| &row.spotify_id,
        changes,
    )
    .await?;
    changes.came.extend(new.iter().filter_map(|id| rows.get(*id)).map(|row| (row.id, row.search_name.clone())));
    for said in in_order(&batch.tracks, |track| &track.spotify_id) {
        let known = rows.get_mut(&said.spotify_id).expect("every track said was found or inserted");
        let mut changed = known.clone().into_active_model();
        if let Some(name) = &said.name {
            changed.name.set_if_not_equals(name.clone());
            changed.search_name.set_if_not_equals(fold(name));
        }
        if said.duration_ms.is_some() {
            changed.duration_ms.set_if_not_equals(said.duration_ms);
        }
        if said.explicit.is_some() {
            changed.explicit.set_if_not_equals(said.explicit);
        }
        if said.isrc.is_some() {
            changed.isrc.set_if_not_equals(said.isrc.clone());
        }
        if said.preview_url.is_some() {
            changed.preview_url.set_if_not_equals(said.preview_url.clone());
        }
        if changed.is_changed() {
            if changed.search_name.is_set() || changed.isrc.is_set() && known.isrc.is_some() {
                changes.recognised.otherwise.push(known.id);
            } else if changed.isrc.is_set() {
                changes.recognised.more.push(known.id);
            }
            let is_renamed = changed.search_name.is_set();
            // Only what is said: another load may have written the rest since we looked, the album above all.
            *known = changed.update(db).await?;
            changes.came.extend(is_renamed.then(|| (known.id, known.search_name.clone())));
            changes.shown = true;
        }
    }
    Ok(rows)
}

/// What a row is called: by its name, or by its id as long as nobody has said the name.
fn name(said: Option<&String>, spotify_id: &str) -> String {
    said.map_or_else(|| spotify_id.to_owned(), Clone::clone)
}

/// The rows with the Spotify ids of `said`, each inserted if it is missing; and the ids that were.
async fn find_or_insert<'a, E, A, S>(
    db: &impl ConnectionTrait,
    column: E::Column,
    said: &'a [S],
    id_said: impl Fn(&S) -> &String,
    row: impl Fn(&S) -> A,
    id_known: impl Fn(&E::Model) -> &String,
    changes: &mut Changes,
) -> Result<(HashMap<String, E::Model>, Vec<&'a String>), DbErr>
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let (mut rows, mut inserted) = (HashMap::new(), Vec::new());
    let mut wanted = in_order(said, &id_said);
    for pass in ["find", "insert, then find"] {
        if wanted.is_empty() {
            break;
        }
        if pass != "find" {
            bulk::insert_rows(db, wanted.iter().map(|said| row(said)).collect(), bulk::once([column])).await?;
            changes.shown = true;
            inserted = wanted.iter().map(|said| id_said(said)).collect();
        }
        let ids = wanted.iter().map(|said| id_said(said).as_str());
        for model in E::find().filter(column.is_in(ids)).all(db).await? {
            rows.insert(id_known(&model).clone(), model);
        }
        wanted.retain(|said| !rows.contains_key(id_said(said)));
    }
    Ok((rows, inserted))
}

/// In the order of their ids. Rows are written in it, so that two loads which bring the same ones wait for each other
/// instead of locking each other out.
fn in_order<S>(said: &[S], id: impl Fn(&S) -> &String) -> Vec<&S> {
    let mut said: Vec<&S> = said.iter().collect();
    said.sort_by_key(|said| id(said));
    said
}

impl Catalogue {
    /// The row of a track that the batch names.
    pub(super) fn track(&self, spotify_id: &str) -> TrackId {
        self.tracks[spotify_id].id
    }
}
