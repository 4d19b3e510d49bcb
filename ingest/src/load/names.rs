//! The catalogue's rows for what an export names: tracks by id and name, artists and albums by their names alone.
//!
//! What is here already is used as it is, because an export knows less: nothing is renamed. What is not gets an id of our own
//! ([`entity::name_only`]) until Spotify tells of it. An export names the artist of the *album*, who stands as the track's
//! first artist until then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::ids::{AlbumId, ArtistId, TrackId};
use entity::search::fold;
use entity::{album, album_artist, artist, name_only, track, track_artist};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Statement,
};

use super::bulk::{self, BINDS_MAX};
use super::{adoption, credits};
use crate::rollup;

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
            None => name_only::track(self.name(), self.artist.as_deref().unwrap_or_default()),
        }
    }

    fn name(&self) -> &str {
        self.name.as_deref().or(self.spotify_id.as_deref()).unwrap_or_default()
    }
}

/// Rows that were looked up or made, kept from one load to the next. Must be forgotten when a transaction fails.
#[derive(Default)]
pub(super) struct Names {
    tracks: HashMap<String, TrackId>,
    artists: HashMap<String, ArtistId>,
    albums: HashMap<String, AlbumId>,
    /// Whether a track that was here got an album, so that insights over known plays changed.
    pub(super) filled: bool,
    /// Whether a row was made or changed, so that what the catalogue shows is not as it was.
    pub(super) shown: bool,
}

/// So many entries are kept of each kind; some 100 bytes each.
const KEPT_MAX: usize = 100_000;

impl Names {
    /// The row of each track, made if it is missing.
    pub(super) async fn rows(&mut self, db: &impl ConnectionTrait, said: &[Named]) -> Result<Vec<TrackId>, DbErr> {
        self.forget_what_is_too_much();
        let keys: Vec<String> = said.iter().map(Named::key).collect();
        let mut unknown: BTreeMap<&str, &Named> = BTreeMap::new();
        for (key, named) in keys.iter().zip(said) {
            if !self.tracks.contains_key(key) {
                unknown.insert(key, named);
            }
        }
        let ids: Vec<&str> = unknown.keys().copied().collect();
        self.tracks.extend(tracks(by_spotify_id(db, "track", &ids).await?));
        let said_of_all = unknown.clone();
        unknown.retain(|key, _| !self.tracks.contains_key(*key));
        self.find_by_name(db, &mut unknown).await?;
        self.adopt(db, &mut unknown).await?;
        let found = said_of_all.into_iter().filter(|(key, _)| !unknown.contains_key(*key));
        self.fill_albums(db, found.collect()).await?;
        self.make(db, &unknown).await?;
        Ok(keys.iter().map(|key| self.tracks[key]).collect())
    }

    fn forget_what_is_too_much(&mut self) {
        if self.tracks.len() > KEPT_MAX {
            self.tracks.clear();
        }
        if self.artists.len() > KEPT_MAX {
            self.artists.clear();
        }
        if self.albums.len() > KEPT_MAX {
            self.albums.clear();
        }
    }

    /// Finds tracks that are named without an id among those with one. Of several of one name, the one whose id is first.
    async fn find_by_name(
        &mut self,
        db: &impl ConnectionTrait,
        unknown: &mut BTreeMap<&str, &Named>,
    ) -> Result<(), DbErr> {
        #[derive(FromQueryResult)]
        struct Row {
            id: TrackId,
            name: String,
            artist: String,
        }
        let nameless: Vec<(&str, &Named)> =
            unknown.iter().filter(|(_, named)| named.spotify_id.is_none()).map(|(key, named)| (*key, *named)).collect();
        let folded: BTreeSet<String> = nameless.iter().map(|(_, named)| fold(named.name())).collect();
        let folded: Vec<String> = folded.into_iter().collect();
        for names in folded.chunks(BINDS_MAX) {
            // Raw SQL: the join is by position as well, which relations do not say.
            let sql = format!(
                "SELECT t.id, t.name, a.name AS artist FROM track t
                 JOIN track_artist c ON c.track_id = t.id AND c.position = 0
                 JOIN artist a ON a.id = c.artist_id
                 WHERE t.search_name IN ({}) ORDER BY t.spotify_id",
                places(names.len())
            );
            let values = names.iter().map(|name| name.as_str().into());
            let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
            for row in rows.all(db).await? {
                self.tracks.entry(name_only::track(&row.name, &row.artist)).or_insert(row.id);
            }
        }
        unknown.retain(|key, _| !self.tracks.contains_key(*key));
        Ok(())
    }

