//! The catalogue's rows for what an export names: tracks by id and name, artists and albums by their names alone.
//!
//! What Spotify told of is used as it is, because an export knows less: nothing of that is renamed. What is not here gets an
//! id of our own ([`entity::name_only`]) until Spotify tells of it. An export names the artist of the *album*, who stands as
//! the track's first artist until then.
//!
//! Exports of several years name one id differently: tracks are renamed, albums published anew. Until Spotify tells, the
//! first of the names stands, in the order of their bytes, so that it does not matter which file came first; what names
//! nothing yields to what does.

mod albums;
pub(super) mod aliases;
mod artists;
mod better;
mod namesakes;
mod standing;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use entity::ids::TrackId;
use entity::search::fold;
use entity::{name_only, track, track_artist};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement,
};

use super::bulk::{self, BINDS_MAX};
use super::recognised::Recognised;
use super::{adoption, credits};
use crate::rollup;
use albums::Albums;
use artists::Artists;
use better::{Better, Said};
use namesakes::Namesakes;
pub(super) use namesakes::namesakes;
use standing::Standing;

/// A track as an export names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// Spotify's id; the short account data has none.
    pub spotify_id: Option<String>,
    /// The title, if it says one.
    pub name: Option<String>,
    /// The album's artist.
    pub artist: Option<String>,
    /// The album.
    pub album: Option<String>,
}

impl Named {
    /// What makes it that track, to an export: its id, else its names.
    fn key(&self) -> String {
        match &self.spotify_id {
            Some(id) => id.clone(),
            None => {
                name_only::track(self.name.as_deref().unwrap_or_default(), self.artist.as_deref().unwrap_or_default())
            }
        }
    }

    /// The album and its artist.
    fn album(&self) -> Option<(&str, &str)> {
        self.album.as_deref().zip(self.artist.as_deref())
    }
}

/// What is said of each track, by its key.
type ByKey<'a> = BTreeMap<&'a str, Vec<&'a Named>>;

/// Rows that were looked up or made, kept from one load to the next. Must be forgotten when a transaction fails.
#[derive(Default)]
pub(super) struct Names {
    tracks: HashMap<String, TrackId>,
    /// The ways in which tracks were named, as hashes.
    met: HashSet<u64>,
    hasher: RandomState,
    artists: Artists,
    albums: Albums,
    /// What changed since somebody last asked.
    pub(super) changes: Changes,
    /// Whether totals stay as they are, because all of it will be taken back.
    rehearses: bool,
}

/// What names changed in the catalogue.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Whether a track that was here got an album or another artist, so that insights over known plays changed.
    pub(super) insights: bool,
    /// Whether a row was made or changed, so that what the catalogue shows is not as it was.
    pub(super) shown: bool,
    /// Tracks that were here and are recognised by another name now.
    pub(super) recognised: Recognised,
    /// Tracks with an id that came, or came under another title: with that, folded.
    came: BTreeMap<TrackId, String>,
}

/// A row, and how its name is spelled if no more than its name is known.
struct Spelled<Id> {
    row: Id,
    name_only: Option<String>,
}

impl<Id> Spelled<Id> {
    fn new(row: Id, spotify_id: &str, name: String) -> Self {
        Self { row, name_only: Some(name).filter(|_| name_only::is_name_only(spotify_id)) }
    }

    fn yields_to(&self, name: &str) -> bool {
        self.name_only.as_deref().is_some_and(|stands| name < stands)
    }
}

/// So many entries are kept of each kind; some 100 bytes each.
const KEPT_MAX: usize = 100_000;

impl Names {
    /// For a transaction that will be taken back.
    pub(super) fn rehearsing() -> Self {
        Self { rehearses: true, ..Self::default() }
    }

