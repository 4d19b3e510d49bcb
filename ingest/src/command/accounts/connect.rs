//! `accounts connect`: links a Spotify account by signing in to it in a browser on this machine.
//!
//! It listens on the loopback address to which Spotify sends the browser back, for as long as one sign-in may take, and
//! answers nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use clap::Args;
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::consent::{self, Error, Redeemed, Returned, Verifier};
use entity::db::Db;
use entity::secret::KeyRing;
use entity::settings::{SpotifyApp, is_loopback};
use entity::spotify_account::{self, ConnectError};
use entity::spotify_app;
use entity::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::{Add, known, person};
use crate::command::{open, open_untouched};
use crate::config::Settings;

/// Where Spotify sends people back to if nothing else is set.
const REDIRECT_URI_DEFAULT: &str = "http://127.0.0.1:8888/callback";

/// Whom to link.
#[derive(Args)]
pub struct Connect {
    /// The username
    pub name: String,
    /// Add this person first, if nobody has that username
    #[arg(long)]
    pub create_user: bool,
    /// With --create-user: the name shown to people [default: the username]
    #[arg(long, value_name = "NAME", requires = "create_user")]
    pub display_name: Option<String>,
    /// With --create-user: where this person's days begin, such as Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
    /// With --create-user: this person agreed to appear by name in lists of listeners
    #[arg(long, requires = "create_user")]
    pub listed: bool,
    /// How long to wait for the browser to come back, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout_s: u64,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, options: Connect, clock: SharedClock) -> anyhow::Result<()> {
    let app = settings.spotify_app()?;
    let redirect_uri = settings.redirect_uri(REDIRECT_URI_DEFAULT)?;
    if options.dry_run {
        let db = open_untouched(settings).await?;
        if person(db.read(), &options.name).await?.is_none() && !options.create_user {
            known(db.read(), &options.name).await?;
        }
        println!("{} would sign in at {}, and come back to {redirect_uri}", options.name, app.auth_url);
        return Ok(());
    }
    let (keys, db) = (settings.keys()?, open(settings).await?);
    if !options.create_user {
        let hint = "; --create-user adds somebody new";
        known(db.read(), &options.name).await.map_err(|error| anyhow::anyhow!("{error}{hint}"))?;
    }
    let is_blocked = spotify_app::is_blocked(db.read(), &app.client_id, clock.now()).await?;
    let client_id = app.client_id.clone();
    let visit = Visit::begin(app, redirect_uri).await?;
    println!("Open this address in a browser on this machine, and agree:\n\n  {}\n", visit.url);
    let wait = Duration::from_secs(options.timeout_s);
    let said = visit.end(wait, is_blocked, async |redeemed| {
        let now = clock.now();
        if let Some(until) = redeemed.blocked_until(now) {
            spotify_app::block(db.write(), &client_id, until).await.map_err(unavailable)?;
        }
        link(&db, &keys, &options, redeemed, now).await
    });
    println!("{}", said.await?);
    Ok(())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unavailable { source: error.into() }
}

/// Links the account, adding its person if that was wished; a sentence that says so.
async fn link(db: &Db, keys: &KeyRing, options: &Connect, redeemed: Redeemed, now: Instant) -> Result<String, Error> {
    if options.create_user && person(db.read(), &options.name).await.map_err(unavailable)?.is_none() {
        let add = Add {
            name: options.name.clone(),
            refresh_token_file: None,
            display_name: options.display_name.clone(),
            time_zone: options.time_zone.clone(),
            listed: options.listed,
            dry_run: false,
        };
        super::add(db, &add, None, now).await.map_err(unavailable)?;
    }
    let user = known(db.read(), &options.name).await.map_err(unavailable)?.id;
    let sealed = keys.seal(user, &redeemed.grant.refresh_token).map_err(unavailable)?;
    match spotify_account::connect(db.write(), user, redeemed.account_id, sealed, now).await {
        Ok(()) => Ok(format!("{} is linked; `refrain-ingest run` fetches the newest plays", options.name)),
        Err(ConnectError::LinkedTwice(other)) => Err(Error::LinkedTwice(other)),
        Err(ConnectError::Database(error)) => Err(unavailable(error)),
    }
}

