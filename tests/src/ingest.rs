//! The ingest with everything around it: a fake Spotify, a database, an archive, a key ring, and one clock for all.
//!
//! It calls the ingest's own doors (`accounts::add`, `run::run`, `Pipeline::load`) and reads what came of it from the
//! database. What Spotify says and how it fails is [`FakeSpotify`]'s business; a test tells it directly.

mod archive;
pub mod documents;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::ingest::batch::Batch;
use ::ingest::command::accounts::{self, Add};
use ::ingest::enrich::{Enriched, KINDS, Order, enrich, survey};
use ::ingest::import::{Limits, uploaded};
use ::ingest::jobs::{Pace, Shift, Which, imports, pass};
use ::ingest::load::{self, Loaded, Origin};
use ::ingest::pipeline::{Failure, Pipeline, RawPage, Trace};
use ::ingest::progress::Progress;
use ::ingest::spool::{Drained, Spool};
use ::ingest::spotify::App;
use entity::clock::{Clock, FixedClock};
use entity::db::Db;
use entity::enrichment::Kind;
use entity::ids::UserId;
use entity::ingest_run::Outcome;
use entity::secret::KeyRing;
use entity::time::Instant;
use entity::{ingest_run, ingest_step, play, spotify_account, spotify_app, track, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::database::TestDb;
use crate::fake_spotify::{AppMode, FakeSpotify, Ledger, Listener, Options};

pub use archive::TestArchive;

/// When every station's clock starts: 2026-11-22T09:00:00Z.
pub const START_MS: i64 = 1_795_338_000_000;

/// A key ring as `TOKEN_KEYS` has it: 32 bytes of 7.
pub const TOKEN_KEYS: &str = "test:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// How long a track that [`Station::hear`] plays takes, and so how far the clock moves.
pub const TRACK_MS: i64 = 180_000;

/// What holds for uploaded imports, unless a test says otherwise.
pub fn import_rules() -> uploaded::Rules {
    uploaded::Rules { match_window_s: 90, limits: Limits::default(), keep: false }
}

/// Everything that a run needs.
pub struct Station {
    /// What the run asks.
    pub spotify: FakeSpotify,
    /// What it fills.
    pub db: TestDb,
    /// Where it keeps the raw bytes.
    pub archive: TestArchive,
    /// The steps by themselves, for a test that brings its own documents.
    pub pipeline: Pipeline,
    app: App,
    keys: Arc<KeyRing>,
    clock: Arc<FixedClock>,
    heard: AtomicUsize,
    spool: TempDir,
}

/// Loads what one document says.
pub async fn load(db: &Db, origin: &Origin, batch: &Batch, now: Instant) -> Result<Loaded, load::Error> {
    load::load(db, &[(origin, batch)], load::MATCH_WINDOW_S, now).await
}

/// A play, as the oracle and the database both know it; in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Played {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Spotify's id of the track.
    pub track: String,
    /// Milliseconds.
    pub listened_ms: i64,
}

/// A step of a run, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose account; empty for a step of the run as a whole.
    pub username: String,
    /// `refresh`, `fetch`, `archive`, `transform` or `load`.
    pub name: String,
    /// Why it failed, if it did.
    pub message: Option<String>,
}

impl Station {
    /// With an app in Extended Mode and an archive in a folder.
    pub async fn new(db: TestDb) -> Self {
        Self::with(db, AppMode::Extended, TestArchive::directory()).await
    }

    /// With an app of this kind and this archive.
    pub async fn with(db: TestDb, mode: AppMode, archive: TestArchive) -> Self {
        let clock = Arc::new(FixedClock::new(Instant::from_ms(START_MS)));
        let same = Arc::clone(&clock);
        let options = Options { mode, clock: Arc::new(move || same.now().ms()), ..Options::default() };
        let spotify = FakeSpotify::start(options).await.expect("a free port");
        let spool = tempfile::Builder::new().prefix("refrain-spool-").tempdir().expect("a temporary folder");
        let waiting = Spool::new(spool.path().join("spool"));
        let pipeline = Pipeline::new(db.db(), archive.open(), waiting, clock.clone());
        let keys = Arc::new(KeyRing::parse(TOKEN_KEYS).expect("a key ring"));
        let app = app(&spotify, &pipeline);
        Self { spotify, db, archive, pipeline, app, keys, clock, heard: AtomicUsize::new(0), spool }
    }

    /// Somebody with a Spotify account, who is linked here.
    pub async fn listener(&self, name: &str) -> Listener {
        let listener = self.spotify.add_listener(name);
        self.add(name, &listener.refresh_token).await;
        listener
    }

