//! Which accounts a pass fetches.

use entity::db::Db;
use entity::ids::UserId;
use entity::spotify_account::{Column, Entity, State};
use entity::time::Instant;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Which of the accounts that are pending or active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    Everyone,
    /// Those that were never fetched, that somebody asked for, whose last fetch failed, or whose time has come. A timer never
    /// rings on the dot, so what is due within `slack_ms` is due.
    Due {
        /// Milliseconds.
        slack_ms: i64,
    },
}

impl Which {
    /// What `run` means by due: five minutes of slack are half of the shortest time between two polls.
    pub const FOR_RUN: Self = Self::Due { slack_ms: 300_000 };
    /// What `watch` means by due: it looks often enough itself.
    pub const FOR_WATCH: Self = Self::Due { slack_ms: 0 };

    /// How many accounts that are.
    pub async fn count(self, db: &Db, now: Instant) -> Result<u64, DbErr> {
        Entity::find().filter(self.condition(now)).count(db.write()).await
    }

    fn condition(self, now: Instant) -> Condition {
        let linked = Condition::all().add(Column::State.is_in([State::Pending, State::Active]));
        match self {
            Self::Everyone => linked,
            Self::Due { slack_ms } => linked
                .add(Condition::any().add(Column::DueAt.lte(now + slack_ms)).add(Column::RequestedAt.is_not_null())),
        }
    }
}

/// How many accounts are read at a time: memory does not grow with their number.
const ACCOUNTS_A_READ: u64 = 500;

/// The next accounts behind `after`, in order.
pub(super) async fn next(db: &Db, which: Which, after: Option<UserId>, now: Instant) -> Result<Vec<UserId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(which.condition(now))
        .filter(Column::UserId.gt(after.map_or(0, |user| user.0)))
        .order_by_asc(Column::UserId)
        .limit(ACCOUNTS_A_READ)
        .into_tuple()
        .all(db.write())
        .await
}
