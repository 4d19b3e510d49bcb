//! Gaps: noticed when a full page joins nothing known, filled when plays turn up inside.

use entity::gap::{ActiveModel, Column, Entity};
use entity::ids::UserId;
use entity::play;
use entity::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use super::plays::Known;
use crate::batch::Batch;

/// Records a gap if `batch` is a full page without a single known play, and plays before it are known; whether it did.
/// A person's very first page joins nothing either, but nothing was lost that anyone promised to keep.
pub(super) async fn notice(
    db: &impl ConnectionTrait,
    user: UserId,
    batch: &Batch,
    known: &Known,
    now: Instant,
) -> Result<bool, DbErr> {
    let Some(first) = batch.plays.first().map(|play| play.played_at) else { return Ok(false) };
    let Some(after) = known.before(first) else { return Ok(false) };
    if !batch.is_full_page || known.any_among(&batch.plays) {
        return Ok(false);
    }
    let gap = ActiveModel {
        user_id: Set(user),
        after: Set(after),
        before: Set(first),
        detected_at: Set(now),
        filled_at: Set(None),
    };
    let once = OnConflict::columns([Column::UserId, Column::After]).do_nothing().to_owned();
    Entity::insert(gap).on_conflict(once).exec_without_returning(db).await?;
    Ok(true)
}

/// Marks the gaps into which new plays fall; how many.
pub(super) async fn fill(
    db: &impl ConnectionTrait,
    user: UserId,
    new: &[play::Model],
    now: Instant,
) -> Result<usize, DbErr> {
    if new.is_empty() {
        return Ok(0);
    }
    let mut count = 0;
    let open = Entity::find().filter(Column::UserId.eq(user)).filter(Column::FilledAt.is_null()).all(db).await?;
    for gap in open {
        if new.iter().any(|play| gap.after < play.played_at && play.played_at < gap.before) {
            let mut filled = gap.into_active_model();
            filled.filled_at = Set(Some(now));
            Entity::update(filled).exec(db).await?;
            count += 1;
        }
    }
    Ok(count)
}