    /// `accounts add`: links a new or a known person by a refresh token.
    pub async fn add(&self, name: &str, refresh_token: &str) {
        let add = Add {
            name: name.to_owned(),
            refresh_token_file: None,
            display_name: None,
            time_zone: "Europe/Berlin".to_owned(),
            listed: true,
            dry_run: false,
        };
        accounts::add(&self.db.db(), &add, Some((&self.keys, refresh_token)), self.clock.now())
            .await
            .expect("a new name or a new link");
    }

    /// `run --all`: polls every account.
    pub async fn run(&self) -> Outcome {
        self.pass(Which::Everyone).await
    }

    /// `run --all`, with what goes before: erasures, and the ends of authorizations.
    pub async fn whole_run(&self) -> Outcome {
        self.shift().begin(&CancellationToken::new()).await.expect("a database that answers");
        self.run().await
    }

    /// `run`: drains the spool, and polls every account that is due.
    pub async fn run_due(&self) -> Outcome {
        self.drain().await;
        self.pass(Which::FOR_RUN).await
    }

    /// `spool drain`.
    pub async fn drain(&self) -> Drained {
        self.pipeline.drain().await.expect("a spool that can be read")
    }

    async fn pass(&self, which: Which) -> Outcome {
        pass(&self.shift(), "run", which, &CancellationToken::new()).await.expect("a run that ends").outcome()
    }

    /// What a job of this station needs.
    pub fn shift(&self) -> Shift {
        let (pipeline, app, keys) = (self.pipeline.clone(), self.app.clone(), Arc::clone(&self.keys));
        Shift {
            pipeline,
            app,
            keys,
            pace: Pace::default(),
            alerts: None,
            enrich_budget: 0,
            run_history_days: 90,
            imports: import_rules(),
        }
    }

    /// Does the uploaded imports that wait, with these rules; how many it ended.
    pub async fn imports(&self, rules: &uploaded::Rules) -> usize {
        let imported = imports(&self.pipeline, rules, self.db.url(), &CancellationToken::new()).await;
        imported.expect("imports that can be done")
    }

    /// The files that wait in the spool, below its folder, damaged ones too.
    pub fn spooled(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.spool_folder()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry of the spool").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// Where the spool is.
    pub fn spool_folder(&self) -> PathBuf {
        self.spool.path().join("spool")
    }

    /// Polls one account, as it was when somebody read it.
    pub async fn poll(&self, account: &spotify_account::Model) -> Result<Loaded, Failure> {
        let mut trace = Trace::new(Some(account.user_id), self.pipeline.clock.clone());
        self.pipeline.poll(&self.app, &self.keys, account, Pace::default(), &mut trace).await
    }

    /// Forgets all that only a process knows, as the end of one and the start of the next do.
    pub fn restart(&mut self) {
        self.app = self.another_app();
    }

    /// The same app as another process has it, which shares nothing but the database.
    pub fn another_app(&self) -> App {
        app(&self.spotify, &self.pipeline)
    }

    /// The same run by another app than the station's own.
    pub async fn run_by(&self, app: &App) -> Outcome {
        let shift = Shift { app: app.clone(), ..self.shift() };
        pass(&shift, "run", Which::Everyone, &CancellationToken::new()).await.expect("a run that ends").outcome()
    }

    /// `backfill`: fills in what is lacking of these kinds, with so many calls.
    pub async fn backfill(&self, kinds: &[Kind], calls_max: u32) -> Enriched {
        self.enrich(&self.app, &Order { command: "backfill", kinds, calls_max, reprobe: false }).await
    }

    /// `backfill --reprobe`: the same, finding out anew what the app may ask.
    pub async fn reprobe(&self, kinds: &[Kind], calls_max: u32) -> Enriched {
        self.enrich(&self.app, &Order { command: "backfill", kinds, calls_max, reprobe: true }).await
    }

    /// The same by any app.
    pub async fn enrich(&self, app: &App, order: &Order<'_>) -> Enriched {
        let stop = CancellationToken::new();
        enrich(&self.pipeline, app, order, &Progress::hidden(), &stop).await.expect("a database that answers")
    }

    /// The same with the station's own app, until `stop`.
    pub async fn enrich_until(&self, order: &Order<'_>, stop: &CancellationToken) -> Enriched {
        enrich(&self.pipeline, &self.app, order, &Progress::hidden(), stop).await.expect("a database that answers")
    }

    /// `backfill --dry-run`: what is lacking, and how many calls it would take.
    pub async fn survey(&self) -> Vec<(Kind, u64, u64)> {
        survey(&self.pipeline, &self.app, &KINDS).await.expect("a database that answers")
    }

    /// What is known of the app.
    pub async fn known_of_app(&self) -> spotify_app::Model {
        let app = spotify_app::Entity::find_by_id(self.spotify.client_id());
        app.one(self.pipeline.db.write()).await.expect("apps").expect("an app that has called")
    }

    /// Loads one document as if it had been fetched now.
    pub async fn load(&self, kind: entity::archive::Kind, bytes: Vec<u8>) -> Result<Loaded, Failure> {
        self.load_fetched_at(kind, bytes, self.clock.now()).await
    }

    /// Loads one document that was fetched then.
    pub async fn load_fetched_at(
        &self,
        kind: entity::archive::Kind,
        bytes: Vec<u8>,
        fetched_at: Instant,
    ) -> Result<Loaded, Failure> {
        let page = RawPage { kind, fetched_at, bytes };
        self.pipeline.load(&page, &mut Trace::new(None, self.pipeline.clock.clone())).await
    }
}

/// Time, and listening.
impl Station {
    /// What time it is, here and at Spotify: Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now().ms()
    }

