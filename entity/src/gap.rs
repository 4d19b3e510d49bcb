//! A window in which plays were probably lost: Spotify's page was full and held nothing already known, so older plays
//! may have fallen off its end before anyone looked.
//!
//! Unique by (user, after). Written by `ingest` when it loads such a page.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;
use crate::time::Instant;

/// A row of `gap`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gap")]
pub struct Model {
    /// Whose plays.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The last play known before the window; exclusive.
    #[sea_orm(primary_key, auto_increment = false)]
    pub after: Instant,
    /// The first play known after the window; exclusive.
    pub before: Instant,
    /// When the ingest noticed.
    pub detected_at: Instant,
    /// When plays were found that fall into the window; null while none were.
    pub filled_at: Option<Instant>,
    /// Whose plays.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