    /// Gives tracks that were known by name the id that is said now.
    async fn adopt(&mut self, db: &impl ConnectionTrait, unknown: &mut BTreeMap<&str, &Named>) -> Result<(), DbErr> {
        let said = unknown.values().filter_map(|named| {
            let (id, name, artist) = (named.spotify_id.as_ref()?, named.name.as_ref()?, named.artist.as_ref()?);
            Some((name_only::track(name, artist), id.clone()))
        });
        let adopted = adoption::take_place(db, "track", said).await?;
        self.shown |= !adopted.is_empty();
        self.tracks.extend(tracks(adopted));
        unknown.retain(|key, _| !self.tracks.contains_key(*key));
        Ok(())
    }

    /// Gives tracks that are here and on no album the one that is said, moving totals along.
    async fn fill_albums(&mut self, db: &impl ConnectionTrait, said: BTreeMap<&str, &Named>) -> Result<(), DbErr> {
        let said: BTreeMap<TrackId, (&str, &str)> = said
            .into_iter()
            .filter_map(|(key, named)| Some((self.tracks[key], (named.album.as_deref()?, named.artist.as_deref()?))))
            .collect();
        let mut bare: Vec<TrackId> = Vec::new();
        let ids: Vec<TrackId> = said.keys().copied().collect();
        for ids in ids.chunks(BINDS_MAX) {
            let rows = track::Entity::find()
                .select_only()
                .column(track::Column::Id)
                .filter(track::Column::Id.is_in(ids.iter().copied()))
                .filter(track::Column::AlbumId.is_null());
            bare.extend(rows.into_tuple::<TrackId>().all(db).await?);
        }
        if bare.is_empty() {
            return Ok(());
        }
        let albums: BTreeSet<(&str, &str)> = bare.iter().map(|track| said[track]).collect();
        self.find_or_make_artists(db, albums.iter().map(|(_, artist)| *artist).collect()).await?;
        self.find_or_make_albums(db, albums).await?;
        bare.sort_unstable();
        credits::lock(db, &bare).await?;
        rollup::discredit(db, &bare).await?;
        for track in &bare {
            let (album, artist) = said[track];
            let album = self.albums[&name_only::album(album, artist)];
            track::Entity::update_many()
                .col_expr(track::Column::AlbumId, Expr::value(album))
                .filter(track::Column::Id.eq(*track))
                .exec(db)
                .await?;
        }
        self.filled = true;
        self.shown = true;
        rollup::credit(db, &bare).await
    }

