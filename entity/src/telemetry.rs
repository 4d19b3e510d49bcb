//! The log of every binary: where it goes, how it is written, and what may never be in it.
//!
//! rspotify logs the bearer token and the client secret (targets `rspotify` and `rspotify_http`). Both are held at WARN
//! here, beside the filter that `RUST_LOG` sets and out of its reach.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::LogFormat;

/// Starts the log on standard error.
pub fn init(format: LogFormat) {
    init_to(format, std::io::stderr);
}

/// Starts the log on standard error, by way of a writer that may have more to do there. Without `RUST_LOG`, INFO and above, and of the libraries' chatter only what they warn of.
pub fn init_to<W>(format: LogFormat, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = match std::env::var("RUST_LOG") {
        Ok(wanted) if !wanted.trim().is_empty() => EnvFilter::new(wanted),
        _ => EnvFilter::new("info,sea_orm_migration=warn,sqlx=warn"),
    };
    subscriber(format, wanted, std::io::stderr().is_terminal(), writer).init();
}

/// The log as [`init`] starts it, for any filter and writer; in `colour` for a terminal.
pub fn subscriber<W>(
    format: LogFormat,
    wanted: EnvFilter,
    colour: bool,
    writer: W,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = match format {
        LogFormat::Text => {
            tracing_subscriber::fmt::layer().with_target(false).with_ansi(colour).with_writer(writer).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(keeps_secrets()).with_filter(wanted))
}

fn keeps_secrets() -> FilterFn {
    FilterFn::new(|event| !event.target().starts_with("rspotify") || *event.level() <= Level::WARN)
}
