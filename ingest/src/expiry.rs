//! Foreseeing the end of an authorization: Spotify's refresh tokens die six months after a person's consent, and only that
//! person can give another.
//!
//! It says of whom to warn, once for each number of days; telling anyone is the alerts' business.

use entity::alert::Standing;
use entity::consent;
use entity::db::Db;
use entity::ids::UserId;
use entity::spotify_account::{ActiveModel, Column, Entity, State};
use entity::time::Instant;
use entity::user;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::alert;

/// How many days before the end somebody is warned.
pub const WARNED_DAYS: [i32; 3] = [30, 7, 1];

const DAY_MS: i64 = 86_400_000;

/// An authorization that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Whose.
    pub user: UserId,
    /// Their username.
    pub username: String,
    /// When it ends.
    pub expires_at: Instant,
    /// Which of [`WARNED_DAYS`] has come.
    pub days: i32,
    generation: i32,
}

/// Hands every warning that is due to the alerts, and takes back those of links that were renewed or ended.
pub async fn foresee(db: &Db, now: Instant) -> Result<(), DbErr> {
    for warning in due(db, now).await? {
        // The alert first: it is one thing however often it is given, and what is recorded is not given again.
        alert::expiring(db, warning.user, Some((warning.expires_at, warning.days)), now).await?;
        record(db, &warning).await?;
    }
    let warned_of = entity::alert::Entity::find()
        .filter(entity::alert::Column::Subject.starts_with("expiry/"))
        .filter(entity::alert::Column::Standing.eq(Standing::Failing))
        .all(db.write())
        .await?;
    for user in warned_of.into_iter().filter_map(|alert| alert.user_id) {
        let account = Entity::find_by_id(user).one(db.write()).await?;
        if account.is_none_or(|account| account.warned_days.is_none()) {
            alert::expiring(db, user, None, now).await?;
        }
    }
    Ok(())
}

/// The warnings that are due at `now`, in order of user: one for each link that ends within a number of days of which it was
/// not warned yet.
pub async fn due(db: &Db, now: Instant) -> Result<Vec<Warning>, DbErr> {
    // Six months are 181 days at least: what is younger than 150 cannot be due.
    let old_enough = now + -150 * DAY_MS;
    let rows = Entity::find()
        .find_also_related(user::Entity)
        .filter(Column::State.is_in([State::Pending, State::Active]))
        .filter(Column::AuthorizedAt.lte(old_enough))
        .order_by_asc(Column::UserId)
        .all(db.write())
        .await?;
    let warnings = rows.into_iter().filter_map(|(account, person)| {
        let expires_at = consent::expires_at(account.authorized_at);
        let days = days_to_warn_of(expires_at, now)?;
        let is_new = account.warned_days.is_none_or(|warned| days < warned);
        is_new.then_some(Warning {
            user: account.user_id,
            username: person?.username,
            expires_at,
            days,
            generation: account.generation,
        })
    });
    Ok(warnings.collect())
}

/// Records that `warning` is being given; false if another process was first, or the person has connected again.
pub async fn record(db: &Db, warning: &Warning) -> Result<bool, DbErr> {
    let is_new = Condition::any().add(Column::WarnedDays.is_null()).add(Column::WarnedDays.gt(warning.days));
    let recorded = Entity::update_many()
        .set(ActiveModel { warned_days: Set(Some(warning.days)), ..Default::default() })
        .filter(Column::UserId.eq(warning.user))
        .filter(Column::Generation.eq(warning.generation))
        .filter(is_new)
        .exec(db.write())
        .await?;
    Ok(recorded.rows_affected > 0)
}

/// The last of [`WARNED_DAYS`] that has come, if any.
fn days_to_warn_of(expires_at: Instant, now: Instant) -> Option<i32> {
    WARNED_DAYS.into_iter().filter(|days| expires_at - now <= i64::from(*days) * DAY_MS).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_warning_counts() {
        let now = Instant::from_ms(1_795_338_000_000);
        let left = |ms: i64| days_to_warn_of(now + ms, now);
        assert_eq!(left(30 * DAY_MS + 1), None);
        assert_eq!(left(30 * DAY_MS), Some(30));
        assert_eq!(left(7 * DAY_MS + 1), Some(30));
        assert_eq!(left(7 * DAY_MS), Some(7));
        assert_eq!(left(DAY_MS), Some(1));
        assert_eq!(left(-DAY_MS), Some(1));
    }
}
