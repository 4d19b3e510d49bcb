//! A Spotify of our own: a small world with state behind real HTTP, for tests and for trying the product without an account.
//!
//! It hands out tokens, remembers every play it ever issued (the [`Ledger`], the tests' oracle), shows only the newest 50
//! of them as Spotify does, behaves as an app in [`AppMode::Development`] or [`AppMode::Extended`], misbehaves on
//! demand ([`Rule`], [`Quirk`]), and keeps count of how it is called ([`Referee`]). Nothing is a canned answer: what a
//! call returns follows from what was played, granted and revoked before it.
//!
//! Deliberately absent: endpoints the product never calls (search, playlists, playback), markets and relinking by
//! market, TLS, and any rate limit of its own (429 comes only when a rule asks for it). The world never changes
//! after it is made.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use tests::fake_spotify::{FakeSpotify, Options, Quirk, RetryAfter, Rule};
//!
//! let spotify = FakeSpotify::start(Options::default()).await?;
//! let ada = spotify.add_listener("ada");
//! spotify.play(&ada, 0, spotify.now_ms() - 60_000);
//! spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(2))).by(&ada));
//! // … point the product at `spotify.api_url()` and `spotify.auth_url()`, run it, then ask:
//! assert_eq!(spotify.referee().inside_ban(), 0);
//! assert_eq!(spotify.ledger(&ada).totals_ever().plays, 1);
//! # Ok(())
//! # }
//! ```

mod accounts;
mod answer;
mod authorize;
mod bans;
mod catalogue;
mod control;
mod endpoint;
mod gate;
mod habits;
mod instant;
mod ledger;
mod oauth;
mod payload;
mod player;
#[cfg(test)]
mod probe;
mod quirks;
mod referee;
mod routes;
mod shared;
mod world;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use accounts::{Listener, Rotation};
pub use control::AppMode;
pub use endpoint::{Endpoint, Kind};
pub use ledger::{Context, Ledger, Play, Totals};
pub use quirks::{ItemQuirk, Quirk, RetryAfter, Rule};
pub use referee::Referee;
pub use world::{Album, Artist, AudioFeatures, Image, Landmarks, Precision, Track, World};

use shared::Shared;

/// What time it is, in Unix milliseconds. Tests pass their own, so that hours and months pass when they say so.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a [`FakeSpotify`] starts. What is not set here can be changed while it runs.
#[derive(Clone)]
pub struct Options {
    /// The loopback port to serve on; 0 takes a free one.
    pub port: u16,
    /// What the world, the tokens and the generated plays follow from: the same seed, the same everything.
    pub seed: u64,
    /// How many artists the world has (8 at least); albums and tracks follow, about 12 tracks for each artist.
    pub artists: usize,
    /// The kind of app that calls.
    pub mode: AppMode,
    /// The app's id, as Basic user name at the token endpoint.
    pub client_id: String,
    /// The app's secret, as Basic password at the token endpoint.
    pub client_secret: String,
    /// How long an access token lives, in seconds.
    pub access_token_life_s: i64,
    /// The most ids `GET /albums?ids=` takes. Spotify's own reference says 20, where tracks and artists take 50.
    pub album_ids_max: usize,
    /// What time it is here.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            artists: 40,
            mode: AppMode::Development,
            client_id: "fake-client-id".to_owned(),
            client_secret: "fake-client-secret".to_owned(),
            access_token_life_s: 3_600,
            album_ids_max: 50,
            clock: Arc::new(system_time_ms),
        }
    }
}

/// A running fake Spotify. Dropping it stops the server: no new connection is taken, and open answers are let out.
pub struct FakeSpotify {
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

impl FakeSpotify {
    /// Makes the world and serves it on 127.0.0.1.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let socket = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = socket.local_addr().context("the socket has no address")?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared::new(options, address, stop.clone()));
        let router = routes::router(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(socket, router).with_graceful_shutdown(stop.cancelled_owned()).await {
                tracing::error!(%error, "the fake Spotify stopped serving");
            }
        });
        Ok(Self { shared, server: Some(server) })
    }

    /// The base of the Web API, with the trailing slash that rspotify's `Config::api_base_url` needs: it only appends.
    pub fn api_url(&self) -> String {
        self.shared.api_url()
    }

    /// The base of the accounts service, with its trailing slash; the token endpoint is `{auth_url}api/token`.
    pub fn auth_url(&self) -> String {
        self.shared.auth_url()
    }

    /// The client id that the token endpoint accepts.
    pub fn client_id(&self) -> &str {
        &self.shared.options.client_id
    }

    /// The client secret that the token endpoint accepts.
    pub fn client_secret(&self) -> &str {
        &self.shared.options.client_secret
    }

    /// The settings that point the product here, as names and values of environment variables. Runs do not fill in the
    /// catalogue with them: a test that wants it says so, and counts no calls otherwise.
    pub fn env(&self) -> [(&'static str, String); 5] {
        [
            ("SPOTIFY_API_URL", self.api_url()),
            ("SPOTIFY_AUTH_URL", self.auth_url()),
            ("SPOTIFY_CLIENT_ID", self.client_id().to_owned()),
            ("SPOTIFY_CLIENT_SECRET", self.client_secret().to_owned()),
            ("ENRICH_BUDGET", "0".to_owned()),
        ]
    }

    /// Stops the server and waits until every open answer is out.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        if let Some(server) = self.server.take() {
            // A join fails only when the task panicked or was aborted, and then there is nothing left to wait for.
            let _ = server.await;
        }
    }
}

impl Drop for FakeSpotify {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

fn system_time_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(since_epoch.as_millis()).expect("milliseconds since 1970 fit 63 bits for 292 million years")
}

#[cfg(test)]
mod tests {
    use super::{FakeSpotify, Options, probe::Probe};

    #[tokio::test]
    async fn a_stopped_fake_no_longer_answers() {
        let fake = FakeSpotify::start(Options::default()).await.unwrap();
        let url = format!("{}me", fake.api_url());
        assert_eq!(reqwest::get(&url).await.unwrap().status(), 401);
        fake.stop().await;
        assert!(reqwest::get(&url).await.unwrap_err().is_connect());
    }

    #[tokio::test]
    async fn dropping_the_fake_ends_its_server() {
        let mut fake = FakeSpotify::start(Options::default()).await.unwrap();
        let server = fake.server.take().unwrap();
        drop(fake);
        tokio::time::timeout(std::time::Duration::from_secs(5), server).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_same_seed_grants_the_same_refresh_tokens() {
        let (one, other) = (Probe::start().await, Probe::start().await);
        assert_eq!(one.fake.add_listener("ada").refresh_token, other.fake.add_listener("ada").refresh_token);
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_it() {
        let first = FakeSpotify::start(Options::default()).await.unwrap();
        let port = first.shared.address.port();
        let Err(error) = FakeSpotify::start(Options { port, ..Options::default() }).await else {
            panic!("two servers on one port");
        };
        assert!(error.to_string().contains(&port.to_string()));
    }
}
