//! What the app may ask, learned by asking once and remembered: Development Mode refuses batches, and audio features are
//! closed to every app that had no access before 2024-11-27. And whose turn it is: of all processes, one enriches at a time.

use std::collections::HashMap;

use entity::db::Db;
use entity::enrichment::Kind;
use entity::spotify_app::{ActiveModel, Column, Entity};
use entity::time::Instant;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};

/// How long a turn lasts unless it is prolonged: longer than any call with its waits.
const TURN_MS: i64 = 300_000;

/// What the app may ask; `None` is not known yet.
pub(super) struct Abilities {
    db: Db,
    client_id: String,
    known: HashMap<Kind, bool>,
}

impl Abilities {
    /// What is remembered of the app. With `anew`, everything is forgotten first.
    pub(super) async fn of(db: &Db, client_id: &str, anew: bool) -> Result<Self, DbErr> {
        let row = ActiveModel { client_id: Set(client_id.to_owned()), ..Default::default() };
        let once = OnConflict::column(Column::ClientId).do_nothing().to_owned();
        Entity::insert(row).on_conflict(once).exec_without_returning(db.write()).await?;
        let mut abilities = Self { db: db.clone(), client_id: client_id.to_owned(), known: HashMap::new() };
        if anew {
            abilities.forget().await?;
        } else {
            abilities.known = Self::remembered(db, client_id).await?;
        }
        Ok(abilities)
    }

    /// What is remembered of the app, which may never have called.
    pub(super) async fn remembered(db: &Db, client_id: &str) -> Result<HashMap<Kind, bool>, DbErr> {
        let Some(app) = Entity::find_by_id(client_id).one(db.read()).await? else { return Ok(HashMap::new()) };
        let known = [
            (Kind::Track, app.track_batches),
            (Kind::Artist, app.artist_batches),
            (Kind::Album, app.album_batches),
            (Kind::Features, app.audio_features),
        ];
        Ok(known.into_iter().filter_map(|(kind, known)| Some((kind, known?))).collect())
    }

    /// Whether batches of this kind are answered; of audio features, whether they are answered at all.
    pub(super) fn batches(&self, kind: Kind) -> Option<bool> {
        self.known.get(&kind).copied()
    }

    /// Remembers what Spotify has shown.
    pub(super) async fn learn(&mut self, kind: Kind, batches: bool) -> Result<(), DbErr> {
        if self.known.insert(kind, batches) == Some(batches) {
            return Ok(());
        }
        let mut row = ActiveModel { client_id: Set(self.client_id.clone()), ..Default::default() };
        match kind {
            Kind::Track => row.track_batches = Set(Some(batches)),
            Kind::Artist => row.artist_batches = Set(Some(batches)),
            Kind::Album => row.album_batches = Set(Some(batches)),
            Kind::Features => row.audio_features = Set(Some(batches)),
            Kind::Name => return Ok(()), // Every search is for one.
        }
        Entity::update(row).exec(self.db.write()).await?;
        Ok(())
    }

    async fn forget(&self) -> Result<(), DbErr> {
        let row = ActiveModel {
            client_id: Set(self.client_id.clone()),
            track_batches: Set(None),
            artist_batches: Set(None),
            album_batches: Set(None),
            audio_features: Set(None),
            ..Default::default()
        };
        Entity::update(row).exec(self.db.write()).await?;
        Ok(())
    }

    /// Takes the turn, unless another process has it.
    pub(super) async fn take_turn(&self, now: Instant) -> Result<bool, DbErr> {
        let free = Condition::any().add(Column::EnrichingUntil.is_null()).add(Column::EnrichingUntil.lte(now));
        let taken = Entity::update_many()
            .col_expr(Column::EnrichingUntil, Expr::value(now + TURN_MS))
            .filter(Column::ClientId.eq(&self.client_id))
            .filter(free)
            .exec(self.db.write())
            .await?;
        Ok(taken.rows_affected == 1)
    }

    /// Keeps the turn for longer.
    pub(super) async fn prolong_turn(&self, now: Instant) -> Result<(), DbErr> {
        self.set_turn(Some(now + TURN_MS)).await
    }

    /// Gives the turn to whoever wants it.
    pub(super) async fn end_turn(&self) -> Result<(), DbErr> {
        self.set_turn(None).await
    }

    async fn set_turn(&self, until: Option<Instant>) -> Result<(), DbErr> {
        let row =
            ActiveModel { client_id: Set(self.client_id.clone()), enriching_until: Set(until), ..Default::default() };
        Entity::update(row).exec(self.db.write()).await?;
        Ok(())
    }
}
