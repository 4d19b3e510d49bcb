//! What lacks detail, most played first. The database is the queue: what is not there yet and was not asked for is next,
//! whoever asks and however often the asking was interrupted.

use entity::db::Db;
use entity::enrichment::Kind;
use entity::time::Instant;
use sea_orm::{DbErr, FromQueryResult, Statement};

use super::{albums, artists, features, names, tracks};

/// Where things of one kind stand, and when one of them lacks detail.
pub(super) struct Source {
    pub(super) kind: Kind,
    pub(super) table: &'static str,
    pub(super) condition: &'static str,
    /// Which ids can be asked for.
    pub(super) ids: &'static str,
    /// Joins the rollup that says how often it was played.
    pub(super) totals: &'static str,
}

/// Something that lacks detail.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct Lacking {
    pub(super) id: i32,
    pub(super) spotify_id: String,
}

/// Which earlier answers count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Answers that could not be read count from here on.
    pub(super) unreadable_since: Instant,
    /// Whether what was told in Development Mode counts: not while more may be told now.
    pub(super) partial_counts: bool,
}

/// Spotify's ids; one of another length makes it refuse a whole batch.
pub(super) const THEIRS: &str = "length(s.spotify_id) = 22";

pub(super) fn source(kind: Kind) -> &'static Source {
    match kind {
        Kind::Track => &tracks::SOURCE,
        Kind::Name => &names::SOURCE,
        Kind::Artist => &artists::SOURCE,
        Kind::Album => &albums::SOURCE,
        Kind::Features => &features::SOURCE,
    }
}

impl Source {
    /// The most played that lack detail.
    pub(super) async fn most_played(&self, db: &Db, asked: Asked, first: usize) -> Result<Vec<Lacking>, DbErr> {
        let sql = format!(
            "SELECT s.id AS id, s.spotify_id AS spotify_id {} ORDER BY COALESCE(total.plays, 0) DESC, s.id LIMIT {first}",
            self.from(asked, self.totals)
        );
        Lacking::find_by_statement(self.statement(db, &sql, asked)).all(db.read()).await
    }

    /// How many lack detail.
    pub(super) async fn count(&self, db: &Db, asked: Asked) -> Result<u64, DbErr> {
        #[derive(FromQueryResult)]
        struct Count {
            count: i64,
        }
        let sql = format!("SELECT count(*) AS count {}", self.from(asked, ""));
        let row = Count::find_by_statement(self.statement(db, &sql, asked)).one(db.read()).await?;
        Ok(row.map_or(0, |row| u64::try_from(row.count).unwrap_or(0)))
    }

    /// Raw SQL, because "lacks" is a condition over several tables that reads best as it is.
    fn from(&self, asked: Asked, totals: &str) -> String {
        const ANSWER: &str = "SELECT 1 FROM enrichment e WHERE e.kind = $1 AND e.subject_id = s.id AND";
        let Self { table, condition, ids, .. } = self;
        let unreadable = "(e.answer = 'unreadable' AND e.asked_at < $2)";
        let (lacks, asks_again) = match asked.partial_counts {
            true => (format!("({condition})"), unreadable.to_owned()),
            // What Development Mode left out hides behind what it told: it is known by the answer alone.
            false => (
                format!("({condition} OR EXISTS ({ANSWER} e.answer = 'partial'))"),
                format!("({unreadable} OR e.answer = 'partial')"),
            ),
        };
        format!(
            "FROM {table} s {totals}
             WHERE {ids} AND {lacks} AND NOT EXISTS ({ANSWER} NOT {asks_again})"
        )
    }

    fn statement(&self, db: &Db, sql: &str, asked: Asked) -> Statement {
        use sea_orm::ActiveEnum;
        let values = [self.kind.to_value().into(), asked.unreadable_since.ms().into()];
        Statement::from_sql_and_values(db.backend(), sql, values)
    }
}
