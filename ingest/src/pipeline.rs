//! The way of one document and of one account: fetch → archive → transform → load, in this order and no other.
//!
//! Nothing is interpreted before its bytes are durable. An account's failure is that account's; whoever runs several goes on
//! with the next.

use std::time::Duration;

use entity::archive::{self, Archive, ArchiveKey, Kind};
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::secret::KeyRing;
use entity::spotify_account::{self, State};
use entity::time::Instant;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::batch::Batch;
use crate::journal::Step;
use crate::load::{self, Loaded, Origin};
use crate::{spotify, transform};

/// What every document needs on its way.
#[derive(Clone)]
pub struct Pipeline {
    /// Where plays go.
    pub db: Db,
    /// Where bytes go first.
    pub archive: Archive,
    /// What the time is.
    pub clock: SharedClock,
}

/// A response, as received.
pub struct RawPage {
    /// What it is about.
    pub kind: Kind,
    /// When it was received.
    pub fetched_at: Instant,
    /// The body.
    pub bytes: Vec<u8>,
}

/// Where an account, or a document, stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// At Spotify.
    #[error("nothing was fetched")]
    Spotify(#[from] spotify::Error),
    /// At the stored token.
    #[error("the refresh token cannot be opened or sealed")]
    Token(#[from] entity::secret::Error),
    /// The token's place is empty.
    #[error("no refresh token is stored: this person must connect again")]
    NoToken,
    /// Two people here would share one person's plays.
    #[error("this Spotify account is already linked to user {0}: disconnect one of them")]
    LinkedTwice(UserId),
    /// Before the bytes were durable.
    #[error("nothing was loaded, because the raw bytes could not be kept first")]
    Archive(#[from] archive::Error),
    /// The bytes are kept, but are not what was expected.
    #[error("the bytes are archived as {key} but were not understood")]
    Transform {
        /// Where they are.
        key: String,
        /// Why.
        source: transform::Error,
    },
    /// The step did not end.
    #[error("it took longer than {} s and was given up; the next run tries again", STEP_TIMEOUT.as_secs())]
    TimedOut,
    /// The bytes are kept, but the database did not take what they say.
    #[error("the database did not take the plays; the next run tries again")]
    Database(#[from] DbErr),
}

impl Pipeline {
    /// Keeps and loads one document.
    pub async fn load(&self, page: &RawPage, trace: &mut Trace) -> Result<Loaded, Failure> {
        let key = ArchiveKey::new(page.kind, page.fetched_at, &page.bytes);
        trace.step("archive", async { Ok(self.archive.put(&key, &page.bytes).await?) }).await?;
        let batch = trace.step("transform", async { transform(page, &key) }).await?;
        let user = match page.kind {
            Kind::Plays(user) => Some(user),
            Kind::Tracks | Kind::Artists | Kind::Albums | Kind::AudioFeatures | Kind::Probe => None,
        };
        let origin = Origin { key, user, fetched_at: page.fetched_at };
        let load = load::load(&self.db, &origin, &batch, self.clock.now());
        trace.step("load", async { Ok(load.await?) }).await
    }

    /// Refreshes one account's access, fetches its newest plays, keeps and loads them.
    pub async fn poll(
        &self,
        app: &spotify::App,
        keys: &KeyRing,
        account: &spotify_account::Model,
        trace: &mut Trace,
    ) -> Result<Loaded, Failure> {
        let user = account.user_id;
        let result = async {
            let (session, token) = trace.step("refresh", self.refresh(app, keys, account)).await?;
            let page = match trace.step("fetch", self.fetch(account, &session)).await {
                // Withdrawn meanwhile, or dead before its hour: another one is asked for, once.
                Err(Failure::Spotify(spotify::Error::Unauthorized)) => {
                    let (session, _) = trace.step("refresh", self.refresh_with(app, keys, user, token)).await?;
                    trace.step("fetch", self.fetch(account, &session)).await?
                }
                page => page?,
            };
            self.load(&page, trace).await
        }
        .await;
        match &result {
            Ok(_) => self.set_state(user, State::Active, Some(self.clock.now())).await?,
            Err(Failure::Spotify(spotify::Error::Withdrawn)) => {
                self.set_state(user, State::NeedsReconnect, account.last_succeeded_at).await?;
            }
            Err(_) => {}
        }
        result
    }

    /// An hour's access, and the refresh token to ask for the next with.
    async fn refresh(
        &self,
        app: &spotify::App,
        keys: &KeyRing,
        account: &spotify_account::Model,
    ) -> Result<(spotify::Session, String), Failure> {
        let sealed = account.sealed_refresh_token.as_ref().ok_or(Failure::NoToken)?;
        self.refresh_with(app, keys, account.user_id, keys.open(account.user_id, sealed)?).await
    }

    /// The same, by this refresh token. One that Spotify replaces is stored before anything else is done: the old one is
    /// dead.
    async fn refresh_with(
        &self,
        app: &spotify::App,
        keys: &KeyRing,
        user: UserId,
        token: String,
    ) -> Result<(spotify::Session, String), Failure> {
        let session = app.session(&token).await?;
        let Some(new) = session.new_refresh_token.clone() else { return Ok((session, token)) };
        let row = spotify_account::ActiveModel {
            user_id: Set(user),
            sealed_refresh_token: Set(Some(keys.seal(user, &new)?)),
            ..Default::default()
        };
        row.update(self.db.write()).await?;
        Ok((session, new))
    }

    /// The page of newest plays, from an account that is known to feed nobody else here.
    async fn fetch(&self, account: &spotify_account::Model, session: &spotify::Session) -> Result<RawPage, Failure> {
        if account.spotify_user_id.is_none() {
            self.identify(account.user_id, session).await?;
        }
        let bytes = session.recently_played().await?.into_bytes();
        Ok(RawPage { kind: Kind::Plays(account.user_id), fetched_at: self.clock.now(), bytes })
    }

    /// Learns which Spotify account this is, and refuses one that feeds somebody else here.
    async fn identify(&self, user: UserId, session: &spotify::Session) -> Result<(), Failure> {
        use spotify_account::{ActiveModel, Column, Entity};
        let id = session.account_id().await?;
        let other = Entity::find().filter(Column::SpotifyUserId.eq(&id)).filter(Column::UserId.ne(user));
        if let Some(other) = other.one(self.db.write()).await? {
            return Err(Failure::LinkedTwice(other.user_id));
        }
        let row = ActiveModel { user_id: Set(user), spotify_user_id: Set(Some(id)), ..Default::default() };
        row.update(self.db.write()).await?;
        Ok(())
    }

    async fn set_state(&self, user: UserId, state: State, last_succeeded_at: Option<Instant>) -> Result<(), DbErr> {
        let row = spotify_account::ActiveModel {
            user_id: Set(user),
            state: Set(state),
            last_succeeded_at: Set(last_succeeded_at),
            ..Default::default()
        };
        row.update(self.db.write()).await?;
        Ok(())
    }
}

fn transform(page: &RawPage, key: &ArchiveKey) -> Result<Batch, Failure> {
    let batch = match page.kind {
        Kind::Plays(_) => transform::recently_played(&page.bytes),
        Kind::Tracks => transform::tracks(&page.bytes),
        Kind::Artists => transform::artists(&page.bytes),
        Kind::Albums => transform::albums(&page.bytes),
        Kind::AudioFeatures => transform::audio_features(&page.bytes),
        Kind::Probe => Ok(Batch::default()),
    };
    batch.map_err(|source| Failure::Transform { key: key.to_string(), source })
}

/// Collects what happened to one account, step by step, for the journal.
pub struct Trace {
    user: Option<UserId>,
    clock: SharedClock,
    steps: Vec<Step>,
}

impl Trace {
    /// An empty trace of `user`'s steps.
    pub fn new(user: Option<UserId>, clock: SharedClock) -> Self {
        Self { user, clock, steps: Vec::new() }
    }

    /// The step that ended last.
    pub fn last(&self) -> &'static str {
        self.steps.last().map_or("begin", |step| step.name)
    }

    /// The steps so far.
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Runs `work` as the step `name`, for [`STEP_TIMEOUT`] at most.
    async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let started_at = self.clock.now();
        let result = match tokio::time::timeout(STEP_TIMEOUT, work).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        let message = result.as_ref().err().map(|failure| chain(failure));
        let duration_ms = (self.clock.now() - started_at).max(0);
        self.steps.push(Step { user: self.user, name, started_at, duration_ms, message });
        result
    }
}

/// Longer than any wait inside a step: three rate-limit waits of a minute.
const STEP_TIMEOUT: Duration = Duration::from_secs(240);
