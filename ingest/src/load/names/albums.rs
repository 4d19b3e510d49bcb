//! Albums that an export names, with their artists.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::ids::AlbumId;
use entity::search::fold;
use entity::{album, album_artist, name_only};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::super::bulk::{self, BINDS_MAX};
use super::artists::Artists;
use super::{KEPT_MAX, Spelled, by_spotify_id, places};

/// Rows that were looked up or made, by [`name_only::album`].
#[derive(Default)]
pub(super) struct Albums(HashMap<String, Spelled<AlbumId>>);

impl Albums {
    /// The row of an album that was looked for.
    pub(super) fn row(&self, (album, artist): (&str, &str)) -> AlbumId {
        self.0[&name_only::album(album, artist)].row
    }

    /// Looks for albums of these names by artists of these names, who were looked for before, and makes those that are
    /// missing; whether a row was made or changed.
    pub(super) async fn find_or_make(
        &mut self,
        db: &impl ConnectionTrait,
        artists: &Artists,
        named: BTreeSet<(&str, &str)>,
    ) -> Result<bool, DbErr> {
        if self.0.len() > KEPT_MAX {
            self.0.clear();
        }
        // Of several spellings the first one.
        let mut said: BTreeMap<String, (&str, &str)> = BTreeMap::new();
        for (album, artist) in named {
            said.entry(name_only::album(album, artist)).or_insert((album, artist));
        }
        self.find(db, said.iter().filter(|(id, _)| !self.0.contains_key(*id)).map(|(_, said)| fold(said.0)).collect())
            .await?;
        let mut changed = false;
        for (id, (name, _)) in &said {
            let Some(known) = self.0.get_mut(id).filter(|known| known.yields_to(name)) else { continue };
            super::spell(db, "album", known.row.0, name).await?;
            known.name_only = Some((*name).to_owned());
            changed = true;
        }
        said.retain(|id, _| !self.0.contains_key(id));
        if said.is_empty() {
            return Ok(changed);
        }
        let rows = said.iter().map(|(id, (name, _))| album::ActiveModel {
            spotify_id: Set(id.clone()),
            name: Set((*name).to_owned()),
            search_name: Set(fold(name)),
            release_date: Set(None),
            release_year: Set(None),
            ..Default::default()
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([album::Column::SpotifyId])).await?;
        let ids: Vec<&str> = said.keys().map(String::as_str).collect();
        let made = by_spotify_id(db, "album", &ids).await?;
        let credits = said.iter().map(|(id, (_, artist))| album_artist::ActiveModel {
            album_id: Set(AlbumId(made[id])),
            position: Set(0),
            artist_id: Set(artists.row(artist)),
        });
        let once = bulk::once([album_artist::Column::AlbumId, album_artist::Column::Position]);
        bulk::insert_rows(db, credits.collect(), once).await?;
        for (id, (name, _)) in said {
            let row = AlbumId(made[&id]);
            self.0.insert(id, Spelled { row, name_only: Some(name.to_owned()) });
        }
        Ok(true)
    }

    async fn find(&mut self, db: &impl ConnectionTrait, folded: BTreeSet<String>) -> Result<(), DbErr> {
        #[derive(FromQueryResult)]
        struct Row {
            id: AlbumId,
            spotify_id: String,
            name: String,
            artist: String,
        }
        let folded: Vec<String> = folded.into_iter().collect();
        for names in folded.chunks(BINDS_MAX) {
            // Raw SQL: the join is by position as well, which relations do not say.
            let sql = format!(
                "SELECT l.id, l.spotify_id, l.name, a.name AS artist FROM album l
                 JOIN album_artist c ON c.album_id = l.id AND c.position = 0
                 JOIN artist a ON a.id = c.artist_id
                 WHERE l.search_name IN ({})",
                places(names.len())
            );
            let values = names.iter().map(|name| name.as_str().into());
            let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
            let mut rows = rows.all(db).await?;
            let order = |row: &Row| (name_only::is_name_only(&row.spotify_id), row.spotify_id.clone());
            rows.sort_by_cached_key(order);
            for row in rows {
                let id = name_only::album(&row.name, &row.artist);
                self.0.entry(id).or_insert_with(|| Spelled::new(row.id, &row.spotify_id, row.name));
            }
        }
        Ok(())
    }
}