    /// Lets time pass.
    pub fn pass_ms(&self, ms: i64) {
        self.clock.set(self.clock.now() + ms);
    }

    /// The listener hears so many tracks, one after the other, for [`TRACK_MS`] each; the last one ends now.
    pub fn hear(&self, listener: &Listener, tracks: usize) {
        for _ in 0..tracks {
            self.pass_ms(TRACK_MS);
            let next = self.heard.fetch_add(1, Ordering::Relaxed);
            self.spotify.play(listener, next * 7 % self.spotify.world().tracks.len(), self.now_ms());
        }
    }
}

/// What came of it.
impl Station {
    /// A listener's plays in the database.
    pub async fn plays(&self, listener: &Listener) -> Vec<Played> {
        let mut plays: Vec<Played> = play::Entity::find()
            .find_also_related(track::Entity)
            .filter(play::Column::UserId.eq(self.user(listener).await))
            .all(self.pipeline.db.read())
            .await
            .expect("plays")
            .into_iter()
            .map(|(play, track)| Played {
                at_ms: play.played_at.ms(),
                track: track.expect("a play has a track").spotify_id,
                listened_ms: play.listened_ms.into(),
            })
            .collect();
        plays.sort();
        plays
    }

    /// What must be in the database: every play that Spotify ever issued to the listener.
    pub fn issued(&self, listener: &Listener) -> Vec<Played> {
        played(&self.spotify.ledger(listener))
    }

    /// The listener's row.
    pub async fn user(&self, listener: &Listener) -> UserId {
        let person = user::Entity::find().filter(user::Column::Username.eq(&listener.name));
        person.one(self.pipeline.db.read()).await.expect("users").expect("a listener who was added").id
    }

    /// The listener's link.
    pub async fn account(&self, listener: &Listener) -> spotify_account::Model {
        let account = spotify_account::Entity::find_by_id(self.user(listener).await);
        account.one(self.pipeline.db.read()).await.expect("accounts").expect("a listener who is linked")
    }

    /// The newest run.
    pub async fn last_run(&self) -> ingest_run::Model {
        let newest = ingest_run::Entity::find().order_by_desc(ingest_run::Column::Id);
        newest.one(self.pipeline.db.read()).await.expect("runs").expect("a run")
    }

    /// The steps of the newest run, in order.
    pub async fn steps(&self) -> Vec<Step> {
        ingest_step::Entity::find()
            .find_also_related(user::Entity)
            .filter(ingest_step::Column::RunId.eq(self.last_run().await.id))
            .order_by_asc(ingest_step::Column::Id)
            .all(self.pipeline.db.read())
            .await
            .expect("steps")
            .into_iter()
            .map(|(step, person)| Step {
                username: person.map(|person| person.username).unwrap_or_default(),
                name: step.name,
                message: step.message,
            })
            .collect()
    }

    /// Where the newest run stopped for a listener and why; `None` if nothing went wrong.
    pub async fn failure(&self, listener: &Listener) -> Option<(String, String)> {
        let theirs = self.steps().await.into_iter().filter(|step| step.username == listener.name);
        theirs.filter_map(|step| Some((step.name, step.message?))).next()
    }
}

fn app(spotify: &FakeSpotify, pipeline: &Pipeline) -> App {
    App::new(spotify.client_id(), spotify.client_secret(), &spotify.api_url(), &spotify.auth_url())
        .remembering(&pipeline.db, &pipeline.clock)
}

fn played(ledger: &Ledger) -> Vec<Played> {
    let mut plays: Vec<Played> = ledger
        .plays()
        .iter()
        .map(|play| Played { at_ms: play.played_at_ms, track: play.track_id.clone(), listened_ms: play.duration_ms })
        .collect();
    plays.sort();
    plays
}
