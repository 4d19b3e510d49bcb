//! The way of one document and of one account: fetch → archive → transform → load, in this order and no other.
//!
//! Nothing is interpreted before its bytes are durable. An account's failure is that account's; whoever runs several goes on
//! with the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::archive::{self, Archive, ArchiveKey, Kind};
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::secret::KeyRing;
use entity::spotify_account;
use entity::time::Instant;
use sea_orm::{DbErr, EntityTrait};

use crate::access::Link;
use crate::batch::Batch;
use crate::jobs::Pace;
use crate::journal::Step;
use crate::load::{self, Loaded, Origin};
use crate::settle::MATCH_WINDOW_S;
use crate::spool::Spool;
use crate::{crash, person, spotify, transform};

/// What every document needs on its way.
#[derive(Clone)]
pub struct Pipeline {
    /// Where plays go.
    pub db: Db,
    /// Where bytes go first.
    pub archive: Archive,
    /// Where they wait while the archive or the database is away.
    pub spool: Spool,
    /// What the time is.
    pub clock: SharedClock,
    /// How far apart a play of Spotify's API and a row of an export may have ended that are one play, in seconds.
    pub match_window_s: u32,
    /// Until when nobody tries an archive that has just failed, in Unix milliseconds.
    archive_rests_until: Arc<AtomicI64>,
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
    /// The link is not the one that this began with.
    #[error("the Spotify link was ended or made anew meanwhile")]
    Ended,
    /// Another process is at it.
    #[error("another process has this account's refresh token to itself; the next run tries again")]
    Held,
    /// Its person wanted it gone.
    #[error("it belongs to somebody whose data were erased: it was not loaded, and its raw bytes are deleted")]
    Erased,
    /// Two people here would share one person's plays.
    #[error("this Spotify account is already linked to user {0}: disconnect one of them")]
    LinkedTwice(UserId),
    /// Before the bytes were durable.
    #[error("the archive did not keep the raw bytes: they wait in the spool for the next run")]
    Archive(#[source] archive::Error),
    /// The archive has just failed for somebody else.
    #[error("the archive has just failed and is left alone for a minute: the raw bytes wait in the spool")]
    ArchiveRests,
    /// Nobody kept the bytes. Spotify's window is the last copy.
    #[error("nothing was loaded, because neither the archive nor the spool (SPOOL_DIR) kept the raw bytes first")]
    NotKept(#[source] archive::Error),
    /// At the archive, while it was read.
    #[error("the archive could not be read")]
    Read(#[source] archive::Error),
    /// Two people under one number.
    #[error("number {user} is {there} in the archive and {here} in the database: replay into another database")]
    SomebodyElse {
        /// The number.
        user: UserId,
        /// Who has it in the database.
        here: String,
        /// Who has it in the archive.
        there: String,
    },
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

impl From<load::Error> for Failure {
    fn from(error: load::Error) -> Self {
        match error {
            load::Error::Erased => Self::Erased,
            load::Error::Database(error) => Self::Database(error),
        }
    }
}

impl Pipeline {
    /// The steps over this database, archive and spool.
    pub fn new(db: Db, archive: Archive, spool: Spool, clock: SharedClock) -> Self {
        Self { db, archive, spool, clock, match_window_s: MATCH_WINDOW_S, archive_rests_until: Arc::default() }
    }

    /// Keeps and loads one document. What the database does not take waits in the spool for the next run, which loads it
    /// before it fetches anything.
    pub async fn load(&self, page: &RawPage, trace: &mut Trace) -> Result<Loaded, Failure> {
        let key = ArchiveKey::new(page.kind, page.fetched_at, &page.bytes);
        let spooled = self.keep(&key, &page.bytes, trace).await?;
        crash::point("archived");
        let result = self.interpret(&key, &page.bytes, trace).await;
        crash::point("loaded");
        if let Err(Failure::Database(_) | Failure::TimedOut) = &result
            && !spooled
        {
            trace.step("spool", async { self.spool.put(&key, &page.bytes).await.map_err(Failure::NotKept) }).await.ok();
        }
        result.map(|loaded| Loaded { spooled: usize::from(spooled), ..loaded })
    }

    /// Makes bytes durable, in the archive or else in the spool; whether it was the spool.
    async fn keep(&self, key: &ArchiveKey, bytes: &[u8], trace: &mut Trace) -> Result<bool, Failure> {
        if trace.step("archive", self.put(key, bytes, false)).await.is_ok() {
            return Ok(false);
        }
        let spooled = trace.step("spool", async { self.spool.put(key, bytes).await.map_err(Failure::NotKept) }).await;
        if spooled.is_err() {
            self.archive_rests_until.store(0, Ordering::Relaxed); // It is the last hope of whoever comes next.
        }
        spooled?;
        crash::point("spooled");
        Ok(true)
    }

    /// Puts bytes into the archive. One that fails is left alone for a minute, except by whoever tries whether it is back:
    /// else every account would wait for it in turn.
    pub(crate) async fn put(&self, key: &ArchiveKey, bytes: &[u8], anyway: bool) -> Result<(), Failure> {
        let now = self.clock.now();
        if !anyway && now.ms() < self.archive_rests_until.load(Ordering::Relaxed) {
            return Err(Failure::ArchiveRests);
        }
        let put = self.archive.put(key, bytes).await.map_err(Failure::Archive);
        let rests_until = if put.is_ok() { 0 } else { (now + ARCHIVE_REST_MS).ms() };
        self.archive_rests_until.store(rests_until, Ordering::Relaxed);
        put
    }

    /// Transforms and loads bytes that are durable already.
    pub(crate) async fn load_archived(&self, key: &ArchiveKey, bytes: &[u8]) -> Result<Loaded, Failure> {
        self.interpret(key, bytes, &mut Trace::new(key.kind().user(), self.clock.clone())).await
    }

    async fn interpret(&self, key: &ArchiveKey, bytes: &[u8], trace: &mut Trace) -> Result<Loaded, Failure> {
        let batch = trace.step("transform", async { transform(key, bytes) }).await?;
        crash::point("transformed");
        let origin = Origin { key: key.clone(), user: key.kind().user(), fetched_at: key.fetched_at() };
        let document = [(&origin, &batch)];
        let load = load::load(&self.db, &document, self.match_window_s, self.clock.now());
        let load = Box::pin(load);
        let loaded = trace.step("load", async { Ok(load.await?) }).await;
        if let Err(Failure::Erased) = &loaded {
            self.discard(key).await;
        }
        loaded
    }

    /// Deletes raw bytes that came, or were on their way, when archive and spool had been rid of their person already.
    async fn discard(&self, key: &ArchiveKey) {
        for removed in [self.spool.remove(key).await, self.archive.remove(key).await] {
            if let Err(error) = removed {
                tracing::warn!("raw bytes of somebody whose data were erased may be left: {}", chain(&error));
            }
        }
    }

    /// Refreshes one account's access, fetches its newest plays, keeps and loads them.
    pub async fn poll(
        &self,
        app: &spotify::App,
        keys: &KeyRing,
        account: &spotify_account::Model,
        pace: Pace,
        trace: &mut Trace,
    ) -> Result<Loaded, Failure> {
        let user = account.user_id;
        let link = Link::of(account, &self.db, &self.clock);
        let result = async {
            let session = trace.step("refresh", link.session(app, keys)).await?;
            crash::point("refreshed");
            let page = match trace.step("fetch", self.fetch(account, &link, &session)).await {
                // Withdrawn meanwhile, or dead before its hour: another one is asked for, once.
                Err(Failure::Spotify(spotify::Error::Unauthorized)) => {
                    let session = trace.step("refresh", link.session(app, keys)).await?;
                    trace.step("fetch", self.fetch(account, &link, &session)).await?
                }
                page => page?,
            };
            crash::point("fetched");
            self.load(&page, trace).await
        }
        .await;
        let now = self.clock.now();
        match &result {
            Ok(_) => {
                let due_at = pace.next(&load::newest(&self.db, user).await?, now);
                link.succeed(due_at, account.requested_at).await?;
            }
            Err(Failure::Spotify(spotify::Error::Withdrawn)) => {} // The link has noted it.
            // Until then nobody may be asked, and asking whether one may is no use.
            Err(Failure::Spotify(spotify::Error::RateLimited { retry_after, .. })) => {
                let asked = i64::try_from(retry_after.as_millis()).unwrap_or(i64::MAX / 4);
                link.fail(pace.retry(user, now).max(now + asked)).await?;
            }
            Err(_) => link.fail(pace.retry(user, now)).await?,
        }
        if result.is_ok()
            && account.last_succeeded_at.is_none_or(|last| day(last) != day(now))
            && link.stands().await.is_ok()
        {
            self.keep_person(user, now).await?;
        }
        crash::point("acknowledged");
        result
    }

    /// Once a day, the archive learns who this is: a name for a database that is made anew from it.
    async fn keep_person(&self, user: UserId, now: Instant) -> Result<(), DbErr> {
        if let Some(row) = entity::user::Entity::find_by_id(user).one(self.db.write()).await?
            && let Err(error) = person::keep(&self.archive, &row, now).await
        {
            tracing::warn!("who this is could not be kept, which tomorrow does: {}", chain(&error));
        }
        Ok(())
    }

    /// The page of newest plays, from an account that is known to feed nobody else here.
    async fn fetch(
        &self,
        account: &spotify_account::Model,
        link: &Link<'_>,
        session: &spotify::Session,
    ) -> Result<RawPage, Failure> {
        if account.spotify_user_id.is_none() {
            link.identify(&session.account_id().await?).await?;
        }
        let bytes = session.recently_played().await?.into_bytes();
        let page = RawPage { kind: Kind::Plays(account.user_id), fetched_at: self.clock.now(), bytes };
        match link.stands().await {
            // No link ends while the database is away. What was fetched is kept, and waits in the spool.
            Err(Failure::Database(error)) => {
                tracing::warn!(user.id = account.user_id.0, "whether the link still stands cannot be read: {error}");
                Ok(page)
            }
            stands => stands.map(|()| page),
        }
    }
}

/// What the bytes under `key` say.
pub(crate) fn transform(key: &ArchiveKey, bytes: &[u8]) -> Result<Batch, Failure> {
    let batch = match key.kind() {
        Kind::Plays(_) => transform::recently_played(bytes),
        Kind::Tracks => transform::tracks(bytes),
        Kind::Artists => transform::artists(bytes),
        Kind::Albums => transform::albums(bytes),
        Kind::AudioFeatures => transform::audio_features(bytes),
        Kind::Person(_) | Kind::Searches | Kind::Probe => Ok(Batch::default()),
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

fn day(at: Instant) -> i64 {
    at.ms().div_euclid(86_400_000)
}

/// How long an archive that has failed is left alone.
const ARCHIVE_REST_MS: i64 = 60_000;
