//! A privacy export that somebody uploaded: where it lies until the ingest has read it, how far that is, and what came of it.
//!
//! Unique by id. Made by `api` when an upload is complete; from then on written by `ingest` only.

use sea_orm::entity::prelude::*;

use crate::ids::{ImportId, UserId};
use crate::time::Instant;

/// A row of `import`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import")]
pub struct Model {
    /// The key; larger is later.
    #[sea_orm(primary_key)]
    pub id: ImportId,
    /// Whose listening it tells of.
    pub user_id: UserId,
    /// Where the file lies in the archive's inbox; it is gone once the import has succeeded.
    pub object_key: String,
    /// The file's size.
    pub bytes: i64,
    /// How far it is.
    pub state: State,
    /// When the upload was complete.
    pub uploaded_at: Instant,
    /// When a process last said that it works on it; null while none did.
    pub claimed_at: Option<Instant>,
    /// When it ended; null until then.
    pub ended_at: Option<Instant>,
    /// How often a process began to work on it.
    pub attempts: i32,
    /// Rows read so far.
    pub rows_read: i64,
    /// Bytes of history read so far, unpacked.
    pub bytes_read: i64,
    /// Bytes of history in the file, unpacked; null until a process has looked.
    pub bytes_total: Option<i64>,
    /// What came of it, as `refrain-ingest import --json` says it; null until it ended well.
    pub report: Option<String>,
    /// Why it failed, for the person who uploaded it; null if it did not.
    pub error: Option<String>,
    /// Whose listening it tells of.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// No process works on it yet.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// A process works on it.
    #[sea_orm(string_value = "running")]
    Running,
    /// All of it was read.
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    /// It was read, but for rows or files that could not be understood.
    #[sea_orm(string_value = "partly")]
    Partly,
    /// Nothing could be read, or the ingest gave it up.
    #[sea_orm(string_value = "failed")]
    Failed,
}

impl ActiveModelBehavior for ActiveModel {}
