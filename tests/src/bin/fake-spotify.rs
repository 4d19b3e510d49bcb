//! Serves a fake Spotify for trying the product without an account.
//!
//! The same seed gives the same world and the same refresh tokens at every start, so that accounts connected once stay
//! connected. Nothing is stored: plays and revocations end with the process.

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use tests::fake_spotify::{AppMode, FakeSpotify, Options};

/// Serves a fake Spotify on this machine until Ctrl-C.
#[derive(Parser)]
#[command(name = "fake-spotify", version)]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8765)]
    port: u16,
    /// How many listeners have an account.
    #[arg(long, default_value_t = 3)]
    listeners: usize,
    /// How many plays each of them has behind them. Recently-played shows the newest 50, as Spotify does.
    #[arg(long, default_value_t = 200)]
    plays: usize,
    /// What the world, the tokens and the plays follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The kind of app that calls.
    #[arg(long, value_enum, default_value_t = Mode::Development)]
    mode: Mode,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// What every new app is.
    Development,
    /// With batches, audio features and every field.
    Extended,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mode = match args.mode {
        Mode::Development => AppMode::Development,
        Mode::Extended => AppMode::Extended,
    };
    let spotify = FakeSpotify::start(Options { port: args.port, seed: args.seed, mode, ..Options::default() }).await?;
    println!("# Web API:  {}", spotify.api_url());
    println!("# accounts: {}", spotify.auth_url());
    for (name, value) in spotify.env().into_iter().filter(|(name, _)| name.starts_with("SPOTIFY_")) {
        println!("{name}={value}");
    }
    for number in 1..=args.listeners {
        let listener = spotify.add_listener(&format!("listener-{number}"));
        spotify.listen(&listener, args.plays, spotify.now_ms());
        println!("# {} refresh token: {}", listener.name, listener.refresh_token);
    }
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    spotify.stop().await;
    Ok(())
}
