//! What one channel was told of one alert: so that every change is told there once, also after a time in which the channel
//! could not be reached.
//!
//! Unique by (channel, subject). Written by `ingest` before it tells (the claim) and after it was taken.

use sea_orm::entity::prelude::*;

use crate::alert::Standing;
use crate::time::Instant;

/// A row of `alert_delivery`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_delivery")]
pub struct Model {
    /// `discord` or `webhook`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// The alert.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// The number of the change that was told last; 0 for none.
    pub number: i32,
    /// What it said.
    pub standing: Standing,
    /// When it was taken.
    pub told_at: Option<Instant>,
    /// A process is telling it, and the others leave it alone until then.
    pub claimed_until: Option<Instant>,
    /// The alert.
    #[sea_orm(belongs_to, from = "subject", to = "subject", on_delete = "Cascade")]
    pub alert: BelongsTo<super::alert::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
