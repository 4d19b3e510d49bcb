//! What a channel was not told yet: claimed for one process, then noted as told or handed back.

use std::collections::HashMap;

use entity::alert::{self, Standing};
use entity::alert_delivery::{self, ActiveModel, Column, Entity};
use entity::db::Db;
use entity::spotify_account::{self, State};
use entity::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// How long a claim holds: longer than a channel may take with its retries.
const CLAIM_MS: i64 = 60_000;
/// How many changes are told at a time; the rest comes with the next.
const CHANGES_MAX: u64 = 1_000;

/// Claims everything that `channel` was not told yet, oldest change first.
pub(super) async fn claim(db: &Db, channel: &str, now: Instant) -> Result<Vec<alert::Model>, DbErr> {
    let transaction = db.begin().await?;
    // Who has left is no trouble any more, and nothing to boast of.
    let left = Query::select()
        .column(spotify_account::Column::UserId)
        .from(spotify_account::Entity)
        .and_where(spotify_account::Column::State.eq(State::Disconnected))
        .to_owned();
    alert::Entity::delete_many().filter(alert::Column::UserId.in_subquery(left)).exec(&transaction).await?;
    let alerts = alert::Entity::find()
        .order_by_asc(alert::Column::ChangedAt)
        .order_by_asc(alert::Column::Subject)
        .lock_exclusive()
        .all(&transaction)
        .await?;
    let told = Entity::find().filter(Column::Channel.eq(channel)).all(&transaction).await?;
    let told: HashMap<&str, &alert_delivery::Model> = told.iter().map(|row| (row.subject.as_str(), row)).collect();
    let mut claimed: Vec<alert::Model> =
        alerts.into_iter().filter(|alert| is_news(alert, told.get(alert.subject.as_str()).copied(), now)).collect();
    claimed.truncate(CHANGES_MAX as usize);
    if !claimed.is_empty() {
        let rows = claimed.iter().map(|alert| ActiveModel {
            channel: Set(channel.to_owned()),
            subject: Set(alert.subject.clone()),
            number: Set(0),
            standing: Set(Standing::Well),
            told_at: Set(None),
            claimed_until: Set(Some(now + CLAIM_MS)),
        });
        let claim =
            OnConflict::columns([Column::Channel, Column::Subject]).update_column(Column::ClaimedUntil).to_owned();
        Entity::insert_many(rows).on_conflict(claim).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(claimed)
}

/// Whether there is something to tell. What failed and works again before it could be told is not told.
fn is_news(alert: &alert::Model, told: Option<&alert_delivery::Model>, now: Instant) -> bool {
    let Some(told) = told else { return alert.standing == Standing::Failing };
    let is_free = told.claimed_until.is_none_or(|until| until <= now);
    let is_new = told.number < alert.number && !(told.standing == Standing::Well && alert.standing == Standing::Well);
    is_free && is_new
}

/// Notes that `channel` has taken these changes.
pub(super) async fn told(db: &Db, channel: &str, changes: &[alert::Model], now: Instant) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    for alert in changes {
        // The claim has made the row; if the alert has gone meanwhile, so has the row, and nothing is left to note.
        let row = ActiveModel {
            number: Set(alert.number),
            standing: Set(alert.standing),
            told_at: Set(Some(now)),
            claimed_until: Set(None),
            ..ActiveModel::default()
        };
        let of_alert = Column::Channel.eq(channel).and(Column::Subject.eq(&alert.subject));
        Entity::update_many().set(row).filter(of_alert).exec(&transaction).await?;
    }
    transaction.commit().await
}

/// Hands back what could not be told, for the next time.
pub(super) async fn hand_back(db: &Db, channel: &str, changes: &[alert::Model]) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Instant>))
        .filter(Column::Channel.eq(channel))
        .filter(Column::Subject.is_in(changes.iter().map(|alert| alert.subject.as_str())))
        .exec(db.write())
        .await?;
    Ok(())
}
