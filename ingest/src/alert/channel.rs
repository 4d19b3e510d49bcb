//! The channels: which there are, how a message is sent, and what is done when it is not taken.

use std::time::Duration;

use entity::alert;
use entity::clock::SharedClock;
use entity::db::Db;
use jiff::tz::TimeZone;
use reqwest::Response;
use serde_json::Value;
use tracing::{info, warn};
use url::Url;

use super::{discord, outbox, webhook};
use crate::crash;

/// How long a channel may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest "too many requests" that is waited out; more is for the next time.
const WAIT_MAX: Duration = Duration::from_secs(5);
const ATTEMPTS_MAX: u32 = 3;

/// Whom to tell, and in whose time. The addresses are secrets: whoever has one can write there.
#[derive(Clone)]
pub struct Alerts {
    channels: Vec<Channel>,
    zone: TimeZone,
    http: reqwest::Client,
}

#[derive(Clone)]
struct Channel {
    name: &'static str,
    setting: &'static str,
    url: Url,
    message: fn(&[alert::Model], &TimeZone) -> Value,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// Nobody answers.
    #[error("nobody answers")]
    Unreachable(#[source] reqwest::Error),
    /// It asks to be left alone for longer than anybody waits here.
    #[error("it asks to stay away for {} s", .0.as_secs())]
    RateLimited(Duration),
    /// It says no.
    #[error("it answers {0}")]
    Status(u16),
}

impl Alerts {
    /// Tells nobody.
    pub fn nobody() -> Self {
        Self { channels: Vec::new(), zone: TimeZone::UTC, http: reqwest::Client::new() }
    }

    /// Tells these addresses, with times in UTC and in `zone`.
    pub fn new(discord: Option<Url>, webhook: Option<Url>, zone: TimeZone) -> Result<Self, reqwest::Error> {
        let discord = discord.map(|url| Channel {
            name: "discord",
            setting: "DISCORD_WEBHOOK_URL",
            url,
            message: discord::message,
        });
        let webhook =
            webhook.map(|url| Channel { name: "webhook", setting: "WEBHOOK_URL", url, message: webhook::message });
        let http = reqwest::Client::builder()
            .timeout(ANSWER_TIMEOUT)
            // An address that moves would hand the message to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { channels: discord.into_iter().chain(webhook).collect(), zone, http })
    }

    /// Tells every channel what it was not told yet. What goes wrong is logged, and tried again next time.
    pub async fn tell(&self, db: &Db, clock: &SharedClock) {
        for channel in &self.channels {
            let changes = match outbox::claim(db, channel.name, clock.now()).await {
                Ok(changes) => changes,
                Err(error) => {
                    warn!("what to tell on {} cannot be read: {error}", channel.name);
                    continue;
                }
            };
            if changes.is_empty() {
                continue;
            }
            crash::point("alert-claimed");
            let noted = match self.send(channel, &(channel.message)(&changes, &self.zone)).await {
                Ok(()) => {
                    crash::point("alert-sent");
                    info!(changes = changes.len(), "told {} change(s) on {}", changes.len(), channel.name);
                    outbox::told(db, channel.name, &changes, clock.now()).await
                }
                Err(error) => {
                    let what = match &error {
                        NotTaken::Status(401 | 403 | 404) => "is not an address that takes messages (any more)",
                        NotTaken::Status(400 | 413) => "did not understand the message",
                        _ => "cannot be told now",
                    };
                    let why = entity::chain::chain(&error);
                    warn!("{} {what}: {why}; the {} change(s) are told next time", channel.setting, changes.len());
                    outbox::hand_back(db, channel.name, &changes).await
                }
            };
            if let Err(error) = noted {
                warn!("what was told on {} could not be noted, and may be told again: {error}", channel.name);
            }
        }
    }

    async fn send(&self, channel: &Channel, message: &Value) -> Result<(), NotTaken> {
        let mut attempt = 1;
        loop {
            let sent = self.http.post(channel.url.clone()).json(message).send().await;
            let response = sent.map_err(|error| NotTaken::Unreachable(error.without_url()))?;
            match response.status().as_u16() {
                200..=299 => return Ok(()),
                429 => {
                    let wait = wait_of(response).await;
                    if attempt == ATTEMPTS_MAX || wait > WAIT_MAX {
                        return Err(NotTaken::RateLimited(wait));
                    }
                    attempt += 1;
                    tokio::time::sleep(wait).await;
                }
                status => return Err(NotTaken::Status(status)),
            }
        }
    }
}

/// How long a 429 asks to wait: Discord says it in its body, in seconds with a fraction; others in the header.
async fn wait_of(response: Response) -> Duration {
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
    let body: Value = response.json().await.unwrap_or_default();
    let seconds = body["retry_after"].as_f64().or(header).unwrap_or(1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