    /// The row of each track, made if it is missing.
    pub(super) async fn rows(&mut self, db: &impl ConnectionTrait, said: &[Named]) -> Result<Vec<TrackId>, DbErr> {
        if self.tracks.len() > KEPT_MAX || self.met.len() > KEPT_MAX {
            self.tracks.clear();
            self.met.clear();
        }
        let keys: Vec<String> = said.iter().map(Named::key).collect();
        let (mut by_id, mut by_name) = (ByKey::new(), ByKey::new());
        for (key, named) in keys.iter().zip(said) {
            if self.met.insert(self.hasher.hash_one(named)) || !self.tracks.contains_key(key) {
                let kind = if named.spotify_id.is_some() { &mut by_id } else { &mut by_name };
                kind.entry(key).or_default().push(named);
            }
        }
        // Those with an id first: what has none may be one of them.
        self.find_or_make_by_id(db, by_id).await?;
        self.find_or_make_by_name(db, by_name).await?;
        Ok(keys.iter().map(|key| self.tracks[key]).collect())
    }

    async fn find_or_make_by_id(&mut self, db: &impl ConnectionTrait, mut said: ByKey<'_>) -> Result<(), DbErr> {
        let ids: Vec<&str> = said.keys().copied().collect();
        let mut here = standing::by_id(db, &ids).await?;
        let known: HashSet<&str> = here.iter().map(|row| row.spotify_id.as_str()).collect();
        let missing: Vec<&Named> =
            said.iter().filter(|(id, _)| !known.contains(*id)).flat_map(|(_, named)| named.iter().copied()).collect();
        let adopted = self.adopt(db, &missing).await?;
        here.extend(standing::by_id(db, &adopted.iter().map(String::as_str).collect::<Vec<_>>()).await?);
        let mut found = Vec::with_capacity(here.len());
        for row in here {
            let named = said.remove(row.spotify_id.as_str()).expect("it was asked for");
            self.tracks.insert(row.spotify_id.clone(), row.id);
            found.push((row, named));
        }
        self.improve(db, found).await?;
        self.make(db, &said).await?;
        let came = said.iter().filter_map(|(id, named)| Some((self.tracks[*id], fold(Said::of(named).name?))));
        self.changes.came.extend(came);
        Ok(())
    }

