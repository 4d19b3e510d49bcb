//! A sign-in at Spotify that came back: its `state`, which may not come back a second time, at whichever instance.
//!
//! Unique by hash. Written by `api`; a row that is older than any sign-in may last is removed by the next one.

use sea_orm::entity::prelude::*;

use crate::time::Instant;

/// A row of `spent_state`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_state")]
pub struct Model {
    /// SHA-256 of the state, in hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// When the sign-in would have been too old anyway.
    pub expires_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
