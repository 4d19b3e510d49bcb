//! An hour's access to one account: its refresh token opened, exchanged, and replaced where Spotify replaces it; and what is
//! noted on the account when that, or a fetch, has ended.
//!
//! Two processes may work on one account at once, and Spotify may end a refresh token when it hands out the next. So one of
//! them has the token to itself for as long as an exchange takes, and the others read it anew after that. Should one be too
//! slow to be waited for, it still counts as withdrawn only while it is the one that is stored. And whoever began before the
//! link was ended or made anew writes nothing: every statement names the link's generation.

use std::time::Duration;

use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::secret::{KeyRing, Sealed};
use entity::spotify_account::{ActiveModel, Column, Entity, Model, State};
use entity::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, UpdateMany};
use tokio::time::sleep;
use tracing::warn;

use crate::pipeline::Failure;
use crate::spotify::{self, App, Session};

/// How long one process has the token to itself: longer than an exchange, short enough to wait for after a crash.
const HELD_MS: i64 = 20_000;
/// How often to look whether it is free, and for how long.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 250;
/// How often to try to store a token that Spotify has just replaced: the old one is dead, and there is no other copy.
const STORES_MAX: u32 = 5;
const STORE_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How often a token may be replaced under our hands in one exchange.
const EXCHANGES_MAX: u32 = 3;

/// One account's link, as it was when somebody began to work with it.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    db: &'a Db,
    clock: &'a SharedClock,
    user: UserId,
    generation: i32,
}

impl<'a> Link<'a> {
    pub(crate) fn of(account: &Model, db: &'a Db, clock: &'a SharedClock) -> Self {
        Self { db, clock, user: account.user_id, generation: account.generation }
    }

    /// An hour's access. A refresh token that Spotify replaces is stored before anything else is done.
    pub(crate) async fn session(&self, app: &App, keys: &KeyRing) -> Result<Session, Failure> {
        let mut exchange = 1;
        loop {
            let sealed = self.hold().await?.ok_or(Failure::NoToken)?;
            let result = match keys.open(self.user, &sealed) {
                Ok(token) => app.session(&token).await.map_err(Failure::from),
                Err(error) => Err(error.into()),
            };
            match result {
                Ok(session) => {
                    match &session.new_refresh_token {
                        Some(token) => self.store(keys.seal(self.user, token)?).await?,
                        None => self.release().await?,
                    }
                    return Ok(session);
                }
                Err(Failure::Spotify(spotify::Error::Withdrawn)) => {
                    if self.withdraw(Some(&sealed)).await? || exchange == EXCHANGES_MAX {
                        return Err(spotify::Error::Withdrawn.into());
                    }
                    exchange += 1; // It was replaced meanwhile: the new one may be good.
                }
                Err(failure) => {
                    self.release().await?;
                    return Err(failure);
                }
            }
        }
    }

    /// Notes that the person must connect again; whether that is so. Where `tried` is given, it is only while that is the
    /// token that is stored.
    pub(crate) async fn withdraw(&self, tried: Option<&Sealed>) -> Result<bool, DbErr> {
        let mut withdrawn = self.update().set(ActiveModel {
            state: Set(State::NeedsReconnect),
            refreshing_until: Set(None),
            ..Default::default()
        });
        if let Some(tried) = tried {
            withdrawn = withdrawn.filter(Column::SealedRefreshToken.eq(tried.clone()));
        }
        Ok(withdrawn.exec(self.db.write()).await?.rows_affected > 0)
    }

    /// Notes that a fetch has succeeded, that what `requested_at` asked for was done, and when the next one is due.
    pub(crate) async fn succeed(&self, due_at: Instant, requested_at: Option<Instant>) -> Result<(), DbErr> {
        let row = ActiveModel {
            state: Set(State::Active),
            last_succeeded_at: Set(Some(self.clock.now())),
            due_at: Set(due_at),
            ..Default::default()
        };
        self.update().set(row).exec(self.db.write()).await?;
        if let Some(requested_at) = requested_at {
            // A request that came meanwhile stands.
            let done = ActiveModel { requested_at: Set(None), ..Default::default() };
            self.update().set(done).filter(Column::RequestedAt.eq(requested_at)).exec(self.db.write()).await?;
        }
        Ok(())
    }