    /// Tracks that are named without an id: the one that the name was found to stand for before, else one of that name with an id
    /// if there is any, the first by id of several.
    async fn find_or_make_by_name(&mut self, db: &impl ConnectionTrait, mut said: ByKey<'_>) -> Result<(), DbErr> {
        let noted = aliases::find(db, &said.keys().copied().collect::<Vec<_>>()).await?;
        said.retain(|key, _| !noted.contains_key(*key));
        self.tracks.extend(noted);
        let folded: BTreeSet<String> =
            said.values().flatten().filter_map(|named| named.name.as_deref()).map(fold).collect();
        let mut here = standing::by_name(db, &folded.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let (mut found, mut aliases) = (Vec::new(), Vec::new());
        let keys: Vec<&str> = said.keys().copied().collect();
        for key in keys {
            let Some(row) = here.remove(key).and_then(|rows| rows.into_iter().next()) else { continue };
            let named = said.remove(key).expect("it is one of the keys");
            self.tracks.insert(key.to_owned(), row.id);
            if row.spotify_id == key {
                found.push((row, named));
            } else {
                aliases.push((key.to_owned(), row.id));
            }
        }
        aliases::note(db, aliases.into_iter()).await?;
        self.improve(db, found).await?;
        self.make(db, &said).await
    }

    /// Gives tracks that were known by name the id that is said now; which ids were given.
    async fn adopt(&mut self, db: &impl ConnectionTrait, missing: &[&Named]) -> Result<Vec<String>, DbErr> {
        let said = missing.iter().filter_map(|named| {
            let (id, name, artist) = (named.spotify_id.as_ref()?, named.name.as_ref()?, named.artist.as_ref()?);
            Some((name_only::track(name, artist), id.clone()))
        });
        let adopted = adoption::take_place(db, "track", said).await?;
        self.changes.shown |= !adopted.is_empty();
        let came = missing.iter().filter_map(|named| {
            let (id, name) = (named.spotify_id.as_ref()?, named.name.as_ref()?);
            Some((TrackId(*adopted.get(id)?), fold(name)))
        });
        self.changes.came.extend(came);
        Ok(adopted.into_keys().collect())
    }

    /// Gives tracks that are here the names that are said, as far as those come before the ones they have.
    async fn improve(&mut self, db: &impl ConnectionTrait, found: Vec<(Standing, Vec<&Named>)>) -> Result<(), DbErr> {
        // Names that will not stand are made as well, so that they are here whichever file comes first.
        let untold: Vec<&Named> =
            found.iter().filter(|(row, _)| !row.is_told()).flat_map(|(_, named)| named.iter().copied()).collect();
        self.make_named(db, &untold).await?;
        let said: HashMap<&str, &Vec<&Named>> = found
            .iter()
            .filter(|(row, named)| Better::of(row, &Said::of(named)).is_any())
            .map(|(row, named)| (row.spotify_id.as_str(), named))
            .collect();
        let mut ids: Vec<TrackId> =
            found.iter().filter(|(row, _)| said.contains_key(row.spotify_id.as_str())).map(|(row, _)| row.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        ids.sort_unstable();
        credits::lock(db, &ids).await?;
        // Again, now that nobody else writes them.
        let rows = standing::by_id(db, &said.keys().copied().collect::<Vec<_>>()).await?;
        let better: Vec<(&Standing, Better<'_>)> = rows
            .iter()
            .map(|row| (row, Better::of(row, &Said::of(said[row.spotify_id.as_str()]))))
            .filter(|(_, better)| better.is_any())
            .collect();
        let named: Vec<&Named> =
            better.iter().flat_map(|(row, _)| said[row.spotify_id.as_str()].iter().copied()).collect();
        self.make_named(db, &named).await?;
        if !self.rehearses {
            rollup::discredit(db, &ids).await?;
        }
        for (row, better) in &better {
            self.write(db, row, better).await?;
        }
        if self.rehearses { Ok(()) } else { rollup::credit(db, &ids).await }
    }

    async fn write(&mut self, db: &impl ConnectionTrait, row: &Standing, better: &Better<'_>) -> Result<(), DbErr> {
        if let Some(name) = better.name {
            spell(db, "track", row.id.0, name).await?;
        }
        if let Some(artist) = better.artist {
            use track_artist::{ActiveModel, Column, Entity};
            Entity::delete_many().filter(Column::TrackId.eq(row.id)).exec(db).await?;
            let credit =
                ActiveModel { track_id: Set(row.id), position: Set(0), artist_id: Set(self.artists.row(artist)) };
            Entity::insert(credit).exec_without_returning(db).await?;
        }
        if let Some(album) = better.album {
            track::Entity::update_many()
                .col_expr(track::Column::AlbumId, Expr::value(self.albums.row(album)))
                .filter(track::Column::Id.eq(row.id))
                .exec(db)
                .await?;
        }
        self.changes.shown = true;
        self.changes.insights |= better.artist.is_some() || better.album.is_some();
        if better.name.is_some() || better.artist.is_some() {
            self.changes.recognised.otherwise.push(row.id);
            let title = better.name.or(row.name()).filter(|_| !name_only::is_name_only(&row.spotify_id));
            self.changes.came.extend(title.map(|title| (row.id, fold(title))));
        }
        Ok(())
    }

    async fn make(&mut self, db: &impl ConnectionTrait, said: &ByKey<'_>) -> Result<(), DbErr> {
        if said.is_empty() {
            return Ok(());
        }
        self.changes.shown = true;
        self.make_named(db, &said.values().flatten().copied().collect::<Vec<_>>()).await?;
        let rows = said.iter().map(|(id, named)| {
            let names = Said::of(named);
            let name = names.name.unwrap_or(id);
            track::ActiveModel {
                spotify_id: Set((*id).to_owned()),
                name: Set(name.to_owned()),
                search_name: Set(fold(name)),
                duration_ms: Set(None),
                album_id: Set(names.album.map(|album| self.albums.row(album))),
                explicit: Set(None),
                isrc: Set(None),
                preview_url: Set(None),
                ..Default::default()
            }
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([track::Column::SpotifyId])).await?;
        let ids: Vec<&str> = said.keys().copied().collect();
        let made: HashMap<String, TrackId> =
            by_spotify_id(db, "track", &ids).await?.into_iter().map(|(id, row)| (id, TrackId(row))).collect();
        let credits = said.iter().filter_map(|(id, named)| {
            let artist = self.artists.row(Said::of(named).artist?);
            Some(track_artist::ActiveModel { track_id: Set(*made.get(*id)?), position: Set(0), artist_id: Set(artist) })
        });
        let once = bulk::once([track_artist::Column::TrackId, track_artist::Column::Position]);
        bulk::insert_rows(db, credits.collect(), once).await?;
        self.tracks.extend(made);
        Ok(())
    }

    /// Looks for the artists and albums that are named, and makes those that are missing.
    async fn make_named(&mut self, db: &impl ConnectionTrait, said: &[&Named]) -> Result<(), DbErr> {
        let artists = said.iter().filter_map(|named| named.artist.as_deref()).collect();
        self.changes.shown |= self.artists.find_or_make(db, artists).await?;
        let albums = said.iter().filter_map(|named| named.album()).collect();
        self.changes.shown |= self.albums.find_or_make(db, &self.artists, albums).await?;
        Ok(())
    }

    /// Where what is known by a name only belongs, now that tracks with an id came under names that others have: from a track
    /// to the one that is first under their name. Nothing is, as long as nothing is known by a name only.
    pub(super) async fn moved(
        &mut self,
        db: &impl ConnectionTrait,
        has_names: bool,
    ) -> Result<HashMap<TrackId, TrackId>, DbErr> {
        let came = std::mem::take(&mut self.changes.came);
        if !has_names {
            return Ok(HashMap::new());
        }
        let (mut moved, mut aliases) = (HashMap::new(), Vec::new());
        for Namesakes { key, first, others } in namesakes(db, &came).await? {
            moved.extend(others.iter().map(|other| (*other, first)));
            aliases.push((key.clone(), first));
            if let Some(known) = self.tracks.get_mut(&key) {
                *known = first;
            }
        }
        aliases::note(db, aliases.into_iter()).await?;
        Ok(moved)
    }
}

/// Writes a name, and what it is searched by.
async fn spell(db: &impl ConnectionTrait, table: &str, row: i32, name: &str) -> Result<(), DbErr> {
    // Of what Spotify has told of meanwhile, it knows the name.
    let untold = match table {
        "track" => String::new(),
        _ => format!("AND spotify_id LIKE '{}%'", name_only::PREFIX),
    };
    let sql = format!("UPDATE {table} SET name = $1, search_name = $2 WHERE id = $3 {untold}");
    let values = [name.into(), fold(name).into(), row.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.map(|_| ())
}

/// The keys of the rows of `table` that have these ids.
pub(super) async fn by_spotify_id(
    db: &impl ConnectionTrait,
    table: &str,
    ids: &[&str],
) -> Result<HashMap<String, i32>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: i32,
        spotify_id: String,
    }
    let mut keys = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(BINDS_MAX) {
        let sql = format!("SELECT id, spotify_id FROM {table} WHERE spotify_id IN ({})", places(ids.len()));
        let values = ids.iter().map(|id| (*id).into());
        let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
        keys.extend(rows.all(db).await?.into_iter().map(|row| (row.spotify_id, row.id)));
    }
    Ok(keys)
}

/// `$1, $2, …`
pub(super) fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}