    async fn make(&mut self, db: &impl ConnectionTrait, unknown: &BTreeMap<&str, &Named>) -> Result<(), DbErr> {
        if unknown.is_empty() {
            return Ok(());
        }
        self.shown = true;
        let artists: BTreeSet<&str> = unknown.values().filter_map(|named| named.artist.as_deref()).collect();
        self.find_or_make_artists(db, artists).await?;
        let albums = unknown.values().filter_map(|named| named.album.as_deref().zip(named.artist.as_deref()));
        self.find_or_make_albums(db, albums.collect()).await?;
        let rows = unknown.iter().map(|(key, named)| {
            let album = named.album.as_deref().zip(named.artist.as_deref());
            track::ActiveModel {
                spotify_id: Set((*key).to_owned()),
                name: Set(named.name().to_owned()),
                search_name: Set(fold(named.name())),
                duration_ms: Set(None),
                album_id: Set(album.map(|(album, artist)| self.albums[&name_only::album(album, artist)])),
                explicit: Set(None),
                isrc: Set(None),
                preview_url: Set(None),
                ..Default::default()
            }
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([track::Column::SpotifyId])).await?;
        let ids: Vec<&str> = unknown.keys().copied().collect();
        let made: HashMap<String, TrackId> = tracks(by_spotify_id(db, "track", &ids).await?).collect();
        let credits = unknown.iter().filter_map(|(key, named)| {
            let artist = self.artists[&name_only::key(named.artist.as_deref()?)];
            let track = *made.get(*key)?;
            Some(track_artist::ActiveModel { track_id: Set(track), position: Set(0), artist_id: Set(artist) })
        });
        bulk::insert_rows(
            db,
            credits.collect(),
            bulk::once([track_artist::Column::TrackId, track_artist::Column::Position]),
        )
        .await?;
        self.tracks.extend(made);
        Ok(())
    }

    async fn find_or_make_artists(&mut self, db: &impl ConnectionTrait, names: BTreeSet<&str>) -> Result<(), DbErr> {
        let unknown: BTreeMap<String, &str> = names
            .into_iter()
            .map(|name| (name_only::key(name), name))
            .filter(|(key, _)| !self.artists.contains_key(key))
            .collect();
        let folded: BTreeSet<String> = unknown.values().map(|name| fold(name)).collect();
        let folded: Vec<String> = folded.into_iter().collect();
        for names in folded.chunks(BINDS_MAX) {
            let rows: Vec<(ArtistId, String, String)> = artist::Entity::find()
                .select_only()
                .columns([artist::Column::Id, artist::Column::SpotifyId, artist::Column::Name])
                .filter(artist::Column::SearchName.is_in(names.iter().cloned()))
                .into_tuple()
                .all(db)
                .await?;
            let mut rows = rows;
            // Of several of one name: one that Spotify told of, the first by id.
            rows.sort_by(|a, b| (name_only::is_name_only(&a.1), &a.1).cmp(&(name_only::is_name_only(&b.1), &b.1)));
            for (id, _, name) in rows {
                self.artists.entry(name_only::key(&name)).or_insert(id);
            }
        }
        let missing: Vec<(&String, &&str)> =
            unknown.iter().filter(|(key, _)| !self.artists.contains_key(*key)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let rows = missing.iter().map(|(_, name)| artist::ActiveModel {
            spotify_id: Set(name_only::artist(name)),
            name: Set((**name).to_owned()),
            search_name: Set(fold(name)),
            ..Default::default()
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([artist::Column::SpotifyId])).await?;
        let ids: Vec<String> = missing.iter().map(|(_, name)| name_only::artist(name)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let made = by_spotify_id(db, "artist", &ids).await?;
        let found = missing.iter().map(|(key, name)| ((*key).clone(), ArtistId(made[&name_only::artist(name)])));
        self.artists.extend(found.collect::<Vec<_>>());
        Ok(())
    }

    /// Albums of the name by an artist of the name; their artists are known by now.
    async fn find_or_make_albums(
        &mut self,
        db: &impl ConnectionTrait,
        named: BTreeSet<(&str, &str)>,
    ) -> Result<(), DbErr> {
        #[derive(FromQueryResult)]
        struct Row {
            id: AlbumId,
            name: String,
            artist: String,
        }
        let unknown: BTreeMap<String, (&str, &str)> = named
            .into_iter()
            .map(|(album, artist)| (name_only::album(album, artist), (album, artist)))
            .filter(|(id, _)| !self.albums.contains_key(id))
            .collect();
        let folded: BTreeSet<String> = unknown.values().map(|(album, _)| fold(album)).collect();
        let folded: Vec<String> = folded.into_iter().collect();
        for names in folded.chunks(BINDS_MAX) {
            let sql = format!(
                "SELECT l.id, l.name, a.name AS artist FROM album l
                 JOIN album_artist c ON c.album_id = l.id AND c.position = 0
                 JOIN artist a ON a.id = c.artist_id
                 WHERE l.search_name IN ({}) ORDER BY l.spotify_id",
                places(names.len())
            );
            let values = names.iter().map(|name| name.as_str().into());
            let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
            for row in rows.all(db).await? {
                self.albums.entry(name_only::album(&row.name, &row.artist)).or_insert(row.id);
            }
        }
        let missing: Vec<(&String, &(&str, &str))> =
            unknown.iter().filter(|(id, _)| !self.albums.contains_key(*id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let rows = missing.iter().map(|(id, (name, _))| album::ActiveModel {
            spotify_id: Set((*id).clone()),
            name: Set((*name).to_owned()),
            search_name: Set(fold(name)),
            release_date: Set(None),
            release_year: Set(None),
            ..Default::default()
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([album::Column::SpotifyId])).await?;
        let ids: Vec<&str> = missing.iter().map(|(id, _)| id.as_str()).collect();
        let made = by_spotify_id(db, "album", &ids).await?;
        let credits = missing.iter().map(|(id, (_, artist))| album_artist::ActiveModel {
            album_id: Set(AlbumId(made[*id])),
            position: Set(0),
            artist_id: Set(self.artists[&name_only::key(artist)]),
        });
        bulk::insert_rows(
            db,
            credits.collect(),
            bulk::once([album_artist::Column::AlbumId, album_artist::Column::Position]),
        )
        .await?;
        self.albums.extend(made.into_iter().map(|(id, row)| (id, AlbumId(row))));
        Ok(())
    }
}

fn tracks(rows: HashMap<String, i32>) -> impl Iterator<Item = (String, TrackId)> {
    rows.into_iter().map(|(id, row)| (id, TrackId(row)))
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
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}
