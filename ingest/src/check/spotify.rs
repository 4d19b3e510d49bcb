//! Spotify: the app is known there, and one linked account's token is good for `/me`.

use entity::clock::SharedClock;
use entity::consent;
use entity::spotify_account::{Column, Entity, State};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Said;
use crate::access::Link;
use crate::command::open;
use crate::config::Settings;

pub(super) async fn check(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Said> {
    let (app, keys) = (settings.spotify()?, settings.keys()?);
    let db = open(settings).await?;
    // What Spotify told any process of staying away is obeyed here, too.
    let app = app.remembering(&db, clock);
    let account = Entity::find()
        .filter(Column::State.is_in([State::Active, State::Pending]))
        .order_by_asc(Column::UserId)
        .one(db.write())
        .await?;
    let Some(account) = account else {
        consent::is_known(&reqwest::Client::new(), &settings.spotify_app()?).await?;
        return Ok(Said::Works("the app is known; nobody is linked yet, so no person's token was tried".to_owned()));
    };
    let link = Link::of(&account, &db, clock);
    let session = link.session(&app, &keys).await?;
    session.account_id().await?;
    let ends = consent::expires_at(account.authorized_at);
    let user = account.user_id;
    Ok(Said::Works(format!("user {user}'s token was exchanged, and /me answers; the consent ends {ends}")))
}
