//! Which plays an insight counts: by whom, and when.

use entity::ids::UserId;
use entity::time::TimeRange;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::sql::Binds;

/// Whose listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// All listeners together.
    Everyone,
    /// One listener.
    Listener(UserId),
}

/// The plays an insight counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// By whom.
    pub audience: Audience,
    /// When.
    pub range: TimeRange,
}

impl Scope {
    /// `SELECT` of the plays: `user_id, played_at, track_id, listened_ms, measured`, from a covering index.
    pub(super) fn plays(&self, binds: &mut Binds) -> String {
        let mut conditions = Vec::new();
        if let Audience::Listener(user) = self.audience {
            conditions.push(format!("user_id = {}", binds.bind(user)));
        }
        if let Some(from) = self.range.from() {
            conditions.push(format!("played_at >= {}", binds.bind(from)));
        }
        conditions.push(format!("played_at < {}", binds.bind(self.range.until())));
        format!(
            "SELECT user_id, played_at, track_id, listened_ms, measured FROM play WHERE {}",
            conditions.join(" AND ")
        )
    }

    /// Whether every play there is belongs to this scope, so that the rollups of all time answer for it.
    pub(super) async fn is_everything(&self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        #[derive(FromQueryResult)]
        struct Row {
            is_later: bool,
        }
        if self.audience != Audience::Everyone || self.range.from().is_some() {
            return Ok(false);
        }
        let mut binds = Binds::default();
        let until = binds.bind(self.range.until());
        let later: Row = binds
            .one(db, &format!("SELECT EXISTS (SELECT 1 FROM play WHERE played_at >= {until}) AS is_later"))
            .await?;
        Ok(!later.is_later)
    }
}
