//! What is known of a registered app at Spotify: how long it must be left alone, and what it may ask.
//!
//! Unique by client id. Written by whoever Spotify tells "too many requests", and by `ingest` when it shows what the app may ask;
//! every process that calls for the app reads it before each call. Null is "not known yet".

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};

use crate::time::Instant;

/// A row of `spotify_app`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spotify_app")]
pub struct Model {
    /// The app's id at Spotify, which is no secret.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: String,
    /// Nobody may call before this.
    pub blocked_until: Option<Instant>,
    /// Whether `GET /tracks?ids=` answers: an app in Extended Mode.
    pub track_batches: Option<bool>,
    /// Whether `GET /artists?ids=` answers.
    pub artist_batches: Option<bool>,
    /// Whether `GET /albums?ids=` answers.
    pub album_batches: Option<bool>,
    /// Whether `GET /audio-features?ids=` answers: an app that had access before 2024-11-27.
    pub audio_features: Option<bool>,
    /// Somebody enriches the catalogue and has asked to be the only one until then.
    pub enriching_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Whether Spotify has asked this app to stay away for longer than until `now`.
pub async fn is_blocked(db: &impl ConnectionTrait, client_id: &str, now: Instant) -> Result<bool, DbErr> {
    let app = Entity::find_by_id(client_id).one(db).await?;
    Ok(app.and_then(|app| app.blocked_until).is_some_and(|until| until > now))
}

/// Notes for all that Spotify asked this app to stay away until then; a shorter time never replaces a longer one.
pub async fn block(db: &impl ConnectionTrait, client_id: &str, until: Instant) -> Result<(), DbErr> {
    let row =
        ActiveModel { client_id: Set(client_id.to_owned()), blocked_until: Set(Some(until)), ..Default::default() };
    // Neither database has a maximum of two values under the other's name.
    let later = Expr::cust(
        "CASE WHEN spotify_app.blocked_until > excluded.blocked_until \
         THEN spotify_app.blocked_until ELSE excluded.blocked_until END",
    );
    let keep_later = OnConflict::column(Column::ClientId).value(Column::BlockedUntil, later).to_owned();
    Entity::insert(row).on_conflict(keep_later).exec_without_returning(db).await?;
    Ok(())
}