    /// Notes that a fetch has failed, and when to try again.
    pub(crate) async fn fail(&self, due_at: Instant) -> Result<(), DbErr> {
        let row = ActiveModel { due_at: Set(due_at), ..Default::default() };
        self.update().set(row).exec(self.db.write()).await?;
        Ok(())
    }

    /// Notes which Spotify account it is, and refuses one that feeds somebody else here.
    pub(crate) async fn identify(&self, account_id: &str) -> Result<(), Failure> {
        let other = Entity::find().filter(Column::SpotifyUserId.eq(account_id)).filter(Column::UserId.ne(self.user));
        if let Some(other) = other.one(self.db.write()).await? {
            return Err(Failure::LinkedTwice(other.user_id));
        }
        let row = ActiveModel { spotify_user_id: Set(Some(account_id.to_owned())), ..Default::default() };
        self.update().set(row).exec(self.db.write()).await?;
        Ok(())
    }

    /// Whether it is still the link that this began with. Asked after a fetch: what was fetched before a link ended is
    /// turned away by the time at which it was received, and what was fetched after it, here.
    pub(crate) async fn stands(&self) -> Result<(), Failure> {
        let row = Entity::find_by_id(self.user).one(self.db.write()).await?;
        match row {
            Some(row) if row.generation == self.generation => Ok(()),
            _ => Err(Failure::Ended),
        }
    }

    /// Takes the token for this process alone; the token as it is then.
    async fn hold(&self) -> Result<Option<Sealed>, Failure> {
        for _ in 0..LOOKS_MAX {
            let now = self.clock.now();
            let is_free = Column::RefreshingUntil.is_null().or(Column::RefreshingUntil.lte(now));
            let held = ActiveModel { refreshing_until: Set(Some(now + HELD_MS)), ..Default::default() };
            let held = self.update().set(held).filter(is_free).exec(self.db.write()).await?;
            let row = Entity::find_by_id(self.user).one(self.db.write()).await?;
            let row = row.filter(|row| row.generation == self.generation).ok_or(Failure::Ended)?;
            if held.rows_affected > 0 {
                return Ok(row.sealed_refresh_token);
            }
            sleep(LOOK_EVERY).await;
        }
        Err(Failure::Held)
    }

    async fn release(&self) -> Result<(), DbErr> {
        let free = ActiveModel { refreshing_until: Set(None), ..Default::default() };
        self.update().set(free).exec(self.db.write()).await?;
        Ok(())
    }

    /// Stores the token that took the old one's place. Whoever found the old one dead meanwhile was wrong about the link.
    async fn store(&self, sealed: Sealed) -> Result<(), Failure> {
        let row =
            ActiveModel { sealed_refresh_token: Set(Some(sealed)), refreshing_until: Set(None), ..Default::default() };
        let known = Expr::case(Expr::col(Column::State).eq(State::NeedsReconnect), State::Active)
            .finally(Expr::col(Column::State));
        let store = self.update().set(row).col_expr(Column::State, known.into());
        let mut attempt = 1;
        loop {
            match store.clone().exec(self.db.write()).await {
                Ok(stored) if stored.rows_affected == 0 => return Err(Failure::Ended),
                Ok(_) => return Ok(()),
                Err(error) if attempt == STORES_MAX => return Err(error.into()),
                Err(error) => warn!("a replaced refresh token could not be stored, trying again: {error}"),
            }
            attempt += 1;
            sleep(STORE_AGAIN_AFTER).await;
        }
    }

    fn update(&self) -> UpdateMany<Entity> {
        Entity::update_many().filter(Column::UserId.eq(self.user)).filter(Column::Generation.eq(self.generation))
    }
}
