//! What is, or was, going wrong: one account, the app at Spotify, the archive, the database, the runs. Somebody is told of
//! a change, once, so this is what the last change was.
//!
//! Unique by subject. Written by `ingest` when something begins to fail, fails for another reason, or works again.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;
use crate::time::Instant;

/// A row of `alert`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert")]
pub struct Model {
    /// What it is about: `account/7`, `expiry/7`, `spotify`, `archive`, `database` or `runs`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Whose account it is about, if it is one.
    pub user_id: Option<UserId>,
    /// Whether it fails now.
    pub standing: Standing,
    /// The step that failed.
    pub step: String,
    /// Why, for operators; never a token or a payload.
    pub cause: String,
    /// What to do, as one word of `ingest::alert::Remedy`. Another word is a change worth telling.
    pub remedy: String,
    /// Since when it fails, or until it did, failed.
    pub since: Instant,
    /// When the last change was.
    pub changed_at: Instant,
    /// How many changes there were.
    pub number: i32,
    /// The person.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<Option<super::user::Entity>>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Standing {
    /// It fails.
    #[sea_orm(string_value = "failing")]
    Failing,
    /// It works (again).
    #[sea_orm(string_value = "well")]
    Well,
}

impl ActiveModelBehavior for ActiveModel {}
