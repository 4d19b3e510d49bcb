//! A privacy export that somebody uploaded: where it lies until the ingest has read it, how far that is, and what came of it.
//!
//! Unique by id. Made by `api` when an upload is complete; from then on written by `ingest` only.
//!
//! On Postgres each is also a job in the queue of the ingest's fleet; on SQLite the table itself says what waits.

use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, Statement};

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

/// The name under which the fleet knows the job; its payload is `{"import": id}`.
pub const TASK: &str = "import";

/// Queues the job of a new import, in the transaction that makes its row. Nothing on SQLite.
pub async fn queue(transaction: &impl ConnectionTrait, id: ImportId) -> Result<(), DbErr> {
    queue_where(transaction, &format!("id = {}", id.0)).await
}

/// Queues a job for each import that has not ended and that no job is there for. Nothing on SQLite.
pub async fn queue_forgotten(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let forgotten = "state IN ('pending', 'running') AND NOT EXISTS (
         SELECT 1 FROM graphile_worker.jobs
         WHERE key = 'import:' || import.id AND (attempts < max_attempts OR locked_at IS NOT NULL))";
    queue_where(db, forgotten).await
}

/// Raw, because the queue is not ours: its function `add_job` is its door. Imports of one person never run at once, and never more
/// than four in all, so that imports alone cannot keep a worker from everything else.
async fn queue_where(db: &impl ConnectionTrait, condition: &str) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let queue = format!(
        "SELECT count(graphile_worker.add_job('{TASK}', json_build_object('import', id),
                                              queue_name := 'imports:' || user_id % 4, job_key := 'import:' || id))
         FROM import WHERE {condition}"
    );
    db.query_one_raw(Statement::from_string(DbBackend::Postgres, queue)).await.map(|_| ())
}
