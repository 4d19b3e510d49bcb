//! `accounts rotate-keys`: seals every stored token with the newest key.
//!
//! One token at a time, each in a statement of its own that changes it only if it is still the one that was read: it may be
//! interrupted and run again at any time, beside runs that replace tokens.

use anyhow::{Context, bail};
use entity::db::Db;
use entity::ids::UserId;
use entity::secret::{KeyRing, Sealed};
use entity::spotify_account::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::command::{open, open_untouched};
use crate::config::Settings;

/// How many rows are read at a time.
const ROWS_A_READ: u64 = 500;

/// What became of the tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Sealed anew.
    pub sealed: u64,
    /// Sealed with the newest key before.
    pub newest: u64,
    /// Sealed with a key that the ring does not hold, or damaged.
    pub stuck: u64,
}

pub(super) async fn execute(settings: &Settings, dry_run: bool) -> anyhow::Result<()> {
    if dry_run {
        let db = open_untouched(settings).await?;
        let keys = settings.keys_if_there()?.context("there is no key yet, and so nothing to seal anew")?;
        let rotated = each(&db, &keys, async |_, _, _| Ok(true)).await?;
        println!(
            "{} token(s) would be sealed with key \"{}\"; {} are already",
            rotated.sealed,
            keys.newest(),
            rotated.newest
        );
        return Ok(());
    }
    let (keys, db) = (settings.keys()?, open(settings).await?);
    let rotated = rotate(&db, &keys).await?;
    println!("{} token(s) sealed with key \"{}\"; {} were already", rotated.sealed, keys.newest(), rotated.newest);
    if rotated.stuck > 0 {
        bail!(
            "{} token(s) do not open: keep the older keys in TOKEN_KEYS and run this again, or let these people connect again",
            rotated.stuck
        );
    }
    println!("the older keys are not needed any more");
    Ok(())
}

/// Seals every stored token with the newest key of the ring.
pub async fn rotate(db: &Db, keys: &KeyRing) -> anyhow::Result<Rotated> {
    each(db, keys, async |user, old, new| {
        let row = ActiveModel { sealed_refresh_token: Set(Some(new)), ..Default::default() };
        let changed = Entity::update_many()
            .set(row)
            .filter(Column::UserId.eq(user))
            .filter(Column::SealedRefreshToken.eq(old))
            .exec(db.write())
            .await?;
        Ok(changed.rows_affected > 0)
    })
    .await
}

/// Shows every token that is not sealed with the newest key to `change`, as it is and as it should be.
async fn each(
    db: &Db,
    keys: &KeyRing,
    change: impl AsyncFn(UserId, Sealed, Sealed) -> anyhow::Result<bool>,
) -> anyhow::Result<Rotated> {
    let (mut rotated, mut after) = (Rotated::default(), UserId(0));
    loop {
        let rows = Entity::find()
            .filter(Column::UserId.gt(after))
            .filter(Column::SealedRefreshToken.is_not_null())
            .order_by_asc(Column::UserId)
            .limit(ROWS_A_READ)
            .all(db.write())
            .await?;
        let Some(last) = rows.last() else { return Ok(rotated) };
        after = last.user_id;
        for account in rows {
            let Some(old) = account.sealed_refresh_token else { continue };
            if keys.is_newest(&old) {
                rotated.newest += 1;
                continue;
            }
            match keys.open(account.user_id, &old) {
                Ok(token) => {
                    let new = keys.seal(account.user_id, &token)?;
                    // If a run has replaced it meanwhile, that run has sealed it, with its own newest key.
                    rotated.sealed += u64::from(change(account.user_id, old, new).await?);
                }
                Err(error) => {
                    rotated.stuck += 1;
                    tracing::warn!(user.id = account.user_id.0, "{error}");
                }
            }
        }
    }
}
