//! A person's Spotify link: one per user.
//!
//! Unique by `user_id`; by `spotify_user_id` too, so that one Spotify account feeds one person. Written by
//! `ingest accounts` and `api` (the link, what was asked of it) and `ingest run` (its state).

use sea_orm::entity::prelude::*;

use crate::ids::UserId;
use crate::secret::Sealed;
use crate::time::Instant;

/// A row of `spotify_account`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spotify_account")]
pub struct Model {
    /// Whose link it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Spotify's immutable `account_id` of `/me` (or, from apps that do not get it, `id`); null until first seen.
    #[sea_orm(unique)]
    pub spotify_user_id: Option<String>,
    /// The refresh token; null once disconnected.
    pub sealed_refresh_token: Option<Sealed>,
    /// When the person granted access; a refresh token dies six months later.
    pub authorized_at: Instant,
    /// Where the link stands.
    pub state: State,
    /// When a fetch last succeeded.
    pub last_succeeded_at: Option<Instant>,
    /// From when on it is to be fetched again; the epoch for one that never was. The more somebody listens, the sooner.
    #[sea_orm(default_value = 0)]
    pub due_at: Instant,
    /// Rises whenever the link is made anew or ended: who began under an earlier one may not write any more.
    #[sea_orm(default_value = 1)]
    pub generation: i32,
    /// When somebody asked for a fetch out of turn; null once it was made.
    pub requested_at: Option<Instant>,
    /// Until when one process has the refresh token to itself: Spotify may replace it, and whoever shows the old one then
    /// looks like somebody whose access was withdrawn.
    pub refreshing_until: Option<Instant>,
    /// The last of the warnings before the authorization expires: 30, 7 or 1 days.
    pub warned_days: Option<i32>,
    /// The person.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Linked, nothing fetched yet.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Fetched at least once; polled on every run.
    #[sea_orm(string_value = "active")]
    Active,
    /// Access was withdrawn or has expired; not polled until the person connects again.
    #[sea_orm(string_value = "needs_reconnect")]
    NeedsReconnect,
    /// The person ended the link.
    #[sea_orm(string_value = "disconnected")]
    Disconnected,
}

impl ActiveModelBehavior for ActiveModel {}