/// A sign-in that has begun: somebody waits for the browser to come back.
pub struct Visit {
    /// Where the person is to go.
    pub url: Url,
    app: SpotifyApp,
    redirect_uri: Url,
    state: String,
    verifier: Verifier,
    listener: TcpListener,
}

/// A browser that came back, and where its page goes.
type Caller = (String, oneshot::Sender<String>);

impl Visit {
    /// Listens at `redirect_uri`, which must be a loopback address.
    pub async fn begin(app: SpotifyApp, redirect_uri: Url) -> anyhow::Result<Self> {
        let address = redirect_uri.socket_addrs(|| None).ok().and_then(|all| all.first().copied());
        let Some(address) = address.filter(|_| is_loopback(&redirect_uri)) else {
            bail!(
                "SPOTIFY_REDIRECT_URI is {redirect_uri}, which is not on this machine: for this command, give --spotify-redirect-uri {REDIRECT_URI_DEFAULT} and register it for your app at https://developer.spotify.com/dashboard"
            );
        };
        let listener = listen(address).await?;
        let (state, verifier) = (consent::nonce()?, Verifier::random()?);
        let url = consent::authorize_url(&app, &redirect_uri, &state, &verifier);
        Ok(Self { url, app, redirect_uri, state, verifier, listener })
    }

    /// Waits for the browser, redeems what it brings (without asking whose it is, if Spotify wants to be left alone), and shows
    /// it what `link` says. Strangers' calls are answered and change nothing.
    pub async fn end(
        self,
        wait: Duration,
        is_blocked: bool,
        link: impl AsyncFn(Redeemed) -> Result<String, Error>,
    ) -> anyhow::Result<String> {
        let (callers, mut calls) = mpsc::channel::<Caller>(1);
        let Self { app, redirect_uri, state, verifier, listener, .. } = self;
        let router = Router::new().route(redirect_uri.path(), get(call)).with_state(callers);
        let (stop, stopped) = oneshot::channel::<()>();
        let client = reqwest::Client::new();
        let server = axum::serve(listener, router).with_graceful_shutdown(async {
            stopped.await.ok();
        });
        let server = tokio::spawn(server.into_future());
        let ended = async {
            while let Some((query, answer)) = calls.recv().await {
                let result = match Returned::read(&query).code_of(&state) {
                    Err(error @ Error::WrongState) => {
                        answer.send(page(&Err(error))).ok();
                        continue;
                    }
                    Ok(code) => {
                        match consent::redeem(&client, &app, &code, &redirect_uri, &verifier, is_blocked).await {
                            Ok(redeemed) => link(redeemed).await,
                            Err(error) => Err(error),
                        }
                    }
                    Err(error) => Err(error),
                };
                answer.send(page(&result)).ok();
                return result.map_err(|error| anyhow::anyhow!(chain(&error)));
            }
            bail!("the page that waits for the browser has ended")
        };
        let result = tokio::time::timeout(wait, ended).await;
        stop.send(()).ok();
        // The browser's page goes out first; one that does not take it is not waited for.
        tokio::time::timeout(FAREWELL, server).await.ok();
        result.with_context(|| format!("nobody came back within {} s: begin again", wait.as_secs()))?
    }
}

const FAREWELL: Duration = Duration::from_secs(2);

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}, where Spotify would send the browser back: stop the program that does, or give another --spotify-redirect-uri"
        )
    })
}

async fn call(State(callers): State<mpsc::Sender<Caller>>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let (answer, page) = oneshot::channel();
    let gone = || consent::page("Too late", "This sign-in has ended. Begin again.");
    let html = match callers.send((query.unwrap_or_default(), answer)).await {
        Ok(()) => page.await.unwrap_or_else(|_| gone()),
        Err(_) => gone(),
    };
    let headers = [(header::CONTENT_SECURITY_POLICY, consent::POLICY), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(html))
}

fn page(result: &Result<String, Error>) -> String {
    match result {
        Ok(said) => consent::page("Connected", &format!("{said}. You may close this page.")),
        Err(error) => consent::page("Not connected", &error.to_string()),
    }
}
