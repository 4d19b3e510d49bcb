//! What the API writes: people's own settings, and what they ask the ingest to do.
//!
//! It never writes plays, catalogue or rollups. What changes what an insight reads raises the revisions in the same
//! transaction, so that no kept answer outlives it.

use entity::db::Db;
use entity::ids::UserId;
use entity::secret::Sealed;
use entity::spotify_account::{self, ConnectError, State};
use entity::time::Instant;
use entity::{revision, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

/// A person's own settings; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The name shown to people.
    pub display_name: Option<String>,
    /// IANA name of the zone in which this person's days begin.
    pub time_zone: Option<String>,
    /// Whether this person appears by name in lists of listeners.
    pub listed: Option<bool>,
}

/// Changes the settings of `user`; the row as it is then, or `None` if nobody has that id any more.
pub async fn change_settings(
    db: &Db,
    user: UserId,
    settings: Settings,
    now: Instant,
) -> Result<Option<user::Model>, DbErr> {
    let transaction = db.begin().await?;
    let Some(row) = user::Entity::find_by_id(user).one(&transaction).await? else { return Ok(None) };
    let mut changed = row.clone().into_active_model();
    if let Some(display_name) = settings.display_name {
        changed.display_name.set_if_not_equals(display_name);
    }
    if let Some(time_zone) = settings.time_zone {
        changed.time_zone.set_if_not_equals(time_zone);
    }
    if let Some(listed) = settings.listed {
        changed.listed.set_if_not_equals(listed);
    }
    if !changed.is_changed() {
        return Ok(Some(row));
    }
    let row = changed.update(&transaction).await?;
    // Lists of listeners show names, and leave out those who are not listed.
    revision::raise(&transaction, &[revision::PEOPLE], now).await?;
    transaction.commit().await?;
    Ok(Some(row))
}

/// Asks for a fetch out of turn; whether there is a link to fetch by.
pub async fn request_ingest(db: &Db, user: UserId, now: Instant) -> Result<bool, DbErr> {
    use spotify_account::{Column, Entity};
    let asked = Entity::update_many()
        .col_expr(Column::RequestedAt, Expr::value(now))
        .filter(Column::UserId.eq(user))
        .filter(Column::State.is_in([State::Pending, State::Active]))
        .exec(db.write())
        .await?;
    Ok(asked.rows_affected > 0)
}

/// Ends the Spotify link of `user`; with `erase`, has the ingest erase everything of that person. Whether there was a link.
pub async fn disconnect(db: &Db, user: UserId, erase: bool, now: Instant) -> Result<bool, DbErr> {
    spotify_account::disconnect(db, user, erase, now).await
}

/// Links `user` to the Spotify account that they have just signed in to.
pub async fn connect(
    db: &Db,
    user: UserId,
    spotify_user_id: Option<String>,
    sealed_refresh_token: Sealed,
    now: Instant,
) -> Result<(), ConnectError> {
    let transaction = db.begin().await?;
    spotify_account::connect(&transaction, user, spotify_user_id, sealed_refresh_token, now).await?;
    revision::raise(&transaction, &[user.0], now).await?;
    Ok(transaction.commit().await?)
}
