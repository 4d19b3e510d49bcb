//! Artists that an export names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::artist::{ActiveModel, Column, Entity};
use entity::ids::ArtistId;
use entity::name_only;
use entity::search::fold;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::super::bulk::{self, BINDS_MAX};
use super::{KEPT_MAX, Spelled, by_spotify_id};

/// Rows that were looked up or made, by [`name_only::key`].
#[derive(Default)]
pub(super) struct Artists(HashMap<String, Spelled<ArtistId>>);

impl Artists {
    /// The row of an artist that was looked for.
    pub(super) fn row(&self, name: &str) -> ArtistId {
        self.0[&name_only::key(name)].row
    }

    /// Looks for artists of these names, and makes those that are missing; whether a row was made or changed.
    pub(super) async fn find_or_make(
        &mut self,
        db: &impl ConnectionTrait,
        names: BTreeSet<&str>,
    ) -> Result<bool, DbErr> {
        if self.0.len() > KEPT_MAX {
            self.0.clear();
        }
        // Of several spellings the first one.
        let mut said: BTreeMap<String, &str> = BTreeMap::new();
        for name in names {
            said.entry(name_only::key(name)).or_insert(name);
        }
        self.find(db, said.iter().filter(|(key, _)| !self.0.contains_key(*key)).map(|(_, name)| fold(name)).collect())
            .await?;
        let mut changed = false;
        for (key, name) in &said {
            let Some(known) = self.0.get_mut(key).filter(|known| known.yields_to(name)) else { continue };
            super::spell(db, "artist", known.row.0, name).await?;
            known.name_only = Some((*name).to_owned());
            changed = true;
        }
        said.retain(|key, _| !self.0.contains_key(key));
        if said.is_empty() {
            return Ok(changed);
        }
        let rows = said.values().map(|name| ActiveModel {
            spotify_id: Set(name_only::artist(name)),
            name: Set((*name).to_owned()),
            search_name: Set(fold(name)),
            ..Default::default()
        });
        bulk::insert_rows(db, rows.collect(), bulk::once([Column::SpotifyId])).await?;
        let ids: Vec<String> = said.values().map(|name| name_only::artist(name)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let made = by_spotify_id(db, "artist", &ids).await?;
        for (key, name) in said {
            let row = ArtistId(made[&name_only::artist(name)]);
            self.0.insert(key, Spelled { row, name_only: Some(name.to_owned()) });
        }
        Ok(true)
    }

    async fn find(&mut self, db: &impl ConnectionTrait, folded: BTreeSet<String>) -> Result<(), DbErr> {
        let folded: Vec<String> = folded.into_iter().collect();
        for names in folded.chunks(BINDS_MAX) {
            let mut rows: Vec<(ArtistId, String, String)> = Entity::find()
                .select_only()
                .columns([Column::Id, Column::SpotifyId, Column::Name])
                .filter(Column::SearchName.is_in(names.iter().cloned()))
                .into_tuple()
                .all(db)
                .await?;
            // Of several of one name: one that Spotify told of, the first by id.
            rows.sort_by(|a, b| (name_only::is_name_only(&a.1), &a.1).cmp(&(name_only::is_name_only(&b.1), &b.1)));
            for (row, spotify_id, name) in rows {
                let key = name_only::key(&name);
                self.0.entry(key).or_insert_with(|| Spelled::new(row, &spotify_id, name));
            }
        }
        Ok(())
    }
}
